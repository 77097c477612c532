"""One mobile operator shapes every subscriber: 600 kbit/s behind a queue of a second.

Nothing is lost: what is too fast waits, as before many modems and in many a shaper that was
set up with the memory that there is: SCIENCE row 36.
"""

import shaper

SENTENCE = "one mobile operator shapes each subscriber to 600 kbit/s, with a queue of a second"
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.shaped"
OBSERVABLE = ("transfers settle on one rate without loss while the round trip under load grows "
              "with every byte that is on its way")
VANTAGE = "three probes of the operator; probes of the others as reference"
TRAP = ("a crowded cell has a queue as well, but its rate changes with the crowd and differs from "
        "cell to cell; an idle line here is as quick as ever")
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
victims  speed  down           loss             < 0.01
victims  speed  down           sndr_rtt_us      > 100000
victims  speed  down           sndr_min_rtt_us  < 60000
victims  speed  up             rate_bps         > 1000000
others   speed  down           rate_bps         > 1000000
"""

RATE_BPS, QUEUE_MS = 600000, 1000
QUEUE = shaper.Shaper("shaped_deep", f"rate={RATE_BPS},queue={QUEUE_MS}", 4,
                      lambda rates, ms: max(rates) < 1.1 * RATE_BPS and ms > 180)
victims, on, off, proof, healed = (QUEUE.victims, QUEUE.on, QUEUE.off, QUEUE.proof,
                                   QUEUE.healed)
