#!/usr/bin/python3
"""summary.py RESULTS: adds up what tests/run.sh left in a folder (builds.txt and ctest's
JUnit files). Says why each skipped test was skipped; the last line is
"N passed, M failed, K skipped". Exit 1 when one failed, or, where CI is set, when one was
skipped that tests/allowed-skips.txt does not allow."""
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent


def builds(results):
    path = results / "builds.txt"
    for line in path.read_text().splitlines() if path.exists() else []:
        name, how = line.split()
        yield name, how, ""


def why_skipped(case):
    lines = (case.findtext("system-out") or "").strip().splitlines()
    return lines[-1] if lines else "it gave no reason"


def tests(results):
    for path in sorted(results.glob("*.xml")):
        prefix = "" if path.stem == "dev" else path.stem + "/"
        for case in xml.parse(path).getroot().iter("testcase"):
            name = prefix + case.get("name")
            skipped = case.find("skipped")
            if skipped is not None and skipped.get("message", "").startswith("SKIP_"):
                yield name, "skipped", why_skipped(case)
            elif case.get("status") == "run":
                yield name, "passed", ""
            else:
                yield name, "failed", ""


def allowed_skips():
    """Names; what needs namespaces, only where this machine refuses them."""
    refused = subprocess.run([HERE / "lab/enter.py"], capture_output=True).returncode == 77
    lines = (HERE / "allowed-skips.txt").read_text().splitlines()
    rows = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return {name for name, why in rows if refused or not why.startswith("namespaces:")}


def main():
    results = pathlib.Path(sys.argv[1])
    rows = list(builds(results)) + list(tests(results))
    allowed = allowed_skips()
    of = {how: [r for r in rows if r[1] == how] for how in ("passed", "failed", "skipped")}
    print()
    for name, _, why in of["skipped"]:
        print(f"skipped: {name}: {why}")
    uncalled = [name for name, _, _ in of["skipped"] if name not in allowed]
    if os.environ.get("CI"):
        for name in uncalled:
            print(f"not allowed: {name}: it was skipped and tests/allowed-skips.txt does not allow it")
    else:
        uncalled = []
    for name, _, _ in of["failed"]:
        print(f"failed: {name}")
    print("{} passed, {} failed, {} skipped".format(*(len(of[how]) for how in of)))
    sys.exit(1 if of["failed"] or uncalled or not of["passed"] else 0)


main()
