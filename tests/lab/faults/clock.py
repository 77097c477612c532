"""One probe's clock falls back thirty years and is set right again later.

A machine without a clock of its own that lost what it knew, and then a time server. Nothing
else is wrong, so no event is right; order and durations come from boottime, which runs on.
"""

import json
import os
import random
import time

import look
import score

SENTENCE = "one probe's clock is thirty years wrong, and set right again; nothing else is"
EXPECTED_CLASS = "none"
EXPECTED_CAUSE = "none"
OBSERVABLE = ("the probe's own steps of its clock, twice, while its boottime runs on and every "
              "rung is as before")
VANTAGE = "that probe; all others as reference"
TRAP = ("rows that believe the clock are a silence now and an outage thirty years ago; and "
        "certificates that are not yet valid look like an interception")
ROUNDS, WINDOWS, SECONDS = 3, 3, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = {"wrong": """
who      check  of  fact             is
victims  core   -   clock_offset_us  > 900000000000000
victims  tls    -   verified         = 0
others   tls    -   verified         = 1
""", "right": """
who      check  of  fact             is
victims  core   -   clock_offset_us  < 5000000
victims  tls    -   verified         = 1
others   tls    -   verified         = 1
"""}
TABLE = {"wrong": TABLE, "right": TABLE}

WRONG_BY_S = -30 * 31557600
NEAR_S = 60


def victims(world):
    return [random.Random(f"clock {world.country.seed}").choice(world.field())]


def before(world):
    for host in victims(world):
        host.fake_clock(world.servers.unpacked.shared_object("libfaketime.so.1"))


def after(world):
    for host in victims(world):
        host.around = []


def clocks(host):
    """(wall clock less ours, boottime less ours) in seconds, as the machine's daemon has them."""
    out = host.run([*host.around, "/usr/bin/python3", "-c", "import time; print(time.time(), "
                    "time.clock_gettime(time.CLOCK_BOOTTIME))"]).stdout.split()
    now = (time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
    return tuple(float(theirs) - ours for theirs, ours in zip(out, now))


def fall_back(world, breakage):
    host, = victims(world)
    world.clocks = [clocks(host)]
    host.set_clock(WRONG_BY_S if breakage else 0)
    world.clocks.append(clocks(host))


def set_right(world, breakage):
    """With or without breakage."""
    host, = victims(world)
    host.set_clock(0)
    world.clocks.append(clocks(host))


PHASES = (("wrong", fall_back), ("right", set_right))


def off(world):
    """It is right already."""


def proof(world):
    node = victims(world)[0].probe.node
    (wall, boot), (wrong, boot_then), (right, boot_now) = world.clocks
    said = [(abs(wall) < NEAR_S, f"{node}: its clock was right to {wall:.0f} s"),
            (abs(wrong - WRONG_BY_S) < NEAR_S, f"{node}: then it was {wrong:.0f} s off"),
            (abs(right) < NEAR_S, f"{node}: now it is right to {right:.0f} s"),
            (max(boot, boot_then, boot_now) - min(boot, boot_then, boot_now) < NEAR_S,
             f"{node}: its boottime ran on through both")]
    return said + look.each(world, world.field(),
                            lambda world, p: look.everything(world, p.node))


def healed(world):
    return []


def afterwards(stage, start_s, end_s):
    """Its rows lie where they were made, in the order in which they were; and its segments say
    that the clock was set twice."""
    host, = victims(stage.world)
    epoch = next(p for p in stage.probes if p.host is host).epoch()
    rows = sorted((m["seq"], m["line"], score.utc_s(m["time"]))
                  for m in stage.analyzer.measurements() if m["epoch"] == epoch)
    times = [at for _, _, at in rows]
    inside = sum(start_s < at < end_s for at in times)
    said = [(inside > 0, f"{inside} of its rows were made meanwhile"),
            (all(a - NEAR_S < b for a, b in zip(times, times[1:])), "they lie in order"),
            (all(abs(at - start_s) < 3600 for at in times), "none lies in another year")]
    steps = clock_steps(stage, epoch)
    return said + [(steps >= 2, f"its segments tell of {steps} steps of the clock")]


def clock_steps(stage, epoch):
    out = f"{stage.world.dir}/segments"
    done = stage.analyzer.call("export", "--to", "segments", "--out", out)
    if done.returncode != 0:
        raise RuntimeError(f"export: {done.stderr.strip()}")
    steps = 0
    for folder, _, names in os.walk(out):
        for name in names:
            with open(f"{folder}/{name}", "rb") as segment:
                lines = [line for line in segment.read().split(b"\n") if line[:1] == b"{"]
            if epoch.encode() in b"".join(lines) or epoch in f"{folder}/{name}":
                steps += sum(json.loads(line).get("clock_steps", 0) for line in lines)
    return steps
