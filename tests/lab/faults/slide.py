"""One group's core is being destroyed: its subscribers lose service one after the other.

The group owns a mobile and the fixed operator. Its register of subscribers goes first:
phones lose their registration by and by, over what would be hours; when the last is gone
the fixed lines, which log in at the same core, still have a carrier and a router and nothing
beyond it. The rival takes in whoever can change and fills up: SCIENCE scenario 33.
"""

import random

import air
import crowd
import filters
import look

SENTENCE = "the subscribers of one group, mobile and fixed, lose service by and by; a rival fills up"
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.cyber"
OBSERVABLE = ("a slide over hours and no step, within one group alone and across its two kinds of "
              "lines, while every machine stays on; the rival gets slower as it goes on")
VANTAGE = "six probes of the group, three of the rival"
TRAP = ("an order takes every mobile operator at once; fuel that runs out takes base stations of "
        "all of them, and fixed lines last of all")
ROUNDS, WINDOWS, SECONDS = 1, 2, 18  # each third an hour of the lab's time
TABLE = {"first": """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
gone1     up     down  down    -       -         -              -     -      -          -        -
gone2     up     up    up      up      up        up             up    up     up         up       up
gone3     up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up|partial  up     up          up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
""", "second": """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
gone1     up     down  down    -       -         -              -     -      -          -        -
gone2     up     down  down    -       -         -              -     -      -          -        -
gone3     up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up|partial  up     up          up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
""", "last": """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
gone1     up     down  down    -       -         -              -     -      -          -        -
gone2     up     down  down    -       -         -              -     -      -          -        -
gone3     up     up    up      down    down      down           down  down   down       down     -
others    up     up    up      up|partial  up     up          up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""}
FACTS = {"first": """
who      check  of             fact     is
gone1    link   -              outcome  = link_down
others   ping   international  rtt_us   < 1.5 x before
""", "second": """
who      check  of             fact     is
gone2    link   -              outcome  = link_down
others   ping   international  rtt_us   > 1.5 x before
""", "last": """
who      check  of             fact     is
gone3    link   -              carrier  = 1
others   ping   international  rtt_us   > 2.5 x before
others   ping   domestic       rtt_us   > 2.5 x before
others   speed  down           rate_bps < 0.6 x before
"""}

FEW, MANY = 4, 14


def chance(world):
    return random.Random(f"slide {world.country.seed}")


def mobile(world):
    """(the group's mobile operator, its rival)"""
    found = look.mobile(world)
    chance(world).shuffle(found)
    return found


def fixed(world):
    return world.country.media.index("fixed")


def victims(world):
    return [h for h in world.field() if h.probe.operator in (mobile(world)[0], fixed(world))]


def groups(world):
    """Who goes when: one phone, the others, the fixed lines."""
    phones = [h for h in victims(world) if h.probe.medium == "mobile"]
    chance(world).shuffle(phones)
    return {"gone1": phones[:1], "gone2": phones[1:],
            "gone3": [h for h in victims(world) if h.probe.medium == "fixed"]}


def before(world):
    world.crowd = crowd.Backhaul(world, mobile(world)[1])


def after(world):
    world.crowd.leave()


def lose(world, breakage, who):
    for host in groups(world)[who] if breakage else []:
        air.lose(world, host)


def first(world, breakage):
    lose(world, breakage, "gone1")


def second(world, breakage):
    lose(world, breakage, "gone2")
    if breakage:
        world.crowd.load(FEW)


def last(world, breakage):
    filters.place("slide", [f"acc{fixed(world)}"], breakage)
    if breakage:
        world.crowd.load(MANY)


PHASES = (("first", first), ("second", second), ("last", last))


def off(world):
    world.crowd.rest()
    filters.lift("slide", [f"acc{fixed(world)}"])
    for host in groups(world)["gone1"] + groups(world)["gone2"]:
        air.regain(world, host)


def proof(world):
    return look.each(world, world.field(), prove_host) + filters.met(
        "slide", [f"acc{fixed(world)}"])


def prove_host(world, p):
    c = world.country
    sites = [c.domestic_sites[0], c.foreign_sites[1]]
    if p.operator == mobile(world)[0]:
        return [(not world.carrier(p.node, "eth0"), f"{p.node}: is taken in by no network")]
    if p.operator == fixed(world):
        return [(world.answers(p.node, p.gateway, p.gateway6), f"{p.node}: its router answers"),
                (look.none_serves(world, p.node, sites), f"{p.node}: nothing beyond it does")]
    ms = [look.round_trip(p.node, a, 5) for a in (sites[1].address, sites[1].address6)]
    return [(all(one > 45 for one in ms), f"{p.node}: late, {ms[0]:.0f} and {ms[1]:.0f} ms"),
            (all(world.serves(p.node, s, 10) for s in sites), f"{p.node}: but pages arrive")]


def healed(world):
    site = world.country.foreign_sites[1]
    return look.each(world, world.field(), lambda world, p: [
        (look.soon(lambda: world.serves(p.node, site, 1), 10), f"{p.node}: is back")])
