#!/usr/bin/python3
"""Traces through five routers, whose kernels answer as kernels do: namespaces of this test's
own in a row, home - r1 - r2 - r3 - r4 - r5 - far. r3 answers nothing itself; r4 drops what
goes to one host behind it and prohibits another."""
import ipaddress
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading

import checks_on_the_wire

BUILD = os.environ.get("BUILD", "build")
FAR = {4: "45.15.0.2", 6: "2003:15::2"}
DROPPED = {4: "45.15.0.3", 6: "2003:15::3"}
PROHIBITED = {4: "45.15.0.4", 6: "2003:15::4"}
ROUTERS = {4: ["192.168.77.0/24", "45.11.0.0/24", "*", "45.13.0.0/24", "45.14.0.0/24"],
           6: ["2003:10::/48", "2003:11::/48", "*", "2003:13::/48", "2003:14::/48"]}
PROTOCOLS = ("icmp", "udp", "tcp")
PACE_S = 0.5
SO_TIMESTAMPNS = 35  # the kernel's own time of each packet (socket(7))

NETWORK = """
mount -t tmpfs none /run && mkdir /run/netns
sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0
for n in r1 r2 r3 r4 r5 far; do
	ip netns add $n && ip -n $n link set lo up
	ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0
done
wire() { # near far number: x.1 is the far side of the first wire, of the others the near side
	ip $1 link add e$3 type veth peer name w$3 && ip $1 link set w$3 netns $2
	ip $1 addr add $4$5/24 dev e$3 && ip $1 -6 addr add 2003:1$3::$5/64 dev e$3 nodad
	ip -n $2 addr add $4$6/24 dev w$3 && ip -n $2 -6 addr add 2003:1$3::$6/64 dev w$3 nodad
	ip $1 link set e$3 up && ip -n $2 link set w$3 up
}
wire "" r1 0 192.168.77. 2 1
wire "-n r1" r2 1 45.11.0. 2 1
wire "-n r2" r3 2 45.12.0. 2 1
wire "-n r3" r4 3 45.13.0. 2 1
wire "-n r4" r5 4 45.14.0. 2 1
wire "-n r5" far 5 45.15.0. 1 2
ip -n far addr add 45.15.0.3/24 dev w5 && ip -n far addr add 45.15.0.4/24 dev w5
ip -n far -6 addr add 2003:15::3/64 dev w5 nodad && ip -n far -6 addr add 2003:15::4/64 dev w5 nodad
ip link set lo up && ip route add default via 192.168.77.1 && ip -6 route add default via 2003:10::1
for i in 1 2 3 4; do
	ip -n r$i route add default via 45.1$i.0.1 && ip -n r$i -6 route add default via 2003:1$i::1
	ip -n r$((i + 1)) route add 192.168.77.0/24 via 45.1$i.0.2
	ip -n r$((i + 1)) -6 route add 2003:10::/48 via 2003:1$i::2
done
ip -n far route add default via 45.15.0.1 && ip -n far -6 route add default via 2003:15::1
for n in r1 r2 r3 r4 r5 far; do
	ip netns exec $n sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done
ip netns exec r3 nft 'add table inet f; add chain inet f own { type filter hook output priority 0; };
add rule inet f own icmp type time-exceeded drop; add rule inet f own icmpv6 type time-exceeded drop'
ip netns exec r4 nft 'add table inet f; add chain inet f transit { type filter hook forward priority 0; };
add rule inet f transit ip daddr 45.15.0.3 drop; add rule inet f transit ip6 daddr 2003:15::3 drop;
add rule inet f transit ip daddr 45.15.0.4 reject with icmp type admin-prohibited;
add rule inet f transit ip6 daddr 2003:15::4 reject with icmpv6 type admin-prohibited'
"""


class Ended:
    """What one trace said: fields of the line, and what went with it."""

    def __init__(self, out):
        self.line, self.bytes, self.how = out.splitlines()
        self.bytes = int(self.bytes)
        self.fields = json.loads(self.line)

    def __getitem__(self, name):
        return self.fields.get(name)


