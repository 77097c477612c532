#!/usr/bin/python3
"""A verdict is counted as right only where it is, and what is delivered only when it all
is."""
import types

import score
from faults import unreachable

DECIDED = types.SimpleNamespace(EXPECTED_CLASS="shutdown", EXPECTED_CAUSE="shutdown.mobile")
OPEN = types.SimpleNamespace(EXPECTED_CLASS="insufficient", EXPECTED_CAUSE="insufficient",
                             CAUSES=("infrastructure.cable", "shutdown.international"))
QUIET = types.SimpleNamespace(EXPECTED_CLASS="none", EXPECTED_CAUSE="none")


def said(kind, *causes):
    return {"class": kind, "cause": "insufficient" if kind == "insufficient" else causes[0],
            "class_probability": {"shutdown": 0.5, "infrastructure": 0.5},
            "causes": [{"cause": c, "probability": 0.5} for c in causes]}


def right(fault, event):
    return score.right(score.line(fault, "fault", 1, event, None))


def where_something_decides_the_class_must_be_named():
    assert right(DECIDED, said("shutdown", "shutdown.mobile"))
    assert right(DECIDED, said("shutdown", "shutdown.full"))
    assert not right(DECIDED, said("insufficient", "shutdown.mobile", "shutdown.full"))
    assert not right(DECIDED, None)


def where_nothing_decides_the_two_causes_must_lead():
    cable, order = OPEN.CAUSES
    for leading in ((cable, order), (order, cable)):
        assert right(OPEN, said("insufficient", *leading, "shutdown.full"))
    assert not right(OPEN, said("insufficient", cable, "shutdown.full", order))
    assert not right(OPEN, said("shutdown", order, cable)), "a confident answer is an error"
    assert not right(OPEN, said("infrastructure", cable, order))
    assert not right(OPEN, None)


def in_the_quiet_country_any_event_is_wrong():
    assert right(QUIET, None)
    assert not right(QUIET, said("ordinary", "ordinary.local"))
    assert not right(QUIET, said("insufficient", "ordinary.local", "shutdown.full"))


def what_befalls_others_is_no_verdict_on_the_victims():
    def event(name, asns, minutes):
        return {"class": name, "class_probability": {name: 1}, "scope": {"asns": asns},
                "start": {"estimate": "2026-11-22T10:00:00Z"},
                "end": {"estimate": f"2026-11-22T10:0{minutes}:00Z"}}

    start_s = score.utc_s("2026-11-22T10:00:00Z")
    both = [event("ordinary", [7], 5), event("shutdown", [8, 9], 3)]

    def said(asns):
        found = score.verdict(both, start_s, start_s + 300, asns)
        return found and found["class"]

    assert said({8}) == "shutdown" and said({7}) == "ordinary" and said({5}) is None
    assert said(None) == "ordinary", "where all are watched the longest counts"


def what_is_true_besides_is_the_verdict_only_where_there_is_no_other():
    def event(cause, minutes):
        return {"class": cause.split(".")[0], "cause": cause, "class_probability": {
                cause.split(".")[0]: 1}, "start": {"estimate": "2026-11-22T10:00:00Z"},
                "end": {"estimate": f"2026-11-22T10:0{minutes}:00Z"}}

    start_s = score.utc_s("2026-11-22T10:00:00Z")
    power, cut = event("infrastructure.power", 5), event("shutdown.full", 3)
    other = event("ordinary.local", 4)

    def said(*events):
        return score.verdict(events, start_s, start_s + 300, None, ("infrastructure.power",))

    assert said(power, cut) is cut and said(power) is power
    assert said(power, cut, other) is other, "what is not true stays the longest"


def what_leads_instead_is_told():
    line = score.line(OPEN, "border", 1, said("insufficient", "a", "b"), None)
    assert line["cause"] == "a or b" and line["expected_cause"] == "insufficient"


def what_did_not_arrive_is_missed():
    sent = [(n, 10.0 * n) for n in range(1, 10)]
    late = [pair for pair in sent if pair[0] != 8]
    lost = [pair for pair in sent if pair[0] != 4]
    assert unreachable.without_hole(sent, 65)
    assert unreachable.without_hole(late, 65), "made after the end, it may be on its way"
    assert not unreachable.without_hole(lost, 65)
    assert not unreachable.without_hole(lost[:6], 65), "the last of its epoch"


for test in (where_something_decides_the_class_must_be_named,
             where_nothing_decides_the_two_causes_must_lead,
             in_the_quiet_country_any_event_is_wrong,
             what_befalls_others_is_no_verdict_on_the_victims,
             what_is_true_besides_is_the_verdict_only_where_there_is_no_other,
             what_leads_instead_is_told,
             what_did_not_arrive_is_missed):
    test()
    print("ok:", test.__name__.replace("_", " "))
