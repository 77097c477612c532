#!/usr/bin/python3
"""readers.py FOLDER BUILD: what README.md prints for a researcher and for an advocate, typed
as printed in an analyzer's folder that holds events."""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from screens import screen


def type_screen(folder, build, heading):
    """All in one shell, as a person would; each command is shown, the first failure ends."""
    commands = screen(heading)
    script = "\n".join(["set -e -o pipefail", *commands])
    done = subprocess.run(
        ["bash", "-v", "-c", script], cwd=folder, text=True, capture_output=True,
        stdin=subprocess.DEVNULL, env={**os.environ, "PATH": f"{build}:{os.environ['PATH']}"})
    if done.returncode:
        raise SystemExit(f"\"{heading}\" of README.md does not work as printed: exit "
                         f"{done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    for command in commands:
        print(f"ok: as printed: {command}", flush=True)
    return done.stdout


def that(truth, sentence):
    if not truth:
        raise SystemExit(f"not so: {sentence}")
    print(f"ok: {sentence}", flush=True)


def researcher(folder, build):
    said = type_screen(folder, build, "For a researcher")
    with open(folder / "events.csv", encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    verdicts = [json.loads(line) for line in (folder / "events.jsonl").open(encoding="utf-8")]
    that(events and [e["event"] for e in events] == [v["event"] for v in verdicts],
         "the same events as CSV and as JSON")
    that(events[-1]["cause"] in said, "explain tells the cause of the last")
    lines = (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    that(len(lines) > 100 and all(json.loads(line) for line in lines), "the lines underneath")
    that(len(list(folder.glob("segments/*.seg"))) > 10, "the signed files themselves")


def advocate(folder, build):
    type_screen(folder, build, "For an advocate")
    page = (folder / "report/report.html").read_text(encoding="utf-8")
    verdict = json.loads((folder / "report/report.json").read_text(encoding="utf-8"))
    that(verdict["class"] == "shutdown" and "shutdown" in page and "<script" not in page,
         "the report is about a shutdown, and needs no script")


def main():
    folder, build = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name) / "analyzer"
        shutil.copytree(folder, copy)
        researcher(copy, build)
        advocate(copy, build)


main()