def start(protocol, address, **words):
    words = {"pace_us": int(PACE_S * 1e6), "protocol": protocol, "address": address, **words}
    return subprocess.Popen([BUILD + "/tests/check_once", "trace"] +
                            [f"{name}={value}" for name, value in words.items()],
                            stdout=subprocess.PIPE, text=True)


def end(child):
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0, child.returncode
    return Ended(out)


def each(targets, **words):
    """All six at the same time: {(protocol, version): what it said}."""
    running = {(protocol, version): start(protocol, targets[version], **words)
               for protocol in PROTOCOLS for version in (4, 6)}
    return {key: end(child) for key, child in running.items()}


def that(holds, ended, *more):
    assert holds, (ended.fields, ended.bytes, ended.how, *more)


class Wire:
    """When packets left this machine, by protocol and version."""

    def __init__(self):
        self.left, self.bytes = {}, {}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.socket.bind(("e0", 3))
        self.socket.settimeout(0.2)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.ending = False
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.ending:
            try:
                packet, told, _, (_, _, kind, _, _) = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                continue
            key, probes = self.judge(packet, outgoing=kind == socket.PACKET_OUTGOING)
            if key:
                self.bytes[key] = self.bytes.get(key, 0) + len(packet)
            if probes:
                seconds, nanoseconds = struct.unpack("qq", told[0][2])
                self.left.setdefault(key, []).append(seconds + nanoseconds / 1e9)

    @staticmethod
    def judge(packet, outgoing):
        version = packet[0] >> 4
        number, header = (packet[9], 20) if version == 4 else (packet[6], 40)
        body = packet[header:]
        if number in (1, 58):
            if body[0] in ((8, 0) if version == 4 else (128, 129)):
                return ("icmp", version), outgoing
            if body[0] not in ((3, 11) if version == 4 else (1, 3)) or outgoing:
                return None, False
            quoted = body[8 + 9] if version == 4 else body[8 + 6]
            names = {1: "icmp", 58: "icmp", 17: "udp", 6: "tcp"}
            return (names[quoted], version), False
        if number == 17 and 33434 in struct.unpack(">HH", body[:4]):
            return ("udp", version), outgoing
        if number == 6:
            return ("tcp", version), outgoing and body[13] & 0x12 == 0x02
        return None, False

    def stop(self):
        self.ending = True
        self.thread.join()
        self.socket.close()


def a_line_holds_networks_only(ended):
    for word in (ended["hops"] or "").split():
        if word == "*":
            continue
        network = ipaddress.ip_network(word)
        that(network.prefixlen == {4: 24, 6: 48}[network.version], ended, word)
    that(not re.search(r"\d\.[1-9]\d*[/\" ]|::[1-9a-f]", ended.line), ended)


def the_kernels_know_their_neighbours():
    """Not a test: the first packet of all waits for them, and would spoil the pace."""
    for address in FAR.values():
        subprocess.run([BUILD + "/tests/check_once", "ping", f"address={address}", "count=3",
                        "pace_us=200000"], stdout=subprocess.DEVNULL, check=True)


def every_protocol_hears_the_same_routers_in_both_families():
    the_kernels_know_their_neighbours()
    wire = Wire()
    ended = each(FAR, port=8080)
    wire.stop()
    for (protocol, version), trace in ended.items():
        that(trace["outcome"] == "ok" and trace["stage"] == "done", trace)
        that(trace["protocol"] == protocol, trace)
        that(trace["hops"].split() == ROUTERS[version], trace)
        that(trace["ttl"] == 6 and 0 < trace["rtt_us"] < 500000, trace)
        that([rtt > 0 for rtt in trace["hop_rtt_us"]] == [True, True, False, True, True], trace)
        that(max(trace["hop_rtt_us"]) < 400000, trace)
        that(trace.how == "finished" and 3e6 < trace["took_us"] < 7e6, trace)
        a_line_holds_networks_only(trace)
        at = wire.left[(protocol, version)]
        that(6 <= len(at) <= 7, trace, at)
        gaps = [after - before for before, after in zip(at, at[1:])]
        that(min(gaps) > PACE_S - 0.01, trace, gaps)
        that(abs(wire.bytes[(protocol, version)] - trace.bytes) <= 100, trace,
             wire.bytes[(protocol, version)])
    for version in (4, 6):
        that(ended["udp", version]["icmp_code"] == {4: 3, 6: 4}[version], ended["udp", version])


