#!/usr/bin/python3
"""foo.c exports only foo_* (or a word that begins as its name does: run.c a runner), no
variable can be written to but the log level and the stop flag, and the files that face the
network call nothing that reads what strangers sent."""
import re

from kit import Report, table
from kit.objects import compiled, exported, undefined, variables

# file: what it may not call
BLIND = dict.fromkeys(("analyzer/ingest/http.c", "analyzer/ingest/answer.c"),
                      ("segment_", "measurement_", "note_", "store_"))
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
            word = name.split("_")[0]
            if not (word.startswith(stem) or stem.startswith(word) or any(
                    name == p or name.startswith(p + "_") for p in prefixes)):
                report.says(path, 1, f"exports {name}; {stem}.c exports {stem}_*")
        for name in undefined(thing):
            if name.startswith(BLIND.get(path, "\0")):
                report.says(path, 1, f"calls {name}: it hands bytes on, unread")
        for section, name in variables(thing):
            if WRITABLE.match(section) and name.split(".")[0] not in fine.get(path, ()):
                report.says(path, 1, f"{name} can be written to; hold state in a struct")
    report.end()


main()
