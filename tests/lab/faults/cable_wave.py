"""A wave along a coast: a neighbour's landing point, then both of the country's, one by one.

The neighbour is the country of one of the control probes; each landing point is a link
that goes dark for good, each a step. SCIENCE rows 11 and 19, West Africa in 2024.
"""

import random

import filters
import look
import net

SENTENCE = ("landing points along a coast go dark one after the other: a neighbouring "
            "country's, then that of each gateway here")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.cable"
ALSO = ("ordinary.remote",)  # what stands in the neighbour's network
OBSERVABLE = ("a neighbouring country loses the world first, then one gateway's operators here "
              "and then the other's, each at once and with its routes withdrawn")
VANTAGE = "control probes in two other countries; probes behind both gateways; the world's tables"
TRAP = ("operators that go one after the other read as an order that is passed on by telephone; "
        "but no order darkens the neighbour, too, nor follows a coast")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # of each step


ALIVE = "up up up up   up   up   up      up      up      up      up"
DARK = "up up up up   up   down down    partial partial partial -"
# What stands in its own network it reaches still: of what is measured at most a server of the
# core.
ALONE = "up up up down down down down|partial down down down -"


def table(first, second, home, core="up|partial"):
    """Of the operators behind either gateway in the coast's order; of home as the far control
    sees it, whose servers hang on both: one of them speaks for the country's zone, and the
    neighbour may hold another server of the core."""
    return f"""
who power link router access domestic international core names transport service quality
first     {first}
second    {second}
neighbour {ALONE}
far up up up up {home} up {core} up up up up
"""


TABLE = {"neighbour": table(ALIVE, ALIVE, "up", "up"), "one": table(DARK, ALIVE, "up|partial"),
         "two": table(DARK, DARK, "down")}


def coast(world):
    """The gateways in the order of the coast."""
    order = list(world.topology.gateways)
    random.Random(f"cable_wave {world.country.seed}").shuffle(order)
    return order


def neighbour(world):
    """The control probe in whose network nothing of the target list stands."""
    return next(h for h in world.hosts if h.probe is world.country.controls[1])


def groups(world):
    first = world.topology.gateways.index(coast(world)[0])
    near = look.of_operators(world, look.behind(world, first))
    dark = neighbour(world)
    return {"first": near, "second": [h for h in world.field() if h not in near],
            "neighbour": [dark],
            "far": [h for h in world.hosts if h.probe.role == "control" and h is not dark]}


def victims(world):
    return world.field() + [neighbour(world)]


def landing(world, step):
    """The node whose link with w is cut at this step."""
    if step == 0:
        return world.router_of(neighbour(world).probe)
    return coast(world)[step - 1].node


def routers(world):
    return ["w"] + [landing(world, step) for step in range(3)]


def cut(step):
    def enter(world, breakage):
        node = landing(world, step)
        if step == 0:
            filters.say_no_route("cable_wave", routers(world))
        if breakage:
            # What has but this one way out knows at once that it has none.
            net.ip("w", [f"link set {node} down"])
            if step == 0:
                net.ip(node, ["link set w down"])
    return enter


PHASES = (("neighbour", cut(0)), ("one", cut(1)), ("two", cut(2)))


def off(world):
    filters.lift("cable_wave", routers(world))
    node = landing(world, 0)
    net.ip(node, ["link set w up"])
    net.ip("w", [f"link set {landing(world, step)} up" for step in range(3)])
    for at in (node, "w"):
        look.route_again(world, at)


def proof(world):
    c = world.country
    dark = neighbour(world).probe
    said = look.each(world, world.field(), lambda world, p: look.home_alone(world, p.node))
    own = [s for s in c.foreign_sites if s.node == world.router_of(dark)]
    rest = [s for s in c.sites() if s not in own]
    said += [(look.none_serves(world, dark.node, rest), f"{dark.node}: nothing far serves it"),
             (all(world.serves(dark.node, s) for s in own),
              f"{dark.node}: its own network does")]
    said += [(not world.carrier(landing(world, step), "w"),
              f"{landing(world, step)}: its link abroad is dark") for step in range(3)]
    return said + look.routed(world, c.operators + c.domestic, False)


def healed(world):
    return look.back(world, victims(world))
