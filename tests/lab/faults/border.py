"""Both links between the gateways and the world go dark, and BGP withdraws the country.

A total cable cut looks like this, and so does an order to unplug: SCIENCE rows 2, 26 and
27. Nothing that a probe or a collector can see tells one from the other.
"""

import look
import net

SENTENCE = "both links abroad go down at once and the country's routes are withdrawn"
EXPECTED_CLASS = "insufficient"
EXPECTED_CAUSE = "insufficient"
CAUSES = ("infrastructure.cable", "shutdown.international")
OBSERVABLE = ("none: everything abroad is dead to everybody, no listed host lives, and the "
              "routes of every network are gone, as after a cut and as after an order")
VANTAGE = "nine probes of three operators, a collector of routes abroad"
TRAP = "a confident answer, whichever it is"
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # as where the gateways filter
# Half of the questions, and four of ten pages, are for the country itself. Where all abroad is
# dead no transfer is tried.
TABLE = """
who       power  link  router  access  domestic  international  core  names    transport  service  quality
victims   up     up    up      up      up        down           down  partial  partial    partial  -
controls  up     up    up      up      down      up             up    up       up         up       up
"""

GATEWAYS = ("gw0", "gw1")


def victims(world):
    return world.field()


def switch(to):
    net.ip("w", [f"link set {gateway} {to}" for gateway in GATEWAYS])


def on(world, breakage):
    if breakage:
        switch("down")


def off(world):
    switch("up")


def proof(world):
    c = world.country
    said = look.each(world, world.hosts, prove_host)
    for gateway in GATEWAYS:
        said.append((not world.carrier(gateway, "w"), f"{gateway}: its link abroad is dark"))
        for family in (4, 6):
            routes = net.call([net.IP, f"-{family}", "-n", gateway, "route"]).stdout
            said.append(("default" not in routes,
                         f"{gateway}: the IPv{family} way abroad is withdrawn"))
    return said + look.routed(world, c.operators + c.domestic, False)


def prove_host(world, p):
    told = look.abroad_alone if p.role == "control" else look.home_alone
    return told(world, p.node)


def healed(world):
    return look.back(world, world.field())
