#!/usr/bin/python3
"""No notes to oneself, nothing commented out, no path or host of one machine."""
import re

from kit import ROOT, Report, files, lines

NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w.])/(wo" r"rk|ho" r"me/\w|tmp/\w+/\w|opt/\w)|10\.25" r"5\.255\.(?!255)")
# A comment that ends like a statement, and nothing but it on the line.
COMMENTED_OUT = re.compile(r"^\s*(//|/\*)\s*[\w>.\-\[\]*() ]+(\(.*\)|=.*);\s*(\*/)?\s*$")


def main():
    report = Report()
    for path in files():
        if (b"\0" in (ROOT / path).read_bytes()[:4096] or path == "LICENSE"
                or path.startswith(("tests/vectors/", "tests/fuzz/corpus/"))):
            continue
        report.saw()
        for number, line in lines(path):
            if NOTES.search(line):
                report.says(path, number, "a note to oneself: do it, or write an issue")
            if MACHINE.search(line):
                report.says(path, number, "a path or host of one machine")
            if path.endswith((".c", ".h")) and COMMENTED_OUT.match(line):
                report.says(path, number, "commented out: take it away, git has it")
    report.end()


main()
