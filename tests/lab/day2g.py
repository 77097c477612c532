#!/usr/bin/python3
"""A day of the profile 2g on real packets: what it costs, how often each rung is looked at, and
how near a cut is told afterwards.

    day2g.py [--hours H] [--scale N] [--lines FILE]

One mobile probe at level low in the lab's country, all as shipped but time_scale. Bytes are
those that an nft counter on its first router sees, both ways, IP headers included; a part of a
day is reckoned up to a whole one, but for what is done once a day. Intervals are read from the
lines that the analyzer stored. Then the router drops everything: the last answer before and the
first failure after must lie within three minutes. The deadline of a question is not scaled: it is
added as it is.
"""

import argparse
import json
import signal
import statistics
import sys
import time

import enter
import filters
import footprint
import net
import programs
import servers
import unpack
import world

SEED = 12
DAY_MOST_BYTES = 1500000
BRACKET_MOST_S = 180
MINUTE, HOUR, DAY = 60, 3600, 86400
# WIRE.md's table, and the tenth by which every interval is jittered. A wide round is the round
# that lies nearest to its time.
PULSE_S, LADDER_S, WIDE_S = MINUTE, 15 * MINUTE, HOUR
RUNGS = {"power": LADDER_S, "link": LADDER_S, "router": LADDER_S, "access": LADDER_S,
         "domestic": LADDER_S, "international": LADDER_S, "core": WIDE_S, "names": WIDE_S,
         "transport": WIDE_S, "service": WIDE_S, "quality": DAY}
