#!/usr/bin/python3
"""demo.py [--build DIR] [--seed N] [CAUSE...]: the whole job where a machine gives no
namespaces, and so no country of real packets.

Whole countries are simulated at the level of measurement lines, one for each cause. From
there on everything is real: the probes' signatures, the way over HTTP into the analyzer, its
store, its verdicts, the report folder and the pages. What was true is printed beside what is
said of it. Exit 0 when all that was sent was taken and the pages answer.
"""

import argparse
import contextlib
import csv
import http.client
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import folder
import labelled
import over_http

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SHORT = f"{ROOT}/tests/sweep/demo.csv"  # a few hours each
SCENARIOS = f"{ROOT}/tests/world/scenarios.csv"  # for other causes
CAUSES = ("shutdown.international", "throttling.policed", "infrastructure.power")
COLOURS = {"shutdown": "31", "throttling": "33", "infrastructure": "35"}
PROBES_A_REGION = "1"  # and network: four regions make four a network
NOTHING = "none"
QUIET = ("--quiet", "2", "--probes", "24")


def say(text=""):
    print(text, flush=True)


def paint(kind):
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return kind
    return f"\033[1;{COLOURS.get(kind, '36')}m{kind}\033[0m"


class Story:
    """One country and what happens to it."""

    def __init__(self, base, number, cause, table, row):
        self.cause, self.table, self.row = cause, table, row
        self.world = f"{base}/world-{number}"

    def words(self):
        return QUIET if self.cause == NOTHING else (
            self.table, self.row["id"], "--per-network", PROBES_A_REGION)

    def sentence(self):
        if self.cause == NOTHING:
            return "a country where nothing happens but what happens in every home"
        return f"{self.cause}, shaped like {self.row['modelled_on']}"

    def simulate(self, analyzer, seed):
        """Returns which country it became."""
        shutil.rmtree(self.world, ignore_errors=True)
        os.mkdir(self.world)
        analyzer.simulate(self.world, *self.words(), "--seed", seed)
        return labelled.read(f"{self.world}/labels.csv")[0].country


def find(cause):
    """(table, row) of the first row with this cause alone; Failed where none has it."""
    if cause == NOTHING:
        return None, None
    for table in (SHORT, SCENARIOS):
        with open(table, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["expected_cause"] == cause:
                    return table, row
    raise folder.Failed(f"no scenario's cause is {cause} alone; without namespaces that fault "
                        "cannot be shown")


def deliver(server, analyzer, story):
    analyzer.feed(story.world, bare=True)
    taken = over_http.send(server, story.world)
    analyzer.take_routes(story.world)
    return taken


def judge(analyzer, story):
    """Prints what was said of this country beside what was true; returns those events."""
    rows = analyzer.score(f"{story.world}/labels.csv")[:-1]
    events = {event["event"]: event for event in analyzer.events()}
    if story.cause == NOTHING:
        alarms = [row["event"] for row in rows if row["kind"] == "false_alarm"]
        say(f"{story.sentence()}: {len(alarms) or 'no'} false alarms")
        return alarms
    told = []
    for row in rows:
        glitch = row["kind"] != "label" or row["id"].startswith("g")
        if glitch or row["true_cause"] != story.cause:
            continue
        if row["event"] is None:
            say(f"{story.cause}: no event: WRONG")
            continue
        told.append(row["event"])
        say(f"{story.cause}: {paint(row['class'])} ({row['cause']}), probability "
            f"{row['probability']:.2f}, event {row['event']}: "
            f"{'right' if row['class_right'] else 'WRONG'}")
        for line in events[row["event"]]["evidence"][:3]:
            say(f"    - {line['says']}")
    return told


def save(options, analyzer, told):
    """The verdicts, and of those told the arithmetic and the report, in a folder that stays."""
    out = os.path.join(os.path.abspath(options.build), "demo-report")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    with open(f"{out}/events.jsonl", "w", encoding="utf-8") as file:
        file.write(analyzer("events", "--format", "json"))
    for name in told:
        with open(f"{out}/{name}.txt", "w", encoding="utf-8") as file:
            file.write(analyzer("explain", name))
        analyzer("report", name, "--out", f"{out}/{name}")
    say()
    say(f"Report folder: {out}")
    for name in told:
        say(f"    {name}/report.html, report.json")


def pages_answer(port):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as to:
        try:
            to.request("GET", "/")
            return to.getresponse().status == 200
        except OSError:
            return False


def simulate_all(analyzer, plan, seed):
    """A seed is a country, and no two stories may happen to the same one."""
    countries = set()
    for story in plan:
        country = story.simulate(analyzer, seed)
        while country in countries:
            seed += 1
            country = story.simulate(analyzer, seed)
        countries.add(country)
        seed += 1
        say(f"Simulated, in {country}: {story.sentence()}.")


def show(options, base, started_s):
    analyzer = folder.Analyzer(options.build, f"{base}/analyzer")
    over_http.configure(f"{analyzer.path}/analyzer.conf")
    plan = [Story(base, number, cause, *find(cause))
            for number, cause in enumerate(dict.fromkeys(options.causes))]
    simulate_all(analyzer, plan, options.seed)
    with over_http.Server(analyzer) as server:
        at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        until = "until you press Enter at the end" if at_terminal else "while the demo runs"
        address = f"http://127.0.0.1:{server.pages}/"
        say(f"Pages: {address} ({until})")
        taken = sum(deliver(server, analyzer, story) for story in plan)
        say(f"{taken} signed segments were sent over HTTP, each with its probe's token.")
        analyzer.analyze(max(folder.end_s(story.world) for story in plan))
        say()
        save(options, analyzer, [name for story in plan for name in judge(analyzer, story)])
        answers = pages_answer(server.pages)
        say(f"Pages: {address} {'answer' if answers else 'DO NOT ANSWER'} ({until})")
        say(f"Done in {time.monotonic() - started_s:.0f} s.")
        if at_terminal:
            input("Press Enter to end the demo. ")
    return answers


def main():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build/dev"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("causes", nargs="*", metavar="CAUSE", default=CAUSES)
    options = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faultline-") as base:
        try:
            return 0 if show(options, base, started_s) else 1
        except (folder.Failed, OSError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
