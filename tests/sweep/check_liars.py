#!/usr/bin/python3
"""./dev liars in small: two countries, who lies in them, and what counts as false."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()

sys.dont_write_bytecode = True
import labelled
import liars


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def run(*words):
    return subprocess.run([ROOT / "tests/sweep/liars.py", "--build", BUILD, *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


PROBES = [liars.Probe(f"{i}", f"c{i % 5 // 2}", 64600 + i % 6) for i in range(30)]


def liars_stand_where_the_way_says():
    def counted(way, key):
        chosen = liars.choose(way, PROBES, 7)
        found = {}
        for probe in PROBES:
            found[key(probe)] = found.get(key(probe), 0) + (probe.epoch in chosen)
        return sorted(found.values())

    that(counted("nobody", lambda p: p.cohort) == [0, 0, 0], "nobody lies")
    that(counted("a third", lambda p: p.cohort) == [3, 3, 4], "a third, of each cohort as many",
         counted("a third", lambda p: p.cohort))
    that(counted("a cohort", lambda p: p.cohort) == [0, 0, 12], "all of the largest cohort")
    that(counted("networks", lambda p: p.asn) == [0, 0, 0, 0, 5, 5], "two whole networks")
    that(liars.choose("a third", PROBES, 7) == liars.choose("a third", list(PROBES), 7) !=
         liars.choose("a third", PROBES, 8), "another country, other liars")


def event(level, standing, start, end, cause="shutdown.full"):
    return {"scope": {"level": level}, "standing": standing, "cause": cause,
            "class": cause.split(".")[0], "start": {"estimate": start},
            "end": end and {"estimate": end}}


def label(name, cause, *asns):
    return labelled.Label(name, "XA", (), asns, 24, 3600.0, 7200.0, cause, "must")


def false_is_what_no_label_of_the_country_covers():
    early, late = "1970-01-01T00:10:00Z", "1970-01-01T01:10:00Z"
    told = [event("country", "corroborated", late, None),
            event("country", "corroborated", early, "1970-01-01T00:50:00Z", "ordinary.local"),
            event("country", "suspected", early, None),
            event("region", "corroborated", early, "1970-01-01T00:50:00Z")]
    true = label("1.1.1", "shutdown.full")
    that(liars.weigh(told, [true], [true]) == liars.Found(("ordinary.local",), 1, True, True),
         "one lies beside it, one is not corroborated, one not of the country",
         liars.weigh(told, [true], [true]))
    that(liars.weigh(told[:1], [], []) == liars.Found(("shutdown.full",), 0, False, False),
         "nothing is true")
    other = label("1.1.1", "infrastructure.power")
    that(not liars.weigh(told[:1], [other], [other]).right, "of another class")
    that(liars.national([true, label("1.1.2", "none"), label("g1", "ordinary.local", 64600)])
         == [true], "what had no effect, or befell one network, covers nothing")


def countries_in_small(base):
    done = run("--out", base / "out", "--countries", "2", "--only", "international,power",
               "--ways", "nobody,a third,a cohort,true", "--jobs", "1")
    that(done.returncode == 0, "no lie is corroborated", done)
    rows = [line.split() for line in done.stdout.splitlines()]
    that(["true", "2", "2", "2"] in rows, "and what is true is, both times", done.stdout)
    for way in (["nobody", "2", "0"], ["a", "third", "2", "0"], ["a", "cohort", "2", "0"]):
        that(any(row[:len(way)] == way for row in rows), "a row for each way of lying", rows)


def what_is_no_lie_is_refused(base):
    for words in (("--only", "nothing"), ("--ways", "half"), ("--countries", "0")):
        done = run("--out", base / "none", *words)
        that(done.returncode == 2 and not (base / "none").exists(), f"wrong usage: {words}", done)


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        liars_stand_where_the_way_says()
        false_is_what_no_label_of_the_country_covers()
        what_is_no_lie_is_refused(base)
        countries_in_small(base)
    print("ok: two countries; what their liars claim is not corroborated, what is true is")


main()
