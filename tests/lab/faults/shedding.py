"""Load-shedding: a district's mains go off for a set time, come back, and go off again a
whole number of the lab's hours after the first time.

SCIENCE rows 1, 3 and 26. One machine of the district has a battery and a mobile line whose
mast has one as well: it sees the rest of the country live.
"""

import random
import time

import look
import mains

SENTENCE = ("a district's mains go off for a set time, come back, and go off again by the "
            "same timetable")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.power"
OBSERVABLE = ("the district's machines have gaps without a stop that end with a new boot, "
              "twice; the one with a battery says battery for exactly as long, and all it "
              "asks answers")
VANTAGE = "three probes of three operators in the district, one with a battery; two regions"
TRAP = "a curfew keeps a timetable too, but machines run through it, on mains"
ROUNDS, WINDOWS, SECONDS = 1, 2, 12  # each time off and the time between
OFF = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
awake     up     up    up      up      up        up             up    up     up         up       up
dark      off    off   off     off     off       off            off   off    off        off      off
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
ON = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
TABLE = {"first": OFF, "between": ON, "second": OFF}
ON_BATTERY = """
who      check  of  fact    is
awake    power  -   supply  = battery
sensors  power  -   supply  = mains
"""
ON_MAINS = """
who      check  of  fact    is
awake    power  -   supply  = mains
"""
FACTS = {"first": ON_BATTERY, "between": ON_MAINS, "second": ON_BATTERY}

HOUR_S = 18  # of the lab, whose time runs 200 times as fast
BATTERY_S = 600


def victims(world):
    region = random.Random(f"shedding {world.country.seed}").choice(world.country.regions)
    return [h for h in world.field() if h.probe.region == region]


def groups(world):
    suffer = victims(world)
    awake = [next(h for h in suffer if h.probe.medium == "mobile")]
    return {"awake": awake, "dark": [h for h in suffer if h not in awake],
            "sensors": [h for h in world.field() if h.probe.mains_sensor and h not in suffer]}


def before(world):
    for host in groups(world)["awake"]:
        host.give_battery(BATTERY_S)


def after(world):
    for host in groups(world)["awake"]:
        host.take_battery()


def shed(world, breakage):
    world.shed_s = time.time()
    if breakage:
        for host in victims(world):
            host.lose_mains()


def shed_again(world, breakage):
    """At the next full hour after the first."""
    time.sleep(HOUR_S - (time.time() - world.shed_s) % HOUR_S)
    if breakage:
        for host in victims(world):
            host.lose_mains()


def restore(world, breakage):
    """With or without breakage."""
    for host in victims(world):
        host.regain_mains()


PHASES = (("first", shed), ("between", restore), ("second", shed_again))


def off(world):
    restore(world, True)


def proof(world):
    found = groups(world)
    said = mains.dead(world, found["dark"]) + mains.on_battery(found["awake"])
    living = [h for h in world.field() if h not in found["dark"]]
    return said + look.each(world, living, lambda world, p: look.everything(world, p.node))


def healed(world):
    return look.back(world, victims(world))
