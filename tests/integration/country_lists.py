#!/usr/bin/python3
"""The worked examples in config/targets/ are good for their countries, as far as that can be
told without any network: they pass the check, hold what is safe to ask for everywhere, and
nobody claims to have verified what nobody there has."""
import csv
import os
import pathlib
import subprocess
import sys

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
ANALYZER = f"{BUILD}/faultline-analyzer"
FOLDER = pathlib.Path("config/targets")
LEAST = 5


def run(*words):
    return subprocess.run([ANALYZER, "--config", "/dev/null", *map(str, words)], text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def that(truth, what, seen=""):
    if not truth:
        sys.exit(f"not so: {what}\n{seen}")


def judge(path):
    country = path.stem
    done = run("targets", "check", path)
    that(done.returncode == 0, f"{path} passes the check", done.stderr)
    lines = path.read_text(encoding="ascii").splitlines()
    draft = run("targets", "new", "--country", country).stdout.splitlines()
    that(set(draft) <= set(lines), f"{path} holds the draft", sorted(set(draft) - set(lines)))
    rows = list(csv.DictReader(lines))
    that(all(row["verified"] == "no" for row in rows), f"{path}: nobody has verified a row yet")
    that({row["port"] for row in rows if row["role"] == "international"} >= {"443", "53", "-"},
         f"{path}: pages, resolvers and a pair abroad")
    asked = {}
    for row in rows:
        if row["role"] == "names":
            asked.setdefault(row["host"], set()).add(row["address"])
    that(any("resolver" in at and len(at) > 1 for at in asked.values()),
         f"{path}: a name is asked for at home and abroad", asked)
    print(f"{path}: {len(rows)} rows")


def main():
    paths = sorted(FOLDER.glob("[A-Z][A-Z].csv"))
    that(len(paths) >= LEAST, f"at least {LEAST} lists", paths)
    for path in paths:
        judge(path)


main()
