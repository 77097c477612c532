"""Progressive damage: line after line, machine after machine, at last a whole first router.

Nothing of it is one operator's, one region's or one second's, and nothing comes back while it
lasts. SCIENCE rows 11 and 30, scenarios 24 and 45 in small.
"""

import random

import air
import look
import mains

SENTENCE = ("lines, machines and at last a first router die one after another, here and there, "
            "and nothing comes back")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.kinetic"
OBSERVABLE = ("losses of several operators in several places, in steps that no owner and no "
              "switch explains: lines without carrier beside machines that end without a stop, "
              "and their neighbours whole")
VANTAGE = "nine probes of three operators in three regions; what the cut-off ones deliver later"
TRAP = ("each loss alone is somebody's own box; a power cut takes all machines of a place and "
        "an operator's failure its whole network, at once")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # of each step
HEAD = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
WHOLE = "up     up    up      up      up        up             up    up     up         up       up"
LINE = "up     down  down    -       -         -              -     -      -          -        -"
DEAD = "off    off   off     off     off       off            off   off    off        off      off"
TABLE = {
    "first": f"{HEAD}line1 {LINE}\nmachine1 {DEAD}\nline2 {WHOLE}\nmachine2 {WHOLE}\n"
             f"router {WHOLE}\n",
    "second": f"{HEAD}line1 {LINE}\nmachine1 {DEAD}\nline2 {LINE}\nmachine2 {DEAD}\n"
              f"router {WHOLE}\n",
    "third": f"{HEAD}line1 {LINE}\nmachine1 {DEAD}\nline2 {LINE}\nmachine2 {DEAD}\n"
             f"router {LINE}\n",
}
NO_CARRIER = """
who      check  of  fact     is
line1    link   -   carrier  = 0
others   link   -   carrier  = 1
"""
FACTS = {"first": NO_CARRIER, "second": NO_CARRIER, "third": NO_CARRIER + """
line2    link   -   carrier  = 0
router   link   -   carrier  = 0
"""}


def lot(world):
    """What dies: a line and a machine of each of two operators, no two at one place but one;
    then the first router of one of them, and with it what is left there."""
    chance = random.Random(f"damage {world.country.seed}")
    a, b, _ = chance.sample(range(len(world.country.operators)), 3)
    of = {i: [h for h in world.field() if h.probe.operator == i] for i in (a, b)}
    for hosts in of.values():
        chance.shuffle(hosts)
    return {"line1": of[a][:1], "machine1": of[b][:1], "line2": of[b][1:2],
            "machine2": of[a][1:2], "router": of[a][2:]}


groups = lot


def victims(world):
    return [h for hosts in lot(world).values() for h in hosts]


def first(world, breakage):
    if breakage:
        air.lose(world, lot(world)["line1"][0])
        lot(world)["machine1"][0].cut_power()


def second(world, breakage):
    if breakage:
        air.lose(world, lot(world)["line2"][0])
        lot(world)["machine2"][0].cut_power()


def third(world, breakage):
    """The router's end of every line of its own is dead with it."""
    if breakage:
        operator = lot(world)["router"][0].probe.operator
        for host in look.of_operators(world, [operator]):
            air.lose(world, host)


PHASES = (("first", first), ("second", second), ("third", third))


def off(world):
    """New lines and machines, so that what the others kept can be delivered."""
    for host in victims(world):
        air.regain(world, host)
        if not host.on:
            host.restore_power()


def proof(world):
    found = lot(world)
    said = mains.dead(world, found["machine1"] + found["machine2"])
    for host in found["line1"] + found["line2"] + found["router"]:
        node = host.probe.node
        said += [(host.on and not world.carrier(node, "eth0"), f"{node}: runs without a carrier"),
                 (look.none_serves(world, node, world.country.sites()[:2]),
                  f"{node}: reaches nobody")]
    others = [h for h in world.field() if h not in victims(world)]
    return said + look.each(world, others, lambda world, p: look.everything(world, p.node))


def healed(world):
    return look.back(world, victims(world))
