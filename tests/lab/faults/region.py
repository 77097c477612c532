"""One region loses everything beyond the first router, mobile and fixed alike.

Links and first routers live, the machines run, the other regions see nothing. The routers
say that they have no way on: so they do where an order has it unplugged, and where the
backbone is dug up that the operators of a region share.
"""

import random

import filters
import look

SENTENCE = ("in one region nothing passes beyond the first router, at all three operators; "
            "the other regions are fine")
EXPECTED_CLASS = "insufficient"
EXPECTED_CAUSE = "insufficient"
CAUSES = ("shutdown.full", "infrastructure.cable")
# One probe an operator counts for no operator (three would), and the operators' routes in the
# world's tables are not the region's.
OBSERVABLE = ("none: three operators end at their first routers in one region in one second, "
              "as an order has it and as a shared duct that is dug up")
VANTAGE = "one probe of each of three operators in the region, six in two others"
TRAP = ("two mobile operators at once read as an order by medium; but the fixed one is dead "
        "too, and only here")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0

TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     down   down     down          down down  down      down    -
others    up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who      check  of             fact     is
victims  link   -              carrier  = 1
victims  ping   domestic       outcome  = network_unreachable
victims  ping   international  outcome  = network_unreachable
"""


def victims(world):
    region = random.Random(f"region {world.country.seed}").choice(world.country.regions)
    return [h for h in world.field() if h.probe.region == region]


def on(world, breakage):
    for p in (h.probe for h in victims(world)):
        filters.place("region", [world.router_of(p)], breakage,
                      filters.of(p.address, p.address6), refuse=filters.UNREACHABLE)


def off(world):
    filters.lift("region", [world.router_of(h.probe) for h in victims(world)])


def proof(world):
    suffer = [h.probe for h in victims(world)]
    said = look.each(world, world.field(), lambda world, p: look.router_lives(world, p) + (
        look.nothing(world, p.node) if p in suffer else look.everything(world, p.node)))
    return said + filters.met("region", [world.router_of(p) for p in suffer])


def healed(world):
    return look.back(world, victims(world))
