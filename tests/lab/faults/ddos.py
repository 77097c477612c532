"""The edge of one operator is flooded from abroad: SCIENCE scenario 34.

Datagrams for the operator's portal fill the queue through which all that it receives must
come. It is two and a half times as much as fits, so three of five packets are lost and
the rest arrive late by the whole length of that queue. The portal and the resolver that this
operator gave its subscribers are overwhelmed and answer nobody.
"""

import random
import signal

import country as country_module
import crowd
import emulate
import look
import net
import servers

SENTENCE = "one operator's edge is flooded: most of what it receives is lost, the rest is late"
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.cyber"
OBSERVABLE = ("at one operator alone loss of half and more towards home and abroad alike and a "
              "round trip that is high and constant, its own resolver dead; upwards all passes")
VANTAGE = "three probes of the operator; six of the others, which reach the same targets"
TRAP = ("crowding is as late and lossy but comes and goes with the hour and leaves the resolver "
        "alone; a shaper loses little while it is late")
# A round takes most of a minute: what is lost is waited for.
ROUNDS, WINDOWS, SECONDS = 1, 2, 0
# Of the routers behind the first one the nearer is this side of the flood. Whether 32 KiB get
# through in the time that a transfer has, with three of five packets lost, is luck.
TABLE = """
who       power  link  router  access      domestic    international  core             names                                                 transport        service          quality
victims   up     up    up      up|partial  up|partial  up|partial     up|partial|down  partial:generic_timeout_error|down:generic_timeout_error  up|partial|down  up|partial|down  any
others    up     up    up      up          up          up             up               up                                                    up               up               up
controls  up     up    up      up          up          up             up               up                                                    up               up               up
"""
# Three of five are lost; a round sends three dozen echoes, and this is three deviations of those.
FACTS = """
who      check  of             fact     is
victims  dns    names          outcome  = generic_timeout_error
victims  ping   international  rtt_us   > 380000
victims  ping   international  rtt_us   < 520000
victims  ping   domestic       rtt_us   > 380000
victims  ping   domestic       rtt_us   < 520000
victims  ping   international  loss     > 0.35
victims  ping   international  loss     < 0.85
others   ping   international  loss     < 0.05
others   ping   international  rtt_us   < 20000
"""

INBOUND_BPS, QUEUE_MS, TIMES = 4000000, 400, 2.5
ECHOES = 100  # the share of them that is lost strays by a twentieth
NODES = ("f1", "f2", "f4")  # some of many


def operator(world):
    return random.Random(f"ddos {world.country.seed}").randrange(len(world.country.operators))


def victims(world):
    return [h for h in world.field() if h.probe.operator == operator(world)]


def portal(world):
    """Where the operator's own servers are: inside, behind its edge."""
    network = world.country.operators[operator(world)]
    address = network.address(250, 80)
    return f"agg{operator(world)}", address, network.twin(address)


def before(world):
    """The operator's resolver, which its subscribers are told of; its edge, wide enough."""
    i, (node, address, address6) = operator(world), portal(world)
    net.ip(node, [net.added(address, 32, "lo"), net.added(address6, 128, "lo")])
    world.servers.unbound(node, address, address6, country_module.zone(world.country))
    site = world.country.foreign_sites[1]
    servers.wait_for(f"unbound on {address}", lambda: servers.resolve(
        f"acc{i}", address, site.host, "A", 0.3) == site.address, 15)
    for host in victims(world):
        host.resolve_at(address)
    world.edge = emulate.Emulated(world, node, f"core{i}", "--down",
                                  f"rate={INBOUND_BPS},queue={QUEUE_MS}", shared=True)


def after(world):
    world.edge.end()
    node, address, address6 = portal(world)
    look.end(world, node, "unbound")
    net.ip(node, [f"address del {address}/32 dev lo", f"address del {address6}/128 dev lo"])
    for host in victims(world):
        host.resolve_at(world.country.resolver)


def on(world, breakage):
    node, *addresses = portal(world)
    world.flood = crowd.Flood(NODES, addresses, INBOUND_BPS * (TIMES if breakage else 0.001))
    if breakage:
        look.child(world, node, "unbound").send_signal(signal.SIGSTOP)
        site = world.country.foreign_sites[1].address
        servers.wait_for("a full queue", lambda: 380 < look.echoes(node, site, 8)[0] < 1e6,
                         20)


def off(world):
    world.flood.rest()
    look.child(world, portal(world)[0], "unbound").send_signal(signal.SIGCONT)


def proof(world):
    return look.each(world, world.field(), prove_host)


def prove_host(world, p):
    site = world.country.foreign_sites[1]
    home = world.country.domestic_sites[0]
    ask = [site.address, site.address6, home.address, home.address6]
    seen = world.together([lambda a=a: look.echoes(p.node, a, ECHOES) for a in ask])
    hit = p.operator == operator(world)
    said = []
    for address, (ms, lost) in zip(ask, seen):
        fine = (380 < ms < 520 and 0.4 < lost < 0.8) if hit else (ms < 20 and lost < 0.1)
        said.append((fine, f"{p.node}: {ms:.0f} ms and {lost:.0%} lost to {address}"))
    if hit:
        said.append((servers.resolve(p.node, portal(world)[1], site.host) is None,
                     f"{p.node}: its resolver is dead"))
    return said


def healed(world):
    site = world.country.foreign_sites[1]
    return [(look.soon(lambda n=h.probe.node: world.serves(n, site, 1), 10)
             and servers.resolve(h.probe.node, portal(world)[1], site.host) == site.address,
             f"{h.probe.node}: is back, and its resolver") for h in victims(world)]
