#!/usr/bin/python3
"""check_builds.py [--cross ARCH]: the same stored lines give the same bytes of events,
explanations and reports, whoever compiled the analyzer: gcc, gcc -O0, clang -O2
-march=native, and with --cross the package for another processor under its emulator, which
is built for that. Small countries, one of each class."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SCENARIOS = ROOT / "tests/sweep/demo.csv"
KINDS = ("gcc-O0", "clang")

sys.dont_write_bytecode = True
import folder


def countries(base):
    """A folder of the analyzer for each, with what its probes sent, and nothing computed."""
    for number in ("1", "2", "3"):
        world = base / f"world-{number}"
        world.mkdir()
        analyzer = folder.Analyzer(BUILD, base / f"stored-{number}")
        analyzer.simulate(world, SCENARIOS, number, "--seed", "1", "--per-network", "1")
        analyzer.feed(world)
        analyzer.take_routes(world)
        yield base / f"stored-{number}"


def said_by(build, stored, to):
    """All that this build has to say of a copy of what was stored."""
    shutil.copytree(stored, to)
    program = (build / "faultline-analyzer", "--dir", to)
    folder.run(*program, "analyze")
    events = folder.run(*program, "events", "--format", "json")
    out = [events]
    for row in folder.run(*program, "events", "--format", "csv").splitlines()[1:]:
        event = row.split(",")[0]
        out.append(folder.run(*program, "explain", event))
        folder.run(*program, "report", event, "--out", to / "report")
        out.append((to / "report/report.html").read_text(encoding="utf-8"))
    shutil.rmtree(to)
    return events, "".join(out)


def differ(what, left, right):
    (ROOT / "build/events-differ.txt").write_text(f"{left}\n{what}:\n{right}", encoding="utf-8")
    sys.exit(f"{what} says something else; build/events-differ.txt has both")


def here(base, stored):
    for kind in KINDS:
        subprocess.run([ROOT / "tests/build.sh", kind, "faultline-analyzer"], check=True)
    size = 0
    for one in stored:
        events, ours = said_by(BUILD, one, base / "this")
        if not events:
            sys.exit("a country without an event says nothing of compilers")
        for kind in KINDS:
            theirs = said_by(ROOT / "build" / kind, one, base / kind)[1]
            if theirs != ours:
                differ(kind, ours, theirs)
        size += len(ours.encode())
    print(f"{1 + len(KINDS)} compilations, the same {size} bytes")


def elsewhere(base, stored, arch):
    """Their events alone: a package has no tests, and an emulator takes its time."""
    (base / "folders").mkdir()
    for one in stored:
        shutil.copytree(one, base / "folders" / one.name)
    done = subprocess.run([ROOT / "config/packaging/cross.sh", arch], check=False,
                          env={**os.environ, "FOLDERS": str(base / "folders")})
    if done.returncode:
        sys.exit(done.returncode)
    size = 0
    for one in stored:
        ours = said_by(BUILD, one, base / "this")[0]
        theirs = (ROOT / f"build/package-{arch}" / f"{one.name}.jsonl").read_text(encoding="utf-8")
        if theirs != ours or not ours:
            differ(arch, ours, theirs)
        size += len(ours.encode())
    print(f"{arch} under its emulator, the same {size} bytes of events")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cross", metavar="ARCH")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        stored = list(countries(base))
        if options.cross:
            elsewhere(base, stored, options.cross)
        else:
            here(base, stored)


main()
