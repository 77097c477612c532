#!/usr/bin/python3
"""validate.py SCHEMA [--least N] < LINES: each line is one JSON object that fits the JSON
Schema (tests/schema/SCHEMA.schema.json, or a path). Exit 0 when all do and there are at
least N (1), 1 when one does not, 77 without jsonschema (Debian: python3-jsonschema)."""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not on this machine")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent


def main():
    name, least = sys.argv[1], 1
    if sys.argv[2:3] == ["--least"]:
        least = int(sys.argv[3])
    path = pathlib.Path(name) if "/" in name else HERE / f"schema/{name}.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    judge = kind(schema, format_checker=jsonschema.FormatChecker())
    seen = broken = 0
    for number, line in enumerate(sys.stdin, 1):
        seen += 1
        try:
            errors = list(judge.iter_errors(json.loads(line)))
        except ValueError as error:
            print(f"line {number}: is no JSON: {error}")
            broken += 1
            continue
        broken += bool(errors)
        for error in errors:
            where = "/".join(str(step) for step in error.absolute_path) or "the object"
            print(f"line {number}: {where}: {error.message[:300]}")
    print(f"{seen} lines, {broken} do not fit {path.name}")
    sys.exit(1 if broken or seen < least else 0)


main()
