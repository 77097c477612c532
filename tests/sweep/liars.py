#!/usr/bin/python3
"""Probes that lie, in countries where nothing happens: how often is what they claim
corroborated as an event of the whole country, and how often is it still where it is true?

    liars.py --out DIR [--countries N] [--first N] [--only LIE,LIE] [--per-network N]
             [--jobs N]

Each country is simulated twice from one seed: once nothing happens, once what lies.csv beside
this says does. A liar sends, signed and delivered, all that it would have sent had it been so;
the others send what they saw. So each country is judged with nobody lying, with a third of its
probes lying (spread over the cohorts; spread, and whole networks of them at once), with all of
its largest cohort lying, and with all of them telling what is true; the other way round too,
where it is true and a third, or a cohort, denies it.

False is an event of the whole country, corroborated, that no label of the whole country
overlaps. Exit: 1 where there is one with a third spread, a cohort, or nobody lying."""

import argparse
import concurrent.futures
import csv
import heapq
import os
import random
import re
import shutil
import struct
import sys
import time
from typing import NamedTuple

sys.dont_write_bytecode = True
import folder
import labelled
import told
import zones

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(f"{HERE}/../..")
TABLE = f"{HERE}/lies.csv"
NOTHING = "nothing"
DAY_S = 86400
BEFORE_S, AFTER_S = 4 * DAY_S, DAY_S / 2  # of what came around the lie, so much is looked at
EPOCH = re.compile(rb"\nfaultline/segment/([0-9a-f]{64})/")
NETWORK = re.compile(rb'\{"asn":(\d+)')
# Who lies, in a country where nothing happens, or denies, where it does.
WAYS = ("nobody", "a third", "a cohort", "networks", "true", "a third denies",
        "a cohort denies")
MUST_HOLD = ("nobody", "a third", "a cohort")
TRUE_WAYS = ("true", "a third denies", "a cohort denies")


class Run(NamedTuple):
    seed: int
    lie: str
    base: str
    build: str
    words: tuple  # more options of the world program


class Probe(NamedTuple):
    epoch: str
    cohort: str
    asn: int


class Found(NamedTuple):
    false: tuple  # causes of corroborated events of the whole country that are none
    suspected: int  # others of the whole country: seen, and not corroborated
    kept: bool  # what is true is corroborated
    right: bool  # and of its class


# ---- two worlds of one country ----

