#!/usr/bin/python3
"""Labs side by side: whole lines, at most so many at a time, and one that fails or hangs
neither stops the others nor passes for well."""
import sys
import time

import side


class Quiet:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)

    def progress(self, text):
        pass


class Room:
    """Processors that carry one more lab, or do not."""

    def __init__(self, more):
        self.more = more

    def watch(self):
        pass

    def carry_more(self):
        return self.more


def job(name, code):
    return [sys.executable, "-c", code], [name]


def play(jobs, at_once=2, limit_s=30, more=True):
    heard, screen = [], Quiet()
    well = side.Side(at_once, limit_s, screen, lambda *said: heard.append(said),
                     Room(more)).run(jobs)
    return well, heard, screen.notes


def lines_stay_whole_and_every_one_is_heard():
    code = ("import sys\nfor n in range(50):\n    sys.stdout.write(f'{n:0200}'); "
            "sys.stdout.flush(); sys.stdout.write('\\n')")
    well, heard, _ = play([job("a", code), job("b", code), job("c", code)])
    assert well and len(heard) == 150
    assert all(name == "out" and len(line) == 200 for name, line in heard)


def one_that_fails_is_told_and_the_others_go_on():
    well, heard, _ = play([
        job("a", "import sys; sys.exit('it broke')"), job("b", "print('b')"),
        job("c", "print('c')")], at_once=1)
    assert not well
    assert [line for name, line in heard if name == "out"] == ["b", "c"]
    assert ("err", "it broke") in heard


def one_that_hangs_is_ended_and_told_once():
    start_s = time.monotonic()
    well, heard, notes = play([job("a", "import time; time.sleep(90)"), job("b", "print('b')")],
                              limit_s=8)
    assert not well and ("out", "b") in heard and time.monotonic() - start_s < 40
    assert len(notes) == 1 and "a: not done within" in notes[0]


def run_one_after_the_other(**limits):
    code = "import time; print('{0}', flush=True); time.sleep(2); print('{0}')"
    _, heard, _ = play([job(name, code.format(name)) for name in "abc"], **limits)
    said = [line for _, line in heard]
    assert sorted(said) == list("aabbcc")
    return said == list("aabbcc")


def no_more_run_than_were_asked_for():
    assert run_one_after_the_other(at_once=1)
    assert not run_one_after_the_other(at_once=3)


def no_more_run_than_the_processors_carry():
    assert run_one_after_the_other(at_once=3, more=False)


def processors_that_are_just_being_looked_at_carry_no_more():
    processors = side.Processors()
    assert not processors.carry_more()
    idle, ticks = processors.since
    assert 0 < idle <= ticks


for test in (lines_stay_whole_and_every_one_is_heard,
             one_that_fails_is_told_and_the_others_go_on,
             one_that_hangs_is_ended_and_told_once, no_more_run_than_were_asked_for,
             no_more_run_than_the_processors_carry,
             processors_that_are_just_being_looked_at_carry_no_more):
    test()
    print("ok:", test.__name__.replace("_", " "))
