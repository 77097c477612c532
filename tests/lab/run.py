"""Runs faults against real probes and a real analyzer, and scores what was said."""

import glob
import json
import os
import shutil
import time

import faults
import ladder
import programs
import score
import seen
import show
import world as world_module
import unpack

TIME_SCALE = 120  # a round every 2.5 s, a window of 7.5 s
BASELINE_WINDOWS = 4  # of everything well; a median of three and one that is whole
GOOD_ROUNDS, GOOD_WINDOWS = 1, 2  # whole ones, after which what was broken counts as mended
LOOK_S = 1.0
ROUTES_S, ROUTES_LEAST_S = 30, 1  # a look at the routes: of the lab's time; in fact at least
LIMIT_S = 150.0  # for any one wait; a round over 2G takes half a minute


class Stage:
    """A country with its probes and its analyzer at work."""

    def __init__(self, names, directory, options, root, screen):
        seed = options.seed
        self.screen, self.seed = screen, seed
        screen.progress("the country comes up")
        self.world = world_module.World(seed, directory, unpack.Unpacked(options.build))
        self.world.scale = options.scale
        self.world.wait_ready()
        for name in names:
            faults.before(faults.load(name), self.world)
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
        """Until those who suffer have had time to see it, and everybody has made rounds that
        the table speaks of."""
        suffer = fault.victims(self.world)

        def fine(s):
            least_s = max(fault.WINDOWS * s.window_s, fault.SECONDS)
            rounds = max(fault.ROUNDS, 1) if s.probe.host in suffer else 1
            return (time.time() >= start_s + least_s
                    and (not s.probe.host.on or s.whole_rounds(start_s) >= rounds))

        self.wait(fault.SENTENCE, self.those(self.world.hosts, fine), watch)

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
        """One fault from its start until all is well: what was done, and when. Where nothing
        is broken the fault's proof looks too, while it should be."""
        fault = faults.load(name)
        done = Done(fault, self.world, self.analyzer)
        for phase, enter in faults.phases(fault):
            enter(self.world, breakage)
            since_s = time.time()
            self.hold(fault, since_s, done.watch)
            done.phases.append((phase, since_s, time.time()))
        done.proof = [] if breakage else fault.proof(self.world)
        fault.off(self.world)
        done.end_s = time.time()
        self.mend(fault, done.end_s, done.watch)
        return done

    def climbed(self, done):
        """What the stored measurements alone say of the fault's table: (held, sentence)."""
        groups = faults.groups(done.fault, self.world)
        targets = getattr(done.fault, "targets", lambda world: {})(self.world)
        return ladder.judge(ladder.read(done.fault), ladder.Run(
            self.analyzer.measurements(),
            {p.host.probe.node: p.epoch() for p in self.probes},
            {who: [h.probe.node for h in hosts] for who, hosts in groups.items()},
            done.phases, done.start_s, targets))

    def conclude(self):
        """What others measured comes in, and the last word on all of it."""
        self.world.stop_collecting()
        self.analyzer.take_series("bgp", self.routes)
        self.analyzer.analyze()

    def keep(self, options, name):
        """All files of this run, their settings naming each other where they are now."""
        to = os.path.abspath(f"{options.keep}/{name}")
        shutil.copytree(self.world.dir, to, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("nginx-*", "socket", "*_socket"))
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


class Done:
    """A fault that was made: from when to when, each phase of it, and who watched."""

    def __init__(self, fault, world, analyzer):
        self.fault, self.phases, self.proof = fault, [], []
        self.start_s = self.end_s = time.time()
        # Where nothing is wrong, an event about anybody is.
        self.asns = None if fault.EXPECTED_CLASS == "none" else {
            h.probe.network.asn for h in fault.victims(world)}
        self.watch = Watch(analyzer, fault, self.start_s, self.asns)


class Watch:
    """When did the analyzer first say the right class, in seconds after the onset?"""

    def __init__(self, analyzer, fault, start_s, asns):
        self.analyzer, self.fault, self.start_s, self.asns = analyzer, fault, start_s, asns
        self.delay_s = None

    def __call__(self):
        if self.delay_s is not None or self.fault.EXPECTED_CLASS == "none":
            return
        now = time.time()
        event = score.verdict(self.analyzer.events(), self.start_s, now, self.asns,
                              faults.also(self.fault))
        if event and event["class"] == self.fault.EXPECTED_CLASS:
            self.delay_s = round(now - self.start_s, 1)


def one(name, options, directory, root, screen):
    """A fresh country, one fault: its line."""
    stage = Stage([name], f"{directory}/{name}", options, root, screen)
    try:
        stage.baseline(f"{name}: all is well")
        done = stage.suffer(name, not options.no_breakage)
        stage.settle(done.watch)
        stage.conclude()
        events = stage.analyzer.events()
        done.watch()
        # In the quiet country no event at all is right, whenever.
        start_s = 0 if name == "quiet" else done.start_s
        found = score.verdict(events, start_s, done.end_s, done.asns, faults.also(done.fault))
        tell_events(name, events, found, options, screen)
        if hasattr(done.fault, "afterwards"):
            said = done.fault.afterwards(stage, done.start_s, done.end_s)
            wrong = [what for ok, what in said if not ok]
            if wrong:
                raise RuntimeError(f"not so: {'; '.join(wrong)}")
        line = score.line(done.fault, name, options.seed, found, done.watch.delay_s)
        line |= {"ladder": score.cells(stage.climbed(done)), "phases": done.phases}
        return line | ({"proof": score.cells(done.proof)} if options.no_breakage else {})
    finally:
        stage.close(options, name)


def tell_events(name, events, found, options, screen):
    for event in events:
        if options.verbose:
            screen.note(json.dumps(event))
        if event is not found:
            screen.note(f"lab: {name}: besides {score.short(event)}")


def run(options, directory, root):
    """Fault after fault in this process; what they came to, a line each."""
    screen, failed = show.Screen(), False
    for name in options.names:
        try:
            line = one(name, options, directory, root, screen)
        except (programs.ProgramError, RuntimeError) as error:
            screen.note(f"lab: {name}: {error}")
            failed = True
            continue
        screen.say(json.dumps(line))
    return 1 if failed else 0
