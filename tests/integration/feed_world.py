#!/usr/bin/python3
"""feed puts a world folder into a store as life would have: in the order of arrival, up to
a time, and on from there. What is no world folder is one sentence, and leaves nothing."""
import hashlib
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"])
START_US, HOUR_US = 1772323200 * 10**6, 3600 * 10**6
PROBES, SEGMENTS, MEASUREMENTS = 2, 6, 3


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, **more)


def done(*words):
    result = run(*words)
    that(result.returncode == 0, " ".join(map(str, words)), result)
    return result.stdout


def line(**fields):
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def digest(*words):
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def lines_of(number):
    t_us = number * HOUR_US
    header = [line(kind="clock", boot=0, clock_state=1, clock_steps=0, raw_us=t_us, t_us=t_us,
                   wall_utc_us=START_US + t_us),
              line(kind="network", country="QX", medium="fixed"),
              line(kind="software", version="world"),
              line(kind="targets", list_sha256="0" * 64, rows=0),
              line(kind="gaps", dropped=0, next_contact_us=t_us + 9, promised_us=t_us)]
    return "\n".join(header + [
        line(kind="measurement", check="power", outcome="ok", round=number, rung="power",
             stage="done", t_us=t_us - i, took_us=1) for i in range(MEASUREMENTS)]) + "\n"


def sign(probe, number, verb="write"):
    return subprocess.run([BUILD / "tests/segment", verb, digest("key", probe), str(number),
                           digest("seed", probe, number)], input=lines_of(number).encode(),
                          capture_output=True, check=True).stdout


def make_world(folder):
    """Two probes, the second enrolled three hours late; what they sent came a minute late."""
    folder.mkdir()
    shutil.copy(ROOT / "config/targets/everywhere.csv", folder / "targets.csv")
    rows, arrivals = ["epoch,role,cohort,token,enrolled_utc_us"], []
    for probe in range(PROBES):
        epoch = next(l.split()[1] for l in sign(probe, 1, "values").decode().splitlines()
                     if l.startswith("epoch "))
        enrolled_us = START_US + probe * 3 * HOUR_US
        rows.append(f"{epoch},field,c{probe},{digest('token', probe)},{enrolled_us}")
        arrivals += [(START_US + number * HOUR_US + 60 * 10**6, sign(probe, number))
                     for number in range(1, SEGMENTS + 1)]
    (folder / "probes.csv").write_text("\n".join(rows) + "\n")
    write_arrivals(folder, sorted(arrivals))
    return rows[1].split(",")[3]


def write_arrivals(folder, arrivals):
    (folder / "segments.bin").write_bytes(
        b"".join(struct.pack("<qI", at, len(data)) + data for at, data in arrivals))


def new_store(folder):
    done(BUILD / "faultline-analyzer", "init", folder)
    return folder


def listed(store, *words):
    return done(BUILD / "faultline-analyzer", "--dir", store, *words, "--format", "json")


def feed(store, world, *words):
    return run(BUILD / "tests/feed", store, world, *words)


def comes_in_as_it_arrived(base, world):
    whole, steps = new_store(base / "whole"), new_store(base / "steps")
    that(feed(whole, world).stdout ==
         f"2 probes, 12 segments, {12 * (5 + MEASUREMENTS)} lines\n", "all of it goes in")
    said = [feed(steps, world, "--until", START_US + hours * HOUR_US).stdout.split(", ")[:2]
            for hours in (0, 2, 2, 4)] + [feed(steps, world).stdout.split(", ")[:2]]
    that(said == [["1 probes", "0 segments"], ["0 probes", "2 segments"],
                  ["0 probes", "0 segments"], ["1 probes", "4 segments"],
                  ["0 probes", "6 segments"]], "up to a time, and on from there", said)
    for words in (["query", "measurements"], ["probes"], ["query", "networks"]):
        that(listed(whole, *words) == listed(steps, *words),
             f"{words} are the same in steps and at once")
    rows = [json.loads(row) for row in listed(whole, "query", "measurements").splitlines()]
    that(len(rows) == PROBES * SEGMENTS * MEASUREMENTS, "every line is there", len(rows))
    bare = new_store(base / "bare")
    that(feed(bare, world, "--bare").stdout == "2 probes, 0 segments, 0 lines\n",
         "or its probes alone")


def refused(base, world, name, change, sentence):
    broken, store = base / f"world {name}", new_store(base / f"store {name}")
    shutil.copytree(world, broken)
    change(broken)
    result = feed(store, broken)
    that(result.returncode == 1 and not result.stdout and
         len(result.stderr.splitlines()) == 1 and sentence in result.stderr,
         f"one sentence for {name}", result)
    that(not listed(store, "probes"), "and nothing went in")


def what_is_no_world_is_refused(base, world):
    def cut(folder):
        whole = (folder / "segments.bin").read_bytes()
        (folder / "segments.bin").write_bytes(whole[:-1])

    def forge(folder):
        whole = (folder / "segments.bin").read_bytes()
        (folder / "segments.bin").write_bytes(whole.replace(b'"took_us":1', b'"took_us":2', 1))

    refused(base, world, "a", lambda f: (f / "targets.csv").unlink(), "targets.csv: there is no")
    refused(base, world, "b", lambda f: (f / "probes.csv").write_text("a\n"), "probes.csv:1: ")
    refused(base, world, "c", lambda f: (f / "segments.bin").unlink(), "is no folder of a world")
    refused(base, world, "d", cut, "segments.bin:12: this is cut off")
    refused(base, world, "e", forge, "segments.bin:1: ")
    refused(base, world, "f", lambda f: write_arrivals(
        f, [(START_US + 1, sign(0, 2)), (START_US, sign(0, 1))]), "segments.bin:2: this came before")
    refused(base, world, "g", lambda f: (f / "probes.csv").write_text(
        "epoch,role,cohort,token,enrolled_utc_us\nabc,field,c,t,0\n"), "probes.csv:2: an epoch has")
    for words in ((), ("x",), ("x", "y", "--until"), ("x", "y", "--until", "soon"), ("x", "y", "z")):
        that(run(BUILD / "tests/feed", *words).returncode == 2, f"wrong usage: {words}")


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        make_world(base / "world")
        comes_in_as_it_arrived(base, base / "world")
        what_is_no_world_is_refused(base, base / "world")
    print("ok: a world folder goes in as it arrived, and nothing else does")


main()
