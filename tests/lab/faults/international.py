"""International traffic is filtered at both gateways, by a list of who may pass.

The routes stay, the gateways themselves answer, the domestic Internet lives, and one
foreign host is on the list: SCIENCE rows 12 and 13.
"""

import filters
import look
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
# One that is dark as a whole: it takes most of a minute, as deadlines of jobs are not scaled.
ROUNDS, WINDOWS, SECONDS = 1, 2, 0
# The listed host is in the list two to four times, by chance also under TLS and IPv6: where it
# is all of these, just over half of all handshakes and pages pass. A transfer is tried, as not
# all abroad is dead. Of the controls' pages and handshakes most are for hosts abroad.
TABLE = """
who       power  link  router  access  domestic  international                  core  names                          transport   service     quality
victims   up     up    up      up      up        partial:generic_timeout_error  down  partial:generic_timeout_error  partial|up  partial|up  down
controls  up     up    up      up      down      up                             up    up                             up          up          up
"""
FACTS = """
who       check  of         fact     is
victims   http   listed     outcome  = ok
victims   ping   listed     rtt_us   < 50000
victims   http   neighbour  outcome  = generic_timeout_error
controls  http   neighbour  outcome  = ok
"""

GATEWAYS = ("gw0", "gw1")


def victims(world):
    return world.field()


def targets(world):
    c = world.country
    return {"listed": look.ids(c, lambda r: r[1] == c.listed.host and r[3] == "80"),
            "neighbour": look.ids(c, lambda r: r[1] == c.listed_control.host and r[3] == "80")}


def on(world, breakage):
    listed = world.country.listed
    filters.place("international", GATEWAYS, breakage, filters.over("w"),
                  filters.of(listed.address, listed.address6))


def off(world):
    filters.lift("international", GATEWAYS)


def proof(world):
    c = world.country
    said = []
    for i in range(len(c.operators)):
        victim = next(p for p in c.probes if p.operator == i)
        said += prove_victim(world, victim)
    said += filters.met("international", GATEWAYS)
    for gateway in GATEWAYS:
        for family in (4, 6):
            routes = net.call([net.IP, f"-{family}", "-n", gateway, "route"]).stdout
            said.append(("default" in routes,
                         f"{gateway}: the IPv{family} route abroad is still there"))
    said.append((world.serves(c.controls[0].node, c.listed_control),
                 "from abroad the dead host is alive"))
    return said


def prove_victim(world, victim):
    c, node = world.country, victim.node
    core, gateway = next(
        (a, b) for a, b in world.topology.links
        if a.node == f"core{victim.operator}" and b.node in GATEWAYS)
    dead = [s for s in c.foreign_sites if s is not c.listed]
    said = [(world.answers(node, *gateway.addresses), f"{node}: {gateway.node} itself answers")]
    n = len(c.domestic_sites)
    asked = c.domestic_sites + dead
    both = world.together([lambda s=s, x=six: world.get(node, s, six=x)
                           for six in (False, True) for s in asked])
    for name, pages in (("IPv4", both[:len(asked)]), ("IPv6", both[len(asked):])):
        said += [
            (all(p["ok"] for p in pages[:n]),
             f"{node}: {n} domestic networks serve pages over {name}"),
            (look.mostly(lambda x=name == "IPv6": world.get(node, c.listed, 0.5, six=x)["ok"]),
             f"{node}: the listed host answers over {name}"),
            (not any(p["ok"] for p in pages[n:]),
             f"{node}: all other foreign hosts are dead over {name}")]
    return said


def healed(world):
    node = world.country.probes[0].node
    return [(world.serves(node, s), f"{node}: {s.host} is back")
            for s in world.country.foreign_sites]