def read_table():
    with open(TABLE, encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def simulate(analyzer, run, name):
    """The world in which the row ${name} happens; under one id, all rows have one country."""
    world, row = f"{run.base}/{name}", read_table()[name]
    os.makedirs(world)
    with open(f"{world}/row.csv", "w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, row)
        table.writeheader()
        table.writerow(dict(row, id=1))
    analyzer.simulate(world, f"{world}/row.csv", 1, "--seed", run.seed, *run.words)
    return world


def arrivals(world, from_s, to_s, is_taken):
    """(when, epoch, bytes) in the order of arrival."""
    with open(f"{world}/segments.bin", "rb") as file:
        while head := file.read(12):
            at_us, n = struct.unpack("<qI", head)
            data = file.read(n)
            epoch = EPOCH.search(data).group(1).decode()
            if from_s * 1e6 <= at_us < to_s * 1e6 and is_taken(epoch):
                yield at_us, epoch, data


def read_probes(world, span):
    """Those in the field that sent anything then, with the network they were first seen in."""
    networks = {}
    for _, epoch, data in arrivals(world, *span, lambda _: True):
        if epoch not in networks and (network := NETWORK.search(data)):
            networks[epoch] = int(network.group(1))
    with open(f"{world}/probes.csv", encoding="utf-8", newline="") as file:
        return [Probe(row["epoch"], row["cohort"], networks[row["epoch"]])
                for row in csv.DictReader(file)
                if row["role"] == "field" and row["epoch"] in networks]


def mix(path, usual, other, span, liars):
    """A world folder: the liars send from the other world, all others from the usual one."""
    os.makedirs(path)
    for name in ("targets.csv", "probes.csv", "routes.csv"):
        shutil.copy(f"{usual}/{name}", path)
    honest = arrivals(usual, *span, lambda epoch: epoch not in liars)
    lying = arrivals(other, *span, lambda epoch: epoch in liars)
    with open(f"{path}/segments.bin", "wb") as out:
        for at_us, _, data in heapq.merge(honest, lying, key=lambda one: one[0]):
            out.write(struct.pack("<qI", at_us, len(data)) + data)
    return path


# ---- who lies; pure ----

def by_turns(groups, n):
    """n of them, one of each group after the other."""
    taken = []
    while len(taken) < n:
        for group in groups:
            if group and len(taken) < n:
                taken.append(group.pop())
    return taken


def grouped(probes, key, chance):
    """The groups of equal keys, and each group, in an order that is drawn."""
    groups = {}
    for probe in probes:
        groups.setdefault(key(probe), []).append(probe)
    groups = [groups[one] for one in sorted(groups)]
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
    return groups


def choose(way, probes, seed):
    """The epochs of the liars."""
    chance = random.Random(f"{seed} {way}")
    cohorts = grouped(probes, lambda probe: probe.cohort, chance)
    if way.startswith("a third"):
        liars = by_turns(cohorts, len(probes) // 3)
    elif way.startswith("a cohort"):
        liars = max(cohorts, key=len)
    elif way == "networks":
        networks = grouped(probes, lambda probe: probe.asn, chance)
        liars = sum(networks, [])[:len(probes) // 3]
    else:
        liars = []
    return {probe.epoch for probe in liars}


# ---- what is said of it; pure but for reading ----

def national(labels):
    """Of the whole country; what had none is none."""
    return [label for label in labels if not label.regions and not label.asns
            and label.cause != "none"]


def span_of(event):
    start, end = (zones.parse_s(event[edge]["estimate"]) if event[edge] else float("inf")
                  for edge in ("start", "end"))
    return start, end


def weigh(events, labels, truth):
    """${truth}: the labels of what was done, of all that is true."""
    whole = [event for event in events if event["scope"]["level"] == "country"]
    told_ = [event for event in whole if event["standing"] == "corroborated"]
    false = [event for event in told_
             if not any(label.overlaps(*span_of(event)) for label in labels)]
    served = [event for event in told_ if any(label.overlaps(*span_of(event))
                                              for label in truth)]
    kinds = {label.kind() for label in truth}
    return Found(tuple(event["cause"] for event in false), len(whole) - len(told_),
                 bool(served), any(event["class"] in kinds for event in served))


def judge(run, way, start, usual, other, span, probes):
    """One way of lying in a store of its own."""
    base = f"{run.base}/way"
    shutil.copytree(start, f"{base}/store")
    analyzer = folder.Analyzer.open(run.build, f"{base}/store")
    world = mix(f"{base}/world", usual, other, span, choose(way, probes, run.seed))
    analyzer.feed(world)
    analyzer.take_routes(world)
    analyzer.analyze(folder.end_s(world))
    labels = labelled.read(f"{usual}/labels.csv")
    truth = [label for label in labels if label.id.startswith("1.") and label.found == "must"]
    found = weigh(analyzer.events(), national(labels) + truth, truth)
    shutil.rmtree(base)
    return found


def play(run, ways):
    """{way: Found} of one country."""
    shutil.rmtree(run.base, ignore_errors=True)
    os.makedirs(run.base)
    start = f"{run.base}/start"
    analyzer = folder.Analyzer(run.build, start)
    calm, struck = (simulate(analyzer, run, name) for name in (NOTHING, run.lie))
    lie = next(label for label in labelled.read(f"{struck}/labels.csv")
               if label.id.startswith("1."))
    span = lie.start_s - BEFORE_S, lie.end_s + AFTER_S
    probes = read_probes(calm, span)
    found = {}
    for way in ways:
        worlds = (struck, calm) if way in TRUE_WAYS else (calm, struck)
        found[way] = judge(run, way, start, *worlds, span, probes)
    shutil.rmtree(run.base)
    return found


# ---- the command ----

def overview(ways, results):
    """A row for each way of lying, then one for each lie."""
    lying, true = [], []
    for way in ways:
        got = [found[way] for _, found in results]
        if way in TRUE_WAYS:
            true.append((way, str(len(got)), str(sum(one.kept for one in got)),
                         str(sum(one.right for one in got))))
            continue
        lying.append((way, str(len(got)), str(sum(bool(one.false) for one in got)),
                      str(sum(one.suspected for one in got)),
                      " ".join(sorted(set(sum((one.false for one in got), ()))))))
    shown = [told.table(("who lies", "countries", "falsely corroborated",
                         "suspected at most", "as"), lying)]
    if true:
        shown.append(told.table(("what is true", "countries", "corroborated",
                                 "right in class"), true))
        kinds = []
        for lie in dict.fromkeys(lie for lie, _ in results):
            of_it = [found for name, found in results if name == lie]
            kinds.append((lie, str(len(of_it)),
                          *(str(sum(found[way].kept for found in of_it)) for way in ways
                            if way in TRUE_WAYS),
                          *(str(sum(bool(found[way].false) for found in of_it))
                            for way in ways if way not in TRUE_WAYS)))
        shown.append(told.table(("lie", "countries", *(w for w in ways if w in TRUE_WAYS),
                                 *(f"false: {w}" for w in ways if w not in TRUE_WAYS)), kinds))
    return "\n".join(shown)


def read_options(argv):
    lies = [name for name in read_table() if name != NOTHING]
    parser = argparse.ArgumentParser(prog="./dev liars", description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", required=True, metavar="DIR", help="worlds go there, and away")
    parser.add_argument("--countries", type=int, default=200, metavar="N", help="how many (200)")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="the first seed (1)")
    parser.add_argument("--only", default=",".join(lies), metavar="LIE,LIE",
                        help=f"of {', '.join(lies)}: by turns, all of them unless said")
    parser.add_argument("--ways", default=",".join(WAYS), metavar="WAY,WAY",
                        help=f"of {', '.join(WAYS)} (all)")
    parser.add_argument("--per-network", default="1", choices=("1", "3", "10"),
                        help="probes per region and network (1: 24 a country)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="so many countries side by side (one a processor)")
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build/dev"),
                        metavar="DIR", help="where the programs were built")
    options = parser.parse_args(argv)
    options.only, options.ways = options.only.split(","), options.ways.split(",")
    if not set(options.only) <= set(lies) or not set(options.ways) <= set(WAYS):
        parser.error("--only and --ways take names that --help lists")
    if options.countries < 1 or options.jobs < 1 or options.first < 0:
        parser.error("--countries and --jobs are 1 at least, --first 0")
    return options


def attempt(run, ways):
    """(lie and what was found, None) or (None, why not)."""
    try:
        return (run.lie, play(run, ways)), None
    except (folder.Failed, OSError) as error:
        return None, f"country {run.seed}, {run.lie}: {error}"


def main():
    options = read_options(sys.argv[1:])
    started, results, failed = time.monotonic(), {}, []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        waiting = {}
        for i in range(options.countries):
            seed, lie = options.first + i, options.only[i % len(options.only)]
            run = Run(seed, lie, f"{options.out}/{seed}", options.build,
                      ("--per-network", options.per_network))
            waiting[pool.submit(attempt, run, options.ways)] = seed
        for done in concurrent.futures.as_completed(waiting):
            got, why = done.result()
            if not got:
                failed.append(why)
                print(f"liars: {why}", file=sys.stderr)
                continue
            results[waiting[done]] = got
            for way, found in got[1].items():
                if found.false and way in MUST_HOLD:
                    print(f"liars: country {waiting[done]}, {got[0]}, {way}: "
                          f"{' '.join(found.false)}", file=sys.stderr)
    results = [results[seed] for seed in sorted(results)]
    print(overview(options.ways, results))
    print(f"liars: {time.monotonic() - started:.0f} s", file=sys.stderr)
    false = any(found[way].false for _, found in results for way in options.ways
                if way in MUST_HOLD)
    return 1 if failed or false else 0


if __name__ == "__main__":
    sys.exit(main())
