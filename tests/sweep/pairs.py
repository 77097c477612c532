#!/usr/bin/python3
"""What looks alike is told apart by the observable that it is meant to be told apart by:
pairs of simulated scenarios, each through store, analysis and score, some seeds each.

    pairs.py --out DIR [--seeds N,N-N] [--only WORD] [--jobs N] [--random-minutes]
             [--keep] [--again] [--without]

pairs.csv beside this has a row for each way of each pair: the label that is judged, what it
is taken for, and the rows of evidence that are to decide. A way is right when the event that
serves the label has its cause. The row that decided is the one that moved the odds between
the two causes furthest; a way that nothing may decide (silent) has none of those rows, and one
that must stay unaccused no event that is called a shutdown or throttling. Exit: 1 where a way
falls short in more than one seed of twenty."""

import argparse
import concurrent.futures
import csv
import json
import os
import re
import shutil
import sys
from typing import NamedTuple, Optional

sys.dont_write_bytecode = True
import folder
import labelled
import told
import zones

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(f"{HERE}/../..")
WORLD = f"{ROOT}/tests/world/scenarios.csv"
OWN = f"{HERE}/pair_scenarios.csv"
ACCUSED = ("shutdown", "throttling")
ENOUGH = 0.95  # of the seeds, each way


class Way(NamedTuple):
    pair: str
    scenario: str
    label: str  # of labels.csv, without its scenario
    truth: str
    leans: str  # what the deciding row speaks for; the truth, where that is a cause
    against: str
    how: str  # decides, silent, unaccused
    rows: tuple
    observable: str

    def label_id(self):
        return f"{self.scenario}.{self.label}"


def read_ways(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [Way(**dict(row, rows=tuple(row["rows"].split())))
                for row in csv.DictReader(file)]


# ---- one run of one scenario ----

class Run(NamedTuple):
    seed: int
    scenario: str
    base: str
    build: str
    words: tuple  # more options of the world program
    again: bool  # analyze what an earlier run has kept
    keep: bool


def table_of(scenario):
    for path in (WORLD, OWN):
        with open(path, encoding="utf-8", newline="") as file:
            if any(row["id"] == scenario for row in csv.DictReader(file)):
                return path
    raise folder.Failed(f"no table has scenario {scenario}")


def make(run):
    """A new world in a new store."""
    world = f"{run.base}/world"
    shutil.rmtree(run.base, ignore_errors=True)
    os.makedirs(world)
    analyzer = folder.Analyzer(run.build, f"{run.base}/store")
    analyzer.simulate(world, table_of(run.scenario), run.scenario, "--seed", run.seed, *run.words)
    analyzer.feed(world)
    analyzer.take_routes(world)
    with open(f"{run.base}/end", "w", encoding="ascii") as out:
        out.write(f"{folder.end_s(world)}\n")
    shutil.copy(f"{world}/labels.csv", run.base)
    shutil.rmtree(world)
    return analyzer


def said_of(analyzer, run):
    """[Said] of everything that was said, by what it is of."""
    path = f"{run.base}/labels.csv"
    events = {event["event"]: event for event in analyzer.events()}
    labels = {label.id: label for label in labelled.read(path)}
    with open(path, encoding="utf-8", newline="") as file:
        named = {row["id"]: row["named"].split() for row in csv.DictReader(file)}
    return [Said(labels.get(row["id"]), named.get(row["id"], []), events[row["event"]])
            for row in analyzer.score(path)[:-1] if row["event"]]


def weigh_without(analyzer, run, rows):
    """What is said when these rows count for nothing."""
    lines = [line.rpartition(",")[0] + ",X1"
             for line in analyzer("analyze", "--print-weights").splitlines()
             if line.split(",")[0] in rows]
    path = f"{run.base}/weights"
    with open(path, "w", encoding="ascii") as out:
        out.write("\n".join(lines) + "\n")
    with open(f"{run.base}/end", encoding="ascii") as file:
        end_s = float(file.read())
    analyzer("analyze", "--until", folder.utc(end_s), "--weights", path)
    return said_of(analyzer, run)


def play(run, ways, without):
    """{way: result} of one scenario and seed."""
    analyzer = folder.Analyzer.open(run.build, f"{run.base}/store") if run.again else make(run)
    with open(f"{run.base}/end", encoding="ascii") as file:
        analyzer.analyze(float(file.read()))
    said = said_of(analyzer, run)
    results = {way: judge(way, said) for way in ways}
    for way in ways if without else ():
        if way.how == "decides":
            blind = judge(way, weigh_without(analyzer, run, way.rows))
            results[way] = results[way]._replace(right_without=blind.right)
    if not run.keep:
        shutil.rmtree(run.base)
    return results


# ---- what it is worth; pure ----

class Said(NamedTuple):
    label: Optional[labelled.Label]  # that it is of; None: of none
    named: list  # the causes that are to lead, where the label cannot be decided
    event: dict

    def cause(self):
        return self.event["cause"]

    def is_right(self, truth):
        leading = [one["cause"] for one in self.event["causes"][:len(self.named)]]
        return self.cause() == truth and sorted(leading) == sorted(self.named)

    def ratios(self):
        return {one["row"]: one["lr"] for one in self.event["evidence"]}

    def shared_s(self):
        """Seconds of machines that it and its label have in common."""
        start, end = (zones.parse_s(self.event[edge]["estimate"])
                      if self.event[edge] else float("inf") for edge in ("start", "end"))
        overlap_s = min(end, self.label.until_s()) - max(start, self.label.start_s)
        return overlap_s * self.event["probes"]["affected"]


class Result(NamedTuple):
    right: bool
    intended: bool
    said: str
    decided: tuple  # rows that moved the odds furthest
    right_without: bool = False


def answer(way, said):
    """Of what was said of the label that of the most hours of machines, or None: a machine
    that has trouble of its own meanwhile does not answer for a country."""
    of_it = [one for one in said if one.label and one.label.id == way.label_id()]
    return max(of_it, default=None, key=Said.shared_s)


def deciders(way, ratios):
    """The rows that moved the odds between the two causes furthest to what is true."""
    moved = {row: lr.get(way.leans, 0) - lr.get(way.against, 0) for row, lr in ratios.items()}
    most = max(moved.values(), default=0)
    return tuple(row for row, by in moved.items() if by == most > 0)


def judge(way, said):
    one = answer(way, said)
    if way.how == "unaccused":
        return judge_unaccused(way, said, one)
    if one is None:
        return Result(False, False, "none", ())
    right, cause, ratios = one.is_right(way.truth), one.cause(), one.ratios()
    if way.how == "silent":
        spoke = tuple(row for row in way.rows if row in ratios)
        return Result(right, not spoke, cause, spoke)
    decided = deciders(way, ratios)
    return Result(right, bool(set(decided) & set(way.rows)), cause, decided)


def judge_unaccused(way, said, one):
    """Where nothing is true at all, nothing may be accused."""
    of_it = said if way.truth == "none" else [one] if one else []
    accused = [each.cause() for each in of_it if each.event["class"] in ACCUSED]
    return Result(not accused, not accused, accused[0] if accused else "none", ())


def counted(values):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return ", ".join(f"{value} {n}" if n > 1 else value
                     for value, n in sorted(counts.items(), key=lambda one: -one[1]))


def overview(ways, results, without):
    """A row for each way."""
    heads = ["pair", "of", "truth", "right", "by the intended", "rows meant", "decided",
             "else said"] + ["right without"] * without
    shown = []
    for way in ways:
        got = [one[way] for one in results if way in one]
        n = len(got)
        cells = [way.pair, way.scenario, way.truth, f"{sum(r.right for r in got)}/{n}",
                 f"{sum(r.right and r.intended for r in got)}/{n}", " ".join(way.rows),
                 counted(" ".join(r.decided) or "none" for r in got),
                 counted(r.said for r in got if not r.right)]
        if without:
            cells.append(f"{sum(r.right_without for r in got)}/{n}" if way.how == "decides" else "")
        shown.append(tuple(cells))
    return told.table(tuple(heads), shown)


def short_of(ways, results):
    """The ways that were not right, by the row that was meant, often enough."""
    for way in ways:
        got = [one[way] for one in results if way in one]
        if sum(r.right and r.intended for r in got) < ENOUGH * len(got):
            yield way


# ---- the command ----

def seeds_of(text):
    """1,5-7 as [1, 5, 6, 7]."""
    seeds = []
    for part in text.split(","):
        if not re.fullmatch(r"\d{1,9}(-\d{1,9})?", part):
            raise argparse.ArgumentTypeError(f"{part} is no seed and no range of them; 1,5-7 is")
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text} holds no seed; 1,5-7 holds four")
    return seeds


