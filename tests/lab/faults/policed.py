"""One mobile operator meters every subscriber: 128 kbit/s, bursts of 8 kB, no queue."""

import random

import net

SENTENCE = "one mobile operator polices each subscriber to 128 kbit/s"
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.policed"
OBSERVABLE = ("transfers settle on one plateau with heavy loss while the round trip under "
              "load stays that of an idle line")
VANTAGE = "three probes of the operator; probes of the others as reference"
TRAP = "crowding loses packets too, but its queue makes the round trip grow"
ROUNDS, WINDOWS, SECONDS = 6, 2, 0  # a transfer each: three whole ones beside both edges
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of    fact             is
victims  speed  down  rate_bps         < 200000
victims  speed  down  loss             > 0.02
victims  speed  down  sndr_min_rtt_us  < 50000
victims  speed  up    rate_bps         > 1000000
others   speed  down  rate_bps         > 1000000
"""

# tbf with a queue of one packet is a policer: nft's limit passes far too large bursts.
RATE_BPS = 128000
SHAPE = ("tbf", "rate", f"{RATE_BPS}bit", "burst", "8192", "limit", "1600")


def operator(country):
    mobile = [i for i, m in enumerate(country.media) if m == "mobile"]
    return random.Random(f"policed {country.seed}").choice(mobile)


def victims(world):
    slow = operator(world.country)
    return [h for h in world.field() if h.probe.operator == slow]


def lines(world):
    return [h.probe for h in victims(world)]


def on(world, breakage):
    if breakage:
        for p in lines(world):
            net.tc(world.router_of(p), "qdisc", "replace", "dev", p.node, "root", *SHAPE)


def off(world):
    for p in lines(world):
        world.carry(p)


def proof(world):
    c = world.country
    slow = lines(world)
    others = [p for p in c.probes if p.operator != slow[0].operator]
    site = c.foreign_sites[1]
    said = []
    for six, address in ((False, site.address), (True, site.address6)):
        before = {p.node: net.queue_drops(world.router_of(p), p.node) for p in slow}
        pages = world.together([lambda p=p: world.get(p.node, site, 20, "/blob", six)
                                for p in slow])
        for p, page in zip(slow, pages):
            rate_bps = page["bytes"] * 8 / max(page["time_s"], 1e-6)
            dropped = net.queue_drops(world.router_of(p), p.node) - before[p.node]
            said += [
                (page["ok"] and rate_bps < 1.6 * RATE_BPS, f"{p.node}: {rate_bps / 1000:.0f} "
                 f"kbit/s from {address}, at most 1.6 times the meter"),
                (dropped > 0, f"{p.node}: the meter dropped packets of {address}"),
                (world.ping(p.node, address, 3) == address, f"{p.node}: is not cut off")]
        for p in others:
            page = world.get(p.node, site, 5, "/blob", six)
            said.append((page["ok"] and page["time_s"] < 1, f"{p.node}: is as fast as ever"))
    return said


def healed(world):
    return [(world.get(p.node, world.country.foreign_sites[1], 5, "/blob", six)["time_s"] < 1,
             f"{p.node}: is fast again") for p in lines(world) for six in (False, True)]
