"""Faults side by side: each a lab of its own, in a process and namespaces of its own."""

import collections
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

import faults
import score
import show

AT_ONCE = 6  # at most: how many the processors carry is seen while they run
LOOK_S = 0.5
# A lab shows what it needs once its country stands. Beyond what the processors carry all of
# them fall behind, make more rounds for it, and need twice the time for the same.
SETTLED_S, IDLE_SHARE = 15, 0.25


class Child:
    """One lab; what it says comes in whole lines."""

    def __init__(self, argv, names, heard):
        self.names, self.since_s, self.told = names, time.monotonic(), False
        self.process = subprocess.Popen(argv, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [threading.Thread(target=self.read, args=(pipe, name, heard))
                        for name, pipe in (("out", self.process.stdout),
                                           ("err", self.process.stderr))]
        for reader in self.readers:
            reader.start()

    def read(self, pipe, name, heard):
        for line in pipe:
            heard.put((name, line.rstrip("\n")))

    def ended(self):
        return self.process.poll() is not None and not any(r.is_alive() for r in self.readers)

    def age_s(self):
        return time.monotonic() - self.since_s

    def end(self):
        """Its own namespaces, and all that runs in them, go with it."""
        if self.process.poll() is None:
            self.process.terminate()


class Processors:
    """Do this machine's processors carry one more lab?"""

    def __init__(self):
        self.watch()

    def watch(self):
        """Looks anew from now on."""
        self.since_s, self.since = time.monotonic(), self.ticks()

    @staticmethod
    def ticks():
        """(idle, all) since the machine's start."""
        with open("/proc/stat", encoding="ascii") as stat:
            ticks = [int(x) for x in stat.readline().split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)

    def carry_more(self):
        if time.monotonic() < self.since_s + SETTLED_S:
            return False
        idle, ticks = (now - then for now, then in zip(self.ticks(), self.since))
        self.watch()
        return idle >= ticks * IDLE_SHARE


class Side:
    """Runs labs, as many at a time as the processors carry and so many at most; on() is told
    every line of theirs."""

    def __init__(self, at_once, limit_s, screen, on, processors=None):
        self.at_once, self.limit_s, self.screen, self.on = at_once, limit_s, screen, on
        self.heard, self.running, self.failed = queue.Queue(), [], False
        self.processors = processors or Processors()

    def has_room(self):
        return not self.running or (len(self.running) < self.at_once
                                    and self.processors.carry_more())

    def run(self, jobs):
        """Jobs: (argv, names). True when every one of them ended well."""
        left = collections.deque(jobs)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            while left or self.running:
                while left and self.has_room():
                    self.running.append(Child(*left.popleft(), self.heard))
                    self.processors.watch()
                self.listen()
                self.look(len(left))
            return not self.failed
        finally:
            for child in self.running:
                child.end()
            for child in self.running:
                child.process.wait()

    def listen(self):
        try:
            said = self.heard.get(timeout=LOOK_S)
            while True:
                self.on(*said)
                said = self.heard.get_nowait()
        except queue.Empty:
            pass

    def look(self, left):
        for child in list(self.running):
            if child.age_s() > self.limit_s * len(child.names) and not child.told:
                child.told = True
                self.screen.note(f"lab: {' '.join(child.names)}: not done within "
                                 f"{child.age_s():.0f} s: ended")
                child.end()
            if child.ended():
                self.running.remove(child)
                self.listen()
                self.failed |= child.process.returncode != 0
        names = " ".join(name for child in self.running for name in child.names)
        self.screen.progress(f"at work: {names}; {left} wait")


def command(options, names):
    """This very lab for some of the names, without anybody beside."""
    argv = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab.py"),
            "--alone", "--seed", str(options.seed), "--build", options.build]
    for word, given in (("--no-breakage", options.no_breakage), ("--prove", options.prove),
                        ("--verbose", options.verbose)):
        argv += [word] if given else []
    for word, value in (("--keep", options.keep), ("--scale", options.scale)):
        argv += [word, str(value)] if value else []
    return argv + list(names), list(names)


def prove(options, limit_s):
    """The faults shared out among so many countries; exit code."""
    screen = show.Screen()
    side = Side(options.at_once, limit_s, screen,
                lambda name, line: (screen.say if name == "out" else screen.note)(line))
    shares = [options.names[i::options.at_once] for i in range(options.at_once)]
    return 0 if side.run([command(options, share) for share in shares if share]) else 1


def run(options, limit_s):
    """A lab a fault, then all of them in one matrix; exit code."""
    screen, done = show.Screen(), []

    def hear(name, line):
        if name == "err" or not line.startswith("{"):
            screen.note(line)
            return
        done.append(json.loads(line))
        screen.say(line) if options.format == "json" else screen.row(done[-1])

    side = Side(options.at_once, limit_s, screen, hear)
    well = side.run([command(options, [name]) for name in options.names])
    missing = [n for n in options.names if n not in {x["fault"] for x in done}]
    if missing:
        screen.note(f"lab: without a result: {' '.join(missing)}")
    if options.no_breakage:
        return 0 if well and not missing and tell_unbroken(done, screen) else 1
    (screen.note if options.format == "json" else screen.say)(score.confusion(done))
    right = all(score.right(x) and score.held(x) for x in done)
    return 0 if well and not missing and right else 1


def tell_unbroken(done, screen):
    """Where nothing was broken, proof or table must fail."""
    good = True
    for x in done:
        fails = [what for what, held in (("its proof", x["proof"]["wrong"] == []),
                                         ("its table", score.held(x))) if not held]
        good &= bool(fails) or x["fault"] in faults.HARMLESS
        screen.note(f"{x['fault']}: with nothing broken {' and '.join(fails) or 'nothing'} fails")
    return good
