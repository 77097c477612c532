"""International traffic is filtered at both gateways, by a list of who may pass.

The routes stay, the gateways themselves answer, the domestic Internet lives, and one
foreign host is on the list: SCIENCE rows 12 and 13.
"""

import net

SENTENCE = ("both international gateways drop what they should forward, but for one "
            "listed foreign host")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.international"
OBSERVABLE = ("the listed host answers at its normal round trip while another host of the "
              "same foreign network is dead, and three domestic networks live")
VANTAGE = "three probes of each of three operators; a control probe abroad"
TRAP = ("a cut cable takes the listed host too, so it would leave the same domestic "
        "picture without the deciding row")
# Deadlines of jobs are not scaled. The round under way at the onset ends within 22 s (page,
# transfer, pulse); the next, the first that is dark as a whole, has little left to try 7 s later.
ROUNDS, WINDOWS, SECONDS = 0, 2, 29

TABLE = """
table ip lab {{
    counter dropped {{}}
    counter listed {{}}
    chain forward {{
        type filter hook forward priority 0;
        ip saddr {listed} counter name listed accept
        ip daddr {listed} counter name listed accept
        iifname "w" counter name dropped {verdict}
        oifname "w" counter name dropped {verdict}
    }}
}}
"""
GATEWAYS = ("gw0", "gw1")


def victims(world):
    return world.field()


def on(world, breakage):
    for gateway in GATEWAYS:
        net.nft(gateway, TABLE.format(listed=world.country.listed.address,
                                      verdict="drop" if breakage else "accept"))


def off(world):
    for gateway in GATEWAYS:
        net.nft(gateway, "delete table ip lab\n")


def proof(world):
    c = world.country
    said = []
    for i in range(len(c.operators)):
        victim = next(p for p in c.probes if p.operator == i)
        said += prove_victim(world, victim)
    for gateway in GATEWAYS:
        seen = net.counters(gateway)
        said.append((seen["dropped"][0] > 0, f"{gateway}: its filter dropped packets"))
        routes = net.call([net.IP, "-n", gateway, "route"]).stdout
        said.append(("default" in routes, f"{gateway}: the route abroad is still there"))
    abroad = world.get(c.controls[0].node, c.listed_control)
    said.append((abroad["ok"], "from abroad the dead host is alive"))
    return said


def prove_victim(world, victim):
    c, node = world.country, victim.node
    core, gateway = next(
        (a, b) for a, b in world.topology.links
        if a.node == f"core{victim.operator}" and b.node in GATEWAYS)
    dead = [s for s in c.foreign_sites if s is not c.listed]
    asked = [lambda s=s: world.get(node, s) for s in c.domestic_sites + [c.listed] + dead]
    pages = world.together(asked)
    n = len(c.domestic_sites)
    return [
        (all(p["ok"] for p in pages[:n]), f"{node}: {n} domestic networks serve pages"),
        (pages[n]["ok"] and pages[n]["time_s"] < 0.5, f"{node}: the listed host answers"),
        (not any(p["ok"] for p in pages[n + 1:]), f"{node}: all other foreign hosts are dead"),
        (world.ping(node, gateway.address) == gateway.address,
         f"{node}: {gateway.node} itself answers"),
    ]


def healed(world):
    node = world.country.probes[0].node
    return [(world.get(node, s)["ok"], f"{node}: {s.host} is back")
            for s in world.country.foreign_sites]
