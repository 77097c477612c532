"""The country as nodes, links, addresses and routes. Pure; net.py makes it real.

    probe - acc - agg - core -+- ix - d0 d1 d2 (web servers; the resolver on d0)
                              |        |  |
                              +------ gw0 gw1 - w - f0 .. f5 (web, resolvers), an (analyzer)
                                                    f4, f5 - control probes
"""

import dataclasses

import country as country_module


@dataclasses.dataclass
class End:
    node: str
    interface: str
    address: str
    length: int


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
        """A link numbered out of ``network``; returns (address of a, address of b)."""
        left, right = network.pair()
        self.links.append((End(a, b, left, 31), End(b, a, right, 31)))
        return left, right

    def route(self, node, prefix, via):
        self.routes.append((node, str(prefix), via))


def build(country):
    t = Topology()
    for name in ("ix", "w", "gw0", "gw1"):
        t.node(name, router=True)
    world_of = [t.link(f"gw{g}", "w", country.transit) for g in range(2)]
    for g, (own, world) in enumerate(world_of):
        t.route(f"gw{g}", "default", world)
        t.route("w", country.gateways[g].prefix, own)
    for i in range(len(country.operators)):
        build_operator(t, country, i, world_of)
    for i in range(len(country.domestic)):
        build_domestic(t, country, i, world_of)
    exchange_routes(t, country)
    build_world(t, country)
    for site in country.domestic_sites + country.foreign_sites:
        t.owned.append((site.node, site.address))
    for node, address in country.public_resolvers:
        t.owned.append((node, address))
    return t


def build_operator(t, country, i, world_of):
    network, g = country.operators[i], country.gateway_of[i]
    acc, agg, core = f"acc{i}", f"agg{i}", f"core{i}"
    for name in (acc, agg, core):
        t.node(name, router=True)
    acc_up, agg_down = t.link(acc, agg, network)
    agg_up, core_down = t.link(agg, core, network)
    t.route(acc, "default", agg_down)
    t.route(agg, "default", core_down)
    t.route(agg, network.prefix, acc_up)
    t.route(core, network.prefix, agg_up)
    core_out, gate = t.link(core, f"gw{g}", country.gateways[g])
    t.route(core, "default", gate)
    t.route(f"gw{g}", network.prefix, core_out)
    t.route("w", network.prefix, world_of[g][0])
    for probe in country.probes:
        if probe.operator == i:
            attach_probe(t, probe, acc)


def attach_probe(t, probe, router):
    t.node(probe.node)
    t.links.append((End(probe.node, "eth0", probe.address, 24),
                    End(router, probe.node, probe.gateway, 24)))
    t.route(probe.node, "default", probe.gateway)


def build_domestic(t, country, i, world_of):
    network, g = country.domestic[i], i % 2
    node = f"d{i}"
    t.node(node, router=True)
    own, gate = t.link(node, f"gw{g}", country.gateways[g])
    t.route(node, "default", gate)
    t.route(f"gw{g}", network.prefix, own)
    t.route("w", network.prefix, world_of[g][0])
    if i == 0:
        t.node("dr")
        up, down = t.link(node, "dr", network)
        t.route("dr", "default", up)
        t.route(node, f"{country.resolver}/32", down)
        t.owned.append(("dr", country.resolver))


def exchange_routes(t, country):
    """Operators and domestic networks meet at the exchange, never over a gateway."""
    members = [(f"core{i}", n) for i, n in enumerate(country.operators)]
    members += [(f"d{i}", n) for i, n in enumerate(country.domestic)]
    hub = {node: t.link(node, "ix", country.exchange) for node, _ in members}
    for node, network in members:
        own, exchange = hub[node]
        t.route("ix", network.prefix, own)
        for other, reached in members:
            if other != node:
                t.route(node, reached.prefix, exchange)


def build_world(t, country):
    for i, network in enumerate(country.foreign):
        node = f"f{i}"
        t.node(node, router=True)
        world, own = t.link("w", node, country.transit)
        t.route("w", network.prefix, own)
        t.route(node, "default", world)
    for f, control in zip(country_module.CONTROLS, country.controls):
        attach_probe(t, control, f"f{f}")
    t.node("an")
    world, own = t.link("w", "an", country.transit)
    t.route("w", country.analyzer.prefix, own)
    t.route("an", "default", world)
    t.owned.append(("an", country.analyzer_address))
