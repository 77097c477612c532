"""One of two links abroad is cut, and its traffic goes round over the other gateway.

Nobody is cut off: bird finds the way, which is far longer, lossy and shared by too many.
SCIENCE rows 19 and 37, the Red Sea in 2025.
"""

import random

import detour
import look
import net

SENTENCE = ("one gateway's link abroad is cut; its operators go on over the other gateway, by a "
            "way that is late, lossy and slow")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.cable"
OBSERVABLE = ("round trip and loss grow and the rate falls together towards abroad alone, for "
              "the operators of one gateway, at the moment when their routes' paths grow longer")
VANTAGE = ("the probes behind the gateway, the others as reference; the world's tables, with "
           "their paths")
TRAP = ("the rate falls as under throttling; but a meter leaves the round trip alone, spares "
        "no home traffic and changes no path")
ROUNDS, WINDOWS, SECONDS = 3, 2, 0

# A page or an echo is lost now and then, never most of them.
TABLE = """
who       power link router access domestic international core       names transport service quality
victims   up    up   up     up     up       up            up|partial up    up        up      up
others    up    up   up     up     up       up            up         up    up        up      up
controls  up    up   up     up     up       up            up         up    up        up      up
"""
FACTS = """
who      check  of             fact      is
victims  ping   international  rtt_us    > 3 x before
victims  ping   international  rtt_us    > 100000
victims  ping   domestic       rtt_us    < 100000
victims  speed  -              rate_bps  < 0.4 x before
victims  speed  -              loss      > 0.02
others   ping   international  rtt_us    < 100000
others   speed  -              rate_bps  > 0.5 x before
others   speed  -              loss      < 0.02
"""


# The way round loses two echoes in thirteen. Of five, three were lost once in 35 times, and a
# proof asks twelve times; of so many it is once in 45,000.
ECHOES = 25


def gateways(world):
    """(the one whose link is cut, the other)."""
    both = list(world.topology.gateways)
    random.Random(f"cable_partial {world.country.seed}").shuffle(both)
    return both


def victims(world):
    lost = world.topology.gateways.index(gateways(world)[0])
    return look.of_operators(world, look.behind(world, lost))


def on(world, breakage):
    lost, kept = gateways(world)
    world.detour = detour.Detour(world, lost, kept, breakage)
    if breakage:
        net.ip("w", [f"link set {lost.node} down"])


def off(world):
    net.ip("w", [f"link set {gateways(world)[0].node} up"])
    world.detour.end()


def proof(world):
    """Once bird has found the way: until then what is sent is lost."""
    lost, _ = gateways(world)
    suffer = [h.probe for h in victims(world)]
    said = [(look.soon(world.detour.taken, detour.LIMIT_S),
             f"w and {lost.node}: go over the other gateway, there and back"),
            (not world.carrier(lost.node, "w"), f"{lost.node}: its link abroad is dark")]
    return said + look.each(world, world.field(),
                            lambda world, p: prove_host(world, p, p in suffer))


def prove_host(world, p, suffers):
    c, node = world.country, p.node
    site = c.foreign_sites[1]
    ms = [look.round_trip(node, a, ECHOES) for a in (site.address, site.address6)]
    late = f"{ms[0]:.0f} and {ms[1]:.0f} ms"
    if not suffers:
        return [(max(ms) < 50, f"{node}: is as near as ever: {late}")] + look.fast(world, node)
    home_ms = look.round_trip(node, c.domestic_sites[0].address)
    pages = [world.get(node, site, 25, "/blob", six) for six in (False, True)]
    return [(all(page["ok"] for page in pages), f"{node}: is served from abroad"),
            (min(ms) > 100 and max(ms) < 1000, f"{node}: late: {late}"),
            (all(page["time_s"] > 0.5 for page in pages),
             f"{node}: and slowly: {max(page['time_s'] for page in pages):.1f} s"),
            (home_ms < 50, f"{node}: its own country is as near as ever: {home_ms:.0f} ms")]


def healed(world):
    return look.fast_again(world, victims(world))
