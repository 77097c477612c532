"""One of the two gateways abroad forwards nothing any more; the other one does.

The operators behind it lose everything abroad at one hop, its routes stay announced, and
nothing says why: a forwarding plane that died looks like this, and so does an order that
one gateway's owner obeys. SCIENCE rows 10 and 12 pull one way each, row 18 says shutdown,
row 16 needs all operators; no listed host (row 13) and no withdrawal (row 17) decides.
"""

import filters
import look
import net

SENTENCE = ("one of two gateways silently drops all it should forward; its two operators lose "
            "everything abroad, their routes stay")
EXPECTED_CLASS = "insufficient"
EXPECTED_CAUSE = "insufficient"
CAUSES = ("infrastructure.upstream", "shutdown.international")
OBSERVABLE = ("none: whoever is behind that gateway is cut off abroad there and whoever is not "
              "is fine, as after a failure of it and as after an order to it alone")
VANTAGE = "six probes behind the gateway, three behind the other; a collector of routes abroad"
TRAP = ("two operators lose the world in the same second and their routes stay, as in a "
        "shutdown; a third is untouched, as where equipment fails")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0

TABLE = """
who       power link router access domestic international core names   transport service quality
victims   up    up   up     up     up       down          down partial partial   partial -
others    up    up   up     up     up       up            up   up      up        up      up
controls  up    up   up     up     up|partial up          up   up      up        up      up
"""
# The country's servers hang on both gateways: those abroad lose some of them or most.
FACTS = """
who       check  of             fact     is
victims   ping   international  outcome  = generic_timeout_error
others    ping   international  outcome  = ok
controls  ping   international  outcome  = ok
"""


def number(world):
    """Of the gateway with two operators; with one it would be that operator's own matter."""
    return max((0, 1), key=lambda g: len(look.behind(world, g)))


def node(world):
    return f"gw{number(world)}"


def victims(world):
    return look.of_operators(world, look.behind(world, number(world)))


def on(world, breakage):
    filters.place("gateway", [node(world)], breakage, filters.over("w"))


def off(world):
    filters.lift("gateway", [node(world)])


def proof(world):
    c = world.country
    said = look.each(world, world.field(), prove_host)
    said += filters.met("gateway", [node(world)])
    said += look.routed(world, c.operators + c.domestic)
    for family in (4, 6):
        routes = net.call([net.IP, f"-{family}", "-n", node(world), "route"]).stdout
        said.append(("default" in routes,
                     f"{node(world)}: the IPv{family} route abroad is still there"))
    return said


def prove_host(world, p):
    if world.country.gateway_of[p.operator] != number(world):
        return look.everything(world, p.node)
    gate = next(b for a, b in world.topology.links
                if a.node == f"core{p.operator}" and b.node == node(world))
    return look.home_alone(world, p.node) + [
        (world.answers(p.node, *gate.addresses), f"{p.node}: {gate.node} itself answers")]


def healed(world):
    return look.back(world, victims(world))
