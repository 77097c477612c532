"""Both mobile operators fall back to 2G within two rounds of each other.

Between their access routers and the aggregation every subscriber has an EDGE bearer:
SCIENCE row 32 and its table of radio technologies. Fixed lines are untouched.
"""

import threading

import emulate
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

LATER_S = 1.5  # a round of the lab
# Each way: a round trip of 300 ms, 100 more or less, the least of what EDGE has. A whole
# round over it still takes a dozen seconds, as deadlines of jobs are not scaled.
BEARER = "delay=150,jitter=50,loss=10000"
DOWN, UP = f"{BEARER},rate=100000,queue=1500", f"{BEARER},rate=50000,queue=1500"
EASY = "delay=0"  # for the proof that must fail


def operators(country):
    return [i for i, m in enumerate(country.media) if m == "mobile"]


def victims(world):
    return [h for h in world.field() if h.probe.medium == "mobile"]


def on(world, breakage):
    first, second = operators(world.country)
    down, up = (DOWN, UP) if breakage else (EASY, EASY)

    def degrade(i):
        return emulate.Emulated(world, f"acc{i}", f"agg{i}", "--down", down, "--up", up,
                                "--seed", str(world.country.seed + i))

    world.bearers = [degrade(first)]
    late = threading.Event()
    late.wait(LATER_S)
    world.bearers.append(degrade(second))


def off(world):
    for bearer in world.bearers:
        bearer.end()
    world.bearers = []


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
