"""Runs faults against real probes and a real analyzer, and scores what was said."""

import glob
import json
import os
import shutil
import time

import faults
import programs
import score
import seen
import show
import world as world_module
import unpack

TIME_SCALE = 200  # a round every 1.5 s, a window of 4.5 s
BASELINE_WINDOWS = 4  # of everything well; a median of three and one that is whole
GOOD_ROUNDS, GOOD_WINDOWS = 1, 2  # whole ones, after which what was broken counts as mended
LOOK_S = 0.3
ROUTES_S, ROUTES_LEAST_S = 30, 1  # a look at the routes: of the lab's time; in fact at least
LIMIT_S = 150.0  # for any one wait; a round over 2G takes half a minute


class Stage:
    """A country with its probes and its analyzer at work."""

    def __init__(self, seed, directory, options, root, screen):
        self.screen, self.seed = screen, seed
        screen.progress("the country comes up")
        self.world = world_module.World(seed, directory, unpack.Unpacked(options.build))
        self.world.wait_ready()
        self.routes = self.world.collect(max(ROUTES_S / options.scale, ROUTES_LEAST_S))
        self.analyzer = programs.Analyzer(self.world, options.build, options.scale, root)
        self.analyzer.serve()
        self.probes = [programs.Probe(h, options.build, f"{directory}/probe.conf")
                       for h in self.world.hosts]
        screen.progress("the probes enroll")
        self.enroll()
        for probe in self.probes:
            probe.run()
        self.seen = [seen.Seen(p, options.scale) for p in self.probes]

    def enroll(self):
        field = [p for p in self.probes if p.host.probe.role == "field"]
        control = [p for p in self.probes if p.host.probe.role == "control"]
        pairs = list(zip(field, self.analyzer.invites("field", len(field))))
        pairs += list(zip(control, self.analyzer.invites("control", len(control))))
        self.world.together([lambda p=p, i=i: p.enroll(i) for p, i in pairs])

    def wait(self, what, left, watch=None):
        """Looks at the probes until left() names none; they must live through it."""
        end = time.monotonic() + LIMIT_S
        while True:
            self.world.together([s.look for s in self.seen])
            for probe in self.probes:
                probe.check_alive()
            nodes = left()
            if not nodes:
                return
            if time.monotonic() > end:
                self.screen.note(f"lab: {what}: not within {LIMIT_S:.0f} s at {' '.join(nodes)}")
                return
            self.screen.progress(f"{what}: waiting for {len(nodes)} probes")
            if watch:
                watch()
            time.sleep(LOOK_S)

    def those(self, hosts, fine):
        """A left() for wait(): the nodes among these hosts for which fine() is not true."""
        watched = [s for s in self.seen if s.probe.host in hosts]
        return lambda: [s.probe.host.probe.node for s in watched if not fine(s)]

    def baseline(self, what="all is well"):
        self.wait(what, self.those(self.world.hosts, lambda s: s.windows(0)
                                   >= BASELINE_WINDOWS))

    def hold(self, fault, start_s, watch):
        """Until those who suffer have had time to see it, and made rounds that saw it."""
        def fine(s):
            least_s = max(fault.WINDOWS * s.window_s, fault.SECONDS)
            return (time.time() >= start_s + least_s
                    and (not s.probe.host.on or s.whole_rounds(start_s) >= fault.ROUNDS))

        self.wait(fault.SENTENCE, self.those(fault.victims(self.world), fine), watch)

    def mend(self, fault, end_s, watch=None):
        """Until those who suffered are well again for as long as the analysis asks."""
        self.wait("all is well again", self.those(
            fault.victims(self.world), lambda s: s.whole_rounds(end_s) >= GOOD_ROUNDS
            and s.windows(end_s) >= GOOD_WINDOWS), watch)

    def settle(self, watch=None):
        """Until all that was kept so far is delivered."""
        for s in self.seen:
            s.mark()
        self.wait("the probes deliver",
                  self.those(self.world.hosts, lambda s: s.delivered()), watch)

    def suffer(self, name, breakage):
        """One fault from its start until all is well; returns (fault, span, Watch)."""
        fault = faults.load(name)
        start_s = time.time()
        watch = Watch(self.analyzer, fault, start_s)
        fault.on(self.world, breakage)
        self.hold(fault, start_s, watch)
        fault.off(self.world)
        end_s = time.time()
        self.mend(fault, end_s, watch)
        return fault, (start_s, end_s), watch

    def conclude(self):
        """What others measured comes in, and the last word on all of it."""
        self.world.stop_collecting()
        self.analyzer.take_series("bgp", self.routes)
        self.analyzer.analyze()

    def keep(self, options, name):
        """All files of this run, their settings naming each other where they are now."""
        to = os.path.abspath(f"{options.keep}/{name}")
        shutil.copytree(self.world.dir, to, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("nginx-*", "socket"))
        for conf in glob.glob(f"{to}/*.conf"):
            with open(conf, "r+", encoding="ascii") as file:
                text = file.read().replace(self.world.dir, to)
                file.seek(0)
                file.write(text)
                file.truncate()

    def close(self, options, name):
        for probe in self.probes:
            probe.host.stop()
        self.analyzer.stop()
        if options.keep:
            self.keep(options, name)
        self.world.close()
        shutil.rmtree(self.world.dir, ignore_errors=True)


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
        stage.baseline(f"{name}: all is well")
        fault, (start_s, end_s), watch = stage.suffer(name, not options.no_breakage)
        stage.settle(watch)
        stage.conclude()
        events = stage.analyzer.events()
        watch()
        if name == "quiet":  # no event at all, whenever
            start_s = 0
        if options.verbose:
            for e in events:
                screen.note(json.dumps(e))
        found = score.verdict(events, start_s, end_s)
        for event in events:
            if event is not found:
                screen.note(f"lab: {name}: besides {score.short(event)}")
        if hasattr(fault, "afterwards"):
            wrong = [what for ok, what in fault.afterwards(stage, start_s, end_s) if not ok]
            if wrong:
                raise RuntimeError(f"not so: {'; '.join(wrong)}")
        return score.line(fault, name, options.seed, found, watch.delay_s)
    finally:
        stage.close(options, name)


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
    return 0 if all(map(score.right, done)) else 1
