#!/usr/bin/python3
"""faultline-analyzer import --from series on the levels of regions around two real events
(sodalabsio/shared_data, beside the tree): Iran 2019 is one shutdown, Venezuela 2019 one power
failure, their edges within an hour, and there is nothing else; the same with the names of regions
exchanged, with clocks 0 to 59 minutes late, with half to all of the amplitude. Twenty quiet
stretches, cut from before the events and put together anew from their days, have none."""
import collections
import csv
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("BUILD", ROOT / "build/dev")).resolve() / "faultline-analyzer"
HOUR = datetime.timedelta(hours=1)
WITHIN = HOUR
LATE_MIN = range(60)
AMPLITUDES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
LOCAL_H = {"iran-2019-11": 3.5, "venezuela-2019-07": -4}
QUIET_H = {"iran-2019-11": 72, "venezuela-2019-07": 50}
STRETCHES = 10  # of each


def find_data():
    """Beside the tree, or beside the checkout that this one is a worktree of."""
    common = subprocess.run(["git", "-C", ROOT, "rev-parse", "--git-common-dir"], text=True,
                            capture_output=True, check=False).stdout.strip()
    for folder in (ROOT.parent / "shared/data/series",
                   (ROOT / common).resolve().parent.parent / "shared/data/series"):
        if (folder / "labels.csv").is_file():
            return folder
    print("the levels of regions are not on this machine: ../shared/data/series")
    sys.exit(77)


def run(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"not so: {' '.join(map(str, words[:6]))} is done ({done.stderr.strip()})")
    return done.stdout


def read(path):
    """[(region, local time, percent)]"""
    with open(path, encoding="utf-8", newline="") as file:
        return [(row["region"], datetime.datetime.fromisoformat(row["time_local"]),
                 float(row["percent"])) for row in csv.DictReader(file)]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write("region,time_local,percent\n")
        file.writelines(f"{region},{at.isoformat()},{percent:.4f}\n"
                        for region, at, percent in rows)


def changed(name, rows):
    """{what was done: (rows, minutes late)}: the same event, seen otherwise."""
    draw = random.Random(f"changed {name}")
    regions = sorted({region for region, _, _ in rows})
    out = {}
    for late in LATE_MIN:
        out[f"late{late}"] = [(r, at + late * HOUR / 60, v) for r, at, v in rows], late
    own = {region: draw.randrange(60) for region in regions}
    out["own"] = [(r, at + own[r] * HOUR / 60, v) for r, at, v in rows], 30
    for n in range(3):
        other = dict(zip(regions, draw.sample(regions, len(regions))))
        out[f"names{n}"] = [(other[r], at, v) for r, at, v in rows], 0
    for amplitude in AMPLITUDES:
        out[f"x{amplitude}".replace(".", "")] = [(r, at, amplitude * v) for r, at, v in rows], 0
        out[f"d{amplitude}".replace(".", "")] = [
            (r, at, 100 - amplitude * (100 - max(v, 0))) for r, at, v in rows], 0
    return out


def quiet(name, rows, begin):
    """{name: rows} of stretches in which nothing happened."""
    draw = random.Random(f"quiet {name}")
    calm = [row for row in rows if row[1] < begin - 2 * HOUR]
    first = min(at for _, at, _ in calm)
    hours = int((max(at for _, at, _ in calm) - first) / HOUR) + 1
    length = QUIET_H[name]
    out = {}
    for n in range(STRETCHES // 2):
        start = first + (hours - length) * n // (STRETCHES // 2 - 1) * HOUR
        out[f"quiet{n}"] = [row for row in calm if start <= row[1] < start + length * HOUR]
    by_day = collections.defaultdict(list)
    for region, at, percent in calm:
        by_day[at.date()].append((region, at.time(), percent))
    whole = [day for day, of in sorted(by_day.items())
             if len({clock for _, clock, _ in of}) == 24]
    for n in range(STRETCHES // 2, STRETCHES):
        out[f"quiet{n}"] = [
            (region, datetime.datetime.combine(first.date() + datetime.timedelta(day), clock), v)
            for day, of in enumerate(draw.choices(whole, k=28)) for region, clock, v in by_day[of]]
    return out


def local(name, instant):
    at = datetime.datetime.fromisoformat(instant["estimate"].replace("Z", ""))
    return at + LOCAL_H[name] * HOUR


def wrong(name, label, events, late):
    """What is not as it should be of the one event that there is; "" nothing."""
    if len(events) != 1:
        return f"{len(events)} events"
    event = events[0]
    if (event["class"], event["cause"]) != (label["class"], label["cause"]):
        return f"{event['class']}, {event['cause']}"
    for edge in ("start", "end"):
        told = label["begin_local" if edge == "start" else "end_local"]
        if not told:
            if event[edge]:
                return f"it ended at {event[edge]['estimate']}"
            continue
        if not event[edge]:
            return f"no {edge}"
        off = local(name, event[edge]) - late * HOUR / 60 - datetime.datetime.fromisoformat(told)
        if abs(off) > WITHIN:
            return f"its {edge} is {off} off"
    return ""


def main():
    data = find_data()
    with open(data / "labels.csv", encoding="utf-8", newline="") as file:
        labels = {row["series"]: row for row in csv.DictReader(file)}
    bad = 0
    with tempfile.TemporaryDirectory(prefix="series.") as folder:
        place = pathlib.Path(folder)
        cases, paths = {}, []
        for name, label in labels.items():
            rows = read(data / f"{name}.csv")
            begin = datetime.datetime.fromisoformat(label["begin_local"])
            for what, (other, late) in changed(name, rows).items():
                cases[f"{name}-{what}"] = (name, label, late)
                write(place / f"{name}-{what}.csv", other)
            for what, other in quiet(name, rows, begin).items():
                cases[f"{name}-{what}"] = (name, None, 0)
                write(place / f"{name}-{what}.csv", other)
        paths = [place / f"{case}.csv" for case in cases]
        run("init", place / "store")
        run("--dir", place / "store", "import", "--from", "series", "--metric", "active",
            *(data / f"{name}.csv" for name in labels), *paths)
        run("--dir", place / "store", "analyze")
        events = collections.defaultdict(list)
        for line in run("--dir", place / "store", "events", "--format", "json").splitlines():
            event = json.loads(line)
            events[event["source"]["id"]].append(event)
    for name, label in labels.items():
        why = wrong(name, label, events[name], 0)
        bad += bool(why)
        print(f"{'not so' if why else 'ok'}: {name} is {label['cause']}, its edges within an hour "
              f"{why}")
        for event in events[name]:
            print(f"    {event['class']} {event['class_probability'][event['class']]:.3f}, from "
                  f"{local(name, event['start'])} to "
                  f"{local(name, event['end']) if event['end'] else 'now'} local time")
    for case, (name, label, late) in cases.items():
        why = wrong(name, label, events[case], late) if label else \
            f"{len(events[case])} events" if events[case] else ""
        bad += bool(why)
        if why:
            print(f"not so: {case}: {why}")
    same = sum(label is not None for _, label, _ in cases.values())
    print(f"{'not so' if bad else 'ok'}: {same} changed copies say the same, "
          f"{len(cases) - same} quiet stretches say nothing; {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
