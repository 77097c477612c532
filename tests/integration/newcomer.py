#!/usr/bin/python3
"""What tests/README.md prints for a newcomer works as printed, in a copy of the tree. Only
./dev is another there: it builds the three programs that are needed, and not every test."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests/README.md"
HEADING = "A row of evidence and a scenario in ten minutes"
LEFT_OUT = shutil.ignore_patterns(".git", "build", "__pycache__")
DEV = """#!/bin/sh
set -e
verb=$1
shift
case $verb in
build)
	cmake -G Ninja -B build/dev >build/configure.log
	ninja -C build/dev --quiet faultline-analyzer world feed
	;;
world) exec tests/sweep/world.py --build build/dev "$@" ;;
esac
"""


def commands():
    section = re.search(rf"^## {re.escape(HEADING)}\n(.*?)^## ", PAGE.read_text(), re.M | re.S)
    lines = [line[4:] for line in section[1].splitlines() if line.startswith("    ")]
    # What the page says to do before a row is sent in is what CI does.
    return [line for line in lines if not line.startswith("./dev test")]


def main():
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        (tree / "build").mkdir()
        (tree / "dev").write_text(DEV)
        done = subprocess.run(["bash", "-e", "-c", "\n".join(commands())], cwd=tree,
                              stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        if done.returncode:
            sys.exit(f"not so: what {PAGE.name} prints works (exit {done.returncode})")
        for number in ("101", "102"):
            labels = (tree / f"build/mine/{number}/labels.csv").read_text()
            if f"\n{number}." not in labels:
                sys.exit(f"not so: scenario {number} happened:\n{labels}")
    print("ok: a row and a scenario are added as the page says")


main()
