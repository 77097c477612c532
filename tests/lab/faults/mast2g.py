"""2G because the mast died: a district loses its mains and with them the masts it hears.

Machines with a battery live on. What their modems still hear is a far cell of the same
operators: EDGE, weak, no neighbours. The fixed line's machine has no battery: SCIENCE rows 1,
3 and 33.
"""

import random

import air
import look
import mains
import modem

SENTENCE = ("a district loses its mains; its masts die, and mobile machines on battery are "
            "left with a far 2G cell")
EXPECTED_CLASS = "infrastructure"
# Blasted masts look the same to a modem; that the mains are gone as well, at every place that
# can tell, speaks for power.
EXPECTED_CAUSE = "infrastructure.power"
OBSERVABLE = ("modems of two operators fall from LTE to EDGE in one region alone, to another "
              "cell and a signal less than half as good, on machines that say they run on "
              "battery, while the machine without one is off and boots anew")
VANTAGE = "two mobile probes with modem and battery and a fixed one in the district; two regions"
TRAP = ("an order leaves 2G behind as well, but at all places of an operator, under the same "
        "cell and signal, on mains")
# A round over 2G takes a dozen seconds and more, as deadlines of jobs are not scaled.
ROUNDS, WINDOWS, SECONDS = 2, 2, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
awake     up     up    up      up      up        up             up    up     up         up       up
dark      off    off   off     off     off       off            off   off    off        off      off
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact            is
awake    power  -              supply          = battery
awake    ping   international  rtt_us          > 200000
awake    speed  down           rate_bps        < 110000
awake    modem  -              access_tech     = 16
awake    modem  -              signal_percent  < 0.5 x before
awake    modem  -              signal_dbm      < before
awake    modem  -              plmn            = before
awake    modem  -              registration    = home
awake    modem  -              bearer          = 1
sensors  power  -              supply          = mains
others   ping   international  rtt_us          < 50000
"""

BATTERY_S = 600  # longer than any run
FAR = {"technologies": modem.EDGE, "quality": 18, "dbm": -107, "neighbours": 0}


def region(world):
    """One in which both mobile probes have a modem: there is one, as but one an operator has
    none."""
    c = world.country
    fits = [r for r in c.regions if all(
        p.plmn for p in c.probes if p.region == r and p.medium == "mobile")]
    return random.Random(f"mast2g {c.seed}").choice(fits)


def victims(world):
    return [h for h in world.field() if h.probe.region == region(world)]


def groups(world):
    awake = [h for h in victims(world) if h.probe.medium == "mobile"]
    return {"awake": awake, "dark": [h for h in victims(world) if h not in awake],
            "sensors": [h for h in world.field() if h.probe.mains_sensor
                        and h not in victims(world)]}


def before(world):
    for host in groups(world)["awake"]:
        host.give_battery(BATTERY_S)


def after(world):
    for host in groups(world)["awake"]:
        host.take_battery()


def on(world, breakage):
    world.bearers = []
    for host in groups(world)["awake"]:
        p = host.probe
        world.bearers.append(air.bearer(world, p.operator, breakage, [
            (f"{p.address}/32", f"{p.address6}/128")]))
        if breakage:
            host.modem.tell(**FAR, cell=host.air["cell"] ^ 0x1000)
    if breakage:
        for host in victims(world):
            host.lose_mains()


def off(world):
    air.lift(world)
    for host in victims(world):
        host.regain_mains()
    for host in groups(world)["awake"]:
        host.modem.tell(**host.air, technologies=modem.LTE)


def proof(world):
    found = groups(world)
    awake = [h.probe.node for h in found["awake"]]
    said = look.each(world, [h for h in world.field() if h not in found["dark"]],
                     lambda world, p: prove_host(world, p, p.node in awake))
    for host in found["awake"]:
        said += air.hears(host, **air.as_ever(host) | {
            k: FAR[k] for k in ("technologies", "quality")})
    return said + mains.on_battery(found["awake"]) + mains.dead(world, found["dark"])


def prove_host(world, p, far):
    ms = look.round_trip(p.node, world.country.foreign_sites[1].address)
    return [(200 < ms < 900 if far else ms < 50,
             f"{p.node}: is as {'late as 2G' if far else 'near as ever'}: {ms:.0f} ms")]


def healed(world):
    said = look.back(world, victims(world))
    for host in groups(world)["awake"]:
        said += air.hears(host, **air.as_ever(host))
        said.append((mains.supply(host)[:1] == ("1",), f"{host.probe.node}: on mains"))
    return said
