"""One mobile operator meters every subscriber: 128 kbit/s, bursts of 8 kB, no queue."""

import look
import net
import shaper

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


def victims(world):
    return shaper.victims(world, "policed")


def on(world, breakage):
    if breakage:
        meter(world, victims(world), RATE_BPS)


def meter(world, hosts, rate_bps):
    for p in (h.probe for h in hosts):
        net.tc(world.router_of(p), "qdisc", "replace", "dev", p.node, "root", "tbf", "rate",
               f"{rate_bps}bit", "burst", "8192", "limit", "1600")


def off(world):
    lift(world, victims(world))


def lift(world, hosts):
    for host in hosts:
        world.carry(host.probe)


def proof(world):
    return prove(world, victims(world), RATE_BPS, 20)


def prove(world, hosts, rate_bps, limit_s):
    """These lines are metered, a page on them is there within the limit, and no other is."""
    others = [h for h in world.field() if h not in hosts]
    return look.each(world, hosts, lambda world, p: prove_line(world, p, rate_bps, limit_s)
                     ) + look.each(world, others, lambda world, p: look.fast(world, p.node))


def prove_line(world, p, rate_bps, limit_s):
    site, said = world.country.foreign_sites[1], []
    for six, address in ((False, site.address), (True, site.address6)):
        before = net.queue_drops(world.router_of(p), p.node)
        page = world.get(p.node, site, limit_s, "/blob", six)
        dropped = net.queue_drops(world.router_of(p), p.node) - before
        said += [
            (page["ok"] and page["rate_bps"] < 1.6 * rate_bps,
             f"{p.node}: {page['rate_bps'] / 1000:.0f} kbit/s from {address}, at most 1.6 times "
             "the meter"),
            (dropped > 0, f"{p.node}: the meter dropped packets of {address}"),
            (world.ping(p.node, address, 3) == address, f"{p.node}: is not cut off")]
    return said


def healed(world):
    return look.fast_again(world, victims(world))
