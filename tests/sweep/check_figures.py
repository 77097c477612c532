#!/usr/bin/python3
"""Every figure of a sweep says what was worked out by hand."""
import json
import math
import sys

sys.dont_write_bytecode = True
import figures
import folder
import labelled
import live
import told


def near(one, other):
    return math.isclose(one, other, abs_tol=1e-9)


def row(true, said, kind="label", counts=True, event="e", shutdown=0.0, deliberate=0.0,
        start=None, end=None, classes=None):
    """true and said: causes, or a class alone."""
    return {"kind": kind, "id": "1", "true_class": true.split(".")[0], "true_cause": true,
            "event": event if said != "none" else None, "class": said.split(".")[0],
            "cause": said, "shutdown": shutdown if said != "none" else None,
            "deliberate": deliberate if said != "none" else None, "start_error_s": start,
            "end_error_s": end, "counts": counts, "class_probability": classes}


ROWS = [
    row("shutdown.full", "shutdown.full"),
    row("shutdown.full", "shutdown.mobile"),
    row("shutdown.full", "none"),
    row("infrastructure.cable", "infrastructure.cable"),
    row("insufficient", "insufficient"),
    row("insufficient", "undecided"),
    row("ordinary.local", "none", counts=False),
    row("none", "shutdown.full", kind="false_alarm"),
    row("shutdown.full", "infrastructure.cable", kind="extra"),
    row("shutdown.full", "shutdown.full", kind="extra", counts=False),
    row("none", "ordinary.local", kind="aside", counts=False),
]


def a_confusion_holds_what_counts():
    assert figures.confusion(ROWS, "class") == {
        "shutdown": {"none": 1, "shutdown": 2}, "infrastructure": {"infrastructure": 1},
        "insufficient": {"insufficient": 1, "undecided": 1},
        "none": {"infrastructure": 1, "shutdown": 1}}
    assert figures.confusion(ROWS, "cause")["shutdown.full"] == {
        "none": 1, "shutdown.full": 1, "shutdown.mobile": 1}


def macro_f1_is_the_mean_over_what_is_true():
    # shutdown: 2 of 3, 3 said: 4/6; infrastructure: 1 of 1, 2 said: 2/3;
    # insufficient: 1 of 2, 1 said: 2/3; nothing is none in truth.
    assert near(figures.macro_f1(ROWS, "class"), 2 / 3)
    # full: 1 of 3, 2 said: 2/5; cable 2/3; insufficient 2/3; mobile is true of none.
    assert near(figures.macro_f1(ROWS, "cause"), (2 / 5 + 2 / 3 + 2 / 3) / 3)
    quiet = [row("none", "none"), row("none", "ordinary.local")]
    assert near(figures.macro_f1(quiet, "class"), 2 / 3)
    assert figures.macro_f1([], "class") is None


def precision_is_that_of_a_world_where_shutdowns_are_rare():
    # Ten positives: nine at .9 or more need the bar at .5; one of four others is over it.
    scores = [0.9] * 8 + [0.5, 0.1] + [0.6, 0.4, 0.2, 0.0]
    positives = [True] * 10 + [False] * 4
    # At that bar .9 of the positives and .25 of the others: .1*.9 / (.1*.9 + .9*.25)
    assert near(figures.precision_at(scores, positives, 0.9, 0.1), 0.09 / (0.09 + 0.225))
    # The bar falls to 0 where more than a tenth was never found: all is an alarm.
    assert near(figures.precision_at([0.9, 0.0, 0.0], [True, True, False], 0.9, 0.1), 0.1)
    assert figures.precision_at([0.9], [True], 0.9, 0.1) is None
    rows = [row("shutdown.full", "shutdown.full", shutdown=0.8),
            row("insufficient", "shutdown.full", shutdown=0.9),
            row("infrastructure.power", "shutdown.full", shutdown=0.85),
            row("infrastructure.power", "none"),
            row("none", "shutdown.full", kind="false_alarm", shutdown=0.9),
            row("ordinary.local", "none", counts=False)]
    # Of three that are none, two stand over .8: .1 / (.1 + .9 * 2/3)
    assert near(figures.shutdown_precision(rows), 0.1 / 0.7)


def the_brier_score_is_the_mean_squared_distance():
    assert near(figures.brier([0.8, 0.3], [1, 0]), (0.04 + 0.09) / 2)
    assert figures.brier([], []) is None
    rows = [row("throttling.policed", "shutdown.full", deliberate=0.8),
            row("infrastructure.cable", "shutdown.full", deliberate=0.5),
            row("none", "shutdown.full", kind="false_alarm", deliberate=0.1),
            row("insufficient", "shutdown.full", deliberate=1.0),
            row("shutdown.full", "none")]
    assert near(figures.deliberate_brier(rows), (0.04 + 0.25 + 0.01) / 3)


