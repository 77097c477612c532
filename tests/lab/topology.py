"""The country as nodes, links, addresses and routes. Pure; net.py makes it real.

    probe - acc - agg - core -+- ix - d0 d1 d2 (web servers; the resolver on d0)
                              |        |  |
                              +------ gw0 gw1 - w - f0 .. f5 (web, resolvers), an (analyzer)
                                                    f4, f5 - control probes
"""

import dataclasses

import country as country_module

DEFAULT = ("default", "default")


@dataclasses.dataclass
class End:
    """One end of a link; without an IPv6 address its node has none."""

    node: str
    interface: str
    address: str
    length: int
    address6: str = ""
    length6: int = 0

    @property
    def addresses(self):
        return (self.address, self.address6) if self.address6 else (self.address,)


@dataclasses.dataclass
class Gateway:
    """What speaks BGP with w: its link there, and what hangs on it."""

    node: str
    network: country_module.Network
    uplink: tuple  # (End, the End at w)
    homes: list  # (Network, the End it is reached by; None: nowhere but its links)


@dataclasses.dataclass
class Topology:
    nodes: list = dataclasses.field(default_factory=list)
    routers: set = dataclasses.field(default_factory=set)
    links: list = dataclasses.field(default_factory=list)  # (End, End)
    routes: list = dataclasses.field(default_factory=list)  # (node, prefix, via)
    owned: list = dataclasses.field(default_factory=list)  # (node, address) on lo
    gateways: list = dataclasses.field(default_factory=list)  # their routes are bird's

    def node(self, name, router=False):
        self.nodes.append(name)
        if router:
            self.routers.add(name)

    def link(self, a, b, network):
        """A link numbered out of ``network``; returns its two ends."""
        left, right = network.pair()
        self.links.append((End(a, b, left, 31, network.twin(left), 127),
                           End(b, a, right, 31, network.twin(right), 127)))
        return self.links[-1]

    def route(self, node, prefixes, via):
        """A route of each family to the end ``via``."""
        self.routes += [(node, prefix, hop) for prefix, hop in zip(prefixes, via.addresses)]

    def own(self, node, address, address6):
        self.owned += [(node, address), (node, address6)]


def build(country):
    t = Topology()
    for name in ("ix", "w", "gw0", "gw1"):
        t.node(name, router=True)
    for g, network in enumerate(country.gateways):
        t.gateways.append(Gateway(f"gw{g}", network, t.link(f"gw{g}", "w", country.transit),
                                  [(network, None)]))
    for i in range(len(country.operators)):
        build_operator(t, country, i)
    for i in range(len(country.domestic)):
        build_domestic(t, country, i)
    exchange_routes(t, country)
    build_world(t, country)
    for site in country.sites():
        t.own(site.node, site.address, site.address6)
    for node, address in country.public_resolvers:
        t.own(node, address, country.twin(address))
    for server in country.roots + country.tld_servers + [country.clock]:
        t.own(server.node, server.address, country.twin(server.address))
    return t


def behind(t, node, network, gateway):
    """Hangs a network on a gateway by the link from its router there."""
    own, gate = t.link(node, gateway.node, gateway.network)
    t.route(node, DEFAULT, gate)
    gateway.homes.append((network, own))


def build_operator(t, country, i):
    network = country.operators[i]
    acc, agg, core = f"acc{i}", f"agg{i}", f"core{i}"
    for name in (acc, agg, core):
        t.node(name, router=True)
    acc_up, agg_down = t.link(acc, agg, network)
    agg_up, core_down = t.link(agg, core, network)
    t.route(acc, DEFAULT, agg_down)
    t.route(agg, DEFAULT, core_down)
    t.route(agg, network.prefixes, acc_up)
    t.route(core, network.prefixes, agg_up)
    behind(t, core, network, t.gateways[country.gateway_of[i]])
    for probe in country.probes:
        if probe.operator == i:
            attach_probe(t, probe, acc)


def attach_probe(t, probe, router):
    t.node(probe.node)
    t.links.append((End(probe.node, "eth0", probe.address, 24, probe.address6, 64),
                    End(router, probe.node, probe.gateway, 24, probe.gateway6, 64)))
    t.route(probe.node, DEFAULT, t.links[-1][1])


def build_domestic(t, country, i):
    network, node = country.domestic[i], f"d{i}"
    t.node(node, router=True)
    behind(t, node, network, t.gateways[i % 2])
    if i == 0:
        t.node("dr")
        up, down = t.link(node, "dr", network)
        six = network.twin(country.resolver)
        t.route("dr", DEFAULT, up)
        t.route(node, (f"{country.resolver}/32", f"{six}/128"), down)
        t.own("dr", country.resolver, six)


def exchange_routes(t, country):
    """Operators and domestic networks meet at the exchange, never over a gateway. The
    exchange itself is reached from abroad through the first operator."""
    members = [(f"core{i}", n) for i, n in enumerate(country.operators)]
    members += [(f"d{i}", n) for i, n in enumerate(country.domestic)]
    hub = {node: t.link(node, "ix", country.exchange) for node, _ in members}
    for node, network in members:
        own, exchange = hub[node]
        t.route("ix", network.prefixes, own)
        for other, reached in members:
            if other != node:
                t.route(node, reached.prefixes, exchange)
    own, exchange = hub["core0"]
    t.route("ix", DEFAULT, own)
    t.route("core0", country.exchange.prefixes, exchange)
    gateway = t.gateways[country.gateway_of[0]]
    gateway.homes.append((country.exchange, next(
        via for network, via in gateway.homes if network is country.operators[0])))


def build_world(t, country):
    for i, network in enumerate(country.foreign):
        node = f"f{i}"
        t.node(node, router=True)
        world, own = t.link("w", node, country.transit)
        t.route("w", network.prefixes, own)
        t.route(node, DEFAULT, world)
    for f, control in zip(country_module.CONTROLS, country.controls):
        attach_probe(t, control, f"f{f}")
    t.node("an")
    world, own = t.link("w", "an", country.transit)
    t.route("w", country.analyzer.prefixes, own)
    t.route("an", DEFAULT, world)
    t.own("an", country.analyzer_address, country.twin(country.analyzer_address))
