"""One configuration error takes an owner's mobile and fixed operator off, routes and all.

A bad configuration is rolled out to the cores of both at once: every port that leads out of
their own networks shuts. What they announced is withdrawn, their rivals notice nothing:
SCIENCE rows 10 and 17, Rogers in 2022.
"""

import random

import filters
import look
import net

SENTENCE = ("one owner's mobile and fixed operator shut every port out of their networks by one "
            "wrong configuration; a rival mobile operator is fine")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.upstream"
OBSERVABLE = ("two networks, one of each medium, lose everything and all their routes in one "
              "second on machines that run on, while another mobile operator is untouched in "
              "the same places")
VANTAGE = ("three probes of each of both and of a rival, in the same regions; the world's "
           "tables; who owns what is in the registry")
TRAP = ("two operators at once read as an order; but an order by medium would not leave a "
        "mobile rival on, nor would one for all")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0

# A trace names the second router, beside the echo that it answers and the third's that fails.
TABLE = """
who       power link router access     domestic international core names transport service quality
victims   up    up   up     up|partial down     down          down down  down      down    -
others    up    up   up     up         up       up            up   up    up        up      up
controls  up    up   up     up         up       up            up   up    up        up      up
"""
FACTS = """
who      check  of             fact     is
victims  link   -              carrier  = 1
victims  ping   domestic       outcome  = network_unreachable
victims  ping   international  outcome  = network_unreachable
"""


def owned(world):
    """Operators: the fixed one and a mobile one."""
    chance = random.Random(f"mistake {world.country.seed}")
    return [world.country.media.index("fixed"), chance.choice(look.mobile(world))]


def cores(world):
    return [f"core{i}" for i in owned(world)]


def ports(world, core):
    """Those that lead to other networks."""
    return [a.interface for a, b in world.topology.links
            if a.node == core and not b.node.startswith("agg")]


def victims(world):
    return look.of_operators(world, owned(world))


def on(world, breakage):
    filters.say_no_route("mistake", cores(world))
    if breakage:
        for core in cores(world):
            net.ip(core, [f"link set {port} down" for port in ports(world, core)])


def off(world):
    for core in cores(world):
        net.ip(core, [f"link set {port} up" for port in ports(world, core)])
        look.route_again(world, core)
    filters.lift("mistake", cores(world))


def proof(world):
    c = world.country
    suffer = [h.probe for h in victims(world)]
    said = look.each(world, world.field(), lambda world, p: look.router_lives(world, p) + (
        look.nothing(world, p.node) if p in suffer else look.everything(world, p.node)))
    said += look.routed(world, [c.operators[i] for i in owned(world)], False)
    rivals = [n for i, n in enumerate(c.operators) if i not in owned(world)]
    said += look.routed(world, rivals + c.domestic)
    return said + [(len({p.medium for p in suffer}) == 2, "both media are hit"),
                   (all(world.serves(c.controls[0].node, s) for s in c.domestic_sites),
                    "from abroad the country's servers are alive")]


def healed(world):
    return look.back(world, victims(world))
