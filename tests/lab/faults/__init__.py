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
    victims(world)   the hosts that suffer
    on(world, breakage), off(world)
    proof(world)     while it is on: list of (true, sentence), without any probe
    healed(world)    after off: the same
    afterwards(stage, start_s, end_s)
                     where there is one: what must hold once everything is delivered

Faults are made on routers only, or on a machine's plug and cable.
"""

import importlib

NAMES = ("quiet", "international", "policed", "power", "cable", "mobile", "unreachable",
         "resolver", "server", "forged", "downgrade", "border", "reset")


def load(name):
    return importlib.import_module(f"faults.{name}")
