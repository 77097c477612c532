"""One subscriber's plan is used up: what is left is 64 kbit/s, metered, until it is renewed.

It is the meter of `policed`, at one SIM of one operator: SCIENCE row 6, scenario 20.
"""

import random

import look
import net

SENTENCE = "one subscriber of one mobile operator is metered down to 64 kbit/s"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.local"
OBSERVABLE = ("one probe's transfers settle on one plateau with loss while both other probes of "
              "its operator are as fast as ever")
VANTAGE = "three probes of the operator, of which it is one; those of the others"
TRAP = ("at that probe it is policing in every figure (SCIENCE 8.1); only that nobody else has "
        "it speaks against, so with one probe an operator nothing would")
ROUNDS, WINDOWS, SECONDS = 3, 2, 0  # a transfer each

TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
others    up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who      check  of    fact             is
victims  speed  down  rate_bps         < 100000
victims  speed  down  loss             > 0.02
victims  speed  down  sndr_min_rtt_us  < 50000
others   speed  down  rate_bps         > 0.5 x before
"""

RATE_BPS = 64000
METER = ("tbf", "rate", f"{RATE_BPS}bit", "burst", "8192", "limit", "1600")


def victims(world):
    mobile = [h for h in world.field() if h.probe.medium == "mobile"]
    return [random.Random(f"plan {world.country.seed}").choice(mobile)]


def line(world):
    return victims(world)[0].probe


def on(world, breakage):
    p = line(world)
    if breakage:
        net.tc(world.router_of(p), "qdisc", "replace", "dev", p.node, "root", *METER)


def off(world):
    world.carry(line(world))


def proof(world):
    site, slow = world.country.foreign_sites[1], line(world)
    said = []
    for six, address in ((False, site.address), (True, site.address6)):
        before = net.queue_drops(world.router_of(slow), slow.node)
        page = world.get(slow.node, site, 25, "/blob", six)
        rate_bps = page["bytes"] * 8 / max(page["time_s"], 1e-6)
        dropped = net.queue_drops(world.router_of(slow), slow.node) - before
        said += [(page["ok"] and rate_bps < 1.6 * RATE_BPS,
                  f"{slow.node}: {rate_bps / 1000:.0f} kbit/s from {address}"),
                 (dropped > 0, f"{slow.node}: the meter dropped packets of {address}"),
                 (world.ping(slow.node, address, 3) == address, f"{slow.node}: is not cut off")]
    others = [h for h in world.field() if h.probe is not slow]
    return said + look.each(world, others, lambda world, p: fast(world, p.node))


def fast(world, node):
    site = world.country.foreign_sites[1]
    return [(world.get(node, site, 5, "/blob", six)["time_s"] < 1, f"{node}: is as fast as ever")
            for six in (False, True)]


def healed(world):
    return fast(world, line(world).node)
