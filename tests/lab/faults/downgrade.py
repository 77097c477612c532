"""Both mobile operators fall back to 2G within two rounds of each other.

Between their access routers and the aggregation every subscriber has an EDGE bearer:
SCIENCE row 32 and its table of radio technologies. Fixed lines are untouched.
"""

import air
import look

SENTENCE = "both mobile operators go down to 2G, the second a round later; fixed lines stay"
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.downgrade"
OBSERVABLE = ("round trip and rate change together at every mobile probe of two operators, "
              "towards home and abroad alike, and at no fixed one")
VANTAGE = "six mobile probes of two operators, three fixed ones, control probes abroad"
TRAP = ("a meter or a shaper caps the rate and leaves the round trip of an idle line alone; "
        "crowding does not begin at two operators at once and end as suddenly")
# A transfer each, which takes seconds; three make an anomaly, one may be lost.
ROUNDS, WINDOWS, SECONDS = 4, 2, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact      is
victims  ping   domestic       rtt_us    > 200000
victims  ping   international  rtt_us    > 200000
victims  ping   international  rtt_us    < 900000
victims  speed  down           rate_bps  < 110000
victims  speed  up             rate_bps  < 60000
others   ping   international  rtt_us    < 50000
others   speed  down           rate_bps  > 1000000
"""


def victims(world):
    return [h for h in world.field() if h.probe.medium == "mobile"]


def on(world, breakage):
    air.fall(world, breakage)


def off(world):
    air.lift(world)


def proof(world):
    return look.each(world, world.field(), prove_host)


def prove_host(world, p):
    c = world.country
    home_ms = look.round_trip(p.node, c.domestic_sites[0].address)
    abroad_ms = look.round_trip(p.node, c.foreign_sites[1].address6)
    late = f"{home_ms:.0f} and {abroad_ms:.0f} ms"
    if p.medium != "mobile":
        return [(home_ms < 50 and abroad_ms < 50, f"{p.node}: is as near as ever: {late}")
                ] + look.fast(world, p.node)
    page = world.get(p.node, c.foreign_sites[1], 6, "/blob", six=p.region == c.regions[0])
    return [(page["bytes"] > 5000 and page["rate_bps"] < 110000 and all(
                200 < ms < 900 for ms in (home_ms, abroad_ms)),
             f"{p.node}: is on 2G: {late}, {page['rate_bps'] / 1000:.0f} kbit/s")]


def healed(world):
    return look.fast_again(world, victims(world))
