#!/usr/bin/python3
"""Simulates whole countries from rows of a table of scenarios, feeds what their probes
measured through the real store and analysis, and scores what was said against what was
true.

    world.py --scenarios FILE.csv --seed N --out DIR [--noise low|high] [--random-minutes]
             [--only ID,ID] [--alive S] [--per-network N] [--no-power] [--no-control]
             [--no-bgp] [--no-live] [--over-http ID|none] [--jobs N] [--keep | --again]
    world.py --quiet DAYS --probes N --seed N --out DIR      a country where nothing happens

DIR/scores.json is the same for the same seed, byte for byte; DIR/ID holds each scenario's
labels, events and score. Standard output: a row a scenario, then the confusions."""

import argparse
import concurrent.futures
import csv
import json
import os
import shutil
import sys
import time
import traceback

sys.dont_write_bytecode = True
import folder
import quiet
import scenario
import told

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SEED_MOST = 1000000000
MARK = "made by world.py"  # a file of this name: the folder may be made anew


def read_options(argv):
    parser = argparse.ArgumentParser(
        prog="./dev world", description=__doc__.split("\n\n")[0],
        epilog="./dev world --honest --help: is the world as hard to judge as the real one?")
    parser.add_argument("--scenarios", metavar="FILE", help="rows like tests/world/scenarios.csv")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of countries and weather: the same gives the same scores.json (1)")
    parser.add_argument("--out", required=True, metavar="DIR", help="made anew")
    parser.add_argument("--noise", choices=("low", "high"),
                        help="high: each figure of a row is up to a tenth more or less")
    parser.add_argument("--random-minutes", action="store_true",
                        help="draw every start minute: timing alone says nothing then")
    parser.add_argument("--only", metavar="ID,ID", help="these scenarios alone")
    parser.add_argument("--alive", choices=("1", ".6", ".3"), help="share of living probes")
    parser.add_argument("--per-network", choices=("1", "3", "10"),
                        help="probes per region and network")
    parser.add_argument("--no-power", action="store_true", help="no probe sees its mains")
    parser.add_argument("--no-control", action="store_true", help="no probes abroad")
    parser.add_argument("--no-bgp", action="store_true", help="no series of routes")
    parser.add_argument("--no-live", action="store_true", help="do not measure live delays")
    parser.add_argument("--over-http", metavar="ID",
                        help="the scenario that goes through signing and HTTP, too: the first "
                        "(none: none)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N",
                        help="so many scenarios side by side (one a processor)")
    parser.add_argument("--keep", action="store_true",
                        help="leave worlds and stores there: some 300 MB a scenario")
    parser.add_argument("--again", action="store_true",
                        help="analyze anew what --keep left there, nothing live or over HTTP")
    parser.add_argument("--quiet", type=int, metavar="DAYS", help="days without any scenario")
    parser.add_argument("--probes", type=int, default=100, metavar="N",
                        help="of the country without a scenario (100)")
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build/dev"),
                        metavar="DIR", help="where the programs were built")
    options = parser.parse_args(argv)
    if (options.scenarios is None) == (options.quiet is None):
        parser.error("say either --scenarios FILE or --quiet DAYS")
    if options.again and options.quiet is not None:
        parser.error("--again is of scenarios: leave out --quiet")
    if options.jobs < 1 or not 0 <= options.seed <= SEED_MOST:
        parser.error(f"--jobs is 1 at least, --seed a number from 0 to {SEED_MOST}")
    if options.quiet is not None and (options.quiet < 1 or options.probes < 1):
        parser.error("--quiet and --probes are 1 at least")
    options.world = tuple(world_words(options))
    if options.scenarios:
        options.ids = choose(parser, options)
    return options


def world_words(options):
    """What the world program is told besides."""
    for name in ("noise", "alive", "per_network"):
        if getattr(options, name) is not None:
            yield from ("--" + name.replace("_", "-"), getattr(options, name))
    for name in ("random_minutes", "no_power", "no_control", "no_bgp"):
        if getattr(options, name):
            yield "--" + name.replace("_", "-")