def read_options(argv):
    parser = argparse.ArgumentParser(prog="./dev pairs", description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", required=True, metavar="DIR", help="worlds go there, and away")
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-20"), metavar="N,N-N",
                        help="of countries and weather (1-20)")
    parser.add_argument("--only", metavar="WORD", help="pairs whose name has this in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="so many scenarios side by side (one a processor)")
    parser.add_argument("--random-minutes", action="store_true",
                        help="draw every start minute: timing alone says nothing then")
    parser.add_argument("--keep", action="store_true",
                        help="leave the stores there: some 120 MB a scenario and seed")
    parser.add_argument("--again", action="store_true", help="analyze anew what --keep left")
    parser.add_argument("--without", action="store_true",
                        help="and say what would be right if the rows meant counted for nothing")
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build/dev"),
                        metavar="DIR", help="where the programs were built")
    options = parser.parse_args(argv)
    options.ways = [way for way in read_ways(f"{HERE}/pairs.csv")
                    if not options.only or options.only in way.pair]
    if options.jobs < 1 or not options.ways:
        parser.error("--jobs is 1 at least, and --only a word in some pair's name")
    return options


def attempt(run, ways, without):
    """(results by way, None) or (None, why not)."""
    try:
        return play(run, ways, without), None
    except (folder.Failed, OSError) as error:
        return None, f"scenario {run.scenario}, seed {run.seed}: {error}"


def runs_of(options):
    words = ("--random-minutes",) if options.random_minutes else ()
    scenarios = dict.fromkeys(way.scenario for way in options.ways)
    for seed in options.seeds:
        for scenario in scenarios:
            yield Run(seed, scenario, f"{options.out}/{seed}/{scenario}", options.build, words,
                      options.again, options.keep or options.again)


def main():
    options = read_options(sys.argv[1:])
    results, failed = [], []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(attempt, run,
                               [way for way in options.ways if way.scenario == run.scenario],
                               options.without) for run in runs_of(options)]
        for done in concurrent.futures.as_completed(waiting):
            got, why = done.result()
            if got:
                results.append(got)
            else:
                failed.append(why)
                print(f"pairs: {why}", file=sys.stderr)
    print(overview(options.ways, results, options.without))
    short = list(short_of(options.ways, results))
    ways = len(options.ways)
    print(f"\n{ways - len(short)} of {ways} ways are right, by the row that was meant, in "
          f"{100 * ENOUGH:g}% of {len(options.seeds)} seeds")
    return 1 if failed or short else 0


if __name__ == "__main__":
    sys.exit(main())
