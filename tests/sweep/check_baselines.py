#!/usr/bin/python3
"""The baselines say what was worked out by hand."""
import math
import sys
import tempfile

sys.dont_write_bytecode = True
import baselines
import bayes
import labelled

DAY_S, HOUR_S = 86400, 3600
HEAD = "id,country,regions,asns,probes,start,end,cause,named,found\n"


def near(one, other):
    return math.isclose(one, other, abs_tol=1e-9)


def outage(country="A", start_s=0, hours=1.0, positive=False, place="country"):
    return bayes.Outage(country, place, start_s,
                        None if hours is None else start_s + hours * HOUR_S, 0, positive)


def the_minute_is_the_wall_clocks():
    assert bayes.start_minute(outage(start_s=600)) == "other"
    assert bayes.start_minute(outage(start_s=1800)) == "half"
    assert bayes.start_minute(outage(start_s=1800)._replace(offset_s=6.5 * HOUR_S)) == "hour"


def lengths_fall_into_their_bins():
    assert [bayes.length_bin(outage(hours=h)) for h in (2, 2.1, 4, 9, 9.1, 24, 25, None)] == [
        0, 1, 1, 2, 3, 3, 4, 4]
    assert bayes.round_length(outage(hours=4.5))
    assert not bayes.round_length(outage(hours=4.6))
    assert not bayes.round_length(outage(hours=None))


def recurrence_is_the_same_minute_one_to_seven_days_away_in_the_same_place():
    def recurs(away_s, **other):
        return bayes.features([outage(), outage(start_s=away_s, **other)])[0][3]
    assert recurs(DAY_S) and recurs(-DAY_S) and recurs(7 * DAY_S + 600)
    assert recurs(2 * DAY_S - 600)
    assert not recurs(DAY_S + 601) and not recurs(8 * DAY_S) and not recurs(600)
    assert not recurs(DAY_S, country="B") and not recurs(DAY_S, place="region")


def a_country_is_judged_by_the_others():
    # B and C teach: shutdowns (2) began on the hour, the rest (1) did not. Of A, on the
    # hour: (2+1)/(2+2) over (0+1)/(1+2) is 9/4; round, short, once are the same of both:
    # 3/4 over 2/3 is 9/8 each.
    rows = [outage("A"), outage("B", positive=True), outage("C", positive=True),
            outage("C", start_s=40 * DAY_S + 60)]
    assert near(bayes.judge(rows)[0], math.log(9 / 4) + 3 * math.log(9 / 8))
    # What A itself was does not count.
    turned = [rows[0]._replace(positive=True), *rows[1:]]
    assert near(bayes.judge(turned)[0], bayes.judge(rows)[0])


def the_ranking_counts_a_tie_as_half():
    truth = [True, False, True, False]
    assert bayes.auc([4, 3, 2, 1], truth) == 0.75
    assert bayes.auc([1, 1, 1, 1], truth) == 0.5
    assert bayes.auc([2, 1, 2, 1], truth) == 1.0
    assert bayes.auc([1], [True]) is None
    assert bayes.precision_at([4, 3, 2, 1], truth, 0.5) == 1.0
    assert near(bayes.precision_at([4, 3, 2, 1], truth, 0.9), 2 / 3)
    assert bayes.precision_at([1], [False], 0.9) is None


def an_alarm_is_a_value_under_its_week():
    flat = [(n, 1.0) for n in range(8)]
    assert baselines.alarms(flat + [(8, 0.79), (9, 0.5), (10, 0.8)]) == [(8, 10)]
    assert baselines.alarms(flat + [(8, 0.79), (9, None), (10, 0.5)]) == [(8, 11)]
    assert baselines.alarms([(0, 1.0), (1, 0.1), (2, 1.0), (3, 1.0)]) == [], "warming up"
    # An outage does not become usual in a day, but does in more than a week.
    week = baselines.HISTORY_BINS
    low = [(n, 0.5) for n in range(8, 8 + 100)]
    assert baselines.alarms(flat + low) == [(8, 108)]
    for_ever = [(n, 0.5) for n in range(8, 8 + 3 * week)]
    (start, end), = baselines.alarms(flat + for_ever)
    assert start == 8 and week < end - start < 2 * week


def too_few_tries_are_no_value_and_silence_is_none_reached():
    bins = {n: (20, 19) for n in range(8)}
    bins[8] = (12, 6)
    found = dict(baselines.values(bins, 0, 14))
    assert found[7] == 0.95 and near(found[8], 25 / 32), "two bins taken together"
    assert found[11] is None
    assert found[12] == 0.0 and found[13] == 0.0
    assert dict(baselines.values({0: (3, 3)}, 0, 3))[2] is None, "never heard: not silent"


