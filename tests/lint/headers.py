#!/usr/bin/python3
"""A header compiles alone, under both compilers, and twice in one file."""
import shutil
import subprocess

from kit import PRODUCT, ROOT, Report, files, skip

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I", ".",
         "-fsyntax-only", "-x", "c", "-"]


def main():
    compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
    if len(compilers) < 2:
        skip("it needs gcc and clang")
    report = Report()
    for path in files(".h", under=PRODUCT):
        report.saw()
        for compiler in compilers:
            done = subprocess.run([compiler, *FLAGS], cwd=ROOT, capture_output=True,
                                  text=True, input=f'#include "{path}"\n' * 2)
            if done.returncode:
                report.says(path, 1, f"does not compile alone with {compiler}: "
                            + done.stderr.strip().splitlines()[0])
    report.end()


main()
