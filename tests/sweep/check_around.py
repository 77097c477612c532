#!/usr/bin/python3
"""What a verdict says of its timing and of the events around it, on whole countries: what it
says of another event is true of that one, and the other way round; every night of a curfew
tells the same timetable; explain tells what the JSON does."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SCENARIOS = ROOT / "tests/world/scenarios.csv"
NIGHTS, PHASES, CASCADE = "6", "11", "51"
LISTS = ("phases", "overlaps", "follows", "precursors")
MOST = 16  # longer lists are cut, so the other side may be missing
LABEL_ERROR_S, DAY_S = 900, 86400

sys.dont_write_bytecode = True
import folder
import labelled


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def start_s(event):
    return seconds(event["start"]["estimate"])


def country(base, number):
    world = base / number
    world.mkdir(parents=True)
    analyzer = folder.Analyzer(BUILD, base / f"store-{number}")
    analyzer.simulate(world, SCENARIOS, number, "--seed", "101", "--per-network", "3")
    analyzer.feed(world)
    analyzer.take_routes(world)
    analyzer.analyze(folder.end_s(world))
    return analyzer, analyzer.events(), labelled.read(f"{world}/labels.csv")


# ---- what holds of every event ----

def check_onset(event):
    order = event["onset_order"]
    times = [seconds(one["first"]["estimate"]) for one in order]
    that(order and times == sorted(times), "networks stand in the order of time", order)
    that(all(0 < one["probes"] <= one["of"] for one in order), "of those that are there", order)
    that({one["asn"] for one in order if one["asn"]} == set(event["scope"]["asns"]),
         "all operators of the scope, and no other, stand in the order", order)


def check_related(event, of):
    for name in LISTS:
        for one in event[name]:
            other = of.get(one["event"])
            if one["event"] is None:
                that(one.get("kind") in ("routes", "operator"), "no event is no event", one)
                continue
            that(other and other["cause"] == one["cause"] and other["class"] == one["class"]
                 and other["start"]["estimate"] == one["from"], "it is told as itself", one)
            that(name == "phases" or one["event"] != event["event"], "of another", one)
            that(name == "phases" or one["against"], "something speaks against it", one)
    for one in event["follows"]:
        that(0 <= one["after_s"] <= 12 * 3600 and start_s(of[one["event"]]) < start_s(event),
             "what is followed was there before", one)
    for one in event["precursors"]:
        that(0 < one["before_s"] <= 7 * DAY_S, "a precursor comes before", one)
    for one in event["overlaps"]:
        back = of[one["event"]]["overlaps"]
        that(len(back) == MOST or event["event"] in [two["event"] for two in back],
             "what overlaps is overlapped", one)
    phases = [one["event"] for one in event["phases"]]
    that(all([two["event"] for two in of[one]["phases"]] == phases for one in phases),
         "every phase tells the same phases", phases)
    that(not phases or event["event"] in phases, "an event is of its own phases", phases)


def check_schedule(event, of):
    schedule = event["schedule"]
    if not schedule:
        return
    ids = [one["event"] for one in schedule["times"]]
    that(event["event"] in ids and len(ids) == schedule["n"], "it is of its timetable", ids)
    for one in ids:
        theirs = of[one]["schedule"]
        that(theirs and theirs["times"] == schedule["times"], "each tells the same", ids)
    starts = [seconds(one["start"]) for one in schedule["times"]]
    off = [(at - starts[0] + DAY_S / 2) % schedule["period_s"] - DAY_S / 2 for at in starts]
    that(max(off) - min(off) <= schedule["apart_s"] + LABEL_ERROR_S, "it keeps its period", off)


def check_all(analyzer, events):
    of = {event["event"]: event for event in events}
    for event in events:
        check_onset(event)
        check_related(event, of)
        check_schedule(event, of)
    said = [one["says"] for event in events for name in LISTS for one in event[name]]
    told = "".join(analyzer("explain", event["event"]) for event in events
                   if any(event[name] for name in LISTS))
    that(all(sentence in told for sentence in said), "explain tells what the JSON does")
    lines = "".join(json.dumps(event) + "\n" for event in events)
    done = subprocess.run([ROOT / "tests/validate.py", "event"], input=lines, text=True,
                          capture_output=True, check=False)
    that(done.returncode in (0, 77), "they fit the schema", done.stdout[-300:])


# ---- what these countries went through ----

def check_nights(events, labels):
    """Every night that was found is of one timetable, which tells of no other."""
    nights = [label.start_s for label in labels if label.found == "must"]
    tables = [event["schedule"] for event in events if event["schedule"]]
    table = max(tables, key=lambda one: one["n"], default=None)
    that(table and table["period_s"] == DAY_S, "nights are a timetable of a day", tables[:1])
    that(all(min(abs(seconds(one["start"]) - night) for night in nights) <= LABEL_ERROR_S
             for one in table["times"]), "it tells of nights alone", table["times"])
    return f"{table['n']} of {len(nights)} nights"


def check_phases(events):
    phases = max((event["phases"] for event in events), key=len)
    classes = [one["cause"] for one in phases]
    that(len(phases) > 1, "what changed its class has phases", classes)
    return " then ".join(classes)


def main():
    with tempfile.TemporaryDirectory(prefix="around-") as path:
        for number in (NIGHTS, PHASES, CASCADE):
            analyzer, events, labels = country(pathlib.Path(path), number)
            check_all(analyzer, events)
            seen = ", ".join(f"{sum(len(event[name]) for event in events)} {name}"
                             for name in LISTS)
            if number == NIGHTS:
                seen += "; " + check_nights(events, labels)
            if number == PHASES:
                seen += "; " + check_phases(events)
            print(f"{number}: {len(events)} events; {seen}")


if __name__ == "__main__":
    main()
