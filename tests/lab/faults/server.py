"""One listed server abroad goes down, for everybody in the world."""

import random

import filters
import look
import net

SENTENCE = "one server abroad is down, for the country and for everybody else"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.remote"
OBSERVABLE = "the control probes abroad find the same target dead at the same time"
VANTAGE = "two control probes in two foreign networks; nine probes in the country"
TRAP = "from inside alone it looks as if one service were blocked by every operator"
ROUNDS, WINDOWS, SECONDS = 3, 4, 0
# One host of many: no rung breaks.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who       check  of    fact     is
victims   ping   dead  outcome  = host_unreachable
controls  ping   dead  outcome  = host_unreachable
victims   tcp    dead  outcome  = host_unreachable
controls  tcp    dead  outcome  = host_unreachable
"""


def victim(world):
    """Not the last one's neighbour: a network of its own, and somebody measures it."""
    c = world.country
    asked = {row[2] for row in look.rows(c)}
    measured = [s for s in c.foreign_sites[1:-1] if s.address in asked]
    return random.Random(f"server {c.seed}").choice(measured)


def victims(world):
    return world.field()


def targets(world):
    address = victim(world).address
    return {"dead": look.ids(world.country, lambda r: r[2] == address)}


def on(world, breakage):
    """The machine is off: its last router says so, as one does that finds no neighbour."""
    site = victim(world)
    filters.say_no_host("server", site.node, breakage, site.address, site.address6)
    if breakage:
        net.ip(site.node, [f"address delete {a}/{length} dev lo" for a, length in both(site)])


def off(world):
    site = victim(world)
    net.ip(site.node, [f"address replace {a}/{length} dev lo" for a, length in both(site)])
    filters.lift("server", [site.node])


def both(site):
    return (site.address, 32), (site.address6, 128)


def proof(world):
    return look.each(world, world.hosts, prove_host)


def prove_host(world, p):
    site = victim(world)
    others = [s for s in world.country.foreign_sites if s is not site]
    return [
        (site.address != world.ping(p.node, site.address)
         and site.address6 != world.ping(p.node, site.address6)
         and look.none_serves(world, p.node, [site]), f"{p.node}: {site.host} is dead"),
        (all(world.serves(p.node, s) for s in others),
         f"{p.node}: every other server abroad answers")]


def healed(world):
    return [(world.serves(h.probe.node, victim(world)), f"{h.probe.node}: it is back")
            for h in world.hosts]
