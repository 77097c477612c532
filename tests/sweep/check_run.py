#!/usr/bin/python3
"""./dev world in small: one scenario of each class from its row to scores.json. It is the
plumbing that is checked, not the verdicts: nothing is lost on the way, what two programs
count agrees, and the same seed gives the same bytes."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SCENARIOS = ROOT / "tests/world/scenarios.csv"
# A shutdown, a throttling, a failure, a crowd, what nothing can decide, nothing at all.
SIX = ("13", "16", "37", "39", "27", "30")
TWICE = "37"
KEPT = ("labels.csv", "features.csv", "reach.csv", "targets.csv", "events.jsonl", "score.jsonl")

sys.dont_write_bytecode = True
import figures
import labelled


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def sweep(out, ids, *words):
    done = subprocess.run(
        [ROOT / "tests/sweep/world.py", "--build", BUILD, "--scenarios", SCENARIOS, "--seed", "1",
         "--only", ",".join(ids), "--out", out, *words],
        capture_output=True, text=True, stdin=subprocess.DEVNULL)
    that(done.returncode == 0, f"./dev world with scenarios {ids} ends well", done)
    return done.stdout


def sweep_fails(out, ids, why, *words):
    done = subprocess.run(
        [ROOT / "tests/sweep/world.py", "--build", BUILD, "--scenarios", SCENARIOS, "--seed", "1",
         "--only", ",".join(ids), "--out", out, *words],
        capture_output=True, text=True, stdin=subprocess.DEVNULL)
    that(done.returncode == 1 and why in done.stderr and "Traceback" not in done.stderr,
         f"{words} says why it fails", done)


def valid(schema, text):
    done = subprocess.run([ROOT / "tests/validate.py", schema], input=text, text=True,
                          capture_output=True)
    if done.returncode == 77:
        print(done.stdout.strip())
        return
    that(done.returncode == 0, f"it fits {schema}.schema.json", done.stdout)


def a_wrong_option_is_refused(base):
    """Before anything is made, with a sentence."""
    table = ("--scenarios", SCENARIOS)
    for words in ((), ("--quiet", "0"), ("--quiet", "1", "--probes", "0"),
                  (*table, "--quiet", "1"), ("--quiet", "1", "--again"), (*table, "--seed", "-1"),
                  (*table, "--seed", "1000000001"), (*table, "--only", "99"),
                  (*table, "--alive", "2"), (*table, "--per-network", "0")):
        done = subprocess.run([ROOT / "tests/sweep/world.py", "--build", BUILD, "--out",
                               base / "none", *words],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        that(done.returncode == 2 and "error: " in done.stderr and
             not (base / "none").exists(), f"{words} is refused", done)


def where_hardly_a_machine_lives_there_is_little_to_say(base):
    """Of this seed the one probe is dead, and both machines abroad live."""
    quiet = ("--quiet", "1", "--probes", "1", "--alive", ".3", "--seed", "1")
    for words, code, said in (((), 0, "nothing to say per network and year"),
                              (("--no-control",), 1, "world: no machine ever delivered")):
        done = subprocess.run([ROOT / "tests/sweep/world.py", "--build", BUILD, "--out",
                               base / "quiet", *quiet, *words],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        that(done.returncode == code and said in done.stdout + done.stderr and
             "Traceback" not in done.stderr, f"it says so with {words}", done)


def each_scenario_is_whole(out, number):
    base = out / number
    that(all((base / name).stat().st_size for name in KEPT), f"every file of {number} is there",
         sorted(path.name for path in base.iterdir()))
    text = (base / "score.jsonl").read_text()
    valid("score", text)
    *rows, last = [json.loads(line) for line in text.splitlines()]
    labels = labelled.read(base / "labels.csv")
    that([r["id"] for r in rows if r["kind"] == "label"] == [l.id for l in labels],
         f"each label of {number} has its row")
    events = [json.loads(line)["event"] for line in (base / "events.jsonl").open()]
    that(sorted(r["event"] for r in rows if r["event"]) == sorted(events),
         f"and each event of {number} one")
    that(any(l.found == "must" or l.cause == "none" for l in labels), f"{number} has something to be found", labels)
    for key in ("class", "cause"):
        ours, theirs = figures.macro_f1(rows, key) or 0, last["summary"][f"{key}_macro_f1"]
        that(abs(ours - theirs) < 2e-6, f"two programs count the same of {number}", (ours, theirs))
        that(figures.confusion(rows, key) == {
            true: dict(sorted(said.items()))
            for true, said in sorted(last["summary"][f"{key}_confusion"].items())},
            f"and the same confusion of {number}", last)
    return rows


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        a_wrong_option_is_refused(base)
        where_hardly_a_machine_lives_there_is_little_to_say(base)
        said = sweep(base / "six", SIX).splitlines()
        scores = json.loads((base / "six/scores.json").read_text())
        valid("scores", json.dumps(scores))
        rows = [row for number in SIX for row in each_scenario_is_whole(base / "six", number)]
        that(scores["class_confusion"] == figures.confusion(rows, "class"),
             "scores.json is of all of them", scores)
        that(scores["live_delay_s"]["looked_at"] + scores["live_delay_s"]["skipped"] ==
             scores["live_delay_s"]["of"] == len(SIX) - 1, "all but one could be found live",
             scores["live_delay_s"])
        shown = [line.split()[0] for line in said[1:len(SIX) + 1]]
        that(sorted(shown) == sorted(SIX), "a row a scenario is shown", said)
        that(any(line.startswith(f"scenario {shown[0]} went through signing and HTTP: ") and
                 line.endswith("the same both ways") for line in said),
             "one went over the network, too", said)
        bytes_of = []
        for run in ("once", "again"):
            sweep(base / run, [TWICE], "--over-http", "none")
            bytes_of.append((base / run / "scores.json").read_bytes() +
                            (base / run / TWICE / "score.jsonl").read_bytes())
        that(bytes_of[0] == bytes_of[1], "the same seed gives the same bytes")
        bytes_of = []
        for words in (("--over-http", "none", "--no-live", "--keep"), ("--again",)):
            sweep(base / "kept", [TWICE], *words)
            bytes_of.append((base / "kept/scores.json").read_bytes() +
                            (base / "kept" / TWICE / "score.jsonl").read_bytes())
        that(bytes_of[0] == bytes_of[1], "what was kept and is analyzed again is judged the same")
        sweep_fails(base / "kept", ["13"], "world: scenario 13: ", "--again")
    print(f"ok: scenarios {', '.join(SIX)} from their rows to scores.json")


main()
