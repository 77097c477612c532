#!/usr/bin/python3
"""explain --history: what changed a verdict as more came in. The same deliveries give the
same bytes; the changes, played one after the other, lead to what is said now; looking back
or weighing otherwise leaves no trace; what is not borne out any more is withdrawn."""
import csv
import datetime
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SCENARIOS = ROOT / "tests/sweep/demo.csv"
SCENARIO = "3"  # a power failure: at first there is only silence
LOOKS = 12  # analyses over the last days
WORDS = ("class", "cause", "standing", "version", "start", "end")

sys.dont_write_bytecode = True
import folder


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def history(analyzer, event):
    return [json.loads(line) for line in
            analyzer("explain", event, "--history", "--format", "json").splitlines()]


def edge(instant):
    return instant["estimate"] if instant else None


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def same_edge(left, right):
    """An edge that moves by less than a second is no change."""
    return left == right or (left and right and abs(seconds(left) - seconds(right)) < 1)


def live_through(base, looks, disturb):
    """Analyses while it comes in; every event that was ever listed."""
    world = base / "world"
    world.mkdir(parents=True)
    analyzer = folder.Analyzer(BUILD, base / "store")
    analyzer.simulate(world, SCENARIOS, SCENARIO, "--seed", "1", "--per-network", "1")
    end_s, listed = folder.end_s(world), {}
    for look in range(looks):
        until_s = end_s - (looks - 1 - look) * 3600 * 4
        analyzer.feed(world, until_s=until_s)
        analyzer.analyze(until_s)
        listed.update({event["event"]: event for event in analyzer.events()})
        if disturb and look % 4 == 3:
            that(disturb(analyzer, until_s), "looking back and weighing otherwise tell nothing")
    return analyzer, listed


def look_otherwise(analyzer, until_s):
    """Back, with other weights, and as before; true: it leaves all as it was."""
    before = {e["event"]: (e, history(analyzer, e["event"])) for e in analyzer.events()}
    analyzer.analyze(until_s - 9 * 3600)
    own = pathlib.Path(analyzer.path) / "own.csv"
    own.write_text("cap,power,X2\ncap,shape,X1.5\n", encoding="utf-8")
    analyzer("analyze", "--until", folder.utc(until_s), "--weights", own)
    analyzer.analyze(until_s)
    return before == {e["event"]: (e, history(analyzer, e["event"])) for e in analyzer.events()}


def leads_to_what_is_said(changes, event):
    """Plays the changes and compares."""
    said, rows, last = {}, {}, None
    for n, change in enumerate(changes, 1):
        that(change["n"] == n and change["event"] == event["event"], "changes have numbers", change)
        that((change["from"] is None) == (n == 1), "the first has nothing before it", change)
        that(last is None or change["horizon"] > last, "each knows of more", change)
        for key, was in (change["from"] or {}).items():
            if key != "class_probability" and not said[key] == was:
                that(key in ("start", "end") and same_edge(said[key], was),
                     f"{key} was what was said before", change)
        moved = set(change["to"]) - {"class_probability"}
        that(moved or change["came"] or change["went"], "something changed", change)
        said.update({key: value for key, value in change["to"].items()})
        for row in change["went"]:
            that(row["row"] in rows, "only a row that was there can go", change)
            del rows[row["row"]]
        for row in change["came"]:
            that(row["row"] not in rows and row["says"], "only one that was not can come", change)
            rows[row["row"]] = row["says"]
        that(change["arrived"]["segments"] >= change["arrived"]["probes"] > 0,
             "something had come meanwhile", change)
        last = change["horizon"]
    now = {"class": event["class"], "cause": event["cause"], "standing": event["standing"],
           "version": event["version"], "start": edge(event["start"]), "end": edge(event["end"])}
    for key in WORDS:
        that(said[key] == now[key] or (key in ("start", "end") and same_edge(said[key], now[key])),
             f"{key} is what the changes lead to", (said, now))
    that(set(rows) == {row["row"] for row in event["evidence"] + event["against"]},
         "so are the rows", (rows, event["event"]))


def is_told_to_people_too(analyzer, event, changes):
    text = analyzer("explain", event, "--history")
    rows = list(csv.DictReader(io.StringIO(analyzer("explain", event, "--history",
                                                    "--format", "csv"))))
    for change in changes:
        that(f"\n{change['n']}. {change['horizon']}, with " in text, "a change has its paragraph")
        for side, mark in (("came", "+"), ("went", "-")):
            for row in change[side]:
                that(any(line.startswith(f"  {mark} {row['row']} ") and line.endswith(row["says"])
                         for line in text.splitlines()), "and each row a line", (row, text))
        mine = {row["what"]: (row["from"], row["to"]) for row in rows
                if row["n"] == str(change["n"])}
        for key in set(change["to"]) - {"class_probability"}:
            that(mine[key] == ((change["from"] or {}).get(key) or "", change["to"][key] or ""),
                 "the table has the same", (key, mine))


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        analyzer, listed = live_through(base / "one", LOOKS, look_otherwise)
        again, _ = live_through(base / "two", LOOKS, None)
        now = {event["event"]: event for event in analyzer.events()}
        withdrawn = {json.loads(line)["event"] for line in
                     analyzer("events", "--withdrawn", "--format", "json").splitlines()}
        that(set(listed) == set(now) | withdrawn and not set(now) & withdrawn,
             "what was ever said stands or is withdrawn", (listed.keys(), now.keys(), withdrawn))
        changed = 0
        for event in [*now, *withdrawn]:
            text = analyzer("explain", event, "--history", "--format", "json")
            that(text == again("explain", event, "--history", "--format", "json"),
                 "the same deliveries give the same history", text)
            changes = history(analyzer, event)
            verdict = json.loads(analyzer("explain", event, "--format", "json"))
            that((verdict["standing"] == "withdrawn") == (event in withdrawn),
                 "a withdrawn verdict says so", verdict)
            leads_to_what_is_said(changes, verdict)
            is_told_to_people_too(analyzer, event, changes)
            changed += len(changes) > 1
        that(changed, "late data changed a verdict")
        done = subprocess.run([BUILD / "faultline-analyzer", "--dir", analyzer.path, "explain",
                               "no-such", "--history"], capture_output=True, text=True)
        that(done.returncode == 1 and done.stderr.count("\n") == 1 and not done.stdout,
             "an event that never was has no history", done)
        print(f"{len(now)} events and {len(withdrawn)} withdrawn ones, {changed} of them changed "
              f"by what came later, in {LOOKS} analyses")


main()
