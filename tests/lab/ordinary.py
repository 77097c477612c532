#!/usr/bin/python3
"""Two probes at level low, each on a line whose router keeps every packet: what do both captures
share that no ordinary device would show (common/ORDINARY.md)?

    ordinary.py [--hours H] [--scale N] [--keep DIR]

Two probes of two operators live H hours (24 if not said) of the profile home, all as shipped but
time_scale; where that is short, transfers come more often, so that there are some to compare.
Beside them two others climb one round in real time: the gaps between packets are looked at there. What was
found is said, whatever it is, with how much was looked at; then marks are planted in the same
captures, and each must be found.
"""

import argparse
import copy
import dataclasses
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import country as country_module
import enter
import net
import patterns
import programs
import servers
import unpack
import wire
import world

SEED = 21
HOUR = 3600
KEPT_BYTES = 640  # a ClientHello and the headers before it
SHORT_HOURS = 6
# An operator's ingest stands at 443, as the man page says: no other port is ordinary.
PORT = 443
CONF = """time_scale = {scale}
profile = home
level = low
targets = {targets}
root_hints = {hints}
ca_file = {authority}
"""
SHORT_CONF = "home_speed = 15min\n"


def rows(country):
    """What the shipped lists have and the lab's does not."""
    home, away = country.domestic_sites[1], country.foreign_sites[2]
    quic, resolver = country.quic_site, country.public_resolvers[1][1]
    return [("control", quic.host, quic.address, "80"), ("essential", home.host, home.address, "443"),
            ("essential", home.host, home.address, "80"), ("international", away.host, "-", "443"),
            ("international", "-", resolver, "-"), ("names", away.host, resolver, "53")]


