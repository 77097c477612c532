"""2G by order: both mobile operators' modems fall from LTE to EDGE within a round of each
other, where they stand: the same cell, the same operator, as strong a signal as before.

The bearer is downgrade.py's. SCIENCE row 32.
"""

import air
import look
import modem

SENTENCE = ("both mobile operators go down to 2G in all regions, a round apart, under an "
            "unchanged signal")
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.downgrade"
OBSERVABLE = ("the modems of two operators go from LTE to EDGE within a round of each other "
              "while signal, registration and bearer stay; round trip and rate with them")
VANTAGE = ("six mobile probes of two operators, four with a modem that says what it hears; "
           "three fixed ones")
TRAP = ("a mast that dies leaves 2G behind as well, but then the signal falls, the cell is "
        "another, and it is one place")
# A round over 2G takes a dozen seconds and more, as deadlines of jobs are not scaled.
ROUNDS, WINDOWS, SECONDS = 2, 2, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact            is
victims  ping   domestic       rtt_us          > 200000
victims  ping   international  rtt_us          > 200000
victims  speed  down           rate_bps        < 110000
victims  speed  up             rate_bps        < 60000
modems   modem  -              access_tech     = 16
modems   modem  -              signal_percent  = before
modems   modem  -              plmn            = before
modems   modem  -              registration    = home
modems   modem  -              bearer          = 1
modems   modem  -              cell_changed    = 0
others   ping   international  rtt_us          < 50000
others   speed  down           rate_bps        > 0.5 x before
"""


def victims(world):
    return [h for h in world.field() if h.probe.medium == "mobile"]


def groups(world):
    return {"modems": air.with_modem(victims(world))}


def on(world, breakage):
    def tell(operator):
        if breakage:
            for host in air.with_modem(look.of_operators(world, [operator])):
                host.modem.tell(technologies=modem.EDGE)

    air.fall(world, breakage, tell)


def off(world):
    air.lift(world)
    for host in air.with_modem(victims(world)):
        host.modem.tell(technologies=modem.LTE)


def proof(world):
    said = look.each(world, world.field(), prove_host)
    for host in air.with_modem(victims(world)):
        said += air.hears(host, **air.as_ever(host) | {"technologies": modem.EDGE})
    return said


def prove_host(world, p):
    c = world.country
    home_ms = look.round_trip(p.node, c.domestic_sites[0].address)
    abroad_ms = look.round_trip(p.node, c.foreign_sites[1].address6)
    if p.medium == "mobile":
        return [(all(200 < ms < 900 for ms in (home_ms, abroad_ms)),
                 f"{p.node}: is as late as 2G: {home_ms:.0f} and {abroad_ms:.0f} ms")]
    return [(home_ms < 50 and abroad_ms < 50, f"{p.node}: is as near as ever")]


def healed(world):
    site = world.country.foreign_sites[1]
    said = look.each(world, victims(world), lambda world, p: [
        (look.round_trip(p.node, site.address) < 50, f"{p.node}: is near again")])
    for host in air.with_modem(victims(world)):
        said += air.hears(host, **air.as_ever(host))
    return said
