"""Mains go in two regions at once; batteries decide what lives on, and for how long.

Machines without one die at once and home routers with them; masts have batteries and last
longer, then they go, too: SCIENCE rows 1, 3, 8 and 22, E23 in small.
"""

import random

import air
import look
import mains

SENTENCE = ("mains go in two regions: fixed lines and most machines die, mobile follows when "
            "the masts' batteries are empty")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.power"
OBSERVABLE = ("machines of all operators that say battery from the first second, at a fixed "
              "line without carrier and at mobile ones that still work; others off without a "
              "stop; later no network on the air at all")
VANTAGE = "six probes in two regions, four of them on battery; three in a third as reference"
TRAP = ("fixed first and mobile later, each a step, is the order of some shutdowns; there the "
        "machines stay on mains and on the air")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0
FIRST = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
dead      off    off   off     off     off       off            off   off    off        off      off
fixed     up     down  down    -       -         -              -     -      -          -        -
short     up     up    up      up      up        up             up    up     up         up       up
long      up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
THEN = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
dead      off    off   off     off     off       off            off   off    off        off      off
fixed     up     down  down    -       -         -              -     -      -          -        -
short     off    off   off     off     off       off            off   off    off        off      off
long      up     down  down    -       -         -              -     -      -          -        -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
TABLE = {"mains": FIRST, "masts": THEN}
FACTS = {"mains": """
who      check  of  fact             is
fixed    power  -   supply           = battery
fixed    link   -   carrier          = 0
short    power  -   supply           = battery
long     power  -   supply           = battery
long     power  -   battery_percent  < before
hearing  modem  -   registration     = home
hearing  modem  -   signal_percent   = before
""", "masts": """
who      check  of  fact             is
long     power  -   supply           = battery
long     link   -   carrier          = 0
hearing  modem  -   registration     = searching
hearing  modem  -   bearer           = 0
"""}

# The short one is empty before the masts are, and some rounds later than the mains.
LONG_S, SHORT_S = 600, 20


def lot(world):
    """Who has what: {"dead" | "fixed" | "short" | "long": [Host]}"""
    c = world.country
    chance = random.Random(f"batteries {c.seed}")
    regions = chance.sample(c.regions, 2)
    hit = [h for h in world.field() if h.probe.region in regions]
    fixed = [h for h in hit if h.probe.medium == "fixed"]
    mobile = [h for h in hit if h.probe.medium == "mobile"]
    chance.shuffle(fixed)
    chance.shuffle(mobile)
    mobile.sort(key=lambda h: not h.modem)  # who hears something is to tell of it
    return {"fixed": fixed[:1], "long": mobile[:2], "short": mobile[2:3],
            "dead": fixed[1:] + mobile[3:]}


def victims(world):
    return [h for hosts in lot(world).values() for h in hosts]


def groups(world):
    return lot(world) | {"hearing": air.with_modem(lot(world)["long"])}


def before(world):
    found = lot(world)
    for host in found["fixed"] + found["long"]:
        host.give_battery(LONG_S)
    for host in found["short"]:
        host.give_battery(SHORT_S)


def after(world):
    found = lot(world)
    for host in found["fixed"] + found["long"] + found["short"]:
        host.take_battery()


def lose_mains(world, breakage):
    if breakage:
        for host in victims(world):
            host.lose_mains()
        for host in lot(world)["fixed"]:  # its router at home has none
            air.lose(world, host)


def lose_masts(world, breakage):
    """When the short battery is empty."""
    if not breakage:
        return
    for host in lot(world)["short"]:
        host.death.join()
    for host in lot(world)["long"]:
        air.lose(world, host)


PHASES = (("mains", lose_mains), ("masts", lose_masts))


def off(world):
    found = lot(world)
    for host in found["fixed"] + found["long"]:
        air.regain(world, host)
    for host in victims(world):
        host.regain_mains()


def proof(world):
    found = lot(world)
    awake = found["fixed"] + found["long"]
    said = mains.dead(world, found["dead"] + found["short"]) + mains.on_battery(awake)
    said += [(not world.carrier(h.probe.node, "eth0"), f"{h.probe.node}: has no carrier")
             for h in awake]
    for host in air.with_modem(found["long"]):
        said += air.hears(host, state=7, technologies=0, registration=2, connected="false")
    others = [h for h in world.field() if h not in victims(world)]
    return said + look.each(world, others, lambda world, p: look.everything(world, p.node))


def healed(world):
    return look.back(world, victims(world))
