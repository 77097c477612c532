"""One probe's default route leads through a tunnel abroad for a while.

WireGuard to a router in another country, which hides the probe behind its own address. All
works; but what the probe sees is that network's, not its own: scenario 52.
"""

import random
import socket
import subprocess

import look
import net
import tunnel

SENTENCE = "one probe's default route goes through a VPN abroad for a while"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.local"
OBSERVABLE = "the probe itself sees that its default route leads into a tunnel"
VANTAGE = "that probe; its neighbours as reference"
TRAP = ("everything answers, later than before and by another country's routers: read as its "
        "own line's it is a new path, or a cut at home that is none")
ROUNDS, WINDOWS, SECONDS = 3, 3, 0
# The machine, its link and nothing beyond: what a tunnel carries is not the line's.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    -       -       -         -              -     -      -          -        -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact     is
victims  link   -              tunnel   = 1
victims  link   -              route    = 1
victims  ping   domestic       reason   = tunnel
victims  ping   international  reason   = tunnel
victims  http   domestic       reason   = tunnel
"""

# Any of them routes and has a name; the listed one has a role of its own.
SERVERS = (1, 2, 3)


def victims(world):
    return [random.Random(f"vpn {world.country.seed}").choice(world.field())]


def server(world):
    return world.country.foreign_sites[random.Random(f"vpn far {world.country.seed}").choice(
        SERVERS)]


def on(world, breakage):
    """Without breakage the tunnel is there and nothing is led into it."""
    host, = victims(world)
    world.tunnel = tunnel.Tunnel(world, host.probe, server(world),
                                 random.Random(f"vpn keys {world.country.seed}"))
    if breakage:
        world.tunnel.lead()


def off(world):
    world.tunnel.end()


SEEN_FROM = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.bind((sys.argv[1], 0)); s.listen(); s.settimeout(5)
print(s.getsockname()[1], flush=True)
print(s.accept()[1][0], flush=True)
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 4)"


def seen_from(world, node, site, address):
    """The address under which a server sees the node when it connects."""
    server = subprocess.Popen(net.inside(site.node, ["/usr/bin/python3", "-c", SEEN_FROM,
                                                     address]),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    port = server.stdout.readline().strip()
    subprocess.run(net.inside(node, ["/usr/bin/python3", "-c", CONNECT, address, port]),
                   capture_output=True)
    said = server.communicate()[0].strip()
    return said or None


def at_home(network, address):
    family = socket.AF_INET6 if address and ":" in address else socket.AF_INET
    return address is not None and any(
        int.from_bytes(socket.inet_pton(family, address), "big") >> (prefix.max_prefixlen
                                                                     - prefix.prefixlen)
        == int(prefix.network_address) >> (prefix.max_prefixlen - prefix.prefixlen)
        for prefix in (network.prefix6 if ":" in address else network.prefix,))


def proof(world):
    host, = victims(world)
    p, site, said = host.probe, world.country.domestic_sites[1], []
    abroad = world.country.foreign[int(server(world).node[1:])]
    routes = net.call([net.IP, "-n", p.node, "route", "show", "default"]).stdout.splitlines()
    said.append((bool(routes) and "dev wg0" in routes[0],
                 f"{p.node}: its default route leads into the tunnel"))
    for address in (site.address, site.address6):
        seen = seen_from(world, p.node, site, address)
        said.append((not at_home(p.network, seen),
                     f"{p.node}: is seen from another network, at {seen}, by {site.host}"))
    said += look.everything(world, p.node)
    hop = world.ping(p.node, site.address, ttl=2)
    said.append((hop is not None and not at_home(p.network, hop),
                 f"{p.node}: its second router, {hop}, is not its operator's"))
    said.append((abroad.country != world.country.code, f"{server(world).node} is abroad"))
    others = [h for h in world.field() if h is not host]
    return said + look.each(world, others, lambda world, p: look.everything(world, p.node))


def healed(world):
    p = victims(world)[0].probe
    site = world.country.domestic_sites[1]
    return look.back(world, victims(world)) + [
        (at_home(p.network, seen_from(world, p.node, site, address)),
         f"{p.node}: is seen at home again") for address in (site.address, site.address6)]
