"""A country where nothing happens but what happens in every home: how long its analysis
takes, how much memory, and how many false alarms there are."""

import json
import os
import subprocess
import time

import baselines
import figures
import folder
import labelled
import told


def measured(words):
    """(seconds, MiB resident at the most) of one program's run."""
    start = time.monotonic()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise folder.Failed(f"{words[0]}: exit {process.returncode}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def run(options):
    store, world = f"{options.out}/store", f"{options.out}/world"
    os.makedirs(world)
    analyzer = folder.Analyzer(options.build, store)
    start = time.monotonic()
    analyzer.simulate(world, "--quiet", options.quiet, "--probes", options.probes, "--seed",
                      options.seed, *options.world)
    made_s = time.monotonic() - start
    start = time.monotonic()
    _, segments, lines = analyzer.feed(world)
    analyzer.take_routes(world)
    fed_s = time.monotonic() - start
    until_s = folder.end_s(world)
    took_s, mib = measured([f"{options.build}/faultline-analyzer", "--dir", store, "analyze",
                            "--until", folder.utc(until_s)])
    *rows, last = analyzer.score(f"{world}/labels.csv")
    summary = last["summary"]
    looked_at_s = baselines.network_s(baselines.read_reach(world))
    rate = figures.rounded(figures.false_alarms_per_network_year(rows, looked_at_s))
    glitches = len(labelled.read(f"{world}/labels.csv"))
    counted = {"days": options.quiet, "probes": options.probes, "seed": options.seed,
               "segments": segments, "lines": lines, "glitches": glitches,
               "false_alarms": summary["false_alarms"],
               "insufficient_alarms": summary["insufficient_alarms"],
               "false_alarms_per_network_year": rate}
    with open(f"{options.out}/quiet.json", "w", encoding="utf-8") as out:
        json.dump(counted, out, indent=1)
        out.write("\n")
    print(f"quiet: {options.probes} probes, {options.quiet} days: {segments} segments, {lines} "
          f"lines, {glitches} spontaneous glitches\n"
          f"made in {made_s:.1f} s, stored in {fed_s:.1f} s, analyzed in {took_s:.1f} s with "
          f"{mib:.0f} MiB\n"
          f"false alarms: {summary['false_alarms']} (of them insufficient: "
          f"{summary['insufficient_alarms']}), {told.figure(rate)} per network and year; "
          f"glitches that were told: {summary['found']}, right in class "
          f"{summary['class_right']}")
    for row in rows:
        if row["kind"] == "false_alarm":
            print(f"  alarm {row['event']}: {row['cause']}, probability {row['probability']}")
    return 0
