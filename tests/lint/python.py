#!/usr/bin/python3
"""Scripts need nothing but Python's own library, and Debian's jsonschema in one place."""
import ast
import sys

from kit import ROOT, Report, files, text

ALSO = {"jsonschema": {"tests/validate.py"}}


def modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module


def is_beside(path, name):
    """In the script's own folder, or (a script is run from the folder above) over it."""
    return any((at / name).is_dir() or (at / name).with_suffix(".py").is_file()
               for at in (ROOT / path).parents[:2])


def main():
    report = Report()
    for path in files(".py"):
        report.saw()
        try:
            tree = ast.parse(text(path))
        except SyntaxError as error:
            report.says(path, error.lineno, f"is no Python: {error.msg}")
            continue
        for line, module in modules(tree):
            name = module.split(".")[0]
            if (name not in sys.stdlib_module_names and path not in ALSO.get(name, ())
                    and not is_beside(path, name)):
                report.says(path, line, f"{module} is not in Python's own library")
    report.end()


main()
