#!/usr/bin/python3
"""stored_lines.py [DIR]: what the lab's probes stored, read again outside it: every JSON
output fits its schema (events while they last too), the second reader takes every segment,
the report of the event is a page that holds, what README.md prints for a researcher and an
advocate works, and three compilations of the analyzer (gcc, gcc -O0, clang -O2) give the
same events and report, byte for byte. DIR keeps the lab's files, and is not made again."""
import calendar
import html
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build/dev").resolve()
FAULT = "international"  # every rung, a full table of evidence, open while it lasts


def run(*command):
    done = subprocess.run([str(c) for c in command], cwd=ROOT, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}\n"
                         f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def ready():
    """Is there all that the lab needs? Else this is skipped, with its sentence."""
    done = subprocess.run([ROOT / "tests/lab/enter.py"])
    if done.returncode:
        sys.exit(done.returncode)


def valid(what, schema, text):
    done = subprocess.run([ROOT / "tests/validate.py", schema], input=text, text=True,
                          capture_output=True)
    if done.returncode == 77:
        print(done.stdout.strip())
        sys.exit(77)
    print(f"{what}: {done.stdout.strip()}")
    if done.returncode:
        raise SystemExit(f"{what} does not fit its schema")


def analyzer(build, store, command, *words):
    return run(build / "faultline-analyzer", command, "--config", store.parent / "analyzer.conf",
               "--dir", store, *words)


def events_of(build, kept, to, until):
    """The events that this build finds in a copy of what was kept, and their reports."""
    shutil.copytree(kept, to)
    analyzer(build, to / "analyzer", "analyze", "--until", until)
    events = analyzer(build, to / "analyzer", "events", "--format", "json")
    return events + "".join(report(build, to / "analyzer", json.loads(line)["event"], to / "report")
                            for line in events.splitlines())


def report(build, store, event, out):
    """The page, and the verdict behind it."""
    analyzer(build, store, "report", event, "--out", out)
    return (out / "report.html").read_text() + (out / "report.json").read_text()


def report_holds(kept, events):
    """Its page needs nothing but itself, and shows what the verdict says."""
    store, out = kept / "analyzer", kept / "report"
    for line in events.splitlines():
        event = json.loads(line)
        told = report(BUILD, store, event["event"], out)
        print("report.html:", run(ROOT / "tests/check_page.py", out / "report.html").strip())
        valid("report.json", "event", (out / "report.json").read_text())
        if (out / "report.json").read_text() != line + "\n":
            raise SystemExit("report.json is not the verdict that events prints")
        if told != report(BUILD, store, event["event"], out):
            raise SystemExit("the same store gives another report the second time")
        page = html.unescape((out / "report.html").read_text())
        shown = [row["says"][1:] for row in event["evidence"] + event["against"]]
        shown += [f"{row['n']} of {row['of']}" for row in event["evidence"]]
        shown += [row["source"] for row in event["evidence"]] + event["limits"]
        shown += [leaf for row in event["evidence"] for leaf in row["lines"]]
        shown += [event["cause"], event["inputs"]["baseline"], event["version"], event["standing"]]
        shown += [f"AS{asn}" for asn in event["scope"]["asns"]]
        shown += [event[edge]["estimate"][:10] + " " + event[edge]["estimate"][11:19] + " UTC"
                  for edge in ("start", "end") if event[edge]]
        missing = [text for text in shown if text not in page]
        if missing:
            raise SystemExit(f"the page does not show {missing}")
        states = {name: page.count(f'class="{name}"') for name in ("up", "partial", "down", "none")}
        if not all(states.values()):
            raise SystemExit(f"the picture of a cut shows only {states}")
    print("the reports show every sentence, number, source and hash of their verdicts")


def same_events(kept, folder, first):
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    seen = {"this build": events_of(BUILD, kept, folder / "this", until)}
    for kind in ("gcc-O0", "clang"):
        run(ROOT / "tests/build.sh", kind, "faultline-analyzer")
        seen[kind] = events_of(ROOT / "build" / kind, kept, folder / kind, until)
    for kind, events in seen.items():
        if events != seen["this build"] or not events:
            (ROOT / "build" / "events-differ.txt").write_text(
                "\n".join(f"{k}:\n{v}" for k, v in seen.items()))
            raise SystemExit(f"{kind} finds other events; build/events-differ.txt has both")
    print(f"{len(seen)} compilations, the same {len(first.encode())} bytes of events")


