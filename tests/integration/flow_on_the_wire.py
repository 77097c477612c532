#!/usr/bin/python3
"""What a transfer met on its way, as a probe tells it from the counters of its own kernel. Real
transfers with the real analyzer over a line that meters, queues or loses at random: probe -
router - analyzer, each in a network namespace (unshare)."""
import os
import pathlib
import subprocess
import sys
import tempfile

import checks_on_the_wire
import speed_on_the_wire as speed
from speed_on_the_wire import ADDRESS, BUILD, PORT, WAYS, holds, sh, that, transfer

FLOWS = ("rtt_min_us", "flow_")
NETWORK = f"""
mount -t tmpfs none /run && mkdir /run/netns
ip netns add router && ip netns add an
ip link add p0 gso_max_segs 1 type veth peer name r0 netns router gso_max_segs 1
ip addr add 45.10.0.2/24 dev p0 && ip -n router addr add 45.10.0.1/24 dev r0
ip -n an addr add {ADDRESS}/32 dev lo
for n in router an; do ip -n $n link set lo up; done
ip link set lo up && ip link set p0 up && ip -n router link set r0 up
ip route add default via 45.10.0.1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1
echo '0 0' > /proc/sys/net/ipv4/ping_group_range
"""


class Way:
    """Between router and analyzer, both ways alike; 20 ms each way."""

    def __init__(self, name, words=""):
        self.name, self.words, self.process = name, "delay=20" + words, None

    def __enter__(self):
        self.process = subprocess.Popen(
            [BUILD + "/tests/linkemu", "--seed", "7", "--up", self.words, "--down", self.words,
             "/run/netns/router", "/run/netns/an"], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            print("this machine lets us open no TUN device")
            os._exit(77)
        sh("for n in router an; do ip -n $n link set emu0 txqueuelen 5000 up; done; "
           f"ip -n router route add {ADDRESS}/32 dev emu0; "
           f"ip -n an route add 45.10.0.0/24 dev emu0 src {ADDRESS}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)


def meter():
    return Way("a meter", ",rate=1000000,burst=20000")


def queue():
    return Way("a queue", ",rate=1000000,queue=500")


def luck():
    return Way("luck", ",loss=20000")


def open_line():
    return Way("an open line")


def show(ended, what):
    print(f"  {what}, {ended['direction']}: " + ", ".join(
        f"{name} {value}" for name, value in ended.fields.items()
        if name.startswith(FLOWS) or name in ("captured", "retrans", "sndr_retrans")), flush=True)


def measured(world, way, direction, **words):
    with way() as there:
        ended = transfer(world, direction, **{"bytes": 1000000, **words})
    show(ended, there.name)
    return ended


# ---- by counters, without any privilege ----

def counters_tell_a_queue_from_a_meter_and_from_luck(world):
    for direction in WAYS:
        sends = direction == "up"
        for way in meter, queue, luck, open_line:
            ended = measured(world, way, direction)
            that(ended["captured"] == 0 and ended["outcome"] == "ok", ended)
            that((ended["flow_sent"] is not None) == sends, ended)
            that((ended["flow_overtaken"] is not None) != sends, ended)
            # No counter tells these.
            for name in ("flow_meter_bps", "flow_fit_permille", "flow_resets", "flow_onsets"):
                that(ended[name] is None, ended, name)
            waits = ended["flow_wait_us"]
            if way is queue:
                that(waits > 100000 and ended["flow_flat_permille"] > 700, ended)
                that(0.9 < ended["flow_service_bps"] / 1e6 < 1.1, ended)
            else:
                that(waits < 60000, ended)
            lost = ended["flow_lost"] if sends else ended["flow_overtaken"]
            that(lost >= 5 if way in (meter, luck) else lost == 0, ended)
            if sends and way is luck:
                that(0.5 < ended["flow_lost"] / (ended["flow_sent"] / 50) < 2, ended)
            if sends and way is open_line:
                that(lost == 0 and ended["flow_sent"] > 600, ended)


TESTS = (counters_tell_a_queue_from_a_meter_and_from_luck,)


def inside():
    sh(NETWORK)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server, pin = speed.analyzer(folder)
        world = {"pin": pin}
        try:
            for function in TESTS:
                failed += not holds(function, world)
        finally:
            server.terminate()
            server.wait()
    return 1 if failed else 0


def main():
    if sys.argv[1:2] == ["--inside"]:
        return inside()
    return checks_on_the_wire.enter({})


if __name__ == "__main__":
    sys.exit(main())
