"""The whole job in about a minute: one country, broken three ways, and what is said."""

import os
import signal
import subprocess
import sys
import time

import bridge
import faults
import net
import programs
import run
import score
import show

TIME_SCALE = 250  # a round every 1.2 s, a window of 3.6 s
HOLD_S = {"international": 20.0, "policed": 18.0, "power": 11.0}
BASELINE_S = 18.0
QUIET_S = 4.0


def demo(options, directory, root):
    screen = show.Screen()
    names = [n for n in options.names if n != "quiet"]
    screen.say(f"A country of {options.seed}'s making: two mobile and one fixed operator, "
               "nine probes, two controls abroad, one analyzer.")
    try:
        return play(names, options, directory, root, screen)
    except (programs.ProgramError, RuntimeError) as error:
        screen.note(f"lab: demo: {error}")
        return 1


def play(names, options, directory, root, screen):
    start_s = time.monotonic()
    stage = run.Stage(options.seed, f"{directory}/demo", options, root, screen)
    pages = open_pages(stage)
    try:
        stage.stay(BASELINE_S, "all is well")
        spans = []
        for name in names:
            screen.say(f"Now: {faults.load(name).SENTENCE}.")
            _, span, _ = stage.suffer(name, HOLD_S.get(name, run.HOLD_S), True)
            spans.append((name, span))
            stage.stay(QUIET_S, "all is well again")
        if not names:
            stage.stay(run.HOLD_S, "nothing happens")
            stage.settle("at the end")
        stage.analyzer.analyze()
        return tell(stage, spans, options, screen, start_s)
    finally:
        pages.terminate()
        pages.wait()
        stage.close()


def tell(stage, spans, options, screen, start_s):
    events = stage.analyzer.events()
    right, told = True, set()
    screen.say()
    if not events:
        screen.say(screen.paint("No event.", "none"))
    for name, (a, b) in spans:
        event = score.verdict(events, a, b)
        expected = faults.load(name).EXPECTED_CLASS
        if event is None:
            screen.say(f"{name}: no event")
        else:
            screen.event(name, event)
            told.add(event["event"])
        right = right and event is not None and event["class"] == expected
    for event in events:
        if event["event"] not in told:
            screen.event("besides", event)
            right = right and event["class"] == "ordinary"
    folder = save(stage, options)
    screen.say()
    screen.say(f"Report folder: {folder}")
    screen.say(f"Pages: http://127.0.0.1:{os.environ[bridge.PORT]}/ as long as the demo runs")
    screen.say(f"Done in {time.monotonic() - start_s:.0f} s.")
    if sys.stdin.isatty() and sys.stdout.isatty():
        signal.alarm(0)
        input("Press Enter to end the demo. ")
    return 0 if right else 1


def open_pages(stage):
    """The pages' address on this machine leads to the analyzer's own."""
    address, port = programs.PAGES.split(":")
    return subprocess.Popen(net.inside("an", [
        "/usr/bin/python3", bridge.__file__, os.environ[bridge.PATH], address, port]),
        stdin=subprocess.DEVNULL)


def save(stage, options):
    """The verdicts and the arithmetic behind each, in a folder that stays."""
    folder = os.path.join(os.path.abspath(options.build), "demo-report")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    found = stage.analyzer.call("events", "--format", "json").stdout
    with open(f"{folder}/events.jsonl", "w", encoding="utf-8") as out:
        out.write(found)
    for event in programs.lines(found):
        done = stage.analyzer.call("explain", event["event"])
        with open(f"{folder}/{event['event']}.txt", "w", encoding="utf-8") as out:
            out.write(done.stdout)
    return folder
