"""While one region has no power, one name is metered everywhere else.

The machines of the region die and the rest see a name slowed down, at every operator:
Turkey in February 2023 (SCIENCE E36). Both are true, and one does not explain the other.
"""

import random

import look
import mains
import metered

SENTENCE = ("the machines of one region lose power, and for everybody else one name is policed "
            "to 140 kbit/s in both directions")
EXPECTED_CLASS = "throttling"  # inside infrastructure.power, which is true of the region
EXPECTED_CAUSE = "throttling.selective"
ALSO = ("infrastructure.power",)
OBSERVABLE = ("in the regions that have power transfers under one name are slow while a control "
              "name on the same address is as fast as ever, at every operator")
VANTAGE = "six probes of three operators in two regions that have power; three that died"
TRAP = ("the disaster explains everything that is slow at the same time; but a damaged or crowded "
        "network minds no name")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0

TABLE = """
who       power link router access domestic international core names transport service quality
dark      off   off  off    off    off      off           off  off   off       off     off
alive     up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check    of       fact               is
alive     tls      metered  outcome            = ok
alive     compare  metered  rates_bps          < 200000
alive     compare  metered  control_rates_bps  > 560000
controls  compare  metered  rates_bps          > 560000
"""


def groups(world):
    c = world.country
    region = random.Random(f"selective_in_disaster {c.seed}").choice(c.regions)
    return {"dark": [h for h in world.field() if h.probe.region == region],
            "alive": [h for h in world.field() if h.probe.region != region]}


def victims(world):
    return world.field()


targets = metered.targets


def on(world, breakage):
    if breakage:
        for host in groups(world)["dark"]:
            host.cut_power()
    metered.on(world, breakage)


def off(world):
    metered.lift(world)
    for host in groups(world)["dark"]:
        if not host.on:
            host.restore_power()


def proof(world):
    dark = groups(world)["dark"]
    alive = [h for h in world.hosts if h not in dark]
    return mains.dead(world, dark) + look.each(world, alive, metered.prove_host)


def healed(world):
    return metered.healed(world, groups(world)["alive"]) + look.back(
        world, groups(world)["dark"])