def settle_paths(kept):
    """The settings name files in the lab's own folder; all of them were copied."""
    for name in ("analyzer.conf", "probe.conf"):
        text = (kept / name).read_text()
        there = next(line.split("= ")[1].removesuffix("/targets.csv")
                     for line in text.splitlines() if line.startswith("targets ="))
        (kept / name).write_text(text.replace(there, str(kept)))


def second_reader_takes(segments):
    said = run(ROOT / "tests/verify.py", *segments)
    if "FAIL" in said or any(str(path) not in said for path in segments):
        raise SystemExit(f"the second reader did not take every segment:\n{said[-2000:]}")
    print(f"the second reader takes {len(segments)} stored segments")
    said = run(ROOT / "tests/verify.sh", segments[-1])
    if "FAIL" in said or not said:
        raise SystemExit(f"sha256sum and openssl do not take {segments[-1]}:\n{said}")
    print(f"sha256sum, openssl and xxd take one: {len(said.splitlines())} checks")


def instant(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def verdicts_fit_while_it_lasts(kept, folder, events):
    """The same lines as far as they were there while the event went on."""
    event = json.loads(events.splitlines()[0])
    start, end = (instant(event[edge]["estimate"]) for edge in ("start", "end"))
    shutil.copytree(kept, folder / "early")
    seen = []
    for second in range(start, end, max(1, (end - start) // 8)):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        analyzer(BUILD, folder / "early/analyzer", "analyze", "--until", until)
        seen.append(analyzer(BUILD, folder / "early/analyzer", "events", "--format", "json"))
    rows = [json.loads(line) for line in "".join(seen).splitlines()]
    if not any(row["end"] is None for row in rows):
        raise SystemExit("no event was open while it lasted")
    print("while it lasted:", *sorted({row["class"] for row in rows}))
    valid("events while they last", "event", "".join(seen))


def every_output_fits(kept):
    """Returns the events."""
    store = kept / "analyzer"
    events = analyzer(BUILD, store, "events", "--format", "json")
    valid("events --format json", "event", events)
    event = events.split('"event":"')[1].split('"')[0]
    valid("explain --format json", "event",
          analyzer(BUILD, store, "explain", event, "--format", "json"))
    for thing in ("measurement", "network"):
        valid(f"query {thing}s --format json", thing, analyzer(
            BUILD, store, "query", thing + "s", "--format", "json"))
    analyzer(BUILD, store, "export", "--to", "segments", "--out", kept / "segments")
    report_holds(kept, events)
    segments = sorted((kept / "segments").rglob("*.seg"))
    valid("verify --format json", "verification", run(
        BUILD / "faultline-analyzer", "verify", "--format", "json", *segments))
    second_reader_takes(segments)
    valid("probes --format json", "probe", analyzer(BUILD, store, "probes", "--format", "json"))
    valid("ingest --format json", "carried", analyzer(
        BUILD, store, "ingest", "--format", "json", kept / "segments"))
    valid("query events --format json", "event", analyzer(
        BUILD, store, "query", "events", "--format", "json"))
    valid("checks --format json", "check",
          run(BUILD / "faultline-probe", "checks", "--format", "json"))
    for state in sorted(kept.rglob("enrolled"))[:3]:
        valid("status --format json", "status", run(
            BUILD / "faultline-probe", "status", "--state", state.parent,
            "--config", kept / "probe.conf", "--format", "json"))
    # A climb where there is no network at all.
    nowhere = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    climb = run(*nowhere, BUILD / "faultline-probe", "once", "--state", state.parent,
                "--config", kept / "probe.conf", "--format", "json")
    *measured, ladder = climb.splitlines(keepends=True)
    valid("once --format json, measurements", "line", "".join(measured))
    valid("once --format json, the ladder", "ladder", ladder)
    return events


def readers_type_what_the_readme_prints(store):
    shutil.copy(store.parent / "analyzer.conf", store)
    print(run(ROOT / "tests/package/readers.py", store, BUILD), end="")


def main():
    ready()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        kept = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else folder / "kept").resolve()
        if not (kept / FAULT).is_dir():
            line = run(ROOT / "tests/lab/lab.py", "--build", BUILD, "--format", "json",
                       "--keep", kept, FAULT)
            valid("lab --format json", "lab", line)
        kept = kept / FAULT
        settle_paths(kept)
        events = every_output_fits(kept)
        readers_type_what_the_readme_prints(kept / "analyzer")
        verdicts_fit_while_it_lasts(kept, folder, events)
        same_events(kept, folder, events)


main()
