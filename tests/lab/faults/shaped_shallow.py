"""One mobile operator shapes every subscriber: 600 kbit/s behind a queue of 60 ms.

So short a queue drops nearly as much as none: between a meter and a deep shaper, the least that
a shaper can show: SCIENCE row 36.
"""

import shaper

SENTENCE = "one mobile operator shapes each subscriber to 600 kbit/s, with a queue of 60 ms"
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.shaped"
OBSERVABLE = ("transfers settle on one rate with loss, and the round trip grows by the length of "
              "the queue before each of them and by no more")
VANTAGE = "three probes of the operator; probes of the others as reference"
TRAP = "it loses like a meter; but what a meter lets through it lets through at once"
ROUNDS, WINDOWS, SECONDS = 6, 2, 0  # a transfer each: three whole ones beside both edges
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact             is
victims  speed  down           rate_bps         < 700000
victims  speed  down           loss             > 0.02
victims  speed  down           sndr_rtt_us      > 15000
victims  speed  down           sndr_rtt_us      < 130000
victims  speed  up             rate_bps         > 1000000
others   speed  down           rate_bps         > 1000000
"""

RATE_BPS, QUEUE_MS = 600000, 60
# The first of them stalls now and then; echoes beside all eight see the queue.
QUEUE = shaper.Shaper("shaped_shallow", f"rate={RATE_BPS},queue={QUEUE_MS}", 8,
                      lambda rates, ms: max(rates) < 1.1 * RATE_BPS and 15 < ms < 130)
victims, on, off, proof, healed = (QUEUE.victims, QUEUE.on, QUEUE.off, QUEUE.proof,
                                   QUEUE.healed)
