#!/usr/bin/python3
"""A fault's table is held against what was stored, and what is wrong is found."""
import types

import faults
import ladder

PROBES = {"p00": "a" * 64, "p10": "b" * 64, "c0": "c" * 64}
GROUPS = {"victims": ["p00"], "others": ["p10"], "controls": ["c0"],
          **{node: [node] for node in PROBES}}
UP, DOWN = "up " * 11, "down " * 11
CHECK_OF = {"power": "power", "link": "link", "router": "router", "access": "ping",
            "core": "core", "names": "dns", "transport": "tls", "service": "http",
            "quality": "speed", "domestic": "ping", "international": "ping"}


def at(second):
    return f"2026-11-22T10:00:{second:02d}.500000Z"


def row(node, second, rung, outcome="ok", round=0, **facts):
    made = {"epoch": PROBES[node], "seq": second, "line": 0, "time": at(second),
            "took_us": 1000, "round": round or second, "rung": rung, "check": CHECK_OF[rung],
            "outcome": outcome, "target": None, "ttl": 2 if rung == "access" else None}
    return made | facts


def a_round(node, second, down=(), **facts):
    """Every rung of the ladder, some of them down; what they saw on a rung goes by its name."""
    return [row(node, second, rung, "generic_timeout_error" if rung in down else "ok",
                **facts.get(rung, {})) | {"line": i} for i, rung in enumerate(ladder.RUNGS)]


def written(*rows, facts="", **more):
    head = "who " + " ".join(ladder.RUNGS)
    facts = f"who check of fact is\n{facts}" if facts else ""
    return types.SimpleNamespace(TABLE="\n".join((head, *rows)), FACTS=facts, **more)


def stored(rows, phases=(("", 10, 30),), before=10, **more):
    base = ladder.score.utc_s("2026-11-22T10:00:00Z")
    return ladder.Run(rows, PROBES, GROUPS, [(n, base + a, base + b) for n, a, b in phases],
                      base + before, **more)


def all_well(seconds=(2, 4, 12, 14, 16), **facts):
    return [x for node in PROBES for second in seconds for x in a_round(node, second, **facts)]


def wrong(fault, run):
    return [what for held, what in ladder.judge(ladder.read(fault), run) if not held]


def refused(call):
    try:
        call()
    except ladder.TableError as error:
        return str(error)
    return None


WELL = written(f"victims {UP}", f"others {UP}", f"controls {UP}")


def a_country_that_is_well_holds_a_table_that_says_so():
    assert not wrong(WELL, stored(all_well()))
    assert len(ladder.judge(ladder.read(WELL), stored(all_well()))) == 3 * 11


def a_cell_that_is_wrong_is_found_and_told():
    rows = all_well((2, 4)) + [x for s in (12, 14, 16) for node in PROBES
                               for x in a_round(node, s, ("core",) if node == "p10" else ())]
    assert wrong(WELL, stored(rows)) == [
        "others, p10: core is up, it was down in 3 of 3 whole rounds (generic_timeout_error)"]


def what_did_not_break_is_found_too():
    broken = written(f"victims {DOWN}", f"others {UP}", f"controls {UP}")
    assert len(wrong(broken, stored(all_well()))) == 11


def most_of_the_rounds_decide_and_only_whole_ones():
    rows = [x for x in all_well((2, 4, 12, 14, 16)) if x["epoch"] != PROBES["p00"]]
    mine = [a_round("p00", s, ("core",) if s in bad else ()) for s, bad in (
        (2, ()), (12, (12,)), (14, ()), (16, ()))]
    assert not wrong(WELL, stored(rows + sum(mine, [])))
    late = a_round("p00", 29, ("core",))
    late[-1]["took_us"] = 5_000_000
    early = a_round("p00", 9, ("core",))
    early[-1]["took_us"] = 3_000_000
    assert not wrong(WELL, stored(rows + sum(mine, []) + early + late))
    half = sum((a_round("p00", s, ("core",) if s > 13 else ()) for s in (11, 12, 14, 16)), [])
    assert len(wrong(WELL, stored(rows + half))) == 1, "half of the rounds are not most"


def a_probe_without_a_whole_round_holds_nothing():
    rows = [x for x in all_well() if x["epoch"] != PROBES["c0"] or x["round"] < 10]
    assert len(wrong(WELL, stored(rows))) == 11
    assert "it was in no whole round" in wrong(WELL, stored(rows))[0]


def the_most_frequent_failure_is_looked_at_where_it_is_named():
    def said(outcome):
        return written(f"victims up up up up up up down:{outcome} up up up up", f"others {UP}",
                       f"controls {UP}")

    rows = [x for x in all_well() if x["epoch"] != PROBES["p00"]]
    rows += [x for s in (12, 14) for x in a_round("p00", s, ("core",))]
    assert not wrong(said("generic_timeout_error"), stored(rows))
    assert len(wrong(said("connection_reset"), stored(rows))) == 1
    assert not wrong(said("connection_reset|partial|down"), stored(rows))


