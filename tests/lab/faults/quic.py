"""QUIC is dead and TCP is fine: every operator drops UDP to port 443.

Whoever has TCP beside it notices little; it often comes days before more: SCIENCE rows 15
and 20, E4 and E5.
"""

import subprocess

import filters
import look
import net

SENTENCE = "every operator drops UDP to and from port 443; TCP to the same port passes"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.allowlist"
OBSERVABLE = ("QUIC packets are not answered while TLS over TCP to the same name and address is, at "
              "every operator; controls abroad get both")
VANTAGE = "nine probes of three operators; control probes abroad that are answered"
TRAP = "a server that has given QUIC up is silent to the controls as well"
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

TABLE = """
who       power link router access domestic international core names transport                service quality
victims   up    up   up     up     up       up            up   up    up:generic_timeout_error up      up
controls  up    up   up     up     up       up            up   up    up                       up      up
"""
FACTS = """
who       check  of       fact     is
victims   quic   control  outcome  = generic_timeout_error
victims   tls    control  outcome  = ok
victims   dns    -        outcome  = ok
controls  quic   control  outcome  = ok
"""
# A long header of a version that nobody speaks, in a datagram of 1200 bytes, is answered with
# those that are spoken (RFC 9000 section 6.1).
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect((sys.argv[1], 443))
s.send((b"\\xc0\\x1a\\x2a\\x3a\\x4a\\x08" + b"probe-id" + b"\\x08" + b"from-me!").ljust(1200, b"\\0"))
sys.exit(s.recv(2048)[1:5] != bytes(4))
"""


def victims(world):
    return world.field()


def on(world, breakage):
    filters.place("quic", look.cores(world), breakage, ("udp dport 443", "udp sport 443"))


def off(world):
    filters.lift("quic", look.cores(world))


def speaks(node, address):
    return subprocess.run(net.inside(node, ["/usr/bin/python3", "-c", ASK, address]),
                          capture_output=True).returncode == 0


def proof(world):
    return look.each(world, world.hosts, prove_host) + filters.met("quic", look.cores(world))


def prove_host(world, p):
    site, node = world.country.quic_site, p.node
    return [(speaks(node, a) == (p.role == "control"), f"{node}: QUIC to {a} is "
             f"{'answered' if p.role == 'control' else 'dead'}")
            for a in (site.address, site.address6)] + [
        (world.get(node, site, tls=True, six=six)["ok"], f"{node}: TLS passes")
        for six in (False, True)] + look.everything(world, node)


def healed(world):
    site = world.country.quic_site
    return look.each(world, victims(world), lambda world, p: [
        (speaks(p.node, a), f"{p.node}: {a} answers again")
        for a in (site.address, site.address6)])
