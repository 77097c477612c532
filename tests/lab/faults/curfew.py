"""Two nights of a curfew: all operators cut, open and cut again, each for as long.

Every operator's core forwards nothing, home or abroad, and says that it is forbidden; routes
stay and machines run: SCIENCE rows 7, 18 and 26, the compressed nights of Myanmar 2021.
"""

import filters
import look

SENTENCE = ("all operators stop forwarding at one second, open, and stop again for about as "
            "long as before")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.full"
OBSERVABLE = ("three operators that share no router lose everything beyond their own networks "
              "at one second, twice, on machines that run on; their routes stay, and their "
              "access networks answer that it is prohibited")
VANTAGE = "nine probes of three operators, their own power; a collector of routes abroad"
TRAP = ("load-shedding and maintenance keep a timetable too: the one stops machines, the other "
        "is one operator's")
ROUNDS, WINDOWS, SECONDS = 1, 2, 10  # each night, and the day between

DARK = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     down     down          down down  down      down    -
controls  up    up   up     up     up       up            up   up    up        up      up
"""
OPEN = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
TABLE = {"night": DARK, "day": OPEN, "second": DARK}
# TCP is told no more than EHOSTUNREACH of it (Linux, icmp_err_convert), echoes the word itself.
FORBIDDEN = """
who      check  of             fact     is
victims  ping   domestic       outcome  = icmp_prohibited
victims  ping   international  outcome  = icmp_prohibited
victims  tcp    domestic       outcome  = host_unreachable
"""
FACTS = {"night": FORBIDDEN, "second": FORBIDDEN}


def victims(world):
    return world.field()


def cut(world, breakage):
    filters.place("curfew", look.cores(world), breakage, refuse=filters.FORBIDDEN)


def reopen(world, breakage):
    """With or without breakage."""
    filters.lift("curfew", look.cores(world))


PHASES = (("night", cut), ("day", reopen), ("second", cut))


def off(world):
    filters.lift("curfew", look.cores(world))


def proof(world):
    c = world.country
    said = look.each(world, world.field(), lambda world, p: look.router_lives(world, p)
                     + look.nothing(world, p.node) + prove_path(world, p))
    said += filters.met("curfew", look.cores(world)) + look.routed(world, c.operators)
    return said + [(world.serves(c.controls[0].node, s), f"from abroad {s.host} is alive")
                   for s in c.domestic_sites]


def prove_path(world, p):
    """The operator's own network answers, up to the router that forwards nothing."""
    return [(world.ping(p.node, world.country.listed.address, ttl=3) is not None,
             f"{p.node}: the third router answers")]


def healed(world):
    return look.back(world, victims(world))
