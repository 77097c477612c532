"""Somebody pulls the cable of one probe."""

import random

import net

SENTENCE = "one probe's own cable is pulled"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.local"
OBSERVABLE = "the probe itself writes down that its link has no carrier"
VANTAGE = "that probe, afterwards; its neighbours as reference"
TRAP = "seen from outside it is a silence like any other"
ROUNDS, WINDOWS, SECONDS = 3, 3, 0  # two bad bins in a row, and whole ones
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     down  down    -       -         -              -     -      -          -        -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of  fact     is
victims  link   -   outcome  = link_down
victims  link   -   carrier  = 0
others   link   -   carrier  = 1
"""


def victims(world):
    return [victim(world)]


def victim(world):
    return random.Random(f"cable {world.country.seed}").choice(world.field())


def port(world):
    p = victim(world).probe
    return f"acc{p.operator}", p.node


def on(world, breakage):
    """A modem hangs on that cable, too: it is no more on the bus of its machine."""
    if breakage:
        node, interface = port(world)
        net.ip(node, [f"link set {interface} down"])
        victim(world).unplug_modem()


def off(world):
    node, interface = port(world)
    net.ip(node, [f"link set {interface} up"])
    victim(world).plug_modem()


def proof(world):
    hit = victim(world).probe
    said = [
        (not world.carrier(hit.node, "eth0"), f"{hit.node}: no carrier"),
        (world.silent(hit.node, hit.gateway, hit.gateway6),
         f"{hit.node}: its router is silent"),
    ]
    for host in world.field():
        p = host.probe
        if p is not hit:
            said.append((world.answers(p.node, p.gateway, p.gateway6), f"{p.node}: is fine"))
    return said


def healed(world):
    hit = victim(world).probe
    return [(world.carrier(hit.node, "eth0"), f"{hit.node}: has a carrier again"),
            (world.serves(hit.node, world.country.foreign_sites[1]),
             f"{hit.node}: is back")]
