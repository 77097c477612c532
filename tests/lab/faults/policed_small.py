"""One mobile operator meters every subscriber: 256 kbit/s, bursts of 8 kB, and not one packet
waits: what the bucket has no tokens for is dropped at once (Flach et al., SIGCOMM 2016).
"""

import shaper

SENTENCE = "one mobile operator polices each subscriber to 256 kbit/s, with bursts of 8 kB"
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.policed"
OBSERVABLE = ("transfers settle on one plateau with heavy loss after the first 8 kB, and the "
              "round trip under load is that of an idle line")
VANTAGE = "three probes of the operator; probes of the others as reference"
TRAP = "a shaper with a short queue loses as much, but its queue makes the round trip grow"
ROUNDS, WINDOWS, SECONDS = 6, 2, 0  # a transfer each: three whole ones beside both edges
# Below the meter everything fits; a round's own packets meet it too, and come again.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact             is
victims  speed  down           rate_bps         < 400000
victims  speed  down           loss             > 0.05
victims  speed  down           sndr_rtt_us      < 60000
victims  speed  up             rate_bps         > 1000000
others   speed  down           rate_bps         > 1000000
"""

RATE_BPS, BURST_BYTES = 256000, 8192
METER = shaper.Shaper("policed_small", f"rate={RATE_BPS},burst={BURST_BYTES}", 2,
                      lambda rates, ms: max(rates) < 1.6 * RATE_BPS and ms < 60)
victims, on, off, proof, healed = (METER.victims, METER.on, METER.off, METER.proof,
                                   METER.healed)
