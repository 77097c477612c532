#!/usr/bin/python3
"""foo.c exports only foo_*, and no variable can be written to but the log level and the
stop flag."""
import re

from kit import Report, table
from kit.objects import compiled, exported, variables

WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)")


def main():
    report = Report()
    fine = {}
    for number, (path, name, *why) in table("objects.txt"):
        fine.setdefault(path, set()).add(name)
        if not why:
            report.says("tests/lint/objects.txt", number, f"no reason for {name}")
    for path, _, thing in compiled():
        report.saw()
        stem = path.rsplit("/", 1)[-1].removesuffix(".c")
        prefixes = {stem, "main"} | fine.get(path, set())
        if path.startswith("probe/checks/"):
            prefixes.add("check_" + stem)
        for _, name in exported(thing):
            if not any(name == p or name.startswith(p + "_") for p in prefixes):
                report.says(path, 1, f"exports {name}; {stem}.c exports {stem}_*")
        for section, name in variables(thing):
            if WRITABLE.match(section) and name.split(".")[0] not in fine.get(path, ()):
                report.says(path, 1, f"{name} can be written to; hold state in a struct")
    report.end()


main()