def success_is_what_the_programs_call_so():
    def states(*made):
        return [ladder.state([made[0] | x], made[0]["rung"]) for x in made]

    assert states(row("p00", 1, "access", "ttl_exceeded"), {"ttl": None}) == ["up", "down"]
    assert states(row("p00", 1, "core"), {"outcome": "unmeasured"}) == ["up", "-"]
    trace = row("p00", 1, "access", "generic_timeout_error", check="trace", hops="a * *")
    assert states(trace, {"hops": "a b"}, {"outcome": "ok"}) == ["-", "up", "up"]
    some = [row("p00", 1, "core"), row("p00", 1, "core", "connection_refused")]
    assert ladder.state(some, "core") == "partial" and ladder.state(some, "names") == "-"
    assert ladder.state(some + some[:1], "core") == "up"
    domestic = row("p00", 1, "domestic", "connection_reset", check="http")
    assert ladder.state([domestic], "service") == ladder.state([domestic], "domestic") == "down"


def a_pulse_belongs_to_no_round():
    asked = row("p00", 12, "international", check="dns", target="international-1")
    pulse = asked | {"line": 99, "time": at(40), "outcome": "generic_timeout_error"}
    last = row("p00", 12, "quality", line=60)
    rounds = ladder.rounds_of(a_round("p00", 12) + [asked | {"line": 50}, last, pulse, pulse])
    assert len(rounds) == 1 and rounds[0].end_s < ladder.score.utc_s(at(13))
    assert sum(x["check"] == "dns" and x["rung"] == "international" for x in rounds[0].rows) == 1


def a_round_is_counted_anew_after_a_boot():
    rows = [x | {"seq": n, "round": 1} for n, s in ((1, 2), (3, 14)) for x in a_round("p00", s)]
    between = [x | {"seq": 2, "round": 2} for x in a_round("p00", 4)]
    assert len(ladder.rounds_of(rows + between)) == 3


def what_is_said_again_in_full_is_no_round_and_holds_as_a_fact():
    late = row("p00", 12, "international", "generic_timeout_error", check="oneway")
    again = late | {"seq": 16, "line": 99, "time": late["time"].replace(".5000", ".5003"),
                    "received": 0, "far_received": 4}
    half = " ".join("partial" if rung == "international" else "up" for rung in ladder.RUNGS)
    # It speaks of its round in a segment of its own: alone it would be a dark one.
    fault = written("victims " + half, "others " + UP, "controls " + UP,
                    facts="victims oneway - far_received > 0")
    assert wrong(fault, stored(all_well((2, 4, 12)) + [late | {"seq": 12, "line": 98}, again])
                 ) == []
    assert len(wrong(fault, stored(all_well((2, 4, 12)) + [late | {"line": 98}]))) == 1


def a_machine_that_is_off_makes_no_round():
    dark = written("victims " + "off " * 11, f"others {UP}", f"controls {UP}")
    silent = [x for x in all_well() if x["epoch"] != PROBES["p00"] or x["round"] < 10]
    assert not wrong(dark, stored(silent))
    assert len(wrong(dark, stored(all_well()))) == 1
    assert refused(lambda: ladder.read(written("victims off " + "up " * 10)))


def a_phase_has_a_table_of_its_own():
    two = written(PHASES=(("first", None), ("both", None)))
    head = two.TABLE
    two.TABLE = {"first": f"{head}\nvictims {UP}\nothers {UP}\ncontrols {UP}",
                 "both": f"{head}\nvictims {DOWN}\nothers {UP}\ncontrols {UP}"}
    rows = all_well((2, 12)) + [x for node in PROBES for x in a_round(
        node, 22, ladder.RUNGS if node == "p00" else ())]
    assert not wrong(two, stored(rows, (("first", 10, 20), ("both", 20, 30))))
    assert len(wrong(two, stored(rows, (("first", 20, 30), ("both", 10, 20))))) == 22
    del two.TABLE["both"]
    assert "both" in refused(lambda: ladder.read(two))


def facts_are_held_against_what_was_before():
    def speed(bps):
        return {"quality": {"body_bytes": 1000, "transfer_us": int(8e9 / bps)}}

    def rows(bps, after_bps):
        return all_well((2, 4), **speed(bps)) + all_well((12, 14, 16), **speed(after_bps))

    table = (f"victims {UP}", f"others {UP}", f"controls {UP}")
    for says, slow in (("< 150000", 1), ("< 0.5 x before", 1), ("> 0.5 x before", 0),
                       ("> 150000", 0)):
        fault = written(*table, facts=f"victims speed - rate_bps {says}")
        assert bool(wrong(fault, stored(rows(1e6, 1e5)))) != bool(slow), says
        assert bool(wrong(fault, stored(rows(1e6, 9e5)))) == bool(slow), says
    up = written(*table, facts="victims speed up rate_bps > 1")
    assert wrong(up, stored(rows(1e6, 1e6))) == [
        "victims, p00: speed up rate_bps is > 1, it was not measured"]


