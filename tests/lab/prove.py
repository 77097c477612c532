"""Faults prove themselves: with counters, curl and ping, without any program under test."""

import sys
import time

import faults


def say(text):
    print(text, flush=True)


def prove(world, names, breakage):
    """Proves each fault in turn in one country. True when every proof held."""
    held = True
    for name in names:
        fault = faults.load(name)
        start = time.monotonic()
        faults.before(fault, world)
        for _, enter in faults.phases(fault):
            enter(world, breakage)
        said = fault.proof(world)
        fault.off(world)
        said += fault.healed(world)
        faults.after(fault, world)
        wrong = [what for ok, what in said if not ok]
        for what in wrong:
            print(f"    not so: {what}", file=sys.stderr)
        took_s = time.monotonic() - start
        say(f"{name}: {'proved' if not wrong else 'NOT PROVED'}, "
            f"{len(said) - len(wrong)} of {len(said)} observations, {took_s:.1f} s")
        held = held and not wrong
    return held
