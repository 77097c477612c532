"""The analyzer cannot be reached from anywhere, and nothing else is wrong.

What a probe cannot deliver it keeps; no verdict may come of it, now or afterwards.
"""

import collections

import look
import net
import score

SENTENCE = "the analyzer cannot be reached by anybody, while all else works"
EXPECTED_CLASS = "none"
EXPECTED_CAUSE = "none"
OBSERVABLE = "what the probes measured meanwhile and deliver later: every rung as before"
VANTAGE = "all probes, afterwards"
TRAP = "from the analyzer's place the whole country and the controls fell silent at once"
ROUNDS, WINDOWS, SECONDS = 4, 4, 0

TABLE = """
table inet lab {{
    counter dropped {{}}
    chain forward {{
        type filter hook forward priority 0;
        oifname "an" counter name dropped {verdict}
        iifname "an" counter name dropped {verdict}
    }}
}}
"""


def victims(world):
    """Nobody loses anything; all are watched."""
    return world.hosts


def on(world, breakage):
    net.nft("w", TABLE.format(verdict="drop" if breakage else "accept"))


def off(world):
    net.nft("w", "delete table inet lab\n")


def analyzer(world):
    address = world.country.analyzer_address
    return address, world.country.twin(address)


def proof(world):
    said = world.check_everything()
    said += look.each(world, world.hosts, lambda world, p: [
        (world.silent(p.node, *analyzer(world)), f"{p.node}: the analyzer does not answer")])
    said.append((net.counters("w")["dropped"][0] > 0, "the way to the analyzer dropped packets"))
    return said


def healed(world):
    return [(world.answers(h.probe.node, *analyzer(world)),
             f"{h.probe.node}: the analyzer answers again") for h in world.hosts]


def afterwards(stage, start_s, end_s):
    """Nothing that was measured meanwhile is missing from the store."""
    segments, rounds = collections.defaultdict(set), collections.defaultdict(set)
    meanwhile = set()
    for m in stage.analyzer.measurements():
        segments[m["epoch"]].add(m["seq"])
        rounds[m["epoch"]].add(m["round"])
        if start_s < score.utc_s(m["time"]) < end_s:
            meanwhile.add(m["epoch"])
    hosts = len(stage.world.hosts)
    return [(len(meanwhile) >= hosts, f"{len(meanwhile)} of {hosts} probes measured meanwhile")
            ] + [(len(numbers) == max(numbers) - min(numbers) + 1,
                  f"every {what} of {epoch[:8]} arrived")
                 for what, of in (("segment", segments), ("round", rounds))
                 for epoch, numbers in of.items()]