class Line:
    """A probe, and the capture on its router's port."""

    def __init__(self, host, build, conf, directory):
        self.host, self.own = host, {host.probe.address, host.probe.address6}
        self.home = {host.probe.gateway, host.probe.gateway6}
        self.probe = programs.Probe(host, build, conf)
        self.path = f"{directory}/{host.probe.node}.pcap"
        self.argv = net.inside(f"acc{host.probe.operator}", [
            f"{build}/tests/capture", self.path, "ip or ip6", str(KEPT_BYTES), host.probe.node])
        self.child = None

    def listen(self):
        self.child = subprocess.Popen(self.argv, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline().strip() != "ready":
            raise RuntimeError(f"no capture of {self.host.probe.node}")

    def flows(self):
        if self.child:
            self.child.terminate()
            self.child.wait(20)
            self.child = None
        return wire.flows(wire.read(self.path, self.own))


class Lab:
    def __init__(self, directory, build, root, options):
        programs.INGEST_PORT = PORT
        self.dir, self.scale, self.hours = directory, options.scale, options.hours
        self.world = world.World(SEED, directory, unpack.Unpacked(build))
        self.world.wait_ready()
        self.analyzer = programs.Analyzer(self.world, build, options.scale, root)
        self.names = self.write_list()
        self.analyzer.serve()
        field = self.world.field()
        day = [next(h for h in field if h.probe.operator == i) for i in (0, 1)]
        round_ = [h for h in field if h not in day][-2:]
        self.day = [Line(h, build, self.conf("day", options.scale), directory) for h in day]
        self.round = [Line(h, build, self.conf("round", 1), directory) for h in round_]

    def write_list(self):
        """The lab's list and more of what shipped ones have; every name in it."""
        path = f"{self.dir}/targets.csv"
        with open(path, "a", encoding="ascii") as out:
            out.writelines(",".join(row) + ",-,everyone,no\n" for row in rows(self.world.country))
        with open(path, encoding="ascii") as source:
            found = {line.split(",")[i] for line in source for i in (1, 2)}
        return found - {"-", "host", "address"}

    def conf(self, name, scale):
        path = f"{self.dir}/{name}.conf"
        with open(path, "w", encoding="ascii") as out:
            out.write(CONF.format(scale=scale, targets=f"{self.dir}/targets.csv",
                                  hints=self.world.hints,
                                  authority=self.world.servers.authority.certificate))
            out.write(SHORT_CONF if self.hours < SHORT_HOURS else "")
        return path

    def live(self):
        """The day of two, and meanwhile a round of two others, as long as that takes."""
        lines = self.day + self.round
        for line, invite in zip(lines, self.analyzer.invites("field", len(lines))):
            line.probe.enroll(invite, "low")
            line.listen()
        for line in self.day:
            line.probe.run()
        rounds = [threading.Thread(target=self.climb, args=(line,)) for line in self.round]
        for thread in rounds:
            thread.start()
        end_s = time.monotonic() + self.hours * HOUR / self.scale
        while time.monotonic() < end_s:
            for line in self.day:
                line.probe.check_alive()
            time.sleep(1)
        for thread in rounds:
            thread.join(180)
        for line in self.day:
            line.host.stop()

    @staticmethod
    def climb(line):
        line.host.run(line.probe.argv("once"), timeout_s=170)

    def close(self):
        for line in self.day + self.round:
            if line.child:
                line.child.terminate()
                line.child.wait(20)
            line.host.stop()
        self.analyzer.stop()
        self.world.close()


def curl_hello():
    """What of a ClientHello of this machine's curl never changes."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    child = subprocess.Popen(["curl", "-sk", "--resolve", f"www.example.org:{port}:127.0.0.1",
                              f"https://www.example.org:{port}/"], stdout=subprocess.DEVNULL)
    with listener, listener.accept()[0] as connection:
        hello = patterns.hello_of(connection.recv(4096))
    child.wait(20)
    return hello[0]


# ---- what must be found ----

def moved(flow, at_s):
    """The same flow at another time."""
    by = at_s - flow.at_s
    return dataclasses.replace(
        flow, packets=[dataclasses.replace(p, at_s=p.at_s + by) for p in flow.packets])


def changed(flow, change):
    """With its first words changed."""
    at = next(i for i, p in enumerate(flow.packets) if p.out and p.size)
    packets = list(flow.packets)
    packets[at] = dataclasses.replace(packets[at], payload=change(packets[at].payload))
    return dataclasses.replace(flow, packets=packets)


def of_port(flows, kind, port):
    return [f for f in flows if (f.kind, f.port) == (kind, port) and f.sent()]


def each(flows, kind, port, change):
    chosen = of_port(flows, kind, port)
    return [changed(f, change) if f in chosen else f for f in flows]


class Plants:
    """Marks, each as a change of a device's flows; the second column says who must find it."""

    def __init__(self, chance, scale):
        self.chance, self.scale = chance, scale
        self.peer = "198.51.100.77"
        self.all = (
            ("a number that all questions carry", patterns.compare_fields, self.number),
            ("sixteen bytes in a random number", patterns.compare_grams, self.string),
            ("another line in a request", patterns.compare_shapes, self.line),
            ("a ClientHello with its ciphers in another order", patterns.compare_shapes,
             self.ciphers),
            ("an odd port", patterns.compare_ports, self.odd),
            ("an odd TTL", patterns.compare_headers, self.ttl),
            ("a contact every 47 s", patterns.compare_periods, self.period),
            ("starts at the full minute", patterns.compare_phases, self.minute),
            ("two hosts in the same order", patterns.compare_order, self.order),
            ("an upload of one size", patterns.compare_sizes, self.size),
            ("records of one length", patterns.compare_lengths, self.length),
        )

    def number(self, flows):
        return each(flows, "udp", 53, lambda b: b"\x13\x37" + b[2:])

    def string(self, flows):
        return each(flows, "tcp", 443, lambda b: b[:11] + b"faultline-was-he" + b[27:])

    def line(self, flows):
        return each(flows, "tcp", 80, lambda b: b.replace(b"Accept: */*", b"Accept: text/*"))

    def ciphers(self, flows):
        """The first two suites of TLS 1.3 stand behind a session of 32 bytes."""
        return each(flows, "tcp", 443, lambda b: b[:78] + b[80:82] + b[78:80] + b[82:])

    def odd(self, flows):
        return flows + [dataclasses.replace(moved(f, f.at_s + 1), port=8443)
                        for f in of_port(flows, "tcp", 443)[:1]]

    def ttl(self, flows):
        return flows + [dataclasses.replace(f, packets=[
            dataclasses.replace(p, ttl=33) for p in f.packets]) for f in flows[:1]]

    def added(self, flows, times, peer):
        return flows + [dataclasses.replace(moved(of_port(flows, "tcp", 443)[0], t), peer=peer)
                        for t in times]

    def period(self, flows):
        first = min(f.at_s for f in flows)
        return self.added(flows, [first + i * 47 / self.scale for i in range(20)], self.peer)

    def minute(self, flows):
        unit = 60 / self.scale
        return [moved(f, (f.at_s // unit) * unit + .01 * unit) for f in flows]

    def order(self, flows):
        first, last = (edge(f.at_s for f in flows) for edge in (min, max))
        times = [self.chance.uniform(first, last) for _ in range(20)]
        flows = self.added(flows, times, self.peer)
        return self.added(flows, [t + self.chance.uniform(1, 9) / self.scale for t in times],
                          "198.51.100.78")

    def big(self, flows, size):
        flow = of_port(flows, "tcp", 443)[0]
        one = next(p for p in flow.packets if p.out and p.size)
        noise = [dataclasses.replace(one, payload=b"\x17\x03\x03" + (size - 5).to_bytes(2, "big")
                                     + self.chance.randbytes(60), size=size) for _ in range(60)]
        return dataclasses.replace(flow, packets=flow.packets + noise, peer=self.peer)

    def size(self, flows):
        return flows + [moved(self.big(flows, 1302), flows[0].at_s + i) for i in range(3)]

    def length(self, flows):
        return self.size(flows)


def found(compare, pair, profile, scale):
    words = (*pair, profile) if compare in UNSCALED else (*pair, profile, scale)
    return not all(f.good for f in compare(*words))


UNSCALED = (patterns.compare_ports, patterns.compare_shapes, patterns.compare_grams,
            patterns.compare_fields, patterns.compare_headers, patterns.compare_gaps,
            patterns.compare_sizes, patterns.compare_lengths)


def say(good, sentence):
    print(("ok: " if good else "NOT SO: ") + sentence, flush=True)
    return good


def find_planted(flows, devices, profile, scale):
    good, plants = True, Plants(random.Random(SEED), scale)
    for what, compare, plant in plants.all:
        pair = [devices(i, plant(copy.copy(f))) for i, f in enumerate(flows)]
        good &= say(found(compare, pair, profile, scale), f"planted: {what} is found")
    return good


def even(flows):
    """A start every half second."""
    first = flows[0].at_s
    return [moved(f, first + i / 2) for i, f in enumerate(flows)]


def look(lab, profile):
    """(whether all is well, what only another stretch can tell)"""
    reference = curl_hello()

    def device(line, flows):
        return patterns.Device(flows, profile, lab.names, reference, line.home)

    flows = [line.flows() for line in lab.day]
    pair = [device(line, f) for line, f in zip(lab.day, flows)]
    good, doubtful = True, frozenset()
    for finding in patterns.compare(*pair, profile, lab.scale):
        if finding.doubtful:
            print("to be seen again: " + finding.sentence, flush=True)
            doubtful |= finding.doubtful
        else:
            good &= say(finding.good, finding.sentence)
    round_flows = [line.flows() for line in lab.round]
    pair = [device(line, f) for line, f in zip(lab.round, round_flows)]
    for finding in patterns.compare_gaps(*pair, profile):
        good &= say(finding.good, finding.sentence)
    good &= find_planted(flows, lambda i, f: device(lab.day[i], f), profile, lab.scale)
    pair = [device(line, even(f)) for line, f in zip(lab.round, round_flows)]
    good &= say(found(patterns.compare_gaps, pair, profile, 1),
                "planted: a start every half second is found")
    return good, doubtful


def one_stretch(directory, build, root, options, profile):
    signal.alarm(int(options.hours * HOUR / options.scale) + 500)
    lab = Lab(directory, build, root, options)
    try:
        lab.live()
        return look(lab, profile)
    finally:
        lab.close()
        if options.keep:
            for line in lab.day + lab.round:
                shutil.copy(line.path, options.keep)


def inside(build, root, options):
    """A round and an upload that both come every five minutes or so stay in one order for an hour
    where they began so: what stands out is looked for in a second stretch before it is believed."""
    with open(f"{root}/common/ORDINARY.md", encoding="ascii") as source:
        profile = patterns.Profile(source.read())
    directory = enter.settle()
    good, doubtful = one_stretch(f"{directory}/first", build, root, options, profile)
    if doubtful:
        again, there = one_stretch(f"{directory}/second", build, root, options, profile)
        good &= again and say(not doubtful & there, f"again: {len(doubtful)} in the same order in "
                              f"the first stretch, {len(doubtful & there)} in the second too: "
                              f"{sorted(doubtful & there)}")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description="Do two probes at level low show anything that "
                                     "ordinary devices do not?")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--scale", type=int, default=60)
    parser.add_argument("--keep", help="copies the captures into this folder")
    options = parser.parse_args()
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
    build = os.path.abspath(os.environ.get("BUILD", f"{root}/build"))
    if not os.path.exists(f"{build}/faultline-probe"):
        print(f"{build} holds no faultline-probe: build first (BUILD names the folder)")
        return 1
    if enter.inside():
        return inside(build, root, options)
    return enter.again([os.path.abspath(__file__), *sys.argv[1:]],
                       unpack.Unpacked(build).prepare)


if __name__ == "__main__":
    sys.exit(main())