CHECKS = {"transport": ("tcp", "tls", "quic"), "service": ("http",), "quality": ("speed",)}
SPEED_BYTES = 2 * (32 * 1024 * 6 // 5 + 6000)
CONF = """time_scale = {scale}
targets = {targets}
root_hints = {hints}
ca_file = {authority}
"""


METER = """
table inet lab {{
 counter both {{}}
 counter analyzer {{}}
 counter names {{}}
 counter echoes {{}}
 counter tls {{}}
 counter pages {{}}
 chain count {{
  counter name "both"
  tcp sport {ingest} counter name "analyzer"
  tcp dport {ingest} counter name "analyzer"
  udp sport 53 counter name "names"
  udp dport 53 counter name "names"
  meta l4proto {{ icmp, ipv6-icmp }} counter name "echoes"
  tcp sport 443 counter name "tls"
  tcp dport 443 counter name "tls"
  tcp sport 80 counter name "pages"
  tcp dport 80 counter name "pages"
 }}
 chain inward {{
  type filter hook prerouting priority -300;
  iifname "{port}" jump count
 }}
 chain outward {{
  type filter hook postrouting priority 300;
  oifname "{port}" jump count
 }}
}}
"""


class Day:
    def __init__(self, directory, build, root, scale):
        self.scale = scale
        self.world = world.World(SEED, directory, unpack.Unpacked(build))
        self.world.wait_ready()
        self.analyzer = programs.Analyzer(self.world, build, scale, root)
        self.analyzer.serve()
        conf = f"{directory}/2g.conf"
        with open(conf, "w", encoding="ascii") as out:
            out.write(CONF.format(scale=scale, targets=f"{directory}/targets.csv",
                                  hints=self.world.hints,
                                  authority=self.world.servers.authority.certificate))
        host = next(h for h in self.world.field() if h.probe.medium == "mobile")
        self.probe = programs.Probe(host, build, conf)
        self.router = f"acc{host.probe.operator}"
        self.port = host.probe.node

    def start(self):
        self.probe.enroll(self.analyzer.invites("field", 1)[0], "low", "2g")
        net.nft(self.router, METER.format(
            port=self.port, ingest=programs.INGEST_PORT))
        self.probe.run()
        self.began_s = time.monotonic()

    def live(self, seconds):
        """So long by the probe's own scale."""
        end_s = self.began_s + seconds / self.scale

        def over():
            self.probe.check_alive()
            return time.monotonic() >= end_s
        servers.wait_for("the day is over", over, seconds / self.scale + 60)

    def cut(self):
        """The router forwards nothing of it any more, until it has seen that."""
        at_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
        filters.place("cut", [self.router], True, filters.over(self.port))
        servers.wait_for("a round in the dark", lambda: self.probe.ask_status()[
            "ladder"]["international"] == "down", 120)
        filters.lift("cut", [self.router])
        return at_us

    def lines(self):
        """What was stored of it, once everything is there."""
        def delivered():
            status = self.probe.ask_status()
            return status["ladder"]["international"] == "up" and status["spooled"] == 0
        servers.wait_for("everything is delivered", delivered, 180)
        self.analyzer.analyze()
        return sorted(self.analyzer.measurements(), key=lambda m: m["t_us"])

    def close(self):
        self.probe.host.stop()
        self.analyzer.stop()
        self.world.close()


def of_rung(rung, m):
    """Does the line tell of the rung? A pulse, which has a round's number too, tells of none."""
    if m["outcome"] == "unmeasured" or (m["check"] == "dns" and rung == "international"):
        return False
    return m["check"] in CHECKS[rung] if rung in CHECKS else m["rung"] == rung


def gaps_s(lines, fits, scale):
    """Between two looks, in the probe's seconds; the jobs of one round are one look."""
    rounds = {}
    for m in lines:
        if fits(m):
            rounds.setdefault(m["round"], m["t_us"])
    at = sorted(rounds.values())
    return [(b - a) * scale / 1e6 for a, b in zip(at, at[1:])]


def pulses(lines):
    """Questions to the resolvers abroad: those of rounds, which are as good, among them."""
    return [m for m in lines if m["check"] == "dns" and m["rung"] == "international"]


def say(good, sentence):
    print(("ok: " if good else "NOT SO: ") + sentence, flush=True)
    return good


def intervals(lines, scale, hours):
    good = True
    for rung, interval_s in RUNGS.items():
        found = gaps_s(lines, lambda m, r=rung: of_rung(r, m), scale)
        most_s = interval_s * 1.1 + (LADDER_S * .55 if interval_s > LADDER_S else 0)
        worst = max(found, default=0)
        least = int(hours * HOUR / most_s)
        good &= say(len(found) >= least and worst <= most_s * 1.05,
                    f"{rung}: {len(found) + 1} looks in {hours:g} h, {interval_s / 60:g} min apart "
                    f"by the table, here {statistics.median(found) / 60 if found else 0:.1f} in the "
                    f"middle and {worst / 60:.1f} at most")
    found = gaps_s_of_pulses(lines, scale)
    middle = statistics.median(found)
    return say(PULSE_S * .9 <= middle <= PULSE_S * 1.1 and len(found) > hours * 50,
               f"pulse: {len(found) + 1}, {middle:.1f} s apart in the middle") and good


def gaps_s_of_pulses(lines, scale):
    at = [m["t_us"] for m in pulses(lines)]
    return [(b - a) * scale / 1e6 for a, b in zip(at, at[1:])]


def bracket(lines, scale):
    """Between the last answer from abroad and the first that did not come: when the one and
    the other were asked for, and how long the other was waited for."""
    asked = pulses(lines)
    failed = next((i for i, m in enumerate(asked) if m["outcome"] != "ok"
                   and asked[i + 1:i + 2] and asked[i + 1]["outcome"] != "ok"), None)
    if not failed:
        return say(False, "no cut is seen in the pulses")
    before, after = asked[failed - 1], asked[failed]
    wide_s = (after["t_us"] - before["t_us"]) * scale / 1e6 + after["took_us"] / 1e6
    return say(wide_s <= BRACKET_MOST_S,
               f"the cut lies within {wide_s:.0f} s, by its lines")


def measure(directory, build, root, options):
    day = Day(directory, build, root, options.scale)
    try:
        day.start()
        day.live(options.hours * HOUR)
        counted = net.counters(day.router)
        packets, size = counted["both"]
        status = day.probe.ask_status()
        day.cut()
        lines = day.lines()
    finally:
        day.close()
    if options.lines:
        with open(options.lines, "w", encoding="ascii") as out:
            out.writelines(f"{json.dumps(m)}\n" for m in lines)
    rest = (size - SPEED_BYTES) * 24 / options.hours
    whole = int(rest + SPEED_BYTES)
    for what, (n, part) in counted.items():
        print(f"  {what}: {part} bytes in {n} packets")
    print(f"{options.hours:g} h: {size} bytes in {packets} packets on the router; the probe counts "
          f"{status['day_spent_bytes']}; {status['segments']} segments")
    good = say(whole <= DAY_MOST_BYTES, f"a day: {whole} bytes, at most {DAY_MOST_BYTES}")
    good &= say(size <= status["day_spent_bytes"] * 1.1,
                "the probe counts no less than nine tenths of what the router sees")
    end_us = lines[0]["t_us"] + options.hours * HOUR * 1e6 / options.scale
    good &= intervals([m for m in lines if m["t_us"] < end_us], options.scale, options.hours)
    return good & bracket(lines, options.scale)


def inside(build, options):
    signal.alarm(int(options.hours * HOUR / options.scale) + 400)
    return 0 if measure(f"{enter.settle()}/day2g", build, enter.ROOT, options) else 1


def main():
    parser = argparse.ArgumentParser(description="A day of the profile 2g on real packets")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--scale", type=int, default=60)
    parser.add_argument("--lines", help="keeps what the analyzer stored in this file")
    options = parser.parse_args()
    return enter.alone(lambda build: inside(build, options), prepare=unpack.prepare)


if __name__ == "__main__":
    sys.exit(main())
