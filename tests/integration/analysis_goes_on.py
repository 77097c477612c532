#!/usr/bin/python3
"""An analysis that goes on says, byte for byte, what one from nothing says.

A country in trouble is delivered in steps. One of every eight deliveries comes hours late,
so that what a probe measured earlier comes behind what it measured later. At each step the
events of a program that only looks at what is new are held against those of one that reads
everything; in the middle it is started anew."""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("BUILD", f"{ROOT}/build/dev")
sys.path.insert(0, f"{ROOT}/tests")

from sweep import folder  # noqa: E402

STEPS, ANEW, LATE, LATE_S = 12, 7, 8, 5 * 3600
SCENARIOS = f"{ROOT}/tests/world/scenarios.csv"


class GoesOn:
    """The analysis of one folder that goes on."""

    def __init__(self, path):
        self.words = [f"{BUILD}/tests/analyze_on", path]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def until(self, us):
        self.process.stdin.write(f"{us}\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline():
            raise folder.Failed("analyze_on ended")

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait():
            raise folder.Failed(f"analyze_on: exit {self.process.returncode}")


def arrivals(path):
    with open(path, "rb") as file:
        while head := file.read(12):
            at_us, n = struct.unpack("<qI", head)
            yield at_us, file.read(n)


def delay(path):
    """Some of what was delivered comes later, in the order in which all then comes."""
    chance = random.Random(6)
    all_of_it = [(at_us + (chance.randrange(LATE_S) * 10**6 if chance.randrange(LATE) == 0
                           else 0), i, segment)
                 for i, (at_us, segment) in enumerate(arrivals(path))]
    all_of_it.sort()
    with open(path, "wb") as out:
        for at_us, _, segment in all_of_it:
            out.write(struct.pack("<qI", at_us, len(segment)) + segment)
    return [at_us for at_us, _, _ in all_of_it]


def compare(out, words):
    """How many events there were at the last step."""
    kept = folder.Analyzer(BUILD, f"{out}/kept")
    kept.simulate(f"{out}/world", *words)
    times = delay(f"{out}/world/segments.bin")
    shutil.copytree(f"{out}/kept", f"{out}/fresh")
    fresh = folder.Analyzer.__new__(folder.Analyzer)
    fresh.build, fresh.path, fresh.key_name = BUILD, f"{out}/fresh", kept.key_name
    goes_on = GoesOn(kept.path)
    stood = 0
    for step in range(1, STEPS + 1):
        until_us = times[len(times) * step // STEPS - 1] + 1
        for analyzer in (kept, fresh):
            analyzer.feed(f"{out}/world", until_us / 1e6)
        if step == STEPS - 2:
            for analyzer in (kept, fresh):
                analyzer.take_routes(f"{out}/world")
        if step == ANEW:
            goes_on.end()
            goes_on.start()
        goes_on.until(until_us // 10**6 * 10**6)
        fresh.analyze(until_us // 10**6)
        ours, theirs = kept("events", "--format", "json"), fresh("events", "--format", "json")
        if ours != theirs:
            for name, text in (("kept", ours), ("fresh", theirs)):
                with open(f"{out}/{name}.jsonl", "w", encoding="utf-8") as file:
                    file.write(text)
            raise folder.Failed(f"step {step}: another verdict than from nothing: "
                                f"{out}/kept.jsonl, fresh.jsonl")
        stood = len(ours.splitlines())
    goes_on.end()
    return stood


def main():
    out = tempfile.mkdtemp(prefix="goes-on-")
    try:
        for name, words in (("trouble", [SCENARIOS, "1", "--seed", "3"]),
                            ("nights", [SCENARIOS, "6", "--seed", "3", "--per-network", "1"]),
                            ("homes", ["--quiet", "4", "--probes", "60", "--seed", "4"])):
            os.makedirs(f"{out}/{name}/world")
            events = compare(f"{out}/{name}", words)
            print(f"{name}: the same {events} events, at each of {STEPS} steps")
            if not events:
                raise folder.Failed(f"{name}: no event, so nothing was compared")
    except folder.Failed as error:
        print(f"analysis_goes_on: {error}", file=sys.stderr)
        return 1
    shutil.rmtree(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
