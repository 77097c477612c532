"""The faults of the lab, one file each.

A fault file says, before any run, what it expects and why:

    SENTENCE         what happens to the country
    EXPECTED_CLASS, EXPECTED_CAUSE
    CAUSES           where nothing can decide (both are `insufficient`): the two causes
                     that must lead
    OBSERVABLE       the observation that decides
    VANTAGE          from where it can be made
    TRAP             what it is easily mistaken for, and what speaks against that
    ROUNDS, WINDOWS, SECONDS
                     how long it must last to be seen: so many whole rounds of each
                     victim, windows of the analysis, seconds that time_scale leaves alone
    TABLE, FACTS     what each probe's ladder is while it lasts, below
    victims(world)   the hosts that suffer
    on(world, breakage), off(world)
    proof(world)     while it is on: list of (true, sentence), without any probe
    healed(world)    after off: the same

and where there is need:

    PHASES           in place of on(): (name, enter) pairs, entered one after the other by
                     enter(world, breakage), each held for ROUNDS, WINDOWS and SECONDS; then
                     TABLE and FACTS may be dicts by name. off() ends the last one and proof()
                     looks during it
    ALSO             causes that are true besides, each an event by itself: two causes may
                     overlap
    before(world), after(world)
                     what is so in this country from the start, before any probe runs, and
                     its end
    groups(world)    {name: [Host]}, further names for rows of the table
    targets(world)   {name: [id in the target list]}, further names for `of` in FACTS
    afterwards(stage, start_s, end_s)
                     what must hold once everything is delivered

A row of TABLE begins with `victims`, `others` (probes of the country that are no victims),
`controls`, a name of groups() or a node; every probe is in exactly one row. Its cells are
what common/ladder.h makes of most of the whole rounds, those that began and ended in the
phase:

    up | partial | down   more than half, some or nothing of what was tried succeeded
    -                     nothing was tried
    off                   the machine made no round: in all cells of a row or in none
    any                   open indeed; a comment says why

`a|b` is either; `partial:connection_reset` says the most frequent failure there, too. A row of
FACTS is about each probe of a row of TABLE: of all its measurements in the phase by this
check, `of` a rung, a role of a target or - (of transfers: - or down, and up), the middle
value of the fact, or the most frequent of names:

    who      check  of             fact      is
    victims  speed  -              rate_bps  < 150000
    victims  ping   international  rtt_us    > 3 x before
    victims  dns    names          answer_sha256  != before
    others   modem  -              signal_dbm     none

`rate_bps` is computed of body_bytes and transfer_us; `loss` of all of them together: of what
the sender sent, or of echoes. `before` is the same probe's before the fault; `none`: not measured. What
no check measures yet may stand there: it is the truth. The table is committed before the
first run with probes; a cell is corrected only where the world is otherwise than was
thought, and the commit says so.

Faults are made on routers only, or on what a machine has: plug, battery, cables, modem, tunnel,
clock.
"""

import importlib

NAMES = ("quiet", "international", "policed", "power", "cable", "mobile",
         "unreachable", "resolver", "server", "forged", "downgrade", "border", "reset",
         "congestion", "migration", "ddos", "slide", "shaped_deep", "shaped_shallow",
         "policed_small", "policed_large", "maintenance", "gateway", "region",
         "curfew", "allowlist", "blackhole", "cable_partial", "cable_double",
         "cable_wave", "mistake", "refused", "captive", "plan", "encrypted_dns",
         "cut_in_power",
         "order2g", "mast2g", "batteries", "shedding", "damage", "vpn", "clock", "uplinks",
         "hello", "selective", "freeze", "racing", "blockpage", "interception", "oneway",
         "selective_in_disaster", "quic", "udp")
# What every test run sees with real probes: each class, filters and meters, machines and lines.
NINE = ("quiet", "mobile", "international", "reset", "policed", "power", "cable", "server",
        "border")
HARMLESS = ("quiet",)  # nothing is broken, so nothing can be left unbroken
SAYS = ("SENTENCE", "EXPECTED_CLASS", "EXPECTED_CAUSE", "OBSERVABLE", "VANTAGE", "TRAP",
        "ROUNDS", "WINDOWS", "SECONDS", "TABLE", "victims", "off", "proof", "healed")


def load(name):
    return importlib.import_module(f"faults.{name}")


def phases(fault):
    """(name, enter) pairs; a fault that has none is one without a name."""
    return getattr(fault, "PHASES", None) or (("", fault.on),)


def also(fault):
    """What is true besides: ALSO."""
    return getattr(fault, "ALSO", ())


def before(fault, world):
    getattr(fault, "before", lambda _: None)(world)


def after(fault, world):
    getattr(fault, "after", lambda _: None)(world)


def groups(fault, world):
    """{row of its table: [Host]}"""
    suffer, field = fault.victims(world), world.field()
    found = {h.probe.node: [h] for h in world.hosts}
    found |= {"victims": suffer, "others": [h for h in field if h not in suffer],
              "controls": [h for h in world.hosts if h not in field]}
    return found | (fault.groups(world) if hasattr(fault, "groups") else {})
