#!/usr/bin/python3
"""clang-format 14 decides about white space; other versions decide otherwise."""
import shutil
import subprocess

from kit import ROOT, Report, files, skip


def formatter():
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            version = subprocess.run([name, "--version"], capture_output=True, text=True)
            if " version 14." in version.stdout:
                return name
    return None


def main():
    name = formatter()
    if not name:
        skip("clang-format 14 is not on this machine")
    report = Report()
    for path in files(".c", ".h"):
        report.saw()
        done = subprocess.run([name, "--dry-run", "-Werror", path], cwd=ROOT,
                              capture_output=True, text=True)
        if done.returncode:
            where = done.stderr.split(":")
            report.says(path, where[1] if len(where) > 1 else 1,
                        f"{name} -i would change it")
    report.end()


main()
