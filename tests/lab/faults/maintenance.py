"""The fixed operator works on its lines of one region, as announced: nothing beyond the first
router from a full hour to a full hour, and nowhere else: SCIENCE scenario 36.
"""

import random

import filters
import look

SENTENCE = "the fixed operator's lines of one region are dead from one full hour to another"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.maintenance"
OBSERVABLE = ("it begins and ends on the hour, for one operator in one region, and the machine, its "
              "link and its router are fine throughout")
VANTAGE = "the operator's probe of that region; its others, and the region's others"
TRAP = "one dark line looks like a home's own trouble, and a full hour like an order's"
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # one in the dark lasts 40 s
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      down    down      down           down  down   down       down     -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check   of  fact     is
victims  link    -   carrier  = 1
victims  router  -   outcome  = ok
"""


def victims(world):
    region = random.Random(f"maintenance {world.country.seed}").choice(world.country.regions)
    return [h for h in world.field()
            if h.probe.medium == "fixed" and h.probe.region == region]


def router(world):
    return f"acc{world.country.media.index('fixed')}"


def on(world, breakage):
    look.full_hour(world)
    filters.place("maintenance", [router(world)], breakage,
                  filters.over(victims(world)[0].probe.node))


def off(world):
    look.full_hour(world)
    filters.lift("maintenance", [router(world)])


def proof(world):
    return look.each(world, world.field(), prove_host) + filters.met(
        "maintenance", [router(world)])


def prove_host(world, p):
    c = world.country
    sites = [c.domestic_sites[0], c.listed, c.foreign_sites[1]]
    said = look.router_lives(world, p)
    if p.node in [h.probe.node for h in victims(world)]:
        return said + [(look.none_serves(world, p.node, sites),
                        f"{p.node}: nothing beyond it does, over either family")]
    return said + [(all(world.serves(p.node, s) for s in sites), f"{p.node}: is fine")]


def healed(world):
    return [(world.serves(h.probe.node, world.country.foreign_sites[1]),
             f"{h.probe.node}: is back") for h in victims(world)]
