"""One name is slow: connections whose ClientHello contains a part of it are metered.

Both ways, at every operator, each connection with a bucket of its own; another name on the
same address is as fast as ever, and an innocent name that happens to contain the part
suffers too: SCIENCE rows 40 and E36.
"""

import look
import metered

SENTENCE = ("every operator polices connections whose name contains a part of one site's to 140 "
            "kbit/s in both directions")
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.selective"
OBSERVABLE = ("transfers under one name are slow and lossy while transfers under a control name "
              "from the same address, in turn, are as fast as ever, at every operator")
VANTAGE = "nine probes of three operators; control probes abroad"
TRAP = ("a busy server or a lossy way to it slows every name that it has; what is small, a "
        "handshake or a page of a kilobyte, passes within the meter's bucket")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0

# Nothing dies, and nothing that is small is late: only a comparison of transfers can show it.
TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check    of       fact               is
victims   tls      metered  outcome            = ok
victims   compare  metered  rates_bps          < 200000
victims   compare  metered  control_rates_bps  > 560000
victims   speed    -        rate_bps           > 560000
controls  compare  metered  rates_bps          > 560000
"""


def victims(world):
    return world.field()


targets = metered.targets
on = metered.on


def off(world):
    metered.lift(world)


def proof(world):
    return look.each(world, world.hosts, metered.prove_host)


def healed(world):
    return metered.healed(world, victims(world))