def names_are_compared_by_the_most_frequent_one():
    def rows(after):
        return (all_well((2, 4), names={"answer_sha256": "aa"})
                + all_well((12, 14, 16), names={"answer_sha256": after}))

    table = (f"victims {UP}", f"others {UP}", f"controls {UP}")
    lied = written(*table, facts="victims dns names answer_sha256 != before")
    assert not wrong(lied, stored(rows("bb"))) and wrong(lied, stored(rows("aa")))
    ok = written(*table, facts="others dns - outcome = ok\nothers dns - serial none")
    assert not wrong(ok, stored(rows("aa")))
    assert wrong(written(*table, facts="others dns - outcome = eof_error"), stored(rows("aa")))


def loss_is_of_all_of_them_together():
    rows = all_well((2,)) + all_well((12,), domestic={"sent": 3, "received": 3}) + all_well(
        (14,), domestic={"sent": 3, "received": 0})
    table = (f"victims {UP}", f"others {UP}", f"controls {UP}")
    for says, holds in (("> 0.4", True), ("< 0.6", True), ("< 0.4", False)):
        fault = written(*table, facts=f"victims ping domestic loss {says}")
        assert bool(wrong(fault, stored(rows))) != holds


def a_fact_may_speak_of_some_targets_by_name():
    rows = all_well()
    rows += [row("p00", 13, "domestic", "connection_reset", 13, check="tls", target="domestic-1",
                 line=60)]
    table = (f"victims {UP}", f"others {UP}", f"controls {UP}")
    fault = written(*table, facts="victims tls named outcome = connection_reset")
    assert not wrong(fault, stored(rows, targets={"named": ["domestic-1"]}))
    assert wrong(fault, stored(rows, targets={"named": ["domestic-2"]}))


def a_probe_in_no_row_or_in_two_is_refused():
    for fault, what in ((written(f"victims {UP}", f"others {UP}"), "c0 is in 0 rows"),
                        (written(f"victims {UP}", f"others {UP}", f"controls {UP}",
                                 f"p10 {UP}"), "p10 is in 2 rows"),
                        (written(f"victims {UP}", f"nobody {UP}"), "nobody is called nobody")):
        said = refused(lambda f=fault: ladder.judge(ladder.read(f), stored(all_well())))
        assert said and what in said, said


def what_is_not_written_well_is_refused():
    good = (f"others {UP}", f"controls {UP}")
    for fault in (written("victims " + "up " * 10, *good), written(f"victims {UP} up", *good),
                  written("victims " + "fine " * 11, *good),
                  written("victims " + "down:boredom " * 11, *good),
                  written("victims " + "-:eof_error " * 11, *good),
                  written(f"others {UP}", *good),
                  types.SimpleNamespace(TABLE=f"victims {UP}"),
                  *(written(*good, facts=text) for text in (
                      "victims nocheck - rtt_us < 5", "victims ping - nofact < 5",
                      "victims ping - rtt_us fast", "victims ping - rtt_us < fast",
                      "victims ping - rtt_us 3 x before", "victims ping - rtt_us"))):
        assert refused(lambda f=fault: ladder.read(f)), fault


def every_fault_says_everything_before_it_runs():
    for name in faults.NAMES:
        fault = faults.load(name)
        missing = [what for what in faults.SAYS if not hasattr(fault, what)]
        assert not missing, f"{name} lacks {', '.join(missing)}"
        assert hasattr(fault, "on") or hasattr(fault, "PHASES"), f"{name} breaks nothing"
        assert fault.EXPECTED_CLASS != "insufficient" or len(fault.CAUSES) == 2, name
        for table, facts in ladder.read(fault).values():
            assert table and all(list(cells) == ladder.RUNGS for cells in table.values()), name


for test in (a_country_that_is_well_holds_a_table_that_says_so,
             a_cell_that_is_wrong_is_found_and_told, what_did_not_break_is_found_too,
             most_of_the_rounds_decide_and_only_whole_ones,
             a_probe_without_a_whole_round_holds_nothing,
             the_most_frequent_failure_is_looked_at_where_it_is_named,
             success_is_what_the_programs_call_so, a_pulse_belongs_to_no_round,
             a_round_is_counted_anew_after_a_boot,
             what_is_said_again_in_full_is_no_round_and_holds_as_a_fact,
             a_machine_that_is_off_makes_no_round,
             a_phase_has_a_table_of_its_own, facts_are_held_against_what_was_before,
             names_are_compared_by_the_most_frequent_one, loss_is_of_all_of_them_together,
             a_fact_may_speak_of_some_targets_by_name,
             a_probe_in_no_row_or_in_two_is_refused, what_is_not_written_well_is_refused,
             every_fault_says_everything_before_it_runs):
    test()
    print("ok:", test.__name__.replace("_", " "))
