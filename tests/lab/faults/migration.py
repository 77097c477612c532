"""Mobile data goes off on order, and whoever can goes over to the fixed lines, which fill up.

Both mobile operators stop forwarding, as in `mobile`; seconds later the subscribers of the
fixed one are many. What its backhaul carries is the same as ever: SCIENCE scenario 3.
"""

import random

import crowd
import look
from faults import mobile

SENTENCE = "both mobile operators are cut off and their users crowd the fixed lines"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.mobile"
OBSERVABLE = ("every mobile probe of both operators loses everything beyond its first router "
              "while every fixed one reaches everything, only later and slower")
VANTAGE = "six mobile probes in three regions, three fixed ones"
TRAP = ("the fixed operator is slow because of others, not throttled: rate and delay get worse "
        "together, with no plateau, right after the mobile operators went dark")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # one in the dark lasts 40 s
# A single echo with a small TTL meets the full queue, too, and is not sent again.
TABLE = """
who       power  link  router  access      domestic  international  core  names  transport  service  quality
victims   up     up    up      down        down      down           down  down   down       down     -
others    up     up    up      up|partial  up        up             up    up     up         up       up
controls  up     up    up      up          up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact      is
victims  link   -              carrier   = 1
others   ping   domestic       rtt_us    > 2.5 x before
others   ping   international  rtt_us    > 2.5 x before
others   speed  down           rate_bps  < 0.6 x before
"""

MANY = 14


def fixed(world):
    return world.country.media.index("fixed")


def victims(world):
    return mobile.victims(world)


def before(world):
    world.crowd = crowd.Backhaul(world, fixed(world))


def after(world):
    world.crowd.leave()


def on(world, breakage):
    mobile.on(world, breakage)
    world.crowd.load(MANY if breakage else 0)


def off(world):
    world.crowd.rest()
    mobile.off(world)


def proof(world):
    return look.each(world, world.field(), prove_host)


def prove_host(world, p):
    if p.medium == "mobile":
        return mobile.prove_host(world, p)
    site = random.Random(f"migration {p.node}").choice(world.country.foreign_sites[1:4])
    ms = [look.round_trip(p.node, a, 5) for a in (site.address, site.address6)]
    pages = [world.get(p.node, site, 20, "/blob", six) for six in (False, True)]
    return [(all(one > 45 for one in ms), f"{p.node}: late, {ms[0]:.0f} and {ms[1]:.0f} ms"),
            (all(page["ok"] for page in pages), f"{p.node}: but pages arrive")]


def healed(world):
    site = world.country.foreign_sites[1]
    said = mobile.healed(world)
    for p in (h.probe for h in world.field() if h.probe.medium == "fixed"):
        said.append((look.soon(lambda n=p.node: look.round_trip(n, site.address) < 45, 10),
                     f"{p.node}: is fast again"))
    return said
