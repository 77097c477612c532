"""Runs faults against real probes and a real analyzer, and scores what was said."""

import json
import shutil
import time

import faults
import programs
import score
import show
import world as world_module
import unpack

TIME_SCALE = 150  # a round every 2 s, a window of 6 s
BASELINE_S = 32.0  # five windows of everything well
HOLD_S = 30.0  # a dark round takes as long as its deadlines: they are not scaled
QUIET_S = 15.0  # after a fault, before the next
SETTLE_LIMIT_S = 90.0


class Stage:
    """A country with its probes and its analyzer at work."""

    def __init__(self, seed, directory, options, root, screen):
        self.screen, self.seed = screen, seed
        screen.progress("the country comes up")
        self.world = world_module.World(seed, directory, unpack.Unpacked(options.build))
        self.world.wait_ready()
        self.analyzer = programs.Analyzer(self.world, options.build, options.scale, root)
        self.analyzer.serve()
        self.probes = [programs.Probe(h, options.build, f"{directory}/probe.conf")
                       for h in self.world.hosts]
        screen.progress("the probes enroll")
        self.enroll()
        for probe in self.probes:
            probe.run()
        self.started_s = time.time()

    def enroll(self):
        field = [p for p in self.probes if p.host.probe.role == "field"]
        control = [p for p in self.probes if p.host.probe.role == "control"]
        pairs = list(zip(field, self.analyzer.invites("field", len(field))))
        pairs += list(zip(control, self.analyzer.invites("control", len(control))))
        self.world.together([lambda p=p, i=i: p.enroll(i) for p, i in pairs])

    def stay(self, seconds, what, watch=None):
        """Lets time pass; the programs must live through it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for probe in self.probes:
                probe.check_alive()
            self.screen.progress(f"{what}, {left:.0f} s to go")
            if watch:
                watch()
            time.sleep(min(1.0, left))

    def settle(self, what, watch=None):
        """Waits until every probe made new rounds and all it kept is delivered."""
        before = [p.status().get("rounds", 0) for p in self.probes]
        end = time.monotonic() + SETTLE_LIMIT_S
        waiting = set(range(len(self.probes)))
        while waiting and time.monotonic() < end:
            for i in sorted(waiting):
                s = self.probes[i].status()
                if done_with(s, before[i]):
                    waiting.discard(i)
            self.screen.progress(f"{what}: {len(waiting)} probes still deliver")
            if watch:
                watch()
            time.sleep(0.5)
        if waiting:
            names = " ".join(self.probes[i].host.probe.node for i in sorted(waiting))
            self.screen.note(f"lab: not delivered within {SETTLE_LIMIT_S:.0f} s: {names}")

    def suffer(self, name, hold_s, breakage):
        """One fault from its start to its cure; returns (fault, span, Watch)."""
        fault = faults.load(name)
        start_s = time.time()
        watch = Watch(self.analyzer, fault, start_s)
        fault.on(self.world, breakage)
        self.stay(hold_s, f"{name}: {fault.SENTENCE}", watch)
        fault.off(self.world)
        end_s = time.time()
        self.settle(f"{name}: cured", watch)
        return fault, (start_s, end_s), watch

    def close(self):
        for probe in self.probes:
            probe.host.stop()
        self.analyzer.stop()
        self.world.close()
        shutil.rmtree(self.world.dir, ignore_errors=True)


def done_with(status, before):
    """Two rounds since (or since a new start), and all but the newest segment is gone."""
    rounds = status.get("rounds", 0)
    since = rounds - before if rounds >= before else rounds
    return since >= 2 and status.get("analyzer_reached") and status.get("spooled", 9) <= 1


class Watch:
    """When did the analyzer first say the right class, in seconds after the onset?"""

    def __init__(self, analyzer, fault, start_s):
        self.analyzer, self.fault, self.start_s = analyzer, fault, start_s
        self.delay_s = None

    def __call__(self):
        if self.delay_s is not None or self.fault.EXPECTED_CLASS == "none":
            return
        now = time.time()
        event = score.verdict(self.analyzer.events(), self.start_s, now)
        if event and event["class"] == self.fault.EXPECTED_CLASS:
            self.delay_s = round(now - self.start_s, 1)


def one(name, options, directory, root, screen):
    """A fresh country, one fault: its line."""
    stage = Stage(options.seed, f"{directory}/{name}", options, root, screen)
    try:
        stage.stay(BASELINE_S, f"{name}: all is well")
        fault, (start_s, end_s), watch = stage.suffer(
            name, HOLD_S, not options.no_breakage)
        stage.analyzer.analyze()
        events = stage.analyzer.events()
        watch()
        if name == "quiet":  # no event at all, whenever
            start_s = 0
        if options.verbose:
            for e in events:
                screen.note(json.dumps(e))
        found = score.verdict(events, start_s, end_s)
        return score.line(fault, name, options.seed, found, watch.delay_s)
    finally:
        if options.keep:
            shutil.copytree(f"{directory}/{name}", f"{options.keep}/{name}",
                            ignore=shutil.ignore_patterns("nginx-*"), dirs_exist_ok=True)
        stage.close()


def run(options, directory, root):
    screen = show.Screen()
    done = []
    for name in options.names:
        try:
            line = one(name, options, directory, root, screen)
        except (programs.ProgramError, RuntimeError) as error:
            screen.note(f"lab: {name}: {error}")
            return 1
        done.append(line)
        if options.format == "json":
            screen.say(json.dumps(line))
        else:
            screen.row(line)
    matrix = score.confusion(done)
    if options.format == "json":
        screen.note(matrix)
    else:
        screen.say(matrix)
    return 0 if all(x["class"] == x["expected_class"] for x in done) else 1
