"""The whole job in a minute or two: one country, broken three ways, and what is said."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import bridge
import faults
import net
import programs
import run
import score
import servers
import show

TIME_SCALE = 400  # a round every 0.75 s, a window of 2.25 s


def demo(options, directory, root):
    screen = show.Screen()
    names = [n for n in options.names if n != "quiet"]
    screen.say(f"A country drawn from seed {options.seed}: two mobile and one fixed operator, "
               "nine probes, two controls abroad, one analyzer.")
    try:
        return play(names, options, directory, root, screen)
    except (programs.ProgramError, RuntimeError) as error:
        screen.note(f"lab: demo: {error}")
        return 1


def play(names, options, directory, root, screen):
    start_s = time.monotonic()
    stage = run.Stage(names, f"{directory}/demo", options, root, screen)
    pages = open_pages(stage)
    try:
        screen.say(f"Pages: {address()} ({how_long()})")
        stage.baseline()
        spans = []
        for name in names:
            screen.say(f"Now: {faults.load(name).SENTENCE}.")
            done = stage.suffer(name, True)
            spans.append((name, (done.start_s, done.end_s)))
        if not names:
            stage.suffer("quiet", True)
        stage.settle()
        stage.conclude()
        return tell(stage, spans, options, screen, start_s)
    finally:
        pages.terminate()
        pages.wait()
        stage.close(options, "demo")


def tell(stage, spans, options, screen, start_s):
    events = stage.analyzer.events()
    screen.say()
    if not events:
        screen.say(screen.paint("No event.", "none"))
    told = score.share_out(events, spans)
    right = True
    for name, span in spans:
        expected = faults.load(name).EXPECTED_CLASS
        found = told.pop(name, [])
        if not found:
            screen.say(f"{name}: no event")
        for event in found:
            screen.event(name, event)
        right = right and found and all(e["class"] == expected for e in found)
    for event in told.pop(None, []):
        screen.event("besides", event)
        # With faults about, a home's own trouble may be told too; else nothing may be.
        right = right and spans and event["class"] in ("ordinary", "insufficient")
    folder = save(stage, options)
    answers = reach_pages()
    screen.say()
    screen.say(f"Report folder: {folder}")
    for name in sorted(os.listdir(folder)):
        if os.path.isdir(f"{folder}/{name}"):
            screen.say(f"    {name}/report.html, report.json")
    screen.say(f"Pages: {address()} {'answer' if answers else 'DO NOT ANSWER'} ({how_long()})")
    screen.say(f"Done in {time.monotonic() - start_s:.0f} s.")
    if at_terminal():
        signal.alarm(0)
        input("Press Enter to end the demo. ")
    return 0 if right and answers else 1


def at_terminal():
    return sys.stdin.isatty() and sys.stdout.isatty()


def address():
    return f"http://127.0.0.1:{os.environ[bridge.PORT]}/"


def how_long():
    return "until you press Enter at the end" if at_terminal() else "while the demo runs"


def reach_pages():
    """Through the same file that the port on this machine's loopback leads to."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(5)
            door.connect(os.environ[bridge.PATH])
            door.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return door.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def open_pages(stage):
    """The pages' address on this machine leads to the analyzer's own."""
    host, port = programs.PAGES.split(":")
    child = subprocess.Popen(net.inside("an", [
        "/usr/bin/python3", bridge.__file__, os.environ[bridge.PATH], host, port]),
        stdin=subprocess.DEVNULL)
    servers.wait_for("the way to the pages", reach_pages, 15)
    return child


def save(stage, options):
    """The verdicts and the arithmetic behind each, in a folder that stays."""
    folder = os.path.join(os.path.abspath(options.build), "demo-report")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    found = stage.analyzer.call("events", "--format", "json").stdout
    with open(f"{folder}/events.jsonl", "w", encoding="utf-8") as out:
        out.write(found)
    for event in programs.lines(found):
        done = stage.analyzer.call("explain", event["event"])
        with open(f"{folder}/{event['event']}.txt", "w", encoding="utf-8") as out:
            out.write(done.stdout)
        programs.said(stage.analyzer.call(
            "report", event["event"], "--out", f"{folder}/{event['event']}"), "report")
    return folder
