"""One subscriber's plan is used up: what is left is 64 kbit/s, metered, until it is renewed.

It is the meter of `policed`, at one SIM of one operator: SCIENCE row 6, scenario 20.
"""

import random

import look
from faults import policed

SENTENCE = "one subscriber of one mobile operator is metered down to 64 kbit/s"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.local"
OBSERVABLE = ("one probe's transfers settle on one plateau with loss while both other probes of "
              "its operator are as fast as ever")
VANTAGE = "three probes of the operator, of which it is one; those of the others"
TRAP = ("at that probe it is policing in every figure (SCIENCE 8.1); only that nobody else has "
        "it speaks against, so with one probe an operator nothing would")
ROUNDS, WINDOWS, SECONDS = 3, 2, 0  # a transfer each

TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
others    up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who      check  of    fact             is
victims  speed  down  rate_bps         < 100000
victims  speed  down  loss             > 0.02
victims  speed  down  sndr_min_rtt_us  < 50000
others   speed  down  rate_bps         > 0.5 x before
"""

RATE_BPS = 64000


def victims(world):
    mobile = [h for h in world.field() if h.probe.medium == "mobile"]
    return [random.Random(f"plan {world.country.seed}").choice(mobile)]


def on(world, breakage):
    if breakage:
        policed.meter(world, victims(world), RATE_BPS)


def off(world):
    policed.lift(world, victims(world))


def proof(world):
    return policed.prove(world, victims(world), RATE_BPS, 25)


def healed(world):
    return look.fast_again(world, victims(world))
