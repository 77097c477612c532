#!/usr/bin/python3
"""Transfers with the real analyzer, both ways, through a router of this test's own that meters
(a bucket with a queue of one packet) or shapes (a bucket with a queue): probe - router -
analyzer, each in a network namespace."""
import json
import os
import re
import subprocess
import sys

import checks_on_the_wire

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
ADDRESS, PORT = "45.20.0.2", 8443
SMALL = 256 * 1024
WAYS = ("down", "up")
ROUTERS = (("ip netns exec router", "r0"), ("ip netns exec router", "r1"))
SENDERS = (("", "p0"), ("ip netns exec an", "a0"))

NETWORK = """
mount -t tmpfs none /run && mkdir /run/netns
ip netns add router && ip netns add an
ip link add p0 type veth peer name r0 netns router
ip -n router link add r1 type veth peer name a0 netns an
ip addr add 45.10.0.2/24 dev p0 && ip -n router addr add 45.10.0.1/24 dev r0
ip -n router addr add 45.20.0.1/24 dev r1 && ip -n an addr add 45.20.0.2/24 dev a0
for n in router an; do ip -n $n link set lo up; done
ip link set lo up && ip link set p0 up && ip -n router link set r0 up
ip -n router link set r1 up && ip -n an link set a0 up
ip route add default via 45.10.0.1 && ip -n an route add default via 45.20.0.1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1
"""
METER, SHAPER = "burst 24000 limit 1600", "burst 3200 limit 400000"


def sh(command):
    subprocess.run("set -e\n" + command, shell=True, check=True)


def line(rate=None, how=""):
    """Both ways alike: r0 leads to the probe, r1 to the analyzer."""
    for where, device in ROUTERS + SENDERS:
        sh(f"{where} tc qdisc del dev {device} root 2>/dev/null || true")
    for where, device in ROUTERS if rate else ():
        sh(f"{where} tc qdisc add dev {device} root tbf rate {rate} {how}")


class Ended:
    def __init__(self, out):
        text, self.bytes, self.how = out.splitlines()
        self.bytes = int(self.bytes)
        self.fields = json.loads(text)

    def __getitem__(self, name):
        return self.fields.get(name)


