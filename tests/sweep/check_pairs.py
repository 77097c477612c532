#!/usr/bin/python3
"""./dev pairs in small: one pair both ways with one seed, what counts as decided, and a table
that names nothing that is not there."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
PAIR = "mobile off / one owner's failure"

sys.dont_write_bytecode = True
import labelled
import pairs


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def run(*words):
    return subprocess.run([ROOT / "tests/sweep/pairs.py", "--build", BUILD, *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


# ---- what it is worth ----

LABEL = labelled.Label("1.1.1", "XA", (), (), 40, 0.0, 7200.0, "infrastructure.cable", "must")
CABLE, CUT = "infrastructure.cable", "shutdown.international"


def said(cause, affected, end, evidence, *leading):
    return pairs.Said(LABEL, [CABLE, CUT] if cause == "insufficient" else [], {
        "cause": cause, "class": cause.split(".")[0],
        "start": {"estimate": "1970-01-01T00:00:00Z"}, "end": end and {"estimate": end},
        "probes": {"affected": affected}, "causes": [{"cause": one} for one in leading],
        "evidence": [{"row": row, "lr": lr} for row, lr in evidence.items()]})


def way(how, truth, leans, against, *rows):
    return pairs.Way("a / b", "1", "1.1", truth, leans, against, how, rows, "")


def the_row_that_moved_the_odds_furthest_decided():
    one = said(CABLE, 9, None, {"1": {CABLE: 300, CUT: 290}, "2": {CUT: -40}, "3": {CABLE: 20}},
               CABLE)
    got = pairs.judge(way("decides", CABLE, CABLE, CUT, "2", "9"), [one])
    that(got == pairs.Result(True, True, CABLE, ("2",)), "row 2 parts the two, not row 1", got)
    got = pairs.judge(way("decides", CABLE, CABLE, CUT, "1"), [one])
    that(got.right and not got.intended, "and another one was meant", got)
    got = pairs.judge(way("decides", CUT, CUT, CABLE, "2"), [one])
    that(not got.right and got.decided == (), "none of them speaks for the other cause", got)
    got = pairs.judge(way("decides", CABLE, CABLE, CUT, "2"), [])
    that(not got.right and got.said == "none", "what is not found is not right", got)


def most_hours_of_machines_answer():
    long, short = said(CABLE, 1, None, {}, CABLE), said(CUT, 30, "1970-01-01T01:00:00Z", {}, CUT)
    got = pairs.judge(way("decides", CUT, CUT, CABLE), [long, short])
    that(got.right, "one machine for two hours is less than thirty for one", got)


def what_cannot_be_decided_names_both_and_no_row_meant_speaks():
    silent = way("silent", "insufficient", CUT, CABLE, "13")
    for one, right, intended, sentence in (
            (said("insufficient", 9, None, {"12": {CUT: 9}}, CUT, CABLE), True, True, "both lead"),
            (said("insufficient", 9, None, {}, CUT, "ordinary.local"), False, True, "one leads"),
            (said("insufficient", 9, None, {"13": {}}, CUT, CABLE), True, False, "row 13 spoke"),
            (said(CUT, 9, None, {}, CUT, CABLE), False, True, "a verdict is none")):
        got = pairs.judge(silent, [one])
        that((got.right, got.intended) == (right, intended), sentence, got)


def where_nothing_is_true_nothing_is_accused():
    quiet = way("unaccused", "none", CABLE, CUT)
    elsewhere = said(CUT, 1, None, {}, CUT)._replace(label=None)
    that(pairs.judge(quiet, [said(CABLE, 9, None, {}, CABLE)]).right, "a cable may be called one")
    that(not pairs.judge(quiet, [elsewhere]).right, "and nobody be accused of anything")


# ---- the command ----

def the_table_names_what_is_there():
    weights = subprocess.run([BUILD / "faultline-analyzer", "analyze", "--print-weights"],
                             capture_output=True, text=True, check=True).stdout
    rows = {line.split(",")[0] for line in weights.splitlines() if line[:1].isdigit()}
    causes = {line.split(",")[1] for line in weights.splitlines() if line.count(",") == 2}
    for one in pairs.read_ways(pairs.HERE + "/pairs.csv"):
        that(set(one.rows) <= rows, "each row that is meant is in the table of evidence", one)
        that(one.how in ("decides", "silent", "unaccused"), "it says what is to decide", one)
        that({one.leans.split(".")[0], one.against.split(".")[0]} <= causes, "of causes", one)
        that(pairs.table_of(one.scenario), "of scenarios that there are", one)


def a_wrong_option_is_refused(base):
    for words in (("--seeds", "1-x"), ("--seeds", "3-2"), ("--only", "no such pair"),
                  ("--jobs", "0")):
        done = run("--out", base / "none", *words)
        that(done.returncode == 2 and "error: " in done.stderr, f"{words} is refused", done)


def one_pair_goes_the_whole_way(base):
    words = ("--only", PAIR, "--seeds", "1", "--out", base / "one")
    done = run(*words, "--keep")
    that(done.returncode == 0 and done.stdout.endswith(
        "2 of 2 ways are right, by the row that was meant, in 95% of 1 seeds\n"),
         "it is told apart both ways", done)
    again = run(*words, "--again", "--without")
    that(again.returncode == 0 and all(
        one.split()[:-1] == other.split()[:-1] and one.split()[-1] in ("0/1", "1/1")
        for one, other in zip(again.stdout.splitlines()[1:3], [
            line + " -" for line in done.stdout.splitlines()[1:3]])),
         "and from what was kept, with what would be said without the row", again)


def main():
    the_row_that_moved_the_odds_furthest_decided()
    most_hours_of_machines_answer()
    what_cannot_be_decided_names_both_and_no_row_meant_speaks()
    where_nothing_is_true_nothing_is_accused()
    the_table_names_what_is_there()
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        a_wrong_option_is_refused(base)
        one_pair_goes_the_whole_way(base)
    print(f"ok: {PAIR}, told apart by the row that is meant to")


main()
