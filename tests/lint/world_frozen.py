#!/usr/bin/python3
"""tests/world is as it was when the scores were taken: tests/world.sha256 holds its files'
hashes, as sha256sum writes them. `world_frozen.py --freeze [ROOT]` writes that list anew."""
import hashlib
import sys

FREEZE = "--freeze" in sys.argv
if FREEZE:
    sys.argv.remove("--freeze")
from kit import ROOT, Report, files, lines

LIST = "tests/world.sha256"
HOW = ("a change of the world is a commit of its own, with the scores before and after on "
       "unchanged code; then tests/lint/world_frozen.py --freeze")


def hashes():
    return {path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
            for path in files(under=("tests/world",))}


def freeze():
    found = hashes()
    with open(ROOT / LIST, "w", encoding="utf-8") as out:
        out.writelines(f"{found[path]}  {path}\n" for path in sorted(found))
    print(f"{len(found)} files of tests/world are frozen")


def main():
    if FREEZE:
        return freeze()
    report = Report()
    found, told = hashes(), {}
    # Without the list nothing in it was frozen, and each file is told so.
    for number, line in lines(LIST) if (ROOT / LIST).exists() else ():
        frozen, _, path = line.partition("  ")
        told[path] = number
        if path not in found:
            report.says(LIST, number, f"{path} is gone: {HOW}")
        elif found[path] != frozen:
            report.says(path, 1, f"it is not what was frozen: {HOW}")
    for path in found:
        report.saw()
        if path not in told:
            report.says(path, 1, f"it was not there when the world was frozen: {HOW}")
    report.end()


main()
