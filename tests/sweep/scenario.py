"""One scenario from its row to what was said of it: a country is simulated, its segments go
into a store of their own, and the analyzer's events are held against its labels."""

import json
import os
import shutil
import time
from typing import NamedTuple, Optional

import baselines
import figures
import folder
import labelled
import live
import over_http

# Deliveries before the onset beyond which nobody looks live: each look reads them all.
LIVE_DELIVERIES_MAX = 20000
KEPT = ("labels.csv", "features.csv", "reach.csv", "targets.csv")


class Options(NamedTuple):
    build: str
    scenarios: str
    seed: int
    out: str
    world: tuple  # more options of the world program
    live: bool
    keep: bool
    over_http: Optional[str]  # the id of the scenario that goes over the network, too
    again: bool = False  # analyze what an earlier run has kept


class Result(NamedTuple):
    id: str
    rows: list  # of score, each with the class probabilities of its event
    labels: list
    threshold: dict
    live: Optional[tuple]  # (delay or None,); None: nothing to look for, or not looked
    to_find: bool
    took_s: dict  # by step
    http: Optional[str]  # what was compared


class Clock:
    """Seconds by step; they go to people, never into a result."""

    def __init__(self):
        self.took_s, self.at = {}, time.monotonic()

    def __call__(self, step):
        now = time.monotonic()
        self.took_s[step] = self.took_s.get(step, 0) + now - self.at
        self.at = now


def look_live(options, analyzer, world, labels):
    label = live.first_label(labels)
    if label is None or not options.live:
        return None
    before = sum(1 for at_s in folder.arrivals_s(world) if at_s <= label.start_s)
    if before > LIVE_DELIVERIES_MAX:
        return None
    return (live.delay_s(analyzer, world, label),)


def with_probabilities(rows, events):
    of = {event["event"]: event["class_probability"] for event in events}
    return [dict(row, class_probability=of.get(row["event"])) for row in rows]


def keep(base, world, events, scored, everything):
    with open(f"{base}/events.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(event) + "\n" for event in events)
    with open(f"{base}/score.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in scored)
    for name in KEPT:
        if os.path.exists(f"{world}/{name}"):
            shutil.copy(f"{world}/{name}", base)
    if not everything:
        shutil.rmtree(world)
        shutil.rmtree(f"{base}/store")


def make(options, number, base, clock):
    """(An analyzer that was fed with its world, the labels, what was seen live)."""
    world = f"{base}/world"
    os.makedirs(world)
    analyzer = folder.Analyzer(options.build, f"{base}/store")
    analyzer.simulate(world, options.scenarios, number, "--seed", options.seed,
                      *options.world)
    clock("world")
    labels = labelled.read(f"{world}/labels.csv")
    seen = look_live(options, analyzer, world, labels)
    clock("live")
    analyzer.feed(world)
    analyzer.take_routes(world)
    clock("feed")
    return analyzer, labels, seen


def find(options, base):
    """The same of an earlier run, which looked at nothing live."""
    for name in ("world", "store"):
        if not os.path.isdir(f"{base}/{name}"):
            raise folder.Failed(f"{base}/{name} was not kept; --keep keeps it")
    return (folder.Analyzer.open(options.build, f"{base}/store"),
            labelled.read(f"{base}/world/labels.csv"), None)


def judge(options, number):
    base = f"{options.out}/{number}"
    world, clock = f"{base}/world", Clock()
    analyzer, labels, seen = find(options, base) if options.again else \
        make(options, number, base, clock)
    analyzer.analyze(folder.end_s(world))
    clock("analyze")
    scored = analyzer.score(f"{world}/labels.csv")
    events = analyzer.events()
    threshold = baselines.threshold(world, labels)
    clock("score")
    http = None
    if options.over_http == number:
        http = over_http.compare(options.build, world, analyzer, f"{base}/http")
        clock("http")
    result = Result(number, with_probabilities(scored[:-1], events), labels, threshold, seen,
                    live.first_label(labels) is not None, clock.took_s, http)
    keep(base, world, events, scored, options.keep)
    return result


# ---- all of them ----

def scores(results):
    """scores.json of these results, in the order of their ids."""
    rows = [row for result in results for row in result.rows]
    to_find = [result for result in results if result.to_find]
    delays_s = [result.live[0] for result in to_find if result.live]
    live_delay = figures.live_delays(delays_s, len(to_find), len(to_find) - len(delays_s)) \
        if delays_s else None
    return figures.scores(
        rows, sum(result.threshold["network_s"] for result in results), live_delay,
        {"threshold": baselines.threshold_figures([r.threshold for r in results]),
         "naive_bayes": baselines.naive_bayes([r.labels for r in results])})
