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
class Topology:
    nodes: list = dataclasses.field(default_factory=list)
    routers: set = dataclasses.field(default_factory=set)
    links: list = dataclasses.field(default_factory=list)  # (End, End)
    routes: list = dataclasses.field(default_factory=list)  # (node, prefix, via)
    owned: list = dataclasses.field(default_factory=list)  # (node, address) on lo

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
    world_of = [t.link(f"gw{g}", "w", country.transit) for g in range(2)]
    for g, (own, world) in enumerate(world_of):
        t.route(f"gw{g}", DEFAULT, world)
        t.route("w", country.gateways[g].prefixes, own)
    for i in range(len(country.operators)):
        build_operator(t, country, i, world_of)
    for i in range(len(country.domestic)):
        build_domestic(t, country, i, world_of)
    exchange_routes(t, country)
    build_world(t, country)
    for site in country.sites():
        t.own(site.node, site.address, site.address6)
    for node, address in country.public_resolvers:
        t.own(node, address, country.twin(address))
    return t


def build_operator(t, country, i, world_of):
    network, g = country.operators[i], country.gateway_of[i]
    acc, agg, core = f"acc{i}", f"agg{i}", f"core{i}"
    for name in (acc, agg, core):
        t.node(name, router=True)
    acc_up, agg_down = t.link(acc, agg, network)
    agg_up, core_down = t.link(agg, core, network)
    t.route(acc, DEFAULT, agg_down)
    t.route(agg, DEFAULT, core_down)
    t.route(agg, network.prefixes, acc_up)
    t.route(core, network.prefixes, agg_up)
    core_out, gate = t.link(core, f"gw{g}", country.gateways[g])
    t.route(core, DEFAULT, gate)
    t.route(f"gw{g}", network.prefixes, core_out)
    t.route("w", network.prefixes, world_of[g][0])
    for probe in country.probes:
        if probe.operator == i:
            attach_probe(t, probe, acc)


def attach_probe(t, probe, router):
    t.node(probe.node)
    t.links.append((End(probe.node, "eth0", probe.address, 24, probe.address6, 64),
                    End(router, probe.node, probe.gateway, 24, probe.gateway6, 64)))
    t.route(probe.node, DEFAULT, t.links[-1][1])


def build_domestic(t, country, i, world_of):
    network, g = country.domestic[i], i % 2
    node = f"d{i}"
    t.node(node, router=True)
    own, gate = t.link(node, f"gw{g}", country.gateways[g])
    t.route(node, DEFAULT, gate)
    t.route(f"gw{g}", network.prefixes, own)
    t.route("w", network.prefixes, world_of[g][0])
    if i == 0:
        t.node("dr")
        up, down = t.link(node, "dr", network)
        six = network.twin(country.resolver)
        t.route("dr", DEFAULT, up)
        t.route(node, (f"{country.resolver}/32", f"{six}/128"), down)
        t.own("dr", country.resolver, six)


def exchange_routes(t, country):
    """Operators and domestic networks meet at the exchange, never over a gateway."""
    members = [(f"core{i}", n) for i, n in enumerate(country.operators)]
    members += [(f"d{i}", n) for i, n in enumerate(country.domestic)]
    hub = {node: t.link(node, "ix", country.exchange) for node, _ in members}
    for node, network in members:
        own, exchange = hub[node]
        t.route("ix", network.prefixes, own)
        for other, reached in members:
            if other != node:
                t.route(node, reached.prefixes, exchange)


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
