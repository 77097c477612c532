#!/usr/bin/python3
"""Which way a check's packets leave: never through a tunnel, however a VPN leads them there.
The network is that of checks_on_the_wire (namespaces, by unshare); the tunnels are TUN devices
of this test's own, which count what comes into them."""
import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys

import checks_on_the_wire as wire
from checks_on_the_wire import ABSENT, FAR, FAR6, expect, run, sh

# Another way to the same router, behind the first in rank.
SECOND = """
ip link add q0 type veth peer name s0 netns router
ip addr add 192.168.78.2/24 dev q0 && ip -6 addr add 2003:11::2/64 dev q0 nodad
ip -n router addr add 192.168.78.1/24 dev s0 && ip -n router -6 addr add 2003:11::1/64 dev s0 nodad
ip link set q0 up && ip -n router link set s0 up
ip route add default via 192.168.78.1 metric 600
ip -6 route add default via 2003:11::1 metric 2048
nft 'add table inet w; add counter inet w first;
add chain inet w out { type filter hook output priority 0; };
add rule inet w out oifname "p0" meta l4proto { tcp, udp, icmp } counter name first;
add rule inet w out oifname "p0" icmpv6 type echo-request counter name first'
"""
ENDPOINT = f"https://{FAR}:8443"
# Of each check what it takes to talk to the far end.
TALKS = (("ping", {"address": FAR}), ("ping", {"address": FAR6}),
         ("ping", {"host": "good.example"}), ("tcp", {"address": FAR, "port": 80}),
         ("tls", {"address": FAR, "port": 8443}), ("quic", {"address": FAR}),
         ("http", {"address": FAR, "host": "www.example"}),
         ("dns", {"address": FAR, "host": "good.example"}),
         ("dns", {"address": "resolver", "host": "good.example"}),
         ("core", {"address": FAR}), ("trace", {"address": FAR, "protocol": "icmp"}),
         ("speed", {"endpoint": ENDPOINT, "bytes": 1000}), ("router", {}))


