"""Filters on routers: what enters them, what passes, how the rest is refused, and a count."""

import net

FILTER = """
table inet {name} {{
    counter passed {{}}
    counter refused4 {{}}
    counter refused6 {{}}
    chain judge {{
        {passing}
        meta nfproto ipv4 counter name refused4 {verdict}
        meta nfproto ipv6 counter name refused6 {verdict}
    }}
    chain forward {{
        type filter hook forward priority 0;
        {enter}
    }}
}}
"""
NO_ROUTE = """
table inet {name} {{
    chain no_route {{
        type filter hook prerouting priority 0;
        fib daddr oif missing fib daddr type != {{ local, broadcast, multicast }} {refuse}
    }}
}}
"""
NO_HOST = """
table inet {name} {{
    chain no_host {{
        type filter hook prerouting priority 0;
        ip daddr {address} {refuse}
        ip6 daddr {address6} {refuse}
    }}
}}
"""
EVERYTHING = ("",)
SILENT = "drop"
# A router whose owner forbids it (RFC 1812 section 5.2.7.1), and one that cannot.
FORBIDDEN = "reject with icmpx type admin-prohibited"
UNREACHABLE = "reject with icmpx type no-route"
NOBODY = "reject with icmpx type host-unreachable"


def place(name, nodes, breakage, enter=EVERYTHING, passing=(), refuse=SILENT):
    """Refuses on each of the nodes what one of enter matches and none of passing does; only
    counts it without breakage."""
    text = FILTER.format(
        name=name, verdict=refuse if breakage else "accept",
        enter="\n        ".join(f"{match} jump judge" for match in enter),
        passing="\n        ".join(f"{match} counter name passed accept" for match in passing))
    for node in nodes:
        net.nft(node, text)


def say_no_route(name, nodes):
    """Has routers answer every packet that they have no route for: Linux itself sends but one
    such word a second, and whoever asks much would take the rest for silence."""
    for node in nodes:
        net.nft(node, NO_ROUTE.format(name=name, refuse=UNREACHABLE))


def say_no_host(name, node, breakage, address, address6):
    """Has a router answer every packet to a machine that is off, which Linux itself does but
    once a second, as with say_no_route()."""
    net.nft(node, NO_HOST.format(name=name, address=address, address6=address6,
                                 refuse=NOBODY if breakage else "accept"))


def lift(name, nodes):
    for node in nodes:
        net.nft(node, f"delete table inet {name}\n")


def over(interface):
    """Whatever goes over the interface, either way."""
    return f'iifname "{interface}"', f'oifname "{interface}"'


def of(*addresses):
    """Whatever comes from one of the addresses, of either family, or goes there."""
    return [f"{'ip6' if ':' in a else 'ip'} {way} {a}" for a in addresses
            for way in ("saddr", "daddr")]


def met(name, nodes):
    """What a proof says of them: each refused packets of both families."""
    said = []
    for node in nodes:
        seen = net.counters(node, name)
        said += [(seen[f"refused{family}"][0] > 0, f"{node}: refused IPv{family} packets")
                 for family in (4, 6)]
    return said
