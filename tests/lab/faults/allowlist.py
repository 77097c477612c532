"""Only listed destinations abroad pass, at every operator, by address: an allow-list.

Two sites with all they speak (pages, TLS, QUIC, echoes), one of two public resolvers and
the clock are on it; their neighbours and all else abroad are dropped without a word. At
home nothing changes and the routes stay: SCIENCE rows 13, 15 and 18.
"""

import random

import filters
import look
import servers

SENTENCE = ("every operator lets only listed destinations abroad pass: two sites, one public "
            "resolver, the clock; the country itself lives")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.allowlist"
OBSERVABLE = ("hosts of several foreign networks answer at their normal round trips over TCP, "
              "UDP and ICMP while others of the same networks are dead, at every operator")
VANTAGE = "nine probes of three operators; control probes abroad to which all of them answer"
TRAP = ("one host that survives a cut of everything else may be a cache; here several "
        "networks, protocols and purposes survive, which somebody has chosen")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0

# Of three questions to the core the clock alone is answered, of four for names all but one.
# How many pages are lost depends on which hosts the list has over IPv6 as well.
TABLE = """
who       power link router access domestic international core    names transport service    quality
victims   up    up   up     up     up       partial       partial up    up        up|partial down
controls  up    up   up     up     up       up            up      up    up        up         up
"""
FACTS = """
who       check  of        fact     is
victims   http   listed    outcome  = ok
victims   ping   listed    outcome  = ok
victims   ping   listed    rtt_us   < 50000
victims   tcp    listed    outcome  = ok
victims   tls    control   outcome  = ok
victims   quic   control   outcome  = ok
victims   core   clock     outcome  = ok
victims   dns    resolver  outcome  = ok
victims   http   rest      outcome  = generic_timeout_error
victims   ping   rest      outcome  = generic_timeout_error
victims   dns    other     outcome  = generic_timeout_error
controls  http   rest      outcome  = ok
"""


def victims(world):
    return world.field()


def listed_sites(world):
    """The second is what phones contact by themselves."""
    return [world.country.listed, world.country.quic_site]


def resolvers(world):
    """(the listed one, the other)."""
    both = [a for _, a in world.country.public_resolvers]
    random.Random(f"allowlist {world.country.seed}").shuffle(both)
    return both


def targets(world):
    c, passing = world.country, listed(world)
    public, other = resolvers(world)

    def abroad(row):
        return row[0] in ("international", "control") and row[3] in ("80", "443")

    return {"listed": look.ids(c, lambda r: abroad(r) and r[2] in passing),
            "rest": look.ids(c, lambda r: abroad(r) and r[2] not in passing),
            "clock": look.ids(c, lambda r: r[2] == c.clock.address),
            "resolver": look.ids(c, lambda r: r[2] == public),
            "other": look.ids(c, lambda r: r[2] == other)}


def listed(world):
    """Addresses of both families."""
    c = world.country
    there = [s.address for s in listed_sites(world)]
    there += [resolvers(world)[0], c.clock.address]
    return [a for address in there for a in (address, c.twin(address))]


def each_way(world):
    """(core, its way abroad) of every operator."""
    return [(f"core{i}", f"gw{g}") for i, g in enumerate(world.country.gateway_of)]


def on(world, breakage):
    for core, abroad in each_way(world):
        filters.place("allowlist", [core], breakage, filters.over(abroad),
                      filters.of(*listed(world)))


def off(world):
    filters.lift("allowlist", [core for core, _ in each_way(world)])


def proof(world):
    c = world.country
    said = look.each(world, world.hosts, lambda world, p: prove_host(world, p)
                     if p.role == "field" else look.everything(world, p.node))
    said += filters.met("allowlist", [core for core, _ in each_way(world)])
    return said + look.routed(world, c.operators)


def prove_host(world, p):
    c, node = world.country, p.node
    passing = listed_sites(world)
    answered = [servers.resolve(node, a, c.listed.host, timeout_s=1)
                for address in resolvers(world) for a in (address, c.twin(address))]
    return [
        (all(world.serves(node, s) for s in c.domestic_sites),
         f"{node}: the country itself is as ever"),
        (all(world.serves(node, s, 1) and world.get(node, s, tls=True)["ok"] for s in passing),
         f"{node}: both listed sites serve pages, in the clear and under TLS"),
        (world.answers(node, *[a for s in passing for a in (s.address, s.address6)]),
         f"{node}: and answer echoes"),
        (look.none_serves(world, node, [s for s in c.foreign_sites if s not in passing]),
         f"{node}: nothing else abroad serves it"),
        (answered == [c.listed.address] * 2 + [None] * 2,
         f"{node}: one public resolver answers, the other one does not"),
        (world.tells_time(node), f"{node}: the clock answers"),
        (not any(world.names(node, s) for s in c.roots), f"{node}: no root server does")]


def healed(world):
    return look.back(world, victims(world))
