"""One mobile operator meters every subscriber: 512 kbit/s, bursts of a megabyte.

What a probe does in a day's budget fits into the burst: a transfer of the lab is 32 KiB, one of
a home 256 KiB, and the bucket is full again before the next. Only who fetches more than a
megabyte without a pause meets the meter.
"""

import statistics

import shaper

SENTENCE = "one mobile operator polices each subscriber to 512 kbit/s, with bursts of a megabyte"
EXPECTED_CLASS = "none"
EXPECTED_CAUSE = "none"
OBSERVABLE = ("none: every transfer that a probe can afford is over before the bucket is empty, so "
              "it measures the line; a longer one would decide")
VANTAGE = "none without a transfer of several megabytes, which no budget of a day has"
TRAP = "whoever knows that a meter is there may see it in the noise of the rates"
ROUNDS, WINDOWS, SECONDS = 6, 6, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact             is
victims  speed  down           rate_bps         > 1000000
victims  speed  down           loss             < 0.02
others   speed  down           rate_bps         > 1000000
"""

RATE_BPS, BURST_BYTES = 512000, 1000000
# Of 48 KiB: the first ten fit into the burst twice over, and all of them empty it even where
# the line, or a busy machine, is little more than twice as fast as the meter.
FETCHES, WITHIN = 36, 10
METER = shaper.Shaper("policed_large", f"rate={RATE_BPS},burst={BURST_BYTES}", FETCHES,
                      lambda rates, ms: statistics.median(rates[:WITHIN]) > 3 * RATE_BPS
                      and min(rates[-2:]) < 1.6 * RATE_BPS)
victims, on, off, proof, healed = (METER.victims, METER.on, METER.off, METER.proof,
                                   METER.healed)