def in_a_folder(reach, labels):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/reach.csv", "w", encoding="utf-8") as out:
            out.write("asn,time_utc_s,tried,succeeded\n" + "".join(reach))
        with open(f"{folder}/labels.csv", "w", encoding="utf-8") as out:
            out.write(HEAD + "".join(labels))
        read = labelled.read(f"{folder}/labels.csv")
        return read, baselines.threshold(folder, read)


def alarms_are_counted_against_what_was_true():
    """Two networks of 64500 and 64501, a day of 96 bins. The first is cut in bins 40 to 43,
    which is true from 10:02 to 11:00, and again, for nothing, in bin 60."""
    down = {64500: (40, 41, 42, 43, 60), 64501: ()}
    reach = [f"{asn},{900 * n},20,{4 if n in down[asn] else 20}\n"
             for n in range(96) for asn in (64500, 64501)]
    _, counts = in_a_folder(reach, [
        "1.1.1,XX,,64500,9,1970-01-01T10:02:00Z,1970-01-01T11:00:00Z,shutdown.full,,must\n",
        "1.2.1,XX,,64501,9,1970-01-01T20:00:00Z,1970-01-01T21:00:00Z,shutdown.full,,must\n"])
    # The country's value falls to .6: an alarm of its own both times, one right.
    assert counts["alarms"] == 4 and counts["right"] == 2 and counts["false"] == 1
    assert counts["shutdowns"] == 2 and counts["found"] == 1
    assert counts["delays_s"] == [13 * 60] and counts["edges_s"] == [120, 0]
    figures = baselines.threshold_figures([counts, counts])
    assert figures["precision"] == 0.5 and figures["recall"] == 0.5 and figures["f1"] == 0.5
    assert near(figures["false_alarms_per_network_year"], 365.25 / 2)
    assert figures["live_delay_s"] == 780 and figures["edge_error_s"] == 60


def nothing_found_is_no_figure():
    figures = baselines.threshold_figures([])
    assert set(figures.values()) == {None}


def the_mean_of_two_f1():
    said, truth = [True, True, False, False], [True, False, False, False]
    # shutdown: 2*1/3; not: 2*2/5
    assert near(baselines.macro_f1(said, truth, (True, False)), (2 / 3 + 4 / 5) / 2)
    assert baselines.macro_f1([], [], (True, False)) is None


def labels_are_outages_where_a_whole_network_is_lost():
    def one(cause, probes="12", regions="", asns=""):
        row = dict(zip(HEAD.strip().split(","), (
            "1.1.1", "MM", regions, asns, probes, "2026-03-02T17:30:00Z", "", cause, "",
            "must")))
        return labelled.outages([[labelled.label(row)]])
    found, = one("shutdown.full")
    assert found.positive and found.national and found.end_s is None
    assert bayes.start_minute(found) == "hour", "17:30 there is midnight in Myanmar"
    assert not one("infrastructure.cable", asns="64500 64501")[0].positive
    assert one("ordinary.maintenance", asns="64500")[0].place == "as"
    assert one("shutdown.mobile", regions="MM-01")[0].place == "region"
    assert not one("throttling.policed") and not one("shutdown.service")
    assert not one("ordinary.local", probes="1") and not one("ordinary.congestion")
    assert not one("shutdown.full", probes="2")


def timing_says_what_it_can():
    def run(number):
        start = f"2026-03-{2 + number:02}T0"
        return [labelled.label(dict(zip(HEAD.strip().split(","), row.split(",")))) for row in (
            f"1.1.1,GB,,,9,{start}5:00:00Z,{start}9:30:00Z,shutdown.full,,must",
            f"g1,GB,,64500,9,{start}2:17:00Z,{start}2:41:00Z,infrastructure.upstream,,may")]
    figures = baselines.naive_bayes([run(n) for n in range(4)])
    assert figures == {"class_macro_f1": 1.0, "auc": 1.0, "precision_at_recall_90": 1.0,
                       "outages": 8, "shutdowns": 4}


for test in (the_minute_is_the_wall_clocks, lengths_fall_into_their_bins,
             recurrence_is_the_same_minute_one_to_seven_days_away_in_the_same_place,
             a_country_is_judged_by_the_others, the_ranking_counts_a_tie_as_half,
             an_alarm_is_a_value_under_its_week,
             too_few_tries_are_no_value_and_silence_is_none_reached,
             alarms_are_counted_against_what_was_true, nothing_found_is_no_figure,
             the_mean_of_two_f1, labels_are_outages_where_a_whole_network_is_lost,
             timing_says_what_it_can):
    test()
    print("ok:", test.__name__.replace("_", " "))
