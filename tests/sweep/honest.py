#!/usr/bin/python3
"""honest.py [--seeds A-B] [--build DIR]: is the world as hard as the real one?

Every scenario is generated once for each seed, and two judges that know nothing of the
analyzer are asked. By timing alone a naive Bayes must tell shutdowns from other outages as
well as it does on real ones, not better and not worse: within .03 of its AUC there. A
plain decision tree, taught on these seeds and asked about later ones, must not name every
class right: under .99. No verdict is looked at.

The outages that are compared are all of both sides, those of no known cause too: the world
has ten spontaneous ones for each shutdown, as the real list has. Exit 0 where both hold,
1 where one does not.
"""

import argparse
import collections
import concurrent.futures
import csv
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import baselines
import bayes
import folder
import investigated
import labelled
import tree

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SCENARIOS = f"{ROOT}/tests/world/scenarios.csv"
WITHIN = 0.03
TOO_EASY = 0.99
# Of the investigated outages, for where the list is not at hand.
REAL = 0.920
GENERATION_S = 300  # one scenario is half a second


class Told:
    """What is true of one scenario of one seed, and what was counted around each label."""

    def __init__(self, labels, columns, features):
        self.labels, self.columns, self.features = labels, columns, features


def scenarios(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def generate(options, scenario, seed):
    with tempfile.TemporaryDirectory(prefix="faultline-world-") as world:
        # Any key will do for an analyzer that nobody asks.
        with open(f"{world}/key", "w", encoding="ascii") as key:
            key.write(f"honest/where\n{'00' * 32}\n")
        folder.run(f"{options.build}/tests/world", options.scenarios, scenario, "--seed", seed,
                   "--features-only", "--where-key", f"{world}/key", "--out", world,
                   timeout_s=GENERATION_S)
        columns, features = tree.read(f"{world}/features.csv")
        return Told(labelled.read(f"{world}/labels.csv"), columns, features)


def generate_all(options, seeds):
    """{seed: [Told of each scenario]}."""
    todo = [(seed, scenario) for seed in seeds for scenario in scenarios(options.scenarios)]
    found = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        told = pool.map(lambda job: generate(options, job[1], job[0]), todo)
        for number, ((seed, _), one) in enumerate(zip(todo, told), 1):
            found[seed].append(one)
            if sys.stderr.isatty():
                print(f"\r{number} of {len(todo)} generated", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return found


def timing(outages):
    return bayes.auc(bayes.judge(outages), [o.positive for o in outages])


def compare_timing(told):
    """Is the AUC of a seed's world, in the mean, what it is on real outages?"""
    real = REAL
    if investigated.there():
        everything, known = investigated.read()
        real = timing(everything)
        low, high = bayes.bootstrap(everything, bayes.judge(everything))
        print(f"real outages, by timing alone: AUC {real:.3f} of {len(everything)} "
              f"({sum(o.positive for o in everything)} shutdowns; {low:.2f} to {high:.2f} as "
              f"countries are drawn), {timing(known):.3f} of {len(known)} with a known cause")
    else:
        print(f"real outages, by timing alone: AUC {real:.3f}, as it was found where their "
              "list is at hand; here it is not")
    each = []
    for seed, of_seed in sorted(told.items()):
        outages = labelled.outages([one.labels for one in of_seed])
        each.append((timing(outages), len(outages), sum(o.positive for o in outages)))
    found = [auc for auc, _, _ in each if auc is not None]
    if not found:
        print("not so: the world holds shutdowns and other outages")
        return False
    mean = sum(found) / len(found)
    apart = mean - real
    ok = abs(apart) <= WITHIN
    print(f"the world, by timing alone: AUC {mean:.3f} ({min(found):.3f} to {max(found):.3f} of "
          f"{len(found)} seeds; {sum(n for _, n, _ in each)} outages, "
          f"{sum(n for _, _, n in each)} shutdowns)")
    print(f"{'ok' if ok else 'not so'}: it is as hard to tell by timing as the real one: "
          f"{apart:+.3f} apart, {WITHIN} allowed")
    return ok


def rows_of(told, seeds):
    """(numbers, class) of each label that something was counted for."""
    rows, classes = [], []
    for seed in seeds:
        for one in told[seed]:
            for label in one.labels:
                if label.id in one.features:
                    rows.append(one.features[label.id])
                    classes.append(label.kind())
    return rows, classes


def try_tree(told, taught, asked):
    rows, classes = rows_of(told, taught)
    nodes = tree.grow(rows, classes)
    rows, truth = rows_of(told, asked)
    said = [tree.say(nodes, row) for row in rows]
    names = sorted(set(classes) | set(truth))
    figure = baselines.macro_f1(said, truth, names)
    ok = figure < TOO_EASY
    print(f"a decision tree, taught on {len(classes)} labels of {len(taught)} seeds and asked "
          f"about {len(truth)} of {len(asked)} others:")
    for name in names:
        print(f"    {name}: F1 {baselines.macro_f1(said, truth, (name,)) or 0:.3f} of "
              f"{truth.count(name)}")
    print(f"{'ok' if ok else 'not so'}: its class macro-F1 is {figure:.3f}, under {TOO_EASY}; "
          f"it asks first for {first_asked(nodes, told)}")
    return ok


def first_asked(nodes, told):
    columns = next(iter(told.values()))[0].columns
    return ", ".join(dict.fromkeys(columns[n.column] for n in nodes[:7]
                                   if n.below is not None)) or "nothing"


def read_options(argv):
    parser = argparse.ArgumentParser(prog="./dev world --honest",
                                     description=__doc__.split("\n\n")[0].split(": ", 1)[1])
    parser.add_argument("--honest", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seeds", default="1-50", metavar="A-B",
                        help="those that the tree is taught on (1-50)")
    parser.add_argument("--unseen", type=int, metavar="N",
                        help="how many later ones it is asked about (a tenth as many)")
    parser.add_argument("--scenarios", default=SCENARIOS, metavar="FILE",
                        help="rows like tests/world/scenarios.csv, which it is without this")
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build/dev"),
                        metavar="DIR", help="where the programs were built")
    options = parser.parse_args(argv)
    first, _, last = options.seeds.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        parser.error(f"--seeds takes a range like 1-50, not '{options.seeds}'")
    options.taught = range(int(first), int(last or first) + 1)
    if not options.taught:
        parser.error(f"--seeds {options.seeds} is empty")
    unseen = options.unseen or max(1, len(options.taught) // 10)
    options.asked = range(options.taught[-1] + 1, options.taught[-1] + 1 + unseen)
    return options


def main():
    options = read_options(sys.argv[1:])
    start_s = time.monotonic()
    try:
        told = generate_all(options, [*options.taught, *options.asked])
    except (folder.Failed, OSError) as error:
        print(f"dev world --honest: {error}", file=sys.stderr)
        return 1
    as_hard = compare_timing(told)
    not_easy = try_tree(told, options.taught, options.asked)
    print(f"Done in {time.monotonic() - start_s:.0f} s.")
    return 0 if as_hard and not_easy else 1


if __name__ == "__main__":
    sys.exit(main())
