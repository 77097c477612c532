"""Mobile data goes off on both mobile operators at once, as an order has it done.

The bearers stay up and the first router answers, but it forwards nothing, of either
family; the fixed operator is untouched: SCIENCE rows 7 and 8.
"""

import filters
import look

SENTENCE = "both mobile operators stop forwarding beyond the first router; fixed lines live"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.mobile"
OBSERVABLE = ("every probe of both mobile operators loses everything beyond its first router "
              "within seconds, its link up, while every fixed probe is normal")
VANTAGE = "six mobile probes in three regions, three fixed ones; all on their own supply"
TRAP = ("one owner's failure takes one operator, and a power cut takes machines and fixed "
        "lines too: two operators that share nothing do not fail together")
# One that is dark as a whole: it takes 40 s, as deadlines of jobs are not scaled.
ROUNDS, WINDOWS, SECONDS = 1, 2, 0
# Where all abroad is dead no transfer is tried.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      down    down      down           down  down   down       down     -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of        fact     is
victims  link   -         carrier  = 1
victims  ping   domestic  outcome  = generic_timeout_error
"""


def routers(world):
    return [f"acc{i}" for i in look.mobile(world)]


def victims(world):
    return look.of_operators(world, look.mobile(world))


def on(world, breakage):
    filters.place("mobile", routers(world), breakage)


def off(world):
    filters.lift("mobile", routers(world))


def proof(world):
    return look.each(world, world.field(), prove_host) + filters.met("mobile", routers(world))


def prove_host(world, p):
    c = world.country
    asked = [c.domestic_sites[0], c.listed, c.foreign_sites[1]]
    said = look.router_lives(world, p)
    if p.medium == "mobile":
        return said + [(look.none_serves(world, p.node, asked),
                        f"{p.node}: nothing at home or abroad serves it, over either family")]
    return said + [(all(world.serves(p.node, s) for s in asked), f"{p.node}: is fine")]


def healed(world):
    site = world.country.foreign_sites[1]
    return [(world.serves(h.probe.node, site), f"{h.probe.node}: is back")
            for h in victims(world)]
