"""The analyzer cannot be reached from anywhere, and nothing else is wrong.

What a probe cannot deliver it keeps; no verdict may come of it, now or afterwards.
"""

import collections

import filters
import look
import score

SENTENCE = "the analyzer cannot be reached by anybody, while all else works"
EXPECTED_CLASS = "none"
EXPECTED_CAUSE = "none"
OBSERVABLE = "what the probes measured meanwhile and deliver later: every rung as before"
VANTAGE = "all probes, afterwards"
TRAP = "from the analyzer's place the whole country and the controls fell silent at once"
ROUNDS, WINDOWS, SECONDS = 4, 4, 0
# The transfers are with the analyzer.
TABLE = """
who      power  link  router  access  domestic  international  core  names  transport  service  quality
victims  up     up    up      up      up        up             up    up     up         up       down:generic_timeout_error
"""


def victims(world):
    """Nobody loses anything; all are watched."""
    return world.hosts


def on(world, breakage):
    filters.place("unreachable", ["w"], breakage, filters.over("an"))


def off(world):
    filters.lift("unreachable", ["w"])


def analyzer(world):
    address = world.country.analyzer_address
    return address, world.country.twin(address)


def proof(world):
    said = world.check_everything()
    said += look.each(world, world.hosts, lambda world, p: [
        (world.silent(p.node, *analyzer(world)), f"{p.node}: the analyzer does not answer")])
    return said + filters.met("unreachable", ["w"])


def healed(world):
    return [(world.answers(h.probe.node, *analyzer(world)),
             f"{h.probe.node}: the analyzer answers again") for h in world.hosts]


def afterwards(stage, start_s, end_s):
    """Nothing that was measured until its end is missing from the store."""
    made = collections.defaultdict(list)
    for m in stage.analyzer.measurements():
        at = score.utc_s(m["time"])
        made["segment", m["epoch"]].append((m["seq"], at))
        made["round", m["epoch"]].append((m["round"], at))
    hosts = len(stage.world.hosts)
    meanwhile = sum(any(start_s < at < end_s for _, at in numbers)
                    for (what, _), numbers in made.items() if what == "round")
    return [(meanwhile >= hosts, f"{meanwhile} of {hosts} probes measured meanwhile")
            ] + [(without_hole(numbers, end_s), f"every {what} of {epoch[:8]} arrived")
                 for (what, epoch), numbers in made.items()]


def without_hole(numbers, end_s):
    """Up to the first of afterwards; the last ones of all may still be on their way."""
    first = min((n for n, at in numbers if at >= end_s), default=max(numbers)[0])
    found = {n for n, _ in numbers if n <= first}
    return len(found) == first - min(found) + 1
