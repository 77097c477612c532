"""The faults of the lab, one file each.

A fault file says, before any run, what it expects and why:

    SENTENCE         what happens to the country
    EXPECTED_CLASS, EXPECTED_CAUSE
    OBSERVABLE       the observation that decides
    VANTAGE          from where it can be made
    TRAP             what it is easily mistaken for, and what speaks against that
    on(world, breakage), off(world)
    proof(world)     while it is on: list of (true, sentence), without any probe
    healed(world)    after off: the same

Faults are made on routers only, or on a machine's plug and cable.
"""

import importlib

NAMES = ("quiet", "international", "policed", "power", "cable")


def load(name):
    return importlib.import_module(f"faults.{name}")
