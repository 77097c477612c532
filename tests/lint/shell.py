#!/usr/bin/python3
"""Every shell script passes shellcheck, and bash ones stop at the first error."""
import shutil
import subprocess

from kit import ROOT, Report, files, skip, text


def main():
    if not shutil.which("shellcheck"):
        skip("shellcheck is not on this machine")
    report = Report()
    for path in files():
        with open(ROOT / path, "rb") as file:
            first = file.readline()
        if not first.startswith(b"#!") or b"sh" not in first.split(b"/")[-1]:
            continue
        report.saw()
        done = subprocess.run(["shellcheck", "--format", "gcc", path], cwd=ROOT,
                              capture_output=True, text=True)
        for line in done.stdout.splitlines():
            name, number, _, why = line.split(":", 3)
            report.says(name, number, why.strip())
        if b"bash" in first and "set -euo pipefail" not in text(path):
            report.says(path, 1, "a bash script says set -euo pipefail")
    report.end()


main()
