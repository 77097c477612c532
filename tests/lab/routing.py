"""Routes between the country and the world: bird on both gateways and on w.

A gateway announces to w what hangs on it, each prefix with its own network as the origin,
and learns the way abroad. w knows the way to the country's prefixes from nobody else. A
link that goes down ends its sessions at once; the timers of the way back are short.
"""

import os
import re

import net

HEAD = """router id {router_id};
log stderr {{ warning, error, fatal, bug }};
protocol device {{ }}
protocol kernel {{ ipv4 {{ export where source ~ [ {kept} ]; }}; }}
protocol kernel {{ ipv6 {{ export where source ~ [ {kept} ]; }}; }}
template bgp neighbour {{
    connect delay time 1; connect retry time 1; error wait time 1, 2;
    hold time 30; keepalive time 10;
}}
"""
STATIC = """
protocol static {{
    check link yes;
    ipv{family};
{routes}
}}
"""
SESSION = """
protocol bgp {name}_{family} from neighbour {{
    local {own} as {asn};
    neighbor {other} as {other_asn};
    ipv{family} {{ import {taken}; export {told}; }};
}}
"""
FAMILIES = ((0, 4, "0.0.0.0/0"), (1, 6, "::/0"))


def session(name, at, family, own, asn, other, other_asn, **policy):
    return SESSION.format(name=name, family=family, own=own.addresses[at], asn=asn,
                          other=other.addresses[at], other_asn=other_asn, **policy)


def gateway_conf(gateway, transit, detour=None):
    """detour: (own End, the other gateway's End, its number): a way round over a neighbour,
    who is told all and passes on to the world what is told him."""
    own, world = gateway.uplink
    text = HEAD.format(router_id=own.address, kept="RTS_STATIC, RTS_BGP")
    for at, family, default in FAMILIES:
        routes = []
        for network, via in gateway.homes:
            hop = f"via {via.addresses[at]}" if via else "unreachable"
            # The gateway's own number is put before it as the route leaves.
            path = "" if network is gateway.network else f"bgp_path.prepend({network.asn}); "
            routes.append(f"    route {network.prefixes[at]} {hop} {{ {path}}};")
        text += STATIC.format(family=family, routes="\n".join(routes))
        told = "where source = RTS_STATIC"
        if detour:
            here, there, asn = detour
            text += session("detour", at, family, here, gateway.network.asn, there, asn,
                            taken="all", told=f'{told} || proto = "world_{family}"')
            told += f' || (proto = "detour_{family}" && net != {default})'
        text += session("world", at, family, own, gateway.network.asn, world, transit.asn,
                        taken=f"where net = {default}", told=told)
    return text


def world_conf(gateways, transit):
    # The way abroad is told to the gateways, and is none that w goes itself.
    text = HEAD.format(router_id=gateways[0].uplink[1].address, kept="RTS_BGP")
    for at, family, default in FAMILIES:
        text += STATIC.format(family=family, routes=f"    route {default} unreachable;")
        for gateway in gateways:
            own, world = gateway.uplink
            text += session(gateway.node, at, family, world, transit.asn, own,
                            gateway.network.asn, taken="all", told="where source = RTS_STATIC")
    return text


def socket(servers, node):
    return f"{servers.dir}/bird-{node}/socket"


def ask(servers, node, *words):
    """What the node's bird answers."""
    return net.call([servers.unpacked.program("birdcl"), "-s", socket(servers, node),
                     *words]).stdout


def change(servers, node, text):
    """The node's bird follows other settings from now on; sessions that stay stay up."""
    path = f"{servers.dir}/bird-{node}/bird.conf"
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    said = ask(servers, node, "configure", f'"{path}"')
    if "Reconfigured" not in said and "Reconfiguration in progress" not in said:
        raise RuntimeError(f"bird on {node}: {said.strip()}")


def paths(servers, node, prefix):
    """The networks, by number, of each way that the node knows to the prefix; the one it goes
    comes first."""
    said = ask(servers, node, "show", "route", "where", "net", "=", prefix, "all")
    return [[int(asn) for asn in found.split()]
            for found in re.findall(r"BGP\.as_path:([ \d]*)", said)]


def bring_up(servers, topology, country):
    confs = {g.node: gateway_conf(g, country.transit) for g in topology.gateways}
    confs["w"] = world_conf(topology.gateways, country.transit)
    for node, text in confs.items():
        home = f"{servers.dir}/bird-{node}"
        os.makedirs(home)
        with open(f"{home}/bird.conf", "w", encoding="ascii") as out:
            out.write(text)
        servers.start(node, [servers.unpacked.program("bird"), "-f", "-c",
                             f"{home}/bird.conf", "-s", socket(servers, node)])