def an_open_port_and_a_closed_one_both_say_that_the_far_end_is_there():
    with subprocess.Popen(["ip", "netns", "exec", "far", sys.executable, "-c",
                           "import socket, sys; s = socket.create_server(('', 81)); "
                           "print(flush=True); sys.stdin.read()"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        server.stdout.readline()
        running = [start("tcp", FAR[4], port=port) for port in (81, 82)]
        for child in running:
            trace = end(child)
            that(trace["outcome"] == "ok" and trace["ttl"] == 6, trace)
            that(trace["hops"].split() == ROUTERS[4], trace)
        server.stdin.close()


def behind_four_silent_places_only_the_far_end_is_tried():
    wire = Wire()
    ended = each(DROPPED)
    wire.stop()
    for (protocol, version), trace in ended.items():
        that(trace["outcome"] == "generic_timeout_error" and trace["stage"] == "reply", trace)
        that(trace["hops"].split() == ROUTERS[version][:4] + ["*"] * 4, trace)
        that(trace["hop_rtt_us"][4:] == [0] * 4 and trace["rtt_us"] is None, trace)
        that(trace.how == "finished" and trace["took_us"] < 14.5e6, trace)
        that(len(wire.left[(protocol, version)]) == 9, trace, wire.left)
        a_line_holds_networks_only(trace)


def a_router_that_prohibits_ends_the_trace_and_is_named():
    for (protocol, version), trace in each(PROHIBITED).items():
        that(trace["outcome"] == "icmp_prohibited", trace, protocol)
        # Once because the TTL ran out there, and once because it refuses.
        that(trace["hops"].split() == ROUTERS[version][:4] + [ROUTERS[version][3]], trace)
        that(trace["icmp_code"] == {4: 13, 6: 1}[version] and trace["ttl"] is None, trace)
        a_line_holds_networks_only(trace)


def a_trace_that_is_cut_off_has_told_how_far_it_came():
    for (_, version), trace in each(FAR, deadline_us=1900000).items():
        that(trace.how == "ended at the deadline", trace)
        that(trace["outcome"] == "generic_timeout_error", trace)
        that(trace["hops"].split()[:2] == ROUTERS[version][:2], trace)
        that(len(trace["hop_rtt_us"]) == len(trace["hops"].split()) < 5, trace)
        that(trace.bytes > 200, trace)


def silence_from_the_first_router_on_is_told_as_such():
    subprocess.run("""ip netns exec r1 nft 'add table inet g;
        add chain inet g forwarded { type filter hook prerouting priority 0; };
        add rule inet g forwarded ip daddr 45.15.0.0/16 drop; add rule inet g forwarded ip6 daddr 2003:15::/32 drop'
        """, shell=True, check=True)
    for (_, _), trace in each(FAR).items():
        that(trace["outcome"] == "generic_timeout_error", trace)
        that(trace["hops"] == "* * * *" and trace["hop_rtt_us"] == [0] * 4, trace)
        that(trace["took_us"] < 8e6, trace)
    subprocess.run(["ip", "netns", "exec", "r1", "nft", "delete table inet g"], check=True)


def without_a_route_nothing_is_sent():
    subprocess.run("ip link set e0 down", shell=True, check=True)
    for trace in each(FAR).values():
        that(trace["outcome"] == "network_unreachable" and trace["stage"] == "send", trace)
        that(trace["hops"] is None and trace.bytes == 0, trace)


def echoes_that_the_system_forbids_are_unmeasured():
    # First of all: a new namespace lets nobody, and only the other way can it be changed.
    trace = end(start("icmp", FAR[4]))
    that(trace["outcome"] == "unmeasured" and trace["reason"] == "no_permission", trace)
    subprocess.run("echo '0 0' > /proc/sys/net/ipv4/ping_group_range", shell=True, check=True)


QUOTING_LITTLE = """
import socket, struct, sys, threading
seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
seen.bind(("w2", 0x800))
print(flush=True)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    return struct.pack(">H", ~(total + (total >> 16)) & 0xffff)


def answer(packet, hardware):
    error = b"\\x0b\\0\\0\\0\\0\\0\\0\\0" + packet[:28]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(error), 0, 0, 64, 1, 0,
                       socket.inet_aton("45.12.0.1"), packet[12:16])
    # Past the filter that keeps this router silent.
    seen.sendto(head[:10] + checksum(head) + head[12:] + error[:2] + checksum(error) + error[4:],
                ("w2", 0x800, 0, 0, hardware))


while True:
    packet, (_, _, kind, _, hardware) = seen.recvfrom(2048)
    if kind == socket.PACKET_HOST and packet[8] == 1 and packet[9] == 17:
        threading.Timer(float(sys.argv[1]), answer, (packet, hardware)).start()
"""


def a_router_that_quotes_eight_bytes_of_a_datagram_is_heard():
    """r3, at once and late: late, others have answered meanwhile, and only one has not."""
    for delay_s in (0, 0.7):
        with subprocess.Popen(["ip", "netns", "exec", "r3", sys.executable, "-c",
                               QUOTING_LITTLE, str(delay_s)], stdout=subprocess.PIPE) as router:
            router.stdout.readline()
            trace = end(start("udp", FAR[4]))
            router.terminate()
        that(trace["outcome"] == "ok" and trace["ttl"] == 6, trace, delay_s)
        that(trace["hops"].split() == ROUTERS[4][:2] + ["45.12.0.0/24"] + ROUTERS[4][3:], trace)
        that(delay_s * 1e6 < trace["hop_rtt_us"][2] < delay_s * 1e6 + 400000, trace)
        that(max(trace["hop_rtt_us"][3:]) < 400000, trace)


def a_silent_router_holds_up_no_datagram():
    """Where routers quote enough datagrams follow each other at the pace alone."""
    trace = end(start("udp", FAR[4]))
    that(trace["hops"].split() == ROUTERS[4], trace)
    that(trace["took_us"] < 8 * PACE_S * 1e6, trace)


def special_addresses_are_refused():
    for address in ("127.0.0.1", "10.0.0.1", "::1", "::ffff:45.15.0.2", "2002:2d0f:2::1"):
        for protocol in PROTOCOLS:
            trace = end(start(protocol, address))
            that(trace["outcome"] == "unmeasured" and trace["reason"] == "not_public", trace)
            that(trace.bytes == 0, trace)


TESTS = (echoes_that_the_system_forbids_are_unmeasured,
         special_addresses_are_refused,
         every_protocol_hears_the_same_routers_in_both_families,
         a_router_that_quotes_eight_bytes_of_a_datagram_is_heard,
         a_silent_router_holds_up_no_datagram,
         an_open_port_and_a_closed_one_both_say_that_the_far_end_is_there,
         behind_four_silent_places_only_the_far_end_is_tried,
         a_router_that_prohibits_ends_the_trace_and_is_named,
         a_trace_that_is_cut_off_has_told_how_far_it_came,
         silence_from_the_first_router_on_is_told_as_such,
         without_a_route_nothing_is_sent)


def inside():
    subprocess.run("set -e\n" + NETWORK, shell=True, check=True)
    return 1 if checks_on_the_wire.run_tests(TESTS) else 0


def main():
    if sys.argv[1:] == ["--inside"]:
        return inside()
    return checks_on_the_wire.enter({})


if __name__ == "__main__":
    sys.exit(main())