def calibration_error_weighs_bins_by_what_fell_there():
    # Bin .9 to 1: mean .95, half hit: .45, two of four; bin .6: .65 and 1: .35; bin 0: 0.05
    assert near(figures.ece([0.9, 1.0, 0.65, 0.05], [1, 0, 1, 0]),
                0.45 * 2 / 4 + 0.35 / 4 + 0.05 / 4)
    assert figures.ece([], []) is None
    rows = [row("shutdown.full", "insufficient", classes={"shutdown": 0.55, "ordinary": 0.45}),
            row("ordinary.local", "ordinary.local",
                classes={"shutdown": 0.05, "ordinary": 0.95}),
            row("insufficient", "shutdown.full", classes={"shutdown": 1.0}),
            row("shutdown.full", "none")]
    assert near(figures.posterior_ece(rows), (0.45 + 0.05) / 2)


def edges_and_delays_are_told_by_their_median():
    rows = [row("shutdown.full", "shutdown.full", start=-60, end=600),
            row("shutdown.full", "shutdown.full", start=120),
            row("shutdown.full", "shutdown.full", start=30, end=-20),
            row("none", "shutdown.full", start=99999),
            row("shutdown.full", "none")]
    assert figures.edge_errors(rows) == {"start": {"median": 60, "p90": 120, "n": 3},
                                         "end": {"median": 310, "p90": 600, "n": 2}}
    assert figures.live_delays([120, None, 600], 5, 2) == {
        "median": 360, "found": 2, "looked_at": 3, "skipped": 2, "of": 5}
    assert figures.live_delays([], 0, 0)["median"] is None


def shares_and_rates_are_of_what_there_was():
    assert near(figures.insufficient_share(ROWS), 2 / 5)
    assert figures.insufficient_share([]) is None
    # One alarm in ten networks and 36.525 days: a network-year.
    assert near(figures.false_alarms_per_network_year(ROWS, 10 * 36.525 * 86400), 1)
    assert figures.false_alarms_per_network_year(ROWS, 0) is None


def the_whole_is_json_with_six_digits():
    rows = [dict(r, class_probability={"shutdown": 1 / 3}) for r in ROWS]
    scores = figures.scores(rows, 1e9, figures.live_delays([1 / 3], 1, 0),
                            {"threshold": {"f1": 2 / 3}, "naive_bayes": None})
    assert json.loads(json.dumps(scores)) == scores
    assert scores["class_macro_f1"] == 0.666667
    assert scores["baselines"]["threshold"]["f1"] == 0.666667
    assert scores["live_delay_s"]["median"] == 0.333333


def a_scenario_is_told_in_a_row():
    rows = [dict(r, cause_right=r["true_cause"] == r["cause"]) for r in ROWS]
    assert told.brief(rows) == (
        "shutdown.full x3, infrastructure.cable, insufficient x2",
        "shutdown.full, shutdown.mobile, none | infrastructure.cable | insufficient, undecided",
        "3/6")
    assert told.overview([("7", rows)]).splitlines()[1].split()[-2:] == ["3/6", "1"]
    assert told.confusion({"none": {"none": 2}, "shutdown": {"none": 1, "shutdown": 3}}) == (
        "true \\ said  none  shutdown\nnone         2     .\nshutdown     1     3")


def only_what_is_first_seen_after_the_onset_is_found_live():
    onset_s = 1000000.0
    label = labelled.Label("1", "QX", ("QX-A",), (7, 8), 9, onset_s, None, "shutdown.full", "must")

    def event(at_s, error_s=0, asns=(7,), regions=(), country="QX"):
        return {"scope": {"country": country, "asns": list(asns), "regions": list(regions)},
                "start": {"estimate": folder.utc(at_s), "error_s": error_s}}

    def found(*args, **more):
        return live.is_of(event(*args, **more), label, onset_s + 120)

    assert found(onset_s) and found(onset_s + 100, regions=["QX-A", "QX-B"])
    assert found(onset_s - 60, error_s=60), "the last good round may be long ago"
    assert not found(onset_s - 60, error_s=59), "it was there before"
    assert not found(onset_s, asns=(9,)) and not found(onset_s, country="QY")
    assert not found(onset_s, regions=["QX-B"])
    assert live.first_label([label._replace(found="may"), label._replace(cause="none"),
                             label._replace(id="2", start_s=5.0), label]).id == "2"
    assert live.first_label([]) is None


for test in (a_confusion_holds_what_counts, macro_f1_is_the_mean_over_what_is_true,
             precision_is_that_of_a_world_where_shutdowns_are_rare,
             the_brier_score_is_the_mean_squared_distance,
             calibration_error_weighs_bins_by_what_fell_there,
             edges_and_delays_are_told_by_their_median,
             shares_and_rates_are_of_what_there_was, the_whole_is_json_with_six_digits,
             a_scenario_is_told_in_a_row, only_what_is_first_seen_after_the_onset_is_found_live):
    test()
    print("ok:", test.__name__.replace("_", " "))
