"""A cell of one mobile operator fills up with people: rate, delay and loss get worse together.

Nobody caps anything. The probe of that region shares its cell's queue with other
subscribers, whose transfers grow from a few to many: SCIENCE scenario 39. From the start the
cell is what cells are, 15 ms away and with a queue of a tenth of a second.
"""

import random

import crowd
import emulate
import look

SENTENCE = "a cell of one mobile operator fills up with other people's transfers, by and by"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.congestion"
OBSERVABLE = ("rate falls and delay and loss grow step by step, with no plateau and for one "
              "region of one operator only, while its other regions stay as they were")
VANTAGE = "the probe in that cell; the operator's probes elsewhere, the other operators'"
TRAP = ("a meter or a shaper slows down as well, but at once, to one rate, and for every "
        "subscriber alike")
ROUNDS, WINDOWS, SECONDS = 3, 2, 0  # a transfer each
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
RISING = """
who      check  of             fact      is
victims  ping   international  rtt_us    > 1.5 x before
victims  speed  down           rate_bps  < 0.8 x before
others   ping   international  rtt_us    < 20000
others   speed  down           rate_bps  > 1000000
"""
PEAK = """
who      check  of             fact      is
victims  ping   domestic       rtt_us    > 2.5 x before
victims  ping   international  rtt_us    > 2.5 x before
victims  speed  down           rate_bps  < 0.4 x before
victims  speed  down           loss      > 0.01
others   ping   international  rtt_us    < 20000
others   speed  down           rate_bps  > 1000000
"""
FACTS = {"rising": RISING, "peak": PEAK}

CELL = "delay=15,jitter=2"
DOWN, UP = f"{CELL},rate=4000000,queue=100", f"{CELL},rate=2000000,queue=100"
FEW, MANY = 3, 9  # transfers of others at a time


def victims(world):
    mobile = [h for h in world.field() if h.probe.medium == "mobile"]
    return [random.Random(f"congestion {world.country.seed}").choice(mobile)]


def before(world):
    p = victims(world)[0].probe
    world.crowd = crowd.Crowd(world, p.operator)
    world.cell = emulate.Emulated(
        world, f"acc{p.operator}", f"agg{p.operator}", "--down", DOWN, "--up", UP, "--seed",
        str(world.country.seed), shared=True, lines=[crowd.line_of_probe(p), world.crowd.line])


def after(world):
    world.cell.end()
    world.crowd.leave()


def rise(world, breakage):
    world.crowd.load(FEW if breakage else 0)


def peak(world, breakage):
    world.crowd.load(MANY if breakage else 0)


PHASES = (("rising", rise), ("peak", peak))


def off(world):
    world.crowd.rest()


def proof(world):
    return look.each(world, world.field(), prove_host)


def prove_host(world, p):
    site = world.country.foreign_sites[1]
    said = [(world.answers(p.node, p.gateway, p.gateway6), f"{p.node}: its router answers")]
    crowded = p is victims(world)[0].probe
    for six, address in ((False, site.address), (True, site.address6)):
        ms = look.round_trip(p.node, address)
        if not crowded:
            said.append((ms < 20, f"{p.node}: is as near as ever: {ms:.0f} ms to {address}"))
            continue
        page = world.get(p.node, site, 20, "/blob", six)
        said.append((page["ok"] and ms > 75 and page["rate_bps"] < 900000,
                     f"{p.node}: is crowded: {ms:.0f} ms, {page['rate_bps'] / 1000:.0f} kbit/s "
                     f"from {address}"))
    return said if crowded else said + look.fast(world, p.node)


def healed(world):
    p, site = victims(world)[0].probe, world.country.foreign_sites[1]
    return [(look.soon(lambda x=six: world.get(p.node, site, 1, "/blob", x)["ok"], 10),
             f"{p.node}: is fast again") for six in (False, True)]
