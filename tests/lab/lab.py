#!/usr/bin/python3
"""A small country in namespaces of its own, with real servers, probes and an analyzer,
broken in known ways.

    lab.py [-j N] [--seed N] [--format table|json] [FAULT...]     runs and scores, side by side
    lab.py --no-breakage [FAULT...]                the same with nothing broken: proof or table
                                                   must fail
    lab.py --demo [--faults a,b|none]              the whole job in a minute or two
    lab.py --list [FAULT...]                       the faults, what decides each, their tables
    lab.py --prove [--no-breakage] [FAULT...]      each fault proves itself, without probes
    lab.py --up                                    brings the country up and checks it
"""

import argparse
import os
import signal
import sys
import time

import bridge
import enter
import faults
import prove
import side
import unpack

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
DEMO = ("international", "policed", "power")
LIMIT_S = 360  # of wall time, for each fault that one lab runs


def read_options(argv):
    parser = argparse.ArgumentParser(prog="lab", description=__doc__.split("\n\n")[0])
    parser.add_argument("fault", nargs="*", metavar="FAULT", help="a fault's name")
    parser.add_argument("--faults", metavar="A,B", help="names with commas between, or none")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of all names, numbers and victims of the country (1)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--build", default=os.environ.get("BUILD", f"{ROOT}/build"), metavar="DIR",
                        help="where the programs were built")
    parser.add_argument("--list", action="store_true",
                        help="the faults, what decides each, their tables")
    parser.add_argument("--names", dest="names_only", action="store_true",
                        help="the faults' names alone")
    parser.add_argument("--nine", action="store_true", help="the faults that every test run sees")
    parser.add_argument("--up", action="store_true", help="brings the country up and checks it")
    parser.add_argument("--prove", action="store_true",
                        help="each fault proves itself, without probes")
    parser.add_argument("--no-breakage", action="store_true",
                        help="nothing is broken: proof or table must fail")
    parser.add_argument("--demo", action="store_true",
                        help="one country, its faults one after the other")
    parser.add_argument("--scale", type=int, metavar="N", help="time_scale of the programs")
    parser.add_argument("--keep", metavar="DIR", help="copies each run's files there")
    parser.add_argument("--verbose", action="store_true", help="shows every event")
    parser.add_argument("-j", dest="at_once", type=int, metavar="N",
                        help=f"so many labs side by side at most ({side.AT_ONCE})")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    names = list(options.fault)
    if options.faults == "none":
        names += ["quiet"]
    elif options.nine:
        names += faults.NINE
    elif options.faults:
        names += options.faults.split(",")
    for name in names:
        if name not in faults.NAMES:
            parser.error(f"no fault is called '{name}'; there are {', '.join(faults.NAMES)}")
    options.names = names or list(DEMO if options.demo else faults.NAMES)
    if options.at_once is not None and options.at_once < 1:
        parser.error(f"-j {options.at_once}: at least one lab must run")
    options.at_once = min(options.at_once or side.AT_ONCE, len(options.names))
    return options


def list_faults(names):
    for name in names:
        f = faults.load(name)
        print(f"{name}: {f.SENTENCE}\n    expected: {f.EXPECTED_CLASS}, {f.EXPECTED_CAUSE}\n"
              f"    decides:  {f.OBSERVABLE}\n    seen by:  {f.VANTAGE}\n"
              f"    trap:     {f.TRAP}")
        for phase, _ in faults.phases(f) if hasattr(f, "PHASES") else (("", None),):
            for what in ("TABLE", "FACTS"):
                text = getattr(f, what, "")
                text = text.get(phase, "") if isinstance(text, dict) else text
                for row in filter(None, map(str.strip, text.splitlines())):
                    print(f"    {phase + ': ' if phase else ''}{row}")
    return 0


def tell(ok, what):
    if not ok:
        print(f"    not so: {what}", file=sys.stderr)


def stand_up(options, directory):
    import world
    start = time.monotonic()
    standing = world.World(options.seed, directory, unpack.Unpacked(options.build))
    standing.wait_ready()
    print(f"lab: country {standing.country.code} stands after "
          f"{time.monotonic() - start:.1f} s: {len(standing.topology.nodes)} nodes, "
          f"{len(standing.topology.links)} links", file=sys.stderr)
    return standing


def inside(options):
    directory = enter.settle()
    # The first process of a pid namespace hears of no signal that it does not ask for.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(LIMIT_S * (1 + len(options.names)))  # the pid namespace goes with us
    if options.up or options.prove:
        standing = stand_up(options, directory)
        if options.prove:
            return 0 if prove.prove(standing, options.names, not options.no_breakage) else 1
        said = standing.check_everything()
        for ok, what in said:
            tell(ok, what)
        good = sum(ok for ok, _ in said)
        print(f"{good} of {len(said)} paths work")
        return 0 if good == len(said) else 1
    if options.demo:
        import demo
        options.scale = options.scale or demo.TIME_SCALE
        return demo.demo(options, directory, ROOT)
    import run
    options.scale = options.scale or run.TIME_SCALE
    return run.run(options, directory, ROOT)


def without_namespaces(options):
    """The lab needs them; the demo has another way to show the same job."""
    if not options.demo:
        print(f"lab: {enter.REFUSED}", file=sys.stderr)
        return 1
    print(f"lab: {enter.REFUSED}; the same job follows on lines of a simulated world",
          flush=True)
    demo = [f"{ROOT}/tests/sweep/demo.py", "--build", options.build, "--seed",
            str(options.seed), *(faults.load(n).EXPECTED_CAUSE for n in options.names)]
    os.execv(demo[0], demo)


def main():
    options = read_options(sys.argv[1:])
    if options.names_only:
        print("\n".join(options.names))
        return 0
    if options.list:
        return list_faults(options.names)
    if not enter.inside() and enter.command() is None:
        return without_namespaces(options)
    try:
        if enter.inside():
            return inside(options)
        unpack.Unpacked(options.build).prepare()
    except RuntimeError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    if not (options.alone or options.demo or options.up):
        try:
            return (side.prove if options.prove else side.run)(options, LIMIT_S)
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
    again = [os.path.abspath(__file__), *sys.argv[1:]]
    if not options.demo:
        return enter.again(again)
    with bridge.Outside():
        return enter.again(again)


if __name__ == "__main__":
    sys.exit(main())
