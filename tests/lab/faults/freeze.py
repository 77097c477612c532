"""Connections abroad freeze after 16 kB towards the client, and nobody says so.

They stay open and hear nothing more, no reset; small pages pass whole, and at home
everything is as ever: SCIENCE rows 41 and 42.
"""

import boxes
import look

SENTENCE = ("every operator lets no more than 16 kB pass of a connection to an address abroad; "
            "then it hears nothing more")
EXPECTED_CLASS = "throttling"
EXPECTED_CAUSE = "throttling.bytecap"
OBSERVABLE = ("transfers from several foreign networks stop at one and the same number of bytes "
              "and stay open, while larger ones from domestic networks arrive whole, at every "
              "operator")
VANTAGE = "nine probes of three operators, servers with large pages at home and abroad; controls"
TRAP = ("pages of a few kilobytes and handshakes never come so far: all rungs but quality are as "
        "ever; a server that stalls does not stop at a number that others share")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0
FREEZE_BYTES = 16000

# A transfer from the analyzer is the only thing of so many bytes; one towards it goes up.
TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      partial:generic_timeout_error
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of             fact          is
victims   speed  -              body_bytes    <= 16000
victims   speed  up             outcome       = ok
victims   large  international  frozen_bytes  <= 16000
victims   large  domestic       outcome       = ok
victims   http   international  outcome       = ok
controls  large  international  outcome       = ok
"""


def victims(world):
    return world.field()


def on(world, breakage):
    home = ",".join(world.country.prefixes)
    boxes.place(world, *(["--freeze", str(FREEZE_BYTES), "--not-home", home] if breakage else []))


def off(world):
    boxes.lift(world)


def proof(world):
    return look.each(world, world.hosts, prove_host)


def prove_host(world, p):
    c, node = world.country, p.node
    there, here = [c.listed, c.foreign_sites[1]], c.domestic_sites[:2]
    # One site at a time: what the line's own queue drops of many at once is never sent again.
    pages = [world.together([lambda x=six: world.get(node, s, 3, "/blob", x)
                             for six in (False, True)]) for s in there + here]
    foreign, domestic = sum(pages[:2], []), sum(pages[2:], [])
    said = [(all(page["ok"] for page in domestic), f"{node}: large pages from home arrive whole")]
    if p.role == "control":
        return said + [(all(page["ok"] for page in foreign), f"{node}: and from abroad")]
    return said + [
        (all(not page["ok"] and 8000 < page["bytes"] <= FREEZE_BYTES for page in foreign),
         f"{node}: two networks abroad stop after {[page['bytes'] for page in foreign]} bytes")
        ] + look.everything(world, node)


def healed(world):
    site = world.country.foreign_sites[1]
    return look.each(world, victims(world), lambda world, p: [
        (world.get(p.node, site, 5, "/blob", six)["ok"], f"{p.node}: a large page arrives")
        for six in (False, True)])
