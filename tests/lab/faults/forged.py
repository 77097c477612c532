"""DNS answers are forged for one name, on the way, at all three operators.

Each operator's router turns questions for that name, to whatever resolver, over to a
server of its own that answers in the resolver's place: with an address inside the
country where nothing is served.
"""

import random

import look
import net
import servers

SENTENCE = ("all three operators forge the DNS answers for one name, whichever resolver "
            "is asked")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("one and the same answer, which no control probe gets, for one name at every "
              "operator, from the configured resolver and from one abroad alike")
VANTAGE = "nine probes of three operators; control probes that ask the same name abroad"
TRAP = ("a resolver at fault errs for many names and only where it is asked; a name that has "
        "moved or answers differently by place does so abroad as well")
ROUNDS, WINDOWS, SECONDS = 4, 4, 0
# A lie is an answer, so no rung breaks.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who       check  of      fact           is
victims   dns    forged  answer_sha256  != before
victims   dns    true    answer_sha256  = before
controls  dns    forged  answer_sha256  = before
"""

RULES = """
table inet lab {{
    counter forged {{}}
    chain lie {{
        type nat hook prerouting priority dstnat;
        iifname "{below}" meta nfproto ipv4 udp dport 53 {asks} counter name forged dnat ip to {liar}
        iifname "{below}" meta nfproto ipv6 udp dport 53 {asks} counter name forged dnat ip6 to {liar6}
    }}
}}
"""
WIRE_BITS_MOST = 128  # what one comparison of nft takes


def victims(world):
    return world.field()


def targets(world):
    host, c = name(world).host, world.country
    return {"forged": look.ids(c, lambda r: r[3] == "53" and r[1] == host),
            "true": look.ids(c, lambda r: r[3] == "53" and r[1] != host and r[0] != "core")}


def name(world):
    """One of the names that are asked; its site."""
    c = world.country
    asked = {row[1] for row in look.rows(c) if row[0] == "names"}
    fit = [s for s in c.sites() if s.host in asked]
    return random.Random(f"forged {c.seed}").choice(fit)


def lie(world):
    """The address that is told instead: public, in the country, and nobody's."""
    c = world.country
    address = c.domestic[1].address(251, random.Random(f"lie {c.seed}").randrange(10, 250))
    return address, c.twin(address)


def liar(world, i):
    network = world.country.operators[i]
    address = network.address(250, 53)
    return f"core{i}", address, network.twin(address)


def asks(host):
    """What a question for the name says at the start of its message (RFC 1035 section 4.1):
    behind 8 bytes of UDP and 12 of the DNS header."""
    wire = b"".join(bytes([len(p)]) + p.encode() for p in host.split(".")) + b"\0"
    if len(wire) * 8 > WIRE_BITS_MOST:
        raise RuntimeError(f"the name {host} is too long to match")
    return f"@th,160,{len(wire) * 8} == 0x{wire.hex()}"


def on(world, breakage):
    site, told = name(world), lie(world)
    if not breakage:
        told = (site.address, site.address6)
    nobody = lie(world)
    net.ip("d1", [f"route add unreachable {a}" for a in nobody])
    for i in range(len(world.country.operators)):
        node, address, address6 = liar(world, i)
        net.ip(node, [net.added(address, 32, "lo"), net.added(address6, 128, "lo")])
        world.servers.unbound(node, address, address6,
                              [(site.host, "A", told[0]), (site.host, "AAAA", told[1])])
    for i in range(len(world.country.operators)):
        node, address, address6 = liar(world, i)
        for asked, kind, value in ((address, "A", told[0]), (address6, "AAAA", told[1])):
            servers.wait_for(f"the liar {asked}", lambda a=asked, k=kind, v=value:
                             servers.resolve(node, a, site.host, k, 0.3) == v, 15)
        net.nft(node, RULES.format(below=f"agg{i}", asks=asks(site.host), liar=address,
                                   liar6=address6))


def off(world):
    for i in range(len(world.country.operators)):
        node, address, address6 = liar(world, i)
        net.nft(node, "delete table inet lab\n")
        look.end(world, node, "unbound")
        net.ip(node, [f"address delete {address}/32 dev lo",
                      f"address delete {address6}/128 dev lo"])
    net.ip("d1", [f"route delete unreachable {a}" for a in lie(world)])


def proof(world):
    said = look.each(world, world.hosts, prove_host)
    for i in range(len(world.country.operators)):
        node = liar(world, i)[0]
        said.append((net.counters(node)["forged"][0] > 0, f"{node}: forged answers"))
    return said


def prove_host(world, p):
    c, site = world.country, name(world)
    other = next(s for s in c.sites() if s is not site)
    told = lie(world) if p.role == "field" else (site.address, site.address6)
    resolvers = [c.resolver, c.public_resolvers[0][1]]
    resolvers += [c.twin(a) for a in resolvers]
    heard = world.together([
        lambda r=r, k=k, h=h: servers.resolve(p.node, r, h, k) for r in resolvers
        for k, h in (("A", site.host), ("AAAA", site.host), ("A", other.host))])
    return [(set(zip(heard[0::3], heard[1::3])) == {told},
             f"{p.node}: every resolver says {told[0]} and {told[1]} for {site.host}"),
            (set(heard[2::3]) == {other.address},
             f"{p.node}: and the truth about {other.host}")]


def healed(world):
    c, site = world.country, name(world)
    return [(servers.resolve(p.node, c.resolver, site.host) == site.address,
             f"{p.node}: hears the truth again") for p in c.probes]
