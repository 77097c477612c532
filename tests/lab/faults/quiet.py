"""Nothing happens: the country in which no event is right."""

SENTENCE = "nothing happens at all"
EXPECTED_CLASS = "none"
EXPECTED_CAUSE = "none"
OBSERVABLE = "every rung of every probe stays where it was"
VANTAGE = "all probes"
TRAP = "chance losses on a busy machine are no event"
ROUNDS, WINDOWS, SECONDS = 5, 5, 0
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of             fact      is
victims  speed  -              rate_bps  > 1000000
victims  ping   international  rtt_us    < 20000
"""


def victims(world):
    """Nobody suffers; all are watched."""
    return world.field()


def on(world, breakage):
    """Nothing, with or without breakage."""


def off(world):
    """Nothing to heal."""


def proof(world):
    return world.check_everything()


def healed(world):
    return []
