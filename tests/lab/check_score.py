#!/usr/bin/python3
"""A verdict is counted as right only where it is."""
import types

import score

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


def what_leads_instead_is_told():
    line = score.line(OPEN, "border", 1, said("insufficient", "a", "b"), None)
    assert line["cause"] == "a or b" and line["expected_cause"] == "insufficient"


for test in (where_something_decides_the_class_must_be_named,
             where_nothing_decides_the_two_causes_must_lead,
             in_the_quiet_country_any_event_is_wrong, what_leads_instead_is_told):
    test()
    print("ok:", test.__name__.replace("_", " "))
