#!/usr/bin/python3
"""A function has 60 lines at most, a test with its table of cases 80. A file of more than
400 is looked at twice: named, and refused at 800."""
import re

from kit import PRODUCT, Report, files, lines

FUNCTION_MOST, TEST_MOST, FILE_LOOK, FILE_MOST = 60, 80, 400, 800


def functions(path):
    """(line of the name, name, lines of the body); .clang-format puts the braces of a
    function alone in column 0."""
    name, named_at, opened = None, 0, None
    for number, line in lines(path):
        match = re.match(r"([a-z_][a-z0-9_]*)\(", line)
        if match and opened is None:
            name, named_at = match[1], number
        if line == "{":
            opened = number
        elif line == "}" and opened is not None:
            yield named_at, name, number - opened - 1
            opened = None


def main():
    report = Report()
    for path in files(".c", ".h", under=PRODUCT + ("tests",)):
        report.saw()
        total = sum(1 for _ in lines(path))
        if total > FILE_MOST:
            report.says(path, total, f"{total} lines; split it ({FILE_MOST} the most)")
        elif total > FILE_LOOK:
            print(f"{path}: {total} lines: is it one thing?")
        most = TEST_MOST if path.startswith("tests/") else FUNCTION_MOST
        for line, name, length in functions(path):
            if length > most:
                report.says(path, line, f"{name} has {length} lines, {most} the most")
    report.end()


main()
