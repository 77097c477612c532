#!/usr/bin/python3
"""The segments that an independent program made are made by the code byte for byte."""

import json
import os
import pathlib
import subprocess
import sys

TOOL = pathlib.Path(os.environ["BUILD"], "tests/segment")
VECTORS = pathlib.Path("tests/vectors")


def run(verb, vector):
    lines = "".join(line + "\n" for line in vector["lines"]).encode()
    done = subprocess.run(
        [TOOL, verb, vector["private_key_seed"], str(vector["seq"]), vector["seed"]],
        input=lines, stdout=subprocess.PIPE, check=True)
    return done.stdout


def values(vector):
    """Every value on the way, in the form of the vector."""
    got = {"salt": [], "leaf": [], "proof": []}
    for row in run("values", vector).decode().splitlines():
        name, value = row.split(" ", 1)
        if name in ("proof", "note"):
            value = bytes.fromhex(value).decode()
        if isinstance(got.get(name), list):
            got[name].append(value)
        else:
            got[name] = value
    got["salts"], got["leaves"], got["proofs"] = got.pop("salt"), got.pop("leaf"), got.pop("proof")
    return got


def main():
    paths = sorted(VECTORS.glob("*.json"))
    wrong = 0 if len(paths) == 6 else 1
    for path in paths:
        vector = json.loads(path.read_text(encoding="utf-8"))
        got = values(vector)
        for name, value in vector.items():
            if name not in ("private_key_seed", "seq", "seed", "lines") and got.get(name) != value:
                print(f"{path}: {name} is {got.get(name)!r}, not {value!r}")
                wrong += 1
        if run("write", vector) != path.with_suffix(".seg").read_bytes():
            print(f"{path.with_suffix('.seg')}: the segment is another")
            wrong += 1
        print(f"{path}: {len(vector) - 4} values and the segment compared")
    return 1 if wrong else 0


sys.exit(main())
