#!/usr/bin/python3
"""A file includes only its own floor or lower, by its full path from the root; the two
programs meet only in common/."""
from kit import PRODUCT, ROOT, Report, files, includes

# The first row that fits a file's path says what it may include, and what it may not
# although a wider row allows it.
FLOORS = [
    ("common/", ["common/"], []),
    ("probe/check.c", ["common/", "probe/check.h", "probe/checks.def", "probe/doors/"], []),
    ("probe/check.h", ["common/", "probe/checks.def"], []),
    ("probe/checks/", ["common/", "probe/check.h", "probe/doors/"], []),
    ("probe/doors/", ["common/", "probe/doors/"], []),
    ("probe/plan/", ["common/", "probe/check.h", "probe/checks.def", "probe/steps.h",
                     "probe/plan/"], []),
    ("probe/", ["common/", "probe/"], ["probe/checks/"]),
    ("analyzer/analysis/analyze.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/judge.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/naming.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/describe.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/keep.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    # They read the store for analyze.c: the pure steps see only what they made of it.
    ("analyzer/analysis/load.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/load_", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/known.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/shelf.", ["common/", "analyzer/analysis/"], []),
    ("analyzer/analysis/leaves.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/times.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/imported.", ["common/", "analyzer/"], ["analyzer/serve/"]),
    ("analyzer/analysis/", ["common/", "analyzer/analysis/"], []),
    ("analyzer/store/", ["common/", "analyzer/store/"], []),
    # They face the network: they hand bytes on and read nothing of them (objects.py holds
    # that they call nothing that could).
    *((f"analyzer/ingest/{name}.", ["common/", "analyzer/"],
       ["analyzer/store/", "analyzer/analysis/", "common/measurement.h"])
      for name in ("http", "answer")),
    ("analyzer/", ["common/", "analyzer/"], []),
    # What it knew of those who judge it, it could flatter.
    ("tests/world/", ["common/", "tests/world/"], []),
]


def main():
    report = Report()
    for path in files(".c", ".h", ".def", under=PRODUCT + ("tests/world",)):
        report.saw()
        may, never = next((may, never) for at, may, never in FLOORS if path.startswith(at))
        for line, kind, name in includes(path):
            if kind == "<":
                continue
            if not (ROOT / name).is_file():
                report.says(path, line, f'"{name}" is no full path from the root')
            elif name.endswith(".c"):
                report.says(path, line, f'"{name}" is no header')
            elif not name.startswith(tuple(may)) or name.startswith(tuple(never) or ("\0",)):
                report.says(path, line, f'"{name}" is not on its floor or a lower one; '
                            "it may include " + ", ".join(may)
                            + (", but not " + ", ".join(never) if never else ""))
    report.end()


main()