def choose(parser, options):
    """The ids to run, in the table's order."""
    try:
        with open(options.scenarios, encoding="utf-8", newline="") as file:
            known = [row["id"] for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError) as error:
        parser.error(f"--scenarios {options.scenarios}: {error} (a table with a column id)")
    if not known:
        parser.error(f"{options.scenarios} has no scenario")
    wanted = options.only.split(",") if options.only else known
    for number in wanted + [options.over_http or "none"]:
        if number not in known + ["none"]:
            parser.error(f"{options.scenarios} has no scenario {number}")
    return [number for number in known if number in wanted]


def make_anew(out):
    """An empty folder; one that somebody else filled is left alone."""
    try:
        if os.path.isdir(out) and os.listdir(out) and not os.path.exists(f"{out}/{MARK}"):
            raise folder.Failed(f"{out} holds files that are not from here; name another --out")
        if os.path.isdir(out):
            shutil.rmtree(out)
        os.makedirs(out)
        with open(f"{out}/{MARK}", "w", encoding="ascii"):
            pass
    except OSError as error:
        raise folder.Failed(f"--out {out}: {error.strerror}") from error


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def attempt(options, number):
    """(result, None) or (None, why not)."""
    try:
        return scenario.judge(options, number), None
    except folder.Failed as error:
        return None, str(error)
    except Exception:
        return None, traceback.format_exc()


def run_all(options, plan):
    """{id: (result, why not)}, several at a time."""
    found, start = {}, time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(attempt, plan, number): number for number in options.ids}
        for done in concurrent.futures.as_completed(waiting):
            found[waiting[done]] = done.result()
            progress(f"world: {len(found)} of {len(options.ids)} scenarios, "
                     f"{time.monotonic() - start:.0f} s")
    progress("")
    return found


def tell_times(results, took_s):
    steps = {}
    for result in results:
        for step, seconds in result.took_s.items():
            steps[step] = steps.get(step, 0) + seconds
    slow = sorted(results, key=lambda r: -sum(r.took_s.values()))[:5]
    print(f"world: {took_s:.0f} s in all; in one line after the other: "
          + ", ".join(f"{step} {seconds:.0f} s" for step, seconds in steps.items())
          + "; the slowest: "
          + ", ".join(f"{r.id} {sum(r.took_s.values()):.0f} s" for r in slow), file=sys.stderr)


def sweep(options):
    start = time.monotonic()
    if options.again:
        options.no_live, options.keep, options.over_http = True, True, "none"
    else:
        make_anew(options.out)
    over_http = options.over_http or options.ids[0]
    plan = scenario.Options(options.build, options.scenarios, options.seed, options.out,
                            options.world, not options.no_live, options.keep,
                            None if over_http == "none" else over_http, options.again)
    found = run_all(options, plan)
    results = [found[number][0] for number in options.ids if found[number][0]]
    failed = [(number, found[number][1]) for number in options.ids if not found[number][0]]
    for number, why in failed:
        print(f"world: scenario {number}: {why}", file=sys.stderr)
    if not results:
        return 1
    scores = scenario.scores(results)
    with open(f"{options.out}/scores.json", "w", encoding="utf-8") as out:
        json.dump(scores, out, indent=1)
        out.write("\n")
    print(told.overview([(r.id, r.rows) for r in results]))
    for key in ("class_confusion", "cause_confusion"):
        print("\n" + told.confusion(scores[key]))
    print("\n" + told.figures(scores))
    for result in results:
        if result.http:
            print(f"scenario {result.id} went through signing and HTTP: {result.http}")
    tell_times(results, time.monotonic() - start)
    return 1 if failed else 0


def main():
    options = read_options(sys.argv[1:])
    try:
        if options.quiet:
            make_anew(options.out)
            return quiet.run(options)
        return sweep(options)
    except folder.Failed as error:
        print(f"world: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