def transfer(world, direction, **words):
    words = {"endpoint": f"https://{ADDRESS}:{PORT}", "pin": world.pin, "bytes": SMALL,
             "direction": direction, **words}
    done = subprocess.run([BUILD + "/tests/check_once", "speed"] +
                          [f"{name}={value}" for name, value in words.items()],
                          stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    ended = Ended(done.stdout)
    that(ended["direction"] == direction, ended)
    return ended


def that(true, ended, *more):
    assert true, (ended.fields, ended.bytes, ended.how, *more)


def rates(ended):
    """As this end saw it come in or be acknowledged, and as the analyzer saw an upload."""
    seen = [ended["body_bytes"] * 8e6 / ended["transfer_us"]]
    if ended["rcvr_us"]:
        seen.append(ended["rcvr_bytes"] * 8e6 / ended["rcvr_us"])
    return seen


def is_whole(ended, size=SMALL):
    that(ended["outcome"] == "ok" and ended["stage"] == "done" and ended["status"] == 200, ended)
    that(ended["body_bytes"] == size, ended)
    if ended["transfer_us"] < 9.9e6:
        that(sum(ended["chunks"]) == size, ended)
        that(len(ended["chunks"]) == ended["transfer_us"] // 100000 + 1, ended)
    that(ended["sndr_bytes_sent"] >= size and ended["sndr_segs_out"] > size // 1500, ended)
    that(0 < ended["sndr_min_rtt_us"] <= ended["sndr_rtt_us"], ended)
    up = ended["direction"] == "up"
    that(ended["rcvr_bytes"] == (size if up else None), ended)
    that((ended["rcvr_segs_in"] is not None) == up, ended)
    that(size < ended.bytes < ended["sndr_bytes_sent"] * 1.4, ended)


def an_open_line_carries_both_sizes_both_ways(world):
    line()
    for direction in WAYS:
        for size in 32 * 1024, SMALL:
            ended = transfer(world, direction, bytes=size)
            is_whole(ended, size)
            that(ended["sndr_retrans"] == 0 and ended["sndr_bytes_retrans"] == 0, ended)
            that(ended["took_us"] < 3e6, ended)


def a_shaped_line_tells_its_rate_and_its_queue(world):
    for rate in 500, 2000:
        line(f"{rate}kbit", SHAPER)
        for direction in WAYS:
            ended = transfer(world, direction)
            is_whole(ended)
            for seen in rates(ended):
                that(0.85 < seen / (rate * 1000) < 1.15, ended, seen)
            that(ended["sndr_min_rtt_us"] < 60000, ended)
            that(ended["sndr_rtt_us"] > 200000, ended)
            that(ended["sndr_bytes_retrans"] < SMALL // 10, ended)
            chunks = ended["chunks"]
            for at in range(len(chunks) - 10):
                that(sum(chunks[at:at + 10]) < rate * 1000 / 8 * 1.25, ended, at)


def dropped(direction):
    """Packets that the meter has not let through."""
    out = subprocess.run(["ip", "netns", "exec", "router", "tc", "-s", "qdisc", "show", "dev",
                          {"down": "r0", "up": "r1"}[direction]],
                         capture_output=True, text=True, check=True).stdout
    return int(re.search(r"dropped (\d+)", out)[1])


def a_meter_shows_in_what_the_sender_sent_again(world):
    # Behind a line of 6 Mbit/s, as meters are. This one has no length, so that one packet at a
    # time is more than the meter's rate, and TCP lives on what the bucket gathers while it waits
    # for a timeout of 200 ms: it holds that much. How much of its rate TCP makes use of is the
    # affair of TCP: what is told must be what went through, and what was dropped.
    for direction in WAYS:
        line("1mbit", METER)
        for sender in SENDERS:
            sh(f"{sender[0]} tc qdisc replace dev {sender[1]} root "
               "tbf rate 6mbit burst 3200 limit 60000")
        ended = transfer(world, direction)
        is_whole(ended)
        for seen in rates(ended):
            that(seen < 1.15e6, ended, seen)
            that(0.85 < seen / (SMALL * 8e6 / ended["took_us"]) < 1.15, ended, seen)
        lost = dropped(direction)
        # The meter counts a train of packets that came in one piece as one.
        that(5 <= lost <= ended["sndr_retrans"] * 1.1 < ended["sndr_segs_out"], ended, lost)
        that(ended["sndr_bytes_retrans"] > ended["sndr_retrans"] * 500, ended)
        # No queue at the meter: the round trip is that of the line in front of it.
        that(ended["sndr_rtt_us"] < 100000, ended)


def what_is_cut_off_at_the_deadline_has_told_its_rate(world):
    for direction in WAYS:
        line("64kbit", SHAPER)  # anew: what the last one left in the queue is gone
        ended = transfer(world, direction, deadline_us=6000000)
        that(ended.how == "ended at the deadline", ended)
        that(ended["outcome"] == "generic_timeout_error", ended)
        that(ended["stage"] == {"down": "body", "up": "request"}[direction], ended)
        that(0 < ended["body_bytes"] < SMALL, ended)
        that(sum(ended["chunks"]) == ended["body_bytes"], ended)
        that(0.8 < rates(ended)[0] / 64000 < 1.15, ended)
        that(ended["rcvr_bytes"] is None, ended)
        that((ended["sndr_rtt_us"] is not None) == (direction == "up"), ended)
        that(ended.bytes > ended["body_bytes"], ended)


def a_line_that_is_cut_in_the_middle_ends_by_itself(world):
    line("64kbit", SHAPER)
    cut = subprocess.Popen("sleep 2; ip -n router link set r1 down", shell=True)
    ended = transfer(world, "up")
    cut.wait()
    that(ended["outcome"] == "generic_timeout_error" and ended.how == "finished", ended)
    that(0 < sum(ended["chunks"]) == ended["body_bytes"] < SMALL, ended)
    sh("ip -n router link set r1 up")


TESTS = (an_open_line_carries_both_sizes_both_ways,
         a_shaped_line_tells_its_rate_and_its_queue,
         a_meter_shows_in_what_the_sender_sent_again,
         what_is_cut_off_at_the_deadline_has_told_its_rate,
         a_line_that_is_cut_in_the_middle_ends_by_itself)


def inside():
    sh(NETWORK)
    where = ("ip", "netns", "exec", "an")
    with checks_on_the_wire.Analyzer(ADDRESS, PORT, where) as server:
        return 1 if checks_on_the_wire.run_tests(TESTS, server) else 0


def main():
    if sys.argv[1:] == ["--inside"]:
        return inside()
    return checks_on_the_wire.enter({})


if __name__ == "__main__":
    sys.exit(main())
