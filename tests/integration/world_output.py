#!/usr/bin/python3
"""What the world program writes: segments that verify and lines that decode, in the order in
which they arrived, within the budget, the same for the same seed; and nothing in them, nor
in anything else that the analyzer gets, that tells what was done."""
import csv
import hashlib
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"])
SCENARIOS = ROOT / "tests/world/scenarios.csv"
sys.path.insert(0, str(ROOT / "tests"))
import verify  # noqa: E402 (its folder is known only now)

KEY_SEED = "5f" * 32
ROWS = (3, 16)  # a curfew, a name that is slowed
LINES_MOST = 1_000_000
EVERY = 7  # one in so many is looked at line by line
SIGNATURES = 20  # so many are checked by openssl: each is a process
TO_ANALYZER = ("targets.csv", "probes.csv", "segments.bin", "routes.csv")


def world(folder, *words):
    key = folder.parent / "key"
    key.write_text(f"faultline-analyzer-{'0' * 16}\n{KEY_SEED}\n")
    done = subprocess.run(
        [BUILD / "tests/world", *map(str, words), "--where-key", key, "--out", folder],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def arrivals(folder):
    data = (folder / "segments.bin").read_bytes()
    at = 0
    while at < len(data):
        received_us, length = struct.unpack_from("<qI", data, at)
        at += 12
        yield received_us, data[at:at + length]
        at += length


def digest(folder):
    return {name.name: hashlib.sha256(name.read_bytes()).hexdigest()
            for name in sorted(folder.iterdir())}


def every_segment_verifies_and_every_line_decodes(folder):
    schema = verify.load_schema(ROOT / "common/SCHEMA.md")
    with open(folder / "probes.csv", encoding="utf-8", newline="") as file:
        enrolled = {row["epoch"]: int(row["enrolled_utc_us"]) for row in csv.DictReader(file)}
    seen, last_us, tried = set(), 0, 0
    for number, (received_us, data) in enumerate(arrivals(folder)):
        segment = verify.Segment(data)
        if number % EVERY == 0:
            segment.check_tree()
            segment.check_key()
            verify.check_lines(schema, segment.lines)
        if number % 400 == 0 and tried < SIGNATURES:
            segment.check_signature()
            tried += 1
        assert received_us >= last_us, "an arrival before the one before it"
        assert received_us >= enrolled[segment.epoch], "an arrival before its enrolment"
        assert (segment.epoch, segment.seq) not in seen, "a number twice"
        seen.add((segment.epoch, segment.seq))
        last_us = received_us
    assert seen and tried
    return {epoch for epoch, _ in seen}


def nothing_tells_what_was_done(folder, number):
    """No word of the truth: causes, scenarios' names, labels' ids."""
    with open(SCENARIOS, encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == str(number))
    with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    assert labels, "no label"
    words = {cause for label in labels for cause in label["cause"].split() + label["named"].split()}
    words = {part for word in words for part in re.split(r"[.+|]", word)} - {"none", "full"}
    words |= {word for word in re.findall(r"[A-Za-z]{4,}", row["modelled_on"])}
    words |= {"scenario", "label", "shutdown", "throttling", "infrastructure", "ordinary",
              "insufficient", "cause"}
    # What the schema calls its own rungs, fields and outcomes is no secret.
    schema = (ROOT / "common/SCHEMA.md").read_text(encoding="utf-8")
    words -= set(re.findall(r"[a-z]{3,}", " ".join(re.findall(r"`([a-z_0-9]+)`", schema))))
    for name in TO_ANALYZER:
        data = (folder / name).read_bytes().lower()
        for word in words:
            # Chance makes three letters of base64; a word stands between other characters.
            found = re.search(rb"(?<![a-z0-9+/=])" + word.lower().encode() + rb"(?![a-z0-9+/=])",
                              data)
            assert not found, f"{name} says '{word}'"


def the_country_is_not_the_one_it_was_modelled_on():
    # Myanmar, Egypt, Cuba: each has one zone, and might be drawn.
    for number, code in ((6, "MM"), (25, "CU")):
        for seed in range(1, 3):
            with tempfile.TemporaryDirectory() as base:
                folder = pathlib.Path(base) / "world"
                world(folder, SCENARIOS, number, "--seed", seed, "--per-network", 1)
                with open(folder / "labels.csv", encoding="utf-8", newline="") as file:
                    codes = {row["country"] for row in csv.DictReader(file)}
            assert codes and code not in codes, f"row {number} in {codes}"


def the_same_seed_gives_the_same_bytes_and_another_others(base):
    first, again, other = (base / name for name in ("first", "again", "other"))
    for folder, seed in ((first, 4), (again, 4), (other, 5)):
        world(folder, SCENARIOS, 33, "--seed", seed, "--per-network", 1)
    assert digest(first) == digest(again)
    assert digest(first).keys() == digest(other).keys()
    assert all(digest(first)[name] != digest(other)[name] for name in TO_ANALYZER)


def the_budget_holds(base):
    """For the row whose edges are most."""
    said = world(base / "budget", SCENARIOS, 6, "--seed", 1)
    assert LINES_MOST / 10 < int(said.split()[4]) < LINES_MOST / 2, said


def a_wrong_option_is_refused(base):
    key = base / "key"
    for words in ([SCENARIOS], [SCENARIOS, "x"], ["--quiet", "0"], ["--alive", "2"],
                  [SCENARIOS, "1", "--noise", "loud"]):
        done = subprocess.run([BUILD / "tests/world", *map(str, words), "--where-key", key,
                               "--out", base / "none"], capture_output=True, check=False)
        assert done.returncode == 2, words
    done = subprocess.run([BUILD / "tests/world", SCENARIOS, "99999", "--where-key", key, "--out",
                           base / "none"], capture_output=True, check=False)
    assert done.returncode == 1 and b"99999" in done.stderr


def a_part_that_is_left_out_leaves_no_trace(base):
    folder = base / "less"
    world(folder, SCENARIOS, 22, "--seed", 1, "--per-network", 1, "--no-power", "--no-control",
          "--no-bgp", "--alive", ".6")
    assert b"control" not in (folder / "probes.csv").read_bytes()
    assert (folder / "routes.csv").read_text().count("\n") == 1
    for _, data in arrivals(folder):
        assert b'"check":"power"' not in data and b'"beacons"' not in data


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        for number in ROWS:
            folder = base / str(number)
            print(number, world(folder, SCENARIOS, number, "--seed", 1, "--per-network",
                                1).strip())
            every_segment_verifies_and_every_line_decodes(folder)
            nothing_tells_what_was_done(folder, number)
        the_same_seed_gives_the_same_bytes_and_another_others(base)
        a_wrong_option_is_refused(base)
        the_budget_holds(base)
        a_part_that_is_left_out_leaves_no_trace(base)
        folder = base / "quiet"
        print("quiet", world(folder, "--quiet", 2, "--probes", 48, "--seed", 1).strip())
        every_segment_verifies_and_every_line_decodes(folder)
    the_country_is_not_the_one_it_was_modelled_on()


main()
