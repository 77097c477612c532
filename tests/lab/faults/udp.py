"""UDP is dead but for questions to name servers; TCP lives: SCIENCE row 15, E5."""

import filters
import look
import servers
from faults import quic

SENTENCE = "every operator drops all UDP but that to and from port 53; TCP and echoes pass"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.allowlist"
OBSERVABLE = ("QUIC and clocks are silent while DNS over UDP and all of TCP are answered at their "
              "normal round trip, at every operator; controls abroad get all of it")
VANTAGE = "nine probes of three operators; control probes abroad"
TRAP = ("one protocol that fails looks like one server that does: here two of them, of two "
        "networks, are silent at once, and to all operators")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

# The clock is one of three questions to the core, QUIC one of many handshakes.
TABLE = """
who       power link router access domestic international core                     names transport                service quality
victims   up    up   up     up     up       up            up:generic_timeout_error up    up:generic_timeout_error up      up
controls  up    up   up     up     up       up            up                       up    up                       up      up
"""
FACTS = """
who       check  of       fact     is
victims   quic   control  outcome  = generic_timeout_error
victims   core   clock    outcome  = generic_timeout_error
victims   tls    control  outcome  = ok
victims   dns    -        outcome  = ok
controls  quic   control  outcome  = ok
controls  core   clock    outcome  = ok
"""


def victims(world):
    return world.field()


def targets(world):
    c = world.country
    return {"clock": look.ids(c, lambda r: r[2] == c.clock.address)}


def on(world, breakage):
    filters.place("no_udp", look.cores(world), breakage, ("meta l4proto udp",),
                  ("udp dport 53", "udp sport 53"))


def off(world):
    filters.lift("no_udp", look.cores(world))


def proof(world):
    return look.each(world, world.hosts, prove_host) + filters.met("no_udp", look.cores(world))


def prove_host(world, p):
    c, node = world.country, p.node
    alive = p.role == "control"
    site, (_, resolver) = c.quic_site, c.public_resolvers[0]
    return [
        (all(quic.speaks(node, a) == alive for a in (site.address, site.address6)),
         f"{node}: QUIC is {'answered' if alive else 'dead'}"),
        (world.tells_time(node) == alive, f"{node}: so is the clock"),
        (all(servers.resolve(node, a, c.listed.host) == c.listed.address
             for a in (resolver, c.twin(resolver))), f"{node}: names are answered"),
        (all(world.get(node, site, tls=True, six=six)["ok"] for six in (False, True)),
         f"{node}: TLS passes"),
        (world.answers(node, c.listed.address, c.listed.address6), f"{node}: echoes, too")
        ] + look.everything(world, node)


def healed(world):
    return look.each(world, victims(world), lambda world, p: [
        (world.tells_time(p.node), f"{p.node}: the clock answers again")])
