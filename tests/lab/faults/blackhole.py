"""One site's addresses lead nowhere, at every operator: a null route in each core.

Whatever is sent there is discarded without a word, of both families and all protocols; the
server itself is well: SCIENCE row 46 speaks against a far end that is down.
"""

import random

import look
import net

SENTENCE = "every operator routes the addresses of one site abroad into nothing"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("the addresses of one site are silent to every operator on every port while its "
              "network's others answer, and controls abroad reach them")
VANTAGE = "nine probes of three operators; two control probes in two foreign networks"
TRAP = ("from inside alone it looks as if the server were down; the controls say it is not, "
        "and three operators do not lose one route at one second by chance")
ROUNDS, WINDOWS, SECONDS = 2, 4, 0

# One site of several: most of what is tried on each rung still succeeds.
TABLE = """
who       power link router access domestic international core names transport service                  quality
victims   up    up   up     up     up       up            up   up    up        up:generic_timeout_error up
controls  up    up   up     up     up       up            up   up    up        up                       up
"""


FACTS = """
who       check  of    fact     is
victims   http   dead  outcome  = generic_timeout_error
victims   ping   dead  outcome  = generic_timeout_error
victims   tcp    dead  outcome  = generic_timeout_error
controls  http   dead  outcome  = ok
controls  ping   dead  outcome  = ok
"""


def targets(world):
    s = site(world)
    return {"dead": look.ids(world.country, lambda r: r[2] in (s.address, s.address6))}


def site(world):
    """One of those with a network of their own that are measured by page."""
    c = world.country
    asked = {row[2] for row in look.rows(c) if row[3] == "80"}
    fit = [s for s in c.foreign_sites[1:-1] if s.address in asked]
    return random.Random(f"blackhole {c.seed}").choice(fit)


def victims(world):
    return world.field()


def change(world, verb):
    s = site(world)
    for core in look.cores(world):
        net.ip(core, [f"route {verb} blackhole {a}"
                      for a in (f"{s.address}/32", f"{s.address6}/128")])


def on(world, breakage):
    world.blackholed = breakage
    if breakage:
        change(world, "add")


def off(world):
    if world.blackholed:
        change(world, "delete")


def proof(world):
    return look.each(world, world.hosts, prove_host)


def prove_host(world, p):
    s, node = site(world), p.node
    rest = [x for x in world.country.sites() if x is not s]
    alive = [(all(world.together([lambda x=x: world.serves(node, x) for x in rest])),
              f"{node}: everything else answers")]
    if p.role == "control":
        return alive + [(world.serves(node, s), f"{node}: {s.host} answers abroad")]
    return alive + [
        (look.none_serves(world, node, [s]), f"{node}: {s.host} serves nothing"),
        (world.silent(node, s.address, s.address6), f"{node}: nor does it answer echoes")]


def healed(world):
    return look.each(world, victims(world), lambda world, p: [
        (world.serves(p.node, site(world)), f"{p.node}: is served again")])
