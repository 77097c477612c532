"""Most machines lose their mains and die; while they are dark, the data of the rest is cut.

The power cut is one event, the order inside it another, and both must be found: scenario
25, Cuba in 2022. Who lives on a battery was well until the second one began (SCIENCE row 1:
power that was gone before says nothing of a cut that comes later).
"""

import random

import filters
import look
import mains

SENTENCE = ("two of three machines lose their mains and die; later, with power still out, every "
            "operator stops forwarding for those that live on batteries")
EXPECTED_CLASS = "shutdown"  # inside infrastructure.power, which is true of the others
EXPECTED_CAUSE = "shutdown.full"
ALSO = ("infrastructure.power",)
OBSERVABLE = ("machines on battery, well for as long as the mains had been gone, lose all beyond "
              "their own networks at every operator in one second, and are told that it is "
              "prohibited; the routes stay")
VANTAGE = "one probe on battery of each of three operators; six that died; a collector of routes"
TRAP = ("the whole country goes dark within a power cut, which seems to say it all; but a power "
        "cut forbids nothing, and who has power still sees it end")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # of each phase

OFF = "dark     off off off off off off off off off off off"
ON = "controls up up up up up up up up up up up"
TABLE = {
    "power": f"""
who      power link router access domestic international core names transport service quality
battery  up    up   up     up     up       up            up   up    up        up      up
{OFF}
{ON}
""",
    "cut": f"""
who      power link router access domestic international core names transport service quality
battery  up    up   up     up     down     down          down down  down      down    -
{OFF}
{ON}
"""}
FACTS = {
    "power": """
who      check  of  fact    is
battery  power  -   supply  = battery
""",
    "cut": """
who      check  of             fact     is
battery  power  -              supply   = battery
battery  ping   domestic       outcome  = icmp_prohibited
battery  ping   international  outcome  = icmp_prohibited
"""}
LASTS_S = 600  # longer than the lab looks


def groups(world):
    """One of each operator has a battery."""
    chance = random.Random(f"cut_in_power {world.country.seed}")
    alive = [chance.choice(look.of_operators(world, [i]))
             for i in range(len(world.country.operators))]
    return {"battery": alive, "dark": [h for h in world.field() if h not in alive]}


def victims(world):
    return world.field()


def before(world):
    for host in groups(world)["battery"]:
        host.give_battery(LASTS_S)


def after(world):
    for host in groups(world)["battery"]:
        host.take_battery()


def lose_mains(world, breakage):
    if breakage:
        for host in world.field():
            host.lose_mains()


def cut(world, breakage):
    filters.place("cut_in_power", look.cores(world), breakage, refuse=filters.FORBIDDEN)


PHASES = (("power", lose_mains), ("cut", cut))


def off(world):
    filters.lift("cut_in_power", look.cores(world))
    for host in world.field():
        host.regain_mains()


def proof(world):
    found = groups(world)
    said = mains.dead(world, found["dark"]) + mains.on_battery(found["battery"])
    said += look.each(world, found["battery"], lambda world, p:
                      look.router_lives(world, p) + look.nothing(world, p.node))
    return said + filters.met("cut_in_power", look.cores(world)) + look.routed(
        world, world.country.operators)


def healed(world):
    return look.back(world, victims(world))
