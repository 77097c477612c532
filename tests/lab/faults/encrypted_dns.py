"""Encrypted questions to public resolvers die, plain ones are answered as ever.

Every operator drops what goes to the ports of DNS over TLS and over QUIC, and to the public
resolvers' own HTTPS. All other TLS passes, so it is a service that is blocked and no list
of what may pass: SCIENCE rows 15 and 20; it often comes before more.
"""

import encrypted
import filters
import look
import servers

SENTENCE = ("every operator drops DNS over TLS and over HTTPS to public resolvers; plain DNS and "
            "everything else passes")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("questions inside TLS and HTTPS time out at two public resolvers of two networks, "
              "at every operator, while the same resolvers answer plain ones and controls "
              "abroad get all three")
VANTAGE = "nine probes of three operators; two control probes in two other countries"
TRAP = ("nothing that a plain question or a page shows has changed; and a resolver whose TLS is "
        "out of order fails for the controls as well")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

# The list of this country has no resolver at 853 or 443, so no rung can show it: what is
# measured is as ever.
TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of             fact     is
victims   dns    international  outcome  = ok
victims   tls    international  outcome  = ok
controls  dns    international  outcome  = ok
"""


def victims(world):
    return world.field()


def resolvers(world):
    """(address, name) of each, over both families."""
    c = world.country
    return [(a, name) for (_, address), name in zip(c.public_resolvers, c.public_names)
            for a in (address, c.twin(address))]


def on(world, breakage):
    enter = [f"{protocol} {way} {encrypted.TLS_PORT}" for protocol in ("tcp", "udp")
             for way in ("dport", "sport")]
    enter += [f"{'ip6' if ':' in a else 'ip'} daddr {a} {protocol} dport {encrypted.HTTPS_PORT}"
              for a, _ in resolvers(world) for protocol in ("tcp", "udp")]
    filters.place("encrypted_dns", look.cores(world), breakage, enter)


def off(world):
    filters.lift("encrypted_dns", look.cores(world))


def proof(world):
    said = look.each(world, world.hosts, prove_host)
    return said + filters.met("encrypted_dns", look.cores(world))


def prove_host(world, p):
    site = world.country.foreign_sites[1]
    wanted = None if p.role == "field" else site.address
    said = []
    for address, name in resolvers(world):
        plain, *hidden = world.together(
            [lambda a=address: servers.resolve(p.node, a, site.host)]
            + [lambda a=address, n=name, ask=ask: ask(world, p.node, a, n, site.host)
               for ask in (encrypted.over_tls, encrypted.over_https)])
        said += [(plain == site.address, f"{p.node}: {address} answers plain questions"),
                 (hidden == [wanted] * 2, f"{p.node}: {address} answers "
                  f"{'none' if wanted is None else 'those, too,'} inside TLS and HTTPS")]
    return said + look.everything(world, p.node) + [
        (world.get(p.node, world.country.listed, tls=True)["ok"], f"{p.node}: other TLS passes")]


def healed(world):
    c = world.country
    address, name = resolvers(world)[0]
    return look.each(world, victims(world), lambda world, p: [
        (ask(world, p.node, address, name, c.listed.host) == c.listed.address,
         f"{p.node}: {ask.__name__} answers again")
        for ask in (encrypted.over_tls, encrypted.over_https)])
