"""One probe sits behind a captive portal: log in first.

Its first router answers every page itself, with a redirect to the portal's, lets names be
asked of the resolver that it hands out, and forbids everything else (RFC 8952 calls it the
enforcement): SCIENCE row 6.
"""

import os
import random

import filters
import look
import net
import servers

SENTENCE = ("the first router of one probe answers every page with a redirect to its log-in page "
            "and forbids everything else but names")
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.local"
OBSERVABLE = ("every page, whatever its name, is one and the same redirect, and only this probe "
              "sees it: its neighbours at the same operator are fine")
VANTAGE = "that probe; two others of its operator and six of the rest as reference"
TRAP = ("to the probe connections to port 80 succeed and a block page is served for each name, as "
        "a filter of the country would; but no other probe is told so")
ROUNDS, WINDOWS, SECONDS = 3, 3, 0

# It answers for everybody at port 80, so more than half of what is tried at home succeeds.
TABLE = """
who       power link router access domestic international core names   transport service quality
victims   up    up   up     down   up       partial       down partial up        up      down
others    up    up   up     up     up       up            up   up      up        up      up
controls  up    up   up     up     up       up            up   up      up        up      up
"""
FACTS = """
who       check  of             fact         is
victims   http   domestic       status       = 302
victims   http   international  status       = 302
victims   http   domestic       body_sha256  != before
victims   ping   domestic       outcome      = icmp_prohibited
victims   tls    -              outcome      = host_unreachable
victims   dns    names          outcome      = ok
others    http   -              status       = 200
controls  http   -              status       = 200
"""

PORTAL = """
    server {{ listen {address}:80; listen [{address6}]:80;
             return 302 http://{address}/login; }}
"""
RULES = """
table inet portal {{
    counter answered {{}}
    chain answer {{
        type nat hook prerouting priority dstnat;
        iifname "{node}" meta nfproto ipv4 tcp dport 80 counter name answered {four}
        iifname "{node}" meta nfproto ipv6 tcp dport 80 counter name answered {six}
    }}
}}
"""
CLEAN_S = 15


def victims(world):
    return [random.Random(f"captive {world.country.seed}").choice(world.field())]


def place(world):
    """(the probe, its first router)."""
    p = victims(world)[0].probe
    return p, world.router_of(p)


def on(world, breakage):
    p, router = place(world)
    home = f"{world.servers.dir}/nginx-{router}"
    os.makedirs(home)
    servers.write(f"{home}/nginx.conf", servers.NGINX.format(
        dir=home, servers=PORTAL.format(address=p.gateway, address6=p.gateway6)))
    world.servers.start(router, [world.servers.unpacked.program("nginx"), "-e",
                                 f"{home}/error.log", "-p", home, "-c", f"{home}/nginx.conf"])
    servers.wait_for("the portal", lambda: redirected(world, router, p.gateway, p.gateway6),
                     CLEAN_S)
    four = f"dnat ip to {p.gateway}" if breakage else "accept"
    six = f"dnat ip6 to {p.gateway6}" if breakage else "accept"
    net.nft(router, RULES.format(node=p.node, four=four, six=six))
    resolver = world.country.resolver
    asks = [f"{match} meta l4proto udp"
            for match in filters.of(resolver, world.country.twin(resolver))]
    filters.place("captive", [router], breakage, filters.over(p.node), asks, filters.FORBIDDEN)


def off(world):
    _, router = place(world)
    net.nft(router, "delete table inet portal\n")
    filters.lift("captive", [router])
    look.end(world, router, "nginx")


def redirected(world, node, *addresses):
    """Does each of them answer with a redirect?"""
    return all(look.status(node, f"http://{f'[{a}]' if ':' in a else a}/") == 302
               for a in addresses)


def proof(world):
    hit, router = place(world)
    said = look.each(world, world.field(), lambda world, p: prove_hit(world, p)
                     if p is hit else look.everything(world, p.node))
    said.append((net.counters(router, "portal")["answered"][0] > 0,
                 f"{router}: its portal was met"))
    return said + filters.met("captive", [router])


def prove_hit(world, p):
    c, node = world.country, p.node
    asked = [(c.resolver, "A", c.listed.address), (c.twin(c.resolver), "AAAA", c.listed.address6)]
    return look.router_lives(world, p) + [
        (all(redirected(world, node, s.address, s.address6) for s in c.sites()),
         f"{node}: is sent elsewhere whoever it asks"),
        (all(servers.resolve(node, a, c.listed.host, kind) == value for a, kind, value in asked),
         f"{node}: names are answered"),
        (world.silent(node, c.listed.address, c.domestic_sites[0].address6),
         f"{node}: nobody answers its echoes"),
        (not any(world.get(node, s, tls=True)["ok"] for s in c.domestic_sites),
         f"{node}: nor anything under TLS")]


def healed(world):
    return look.each(world, victims(world), lambda world, p: look.everything(world, p.node))