def make_tun(name):
    """A TUN device with an address; whoever holds the file can count what enters it."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH14x", name.encode(), 0x1001))  # TUNSETIFF
    sh(f"ip link set {name} addrgenmode none up mtu 1400 && ip addr add 10.66.0.2/32 dev {name}; "
       f"ip -6 addr add fd66::2/128 dev {name} nodad")
    return fd


def came_in(fd):
    count = 0
    with contextlib.suppress(BlockingIOError):
        while os.read(fd, 2048):
            count += 1
    return count


@contextlib.contextmanager
def tunnel(commands, undo="", name="tun0"):
    fd = make_tun(name)
    try:
        sh("set -e\n" + commands)
        yield fd
    finally:
        os.close(fd)  # the device and its routes go with it
        if undo:
            sh(undo)


def nothing_enters(fd):
    expect(run("link"), outcome="ok", tunnel=1, carrier=1, route=1, operstate="up")
    came_in(fd)
    for check, words in TALKS:
        ended = run(check, pin=wire.PIN, **words)
        expect(ended, outcome="unmeasured", reason="tunnel")
        assert ended.bytes == 0, (check, words, ended.bytes)
    assert came_in(fd) == 0, "packets of checks entered the tunnel"


def without_a_tunnel_the_line_is_measured():
    sh("echo '0 0' > /proc/sys/net/ipv4/ping_group_range; mount -t sysfs sysfs /sys")
    expect(run("link"), outcome="ok", tunnel=0, carrier=1, addr4=1, addr6=1, operstate="up",
           associated=ABSENT, medium=ABSENT)
    expect(run("ping", address=FAR), outcome="ok")
    expect(run("ping", address=FAR6), outcome="ok")


def a_default_route_of_a_lower_metric_is_seen():
    with tunnel("ip route del default; ip route add default via 192.168.77.1 metric 600\n"
                "ip route add default dev tun0 metric 50; ip route add ::/0 dev tun0 metric 50",
                "ip route replace default via 192.168.77.1 && "
                "ip route del default via 192.168.77.1 metric 600") as fd:
        nothing_enters(fd)


def two_halves_of_the_internet_are_seen():
    with tunnel("ip route add 0.0.0.0/1 dev tun0; ip route add 128.0.0.0/1 dev tun0\n"
                "ip -6 route add 2000::/3 dev tun0") as fd:
        nothing_enters(fd)


def rules_and_another_table_are_seen():
    """As wg-quick does it: the default route of the main table stays what it was."""
    rules = [f"{six} rule {{}} not fwmark 51820 table 51820" for six in ("", "-6")]
    rules += [f"{six} rule {{}} table main suppress_prefixlength 0" for six in ("", "-6")]
    with tunnel("ip route add default dev tun0 table 51820\n"
                "ip -6 route add default dev tun0 table 51820\n"
                + "\n".join("ip " + r.format("add") for r in rules),
                " && ".join("ip " + r.format("del") for r in rules)) as fd:
        routes = subprocess.run(["ip", "route", "show", "default"], text=True,
                                capture_output=True, check=True).stdout
        assert "dev p0" in routes and "tun0" not in routes, routes
        nothing_enters(fd)


def a_host_that_alone_is_led_into_a_tunnel_is_alone_left_out():
    with tunnel("ip route add 45.20.0.2/32 dev tun0") as fd:
        expect(run("link"), outcome="ok", tunnel=0)
        expect(run("router"), outcome="ok")
        expect(run("ping", address=FAR6), outcome="ok")
        expect(run("ping", address="45.20.0.1"), outcome="ok")
        came_in(fd)
        for check, words in TALKS:
            if FAR in str(words):
                expect(run(check, pin=wire.PIN, **words), outcome="unmeasured", reason="tunnel")
        assert came_in(fd) == 0


def a_family_that_alone_is_led_into_a_tunnel_is_alone_left_out():
    with tunnel("ip -6 route add 2000::/3 dev tun0") as fd:
        expect(run("link"), outcome="ok", tunnel=1)
        expect(run("ping", address=FAR), outcome="ok")
        came_in(fd)
        expect(run("ping", address=FAR6), outcome="unmeasured", reason="tunnel")
        assert came_in(fd) == 0


def routes_of_ipsec_policies_are_seen_without_an_interface():
    sh("ip route add default via 192.168.77.1 dev p0 table 220 && ip rule add table 220 prio 220")
    expect(run("link"), outcome="ok", tunnel=1, carrier=1)
    expect(run("tcp", address=FAR), outcome="unmeasured", reason="tunnel")
    sh("ip rule del table 220 && ip route flush table 220")


def a_machine_whose_only_way_out_is_a_tunnel_has_a_link():
    with tunnel("ip route del default; ip -6 route del default\n"
                "ip route add default dev tun0; ip -6 route add default dev tun0",
                "ip route add default via 192.168.77.1 && "
                "ip -6 route add default via 2003:10::1"):
        expect(run("link"), outcome="ok", tunnel=1, route=1)
        expect(run("ping", address=FAR), outcome="unmeasured", reason="tunnel")


def a_way_that_is_no_tunnel_is_taken_for_none():
    for kind, name in (("bridge", "b0"), ("veth", "v0")):
        sh(f"ip link add {name} type {kind} && ip link set {name} up && "
           f"ip addr add 45.30.0.1/24 dev {name} && ip route add default dev {name} metric 1; "
           "ip -6 route del default")
        expect(run("link"), tunnel=0, addr4=1)
        sh(f"ip link del {name}; ip -6 route add default via 2003:10::1")


def a_proxy_of_the_environment_is_not_used():
    os.environ["http_proxy"] = os.environ["ALL_PROXY"] = "http://127.0.0.1:9"
    expect(run("http", address=FAR, host="www.example"), outcome="ok", status=200)
    expect(run("speed", endpoint=ENDPOINT, pin=wire.PIN, bytes=1000), outcome="ok")
    del os.environ["http_proxy"], os.environ["ALL_PROXY"]


def by_the_second(check, uplink="q0", **words):
    """Without any capability: SO_BINDTODEVICE needs none since Linux 5.7."""
    words = {"uplink": uplink, "bound": 1, "number": 1, "pin": wire.PIN, **words}
    done = subprocess.run(["setpriv", "--bounding-set",
                           "-all", "--inh-caps", "-all", "--no-new-privs", wire.BUILD + "/tests/check_once",
                           check] + [f"{name}={value}" for name, value in words.items()],
                          stdout=subprocess.PIPE, text=True, check=True)
    return wire.Ended(done.stdout)


def left_by_the_first():
    out = subprocess.run(["nft", "-j", "list", "counter", "inet", "w", "first"], text=True,
                         capture_output=True, check=True).stdout
    return next(row["counter"]["packets"] for row in json.loads(out)["nftables"]
                if "counter" in row)


def what_is_bound_to_a_second_uplink_leaves_by_that_alone():
    sh("set -e\n" + SECOND)
    try:
        for check, words in TALKS:
            if check in ("core", "trace") or not ("address" in words or check == "speed"):
                continue
            if words.get("address") == "resolver":
                continue
            ended = by_the_second(check, **words)
            # Nobody speaks QUIC there.
            expect(ended, uplink=1, outcome={"quic": "connection_refused"}.get(check, "ok"))
        ended = by_the_second("trace", address=FAR, protocol="tcp", port=80)
        expect(ended, outcome="ok", hops="192.168.78.0/24")
        expect(by_the_second("router"), outcome="ok")
        expect(by_the_second("link"), outcome="ok", carrier=1, addr4=1, addr6=1, route=1,
               tunnel=ABSENT, medium=ABSENT)
        assert left_by_the_first() == 0, "packets left by the first uplink"
        with tunnel("ip route add default dev tun0 metric 1") as fd:
            came_in(fd)
            expect(by_the_second("tcp", address=FAR, port=80), outcome="ok")
            assert came_in(fd) == 0
        sh("ip -n router link set s0 down")
        expect(by_the_second("link"), outcome="link_down", carrier=0)
        expect(by_the_second("tcp", address=FAR, port=80, deadline_us=1500000), outcome=lambda
               has: has in ("generic_timeout_error", "host_unreachable", "network_unreachable"))
        expect(run("tcp", address=FAR, port=80), outcome="ok")
        expect(by_the_second("tcp", address=FAR, port=80, uplink="gone0"), outcome="unmeasured")
    finally:
        sh("ip link del q0")


TESTS = (without_a_tunnel_the_line_is_measured,
         a_default_route_of_a_lower_metric_is_seen,
         two_halves_of_the_internet_are_seen,
         rules_and_another_table_are_seen,
         a_host_that_alone_is_led_into_a_tunnel_is_alone_left_out,
         a_family_that_alone_is_led_into_a_tunnel_is_alone_left_out,
         routes_of_ipsec_policies_are_seen_without_an_interface,
         a_machine_whose_only_way_out_is_a_tunnel_has_a_link,
         a_way_that_is_no_tunnel_is_taken_for_none,
         a_proxy_of_the_environment_is_not_used,
         what_is_bound_to_a_second_uplink_leaves_by_that_alone)

if __name__ == "__main__":
    if sys.argv[1:] == ["--far"]:
        wire.far_end()
    elif sys.argv[1:] == ["--inside"]:
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            print("there is no /dev/net/tun for us to make a tunnel with")
            sys.exit(77)
        with open(wire.SSL_DIR + "/pin", encoding="ascii") as pin_file:
            wire.PIN = "sha256//" + pin_file.read().strip()
        wire.inside(TESTS)
    else:
        wire.main()
