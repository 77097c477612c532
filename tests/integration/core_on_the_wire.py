#!/usr/bin/python3
"""The core of the network - root and country-code name servers, time - against nsd and
chrony, and against servers that lie; redirects of nginx, which nobody follows; and every
check over IPv6 alone. Two namespaces of this test's own (unshare), probe - far, where the
router has nothing but a link-local IPv6 address."""
import base64
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import checks_on_the_wire as wire
from checks_on_the_wire import ABSENT, BUILD, between, expect, run, sh

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lab import unpack  # noqa: E402

DIR = os.environ.get("CORE_DIR", "")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


ROOTS, ROOTS6 = ("45.30.0.1", "45.30.0.2"), ("2003:30::1", "2003:30::2")
TLD, TLD6 = "45.30.1.1", "2003:30:1::1"
TIME, TIME6, ADRIFT = "45.30.2.1", "2003:30:2::1", "45.30.2.2"
WEB, WEB6, ELSEWHERE, ELSEWHERE6 = "45.30.3.1", "2003:30:3::1", "45.30.3.9", "2003:30:3::9"
SILENT, LIAR, OTHER = "45.30.8.1", "45.30.9.1", "45.30.9.2"
SERVERS = ("nsd", "chronyd", "nginx")
SERIALS = {".": 2026112201, "zz": 77}
LONG_PLACE = "http://www.example/" + "x" * 300

ROOT_ZONE = """
. 60 IN SOA a.root. nobody.root. 2026112201 1800 900 604800 60
. 60 IN NS a.root.
a.root. 60 IN A 45.30.0.1
zz. 60 IN NS ns.zz.
ns.zz. 60 IN A 45.30.1.1
ns.zz. 60 IN AAAA 2003:30:1::1
quiet. 60 IN NS ns.quiet.
ns.quiet. 60 IN A 45.30.8.1
home. 60 IN NS ns.home.
ns.home. 60 IN A 10.1.2.3
lost. 60 IN NS ns.elsewhere.
"""
TLD_ZONE = """
zz. 60 IN SOA ns.zz. nobody.zz. 77 1800 900 604800 60
zz. 60 IN NS ns.zz.
ns.zz. 60 IN A 45.30.1.1
dual.zz. 60 IN A 45.30.3.1
dual.zz. 60 IN AAAA 2003:30:3::1
six.zz. 60 IN AAAA 2003:30:3::1
four.zz. 60 IN A 45.30.3.1
time.zz. 60 IN A 45.30.2.1
time.zz. 60 IN AAAA 2003:30:2::1
"""
NSD = """
server:
  ip-address: {0}
  ip-address: {1}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{dir}"
  pidfile: "{dir}/{name}.pid"
  xfrdfile: "{dir}/{name}.xfrd"
  xfrdir: "{dir}"
  zonelistfile: "{dir}/{name}.list"
  nsid: "ascii_{name}"
  server-count: 1
  refuse-any: yes
zone:
  name: "{zone}"
  zonefile: "{file}"
remote-control:
  control-enable: no
"""
CHRONY = """
{local}
allow all
bindaddress {0}
{more}
port 123
cmdport 0
pidfile {dir}/{name}.pid
driftfile {dir}/{name}.drift
"""
NGINX = """
user root root; daemon off; master_process off; pid {dir}/nginx.pid;
error_log {dir}/nginx.log crit;
events {{ }}
http {{
  access_log off; client_body_temp_path {dir}/t; proxy_temp_path {dir}/t;
  fastcgi_temp_path {dir}/t; uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
  server {{ listen {web}:80; listen [{web6}]:80; location / {{ return 302 http://{there}/next; }} }}
  server {{ listen {web}:8001; location / {{ return 301 {long}; }} }}
  server {{ listen {web}:8002; location / {{ return 200 "a page"; add_header Location /x; }} }}
  server {{ listen {web}:8003; location / {{ return 307 http://[{there6}]/; }} }}
}}
"""


def write(name, text):
    with open(f"{DIR}/{name}", "w", encoding="ascii") as out:
        out.write(text)
    return f"{DIR}/{name}"


# ---- the far end: who lies, on addresses of its own ----

def lie(answer, port=53, host=LIAR):
    """A datagram server: answer(packet) tells (seconds to wait, from whom, bytes)..."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((host, port))
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind((OTHER, port))

    def serve():
        while True:
            packet, peer = server.recvfrom(4096)
            threading.Thread(target=tell, args=(packet, peer), daemon=True).start()

    def tell(packet, peer):
        for delay_s, honest, data in answer(packet):
            threading.Event().wait(delay_s)
            (server if honest else other).sendto(data, peer)
    threading.Thread(target=serve, daemon=True).start()


def soa(packet, serial, twist=0):
    at = packet.index(b"\0", 12) + 5
    record = b"\xc0\x0c" + struct.pack(">2HIH", 6, 1, 60, 22) + b"\0\0" + struct.pack(
        ">5I", serial, 1, 1, 1, 1)
    return struct.pack(">6H", struct.unpack(">H", packet[:2])[0] ^ twist, 0x8400, 1, 1, 0,
                       0) + packet[12:at] + record


def name_lies(packet):
    name = packet[13:13 + packet[12]].decode()
    good, forged = soa(packet, 1), soa(packet, 666, twist=1)
    return {
        "wrongid": [(0, True, forged)],
        "first": [(0, True, forged), (0, True, forged[:2] + good[2:]), (0.1, True, good)],
        "cut": [(0, True, good[:30])],
        "drip": [(4 if i else 0, True, good[i:i + 1]) for i in range(3)],
        "elsewhere": [(0, False, good)],
        "aside": [(0, False, soa(packet, 666)), (0.1, True, good)],
        "longid": [(0, True, good[:11] + b"\1" + good[12:] +
                    b"\0\0\x29\4\xd0\0\0\0\0" + struct.pack(">3H", 204, 3, 200) + b"n" * 200)],
    }[name]


def ntp(packet, first=0x24, stratum=2, shift_s=0, held_s=0.0, originate=None):
    def stamp(seconds):
        fixed = int((seconds + 2208988800) * 2 ** 32)
        return struct.pack(">Q", fixed & (2 ** 64 - 1))
    now = time.time() + shift_s
    return (struct.pack(">4B", first, stratum, 0, 0xec) + bytes(12) + stamp(now) +
            (packet[40:48] if originate is None else originate) + stamp(now) +
            stamp(now + held_s))


TIME_LIES = {  # by the last byte of the liar's address, 45.30.7.x
    "an hour ahead": lambda p: [(0, True, ntp(p, shift_s=3600))],
    "forged": lambda p: [(0, True, ntp(p, shift_s=500, originate=bytes(8)))],
    "forged, then true": lambda p: [(0, True, ntp(p, shift_s=500, originate=bytes(8))),
                                    (0.1, True, ntp(p))],
    "no server": lambda p: [(0, True, ntp(p, first=0x23)), (0, True, ntp(p, first=0x25)),
                            (0, True, ntp(p, first=0x1c))],
    "kiss of death": lambda p: [(0, True, ntp(p, first=0xe4, stratum=0))],
    "too far away": lambda p: [(0, True, ntp(p, stratum=16))],
    "sent before it came": lambda p: [(0, True, ntp(p, held_s=-1))],
    "held for too long": lambda p: [(0, True, ntp(p, held_s=100))],
    "cut": lambda p: [(0, True, ntp(p)[:47])],
    "drip": lambda p: [(4 if i else 0, True, ntp(p)[i:i + 1]) for i in range(3)],
    "from elsewhere": lambda p: [(0, False, ntp(p))],
    "echo": lambda p: [(0, True, p)],
}


def time_liar(name):
    return f"45.30.7.{list(TIME_LIES).index(name) + 1}"


def far_end():
    lie(name_lies)
    for name, answer in TIME_LIES.items():
        lie(answer, 123, time_liar(name))
    print("ready", flush=True)
    sys.stdin.read()


# ---- the near end ----

def core(host, address, port=53, **words):
    return run("core", host=host, address=address, port=port, hints=DIR + "/hints", **words)


def nsid(text):
    return base64.b64encode(text.encode()).decode()


def packets_to(name):
    """What the probe's own counter of that destination says."""
    out = subprocess.run(["nft", "list", "counter", "inet", "probe", name], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return int(out.split("packets ")[1].split()[0])


@test
def a_root_server_tells_its_serial_and_its_own_id():
    for address in ROOTS[0], ROOTS6[0]:
        ended = core(".", address)
        expect(ended, outcome="ok", stage="done", rcode=0, answers=1, serial=SERIALS["."],
               nsid=nsid("root1"), rtt_us=between(1, 500000), reply_ttl=64)
        assert 150 < ended.bytes < 600, ended.bytes


@test
def each_round_asks_another_root_server():
    for turn in range(4):
        expect(core(".", "root", round=turn), outcome="ok", serial=SERIALS["."],
               nsid=nsid(f"root{turn % 2 + 1}"))


@test
def without_hints_no_root_server_is_asked():
    for host, address in ((".", "root"), ("zz", "tld")):
        ended = run("core", host=host, address=address, port=53)
        expect(ended, outcome="unmeasured", reason="no_endpoint")
        assert ended.bytes == 0


@test
def the_servers_of_a_country_are_asked_of_the_root_and_then_asked_themselves():
    ended = core("zz", "tld")
    expect(ended, outcome="ok", stage="done", serial=SERIALS["zz"], nsid=nsid("tld1"))
    assert ended.bytes > 2 * (28 + 40), ended.bytes


@test
def one_silent_root_server_does_not_hide_a_country():
    with open(DIR + "/half-hints", "w", encoding="ascii") as out:
        out.write(f"a. 1 A {SILENT}\nb. 1 A {ROOTS[1]}\n")
    for turn in 0, 1:
        expect(run("core", host="zz", address="tld", port=53, round=turn,
                   hints=DIR + "/half-hints"), outcome="ok", serial=SERIALS["zz"])
    expect(run("core", host=".", address="root", port=53, hints=DIR + "/half-hints"),
           outcome="generic_timeout_error", stage="reply", serial=ABSENT)


@test
def where_it_breaks_on_the_way_to_a_country_is_told_by_the_stage():
    expect(core("nowhere", "tld"), outcome="dns_nxdomain_error", rcode=3, stage="resolve")
    expect(core("lost", "tld"), outcome="dns_no_answer", rcode=0, stage="resolve")
    expect(core("quiet", "tld"), outcome="generic_timeout_error", stage="reply", rcode=ABSENT)
    expect(core("zz", ROOTS[0]), outcome="dns_no_answer", rcode=0, stage="reply", serial=ABSENT)
    expect(core("other", TLD), outcome="dns_refused_error", rcode=5, nsid=nsid("tld1"))


@test
def an_address_at_home_is_refused_wherever_it_came_from():
    expect(core("home", "tld"), outcome="unmeasured", reason="not_public")
    for port in 53, 123:
        for address in ("10.1.2.3", "127.0.0.1", "::1", "fe80::1", "::ffff:10.1.2.3"):
            ended = core("zz", address, port=port)
            expect(ended, outcome="unmeasured", reason="not_public")
            assert ended.bytes == 0
    with open(DIR + "/home-hints", "w", encoding="ascii") as out:
        out.write("a. 1 A 10.1.2.3\n")
    expect(run("core", host=".", address="root", port=53, hints=DIR + "/home-hints"),
           outcome="unmeasured", reason="not_public")
    assert packets_to("home") == 0
    subprocess.run(["ping", "-c1", "-W1", "10.1.2.3"], stdout=subprocess.DEVNULL, check=False)
    assert packets_to("home") > 0, "the counter does not count"


@test
def servers_that_lie_are_told_from_servers_that_answer():
    for name in "wrongid", "drip", "elsewhere":
        ended = core(name, LIAR)
        expect(ended, outcome="generic_timeout_error", stage="reply", serial=ABSENT)
        assert ended.how == "finished"
    expect(core("cut", LIAR), outcome="dns_malformed", rcode=ABSENT)
    for name in "first", "aside":
        expect(core(name, LIAR), outcome="ok", serial=1)
    expect(core("longid", LIAR), outcome="ok", nsid=nsid("n" * 64))


@test
def a_time_server_tells_how_far_our_clock_is_off():
    for address in TIME, TIME6:
        ended = core("-", address, port=123)
        expect(ended, outcome="ok", stage="done", stratum=4, rtt_us=between(1, 500000),
               clock_offset_us=between(-100000, 100000), reply_ttl=64)
        assert ended.bytes == 2 * (48 + (48 if ":" in address else 28)), ended.bytes
    expect(core("time.zz", "", port=123), outcome="ok", stratum=4)
    expect(core("-", time_liar("an hour ahead"), port=123), outcome="ok",
           clock_offset_us=between(3599900000, 3600100000))


@test
def an_answer_that_tells_no_time_is_no_time():
    expect(core("-", ADRIFT, port=123), outcome="ntp_no_time", stage="reply", stratum=0,
           clock_offset_us=ABSENT)
    for liar, stratum in (("kiss of death", 0), ("too far away", 16),
                          ("sent before it came", 2), ("held for too long", 2)):
        expect(core("-", time_liar(liar), port=123), outcome="ntp_no_time", stratum=stratum,
               clock_offset_us=ABSENT)


@test
def forged_times_are_as_if_they_had_not_come():
    for liar in "forged", "no server", "cut", "drip", "from elsewhere", "echo":
        ended = core("-", time_liar(liar), port=123)
        expect(ended, outcome="generic_timeout_error", stage="reply", stratum=ABSENT,
               clock_offset_us=ABSENT)
        assert ended.how == "finished"
    expect(core("-", time_liar("forged, then true"), port=123), outcome="ok",
           clock_offset_us=between(-100000, 100000))
    expect(core("-", WEB, port=123), outcome="connection_refused", icmp_type=3, icmp_code=3)
    expect(core("-", SILENT, port=123), outcome="generic_timeout_error")


def place(text):
    return base64.b64encode(text.encode()).decode()


@test
def a_redirect_is_recorded_and_no_packet_goes_to_where_it_points():
    for address in WEB, WEB6:
        expect(run("http", address=address, port=80), outcome="ok", stage="done", status=302,
               location=place(f"http://{ELSEWHERE}/next"))
    expect(run("http", address=WEB, port=8003), outcome="ok", status=307,
           location=place(f"http://[{ELSEWHERE6}]/"))
    expect(run("http", address=WEB, port=8001), outcome="ok", status=301,
           location=place(LONG_PLACE[:190]))
    expect(run("http", address=WEB, port=8002), outcome="ok", status=200, location=ABSENT)
    assert packets_to("elsewhere") == 0
    for address in ELSEWHERE, ELSEWHERE6:
        before = packets_to("elsewhere")
        expect(run("tcp", address=address, port=80), outcome="connection_refused")
        assert packets_to("elsewhere") > before, "the counter does not count"


@test
def with_both_families_a_name_is_reached_over_the_one_it_has():
    before = packets_to("web6")
    expect(run("ping", host="dual.zz", count=1), outcome="ok", received=1)
    assert packets_to("web6") == before
    expect(run("ping", host="six.zz", count=1), outcome="ok", received=1)
    assert packets_to("web6") == before + 1
    expect(run("ping", host="none.zz"), outcome="dns_nxdomain_error", stage="resolve")


def climb(level):
    """The measurements of the core of one round of the program."""
    rows = write("targets.csv", "role,host,address,port,asn,who_else,verified\n"
                 "core,.,root,53,-,resolvers,no\ncore,zz,tld,53,-,resolvers,no\n"
                 f"core,zz,{TLD},53,-,resolvers,no\ncore,time.zz,-,123,-,phones,no\n")
    conf = write("probe.conf", f"targets = {rows}\nlevel = {level}\nca_file =\n"
                 f"root_hints = {DIR}/hints\n")
    person, terminal = os.openpty()
    os.write(person, b"yes\n")
    done = subprocess.run([BUILD + "/faultline-probe", "once", "--format", "json", "--config",
                           conf, "--state", DIR + "/state"], stdin=terminal,
                          stdout=subprocess.PIPE, stderr=terminal, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line.get("check") == "core"]


@test
def a_round_asks_the_core_and_at_level_low_only_the_time():
    low, normal = climb("low"), climb("normal")
    assert [line["outcome"] for line in low] == ["ok"] and "stratum" in low[0], low
    assert [line["outcome"] for line in normal] == ["ok"] * 4, normal
    assert sorted(line["serial"] for line in normal if "serial" in line) == [77, 77, SERIALS["."]]
    assert {line["rung"] for line in low + normal} == {"core"}


@test
def over_ipv6_alone_every_check_works():
    sh("ip route del default && ip route flush 192.168.77.0/24 && ip addr del 192.168.77.2/24 dev p0")
    with open("/mnt/resolv.conf", "w", encoding="ascii") as out:
        out.write(f"nameserver {TLD6}\n")
    expect(run("link", uplink="p0"), outcome="ok", addr4=0, addr6=1, route=1)
    ended = run("router")
    expect(ended, outcome="ok", route=1, sent=1, received=1, rtt_us=between(1, 500000))
    assert ended.bytes == 2 * (40 + 64), ended.bytes
    for host in "dual.zz", "six.zz":
        expect(run("ping", host=host, count=2, pace_us=50000), outcome="ok", received=2)
        expect(run("tcp", host=host, port=80), outcome="ok", connect_us=between(1, 500000))
        expect(run("http", host=host, port=80), outcome="ok", status=302)
    expect(run("ping", host="four.zz"), outcome="dns_no_answer", stage="resolve")
    expect(run("dns", address=TLD6, host="dual.zz"), outcome="ok", answers=1, reply_ttl=64)
    expect(run("dns", address="resolver", host="dual.zz"), outcome="ok", answers=1)
    expect(core(".", "root"), outcome="ok", nsid=nsid("root1"))
    expect(core("zz", "tld"), outcome="ok", nsid=nsid("tld1"))
    expect(core("time.zz", "", port=123), outcome="ok", stratum=4)
    expect(run("tcp", address=WEB, port=80), outcome="network_unreachable", stage="connect")


NETWORK = """
mount -t tmpfs none /run && mkdir /run/netns && mount -t tmpfs none /mnt
echo 'nameserver 45.30.1.1' > /mnt/resolv.conf && mount --bind /mnt/resolv.conf /etc/resolv.conf
ip netns add far && ip link add p0 type veth peer name f0 netns far
ip link set lo up && ip -n far link set lo up
ip -n far link set f0 addrgenmode none
ip addr add 192.168.77.2/24 dev p0 && ip -6 addr add 2003:10::2/64 dev p0 nodad
ip -n far addr add 192.168.77.1/24 dev f0 && ip -n far -6 addr add fe80::1/64 dev f0 nodad
ip link set p0 up && ip -n far link set f0 up
ip route add default via 192.168.77.1 && ip -6 route add default via fe80::1 dev p0
ip -n far -6 route add 2003:10::/64 dev f0
echo '0 0' > /proc/sys/net/ipv4/ping_group_range
nft 'add table inet probe; add counter inet probe home; add counter inet probe web6;
add counter inet probe elsewhere; add chain inet probe out { type filter hook output priority 0; };
add rule inet probe out ip daddr 10.0.0.0/8 counter name home;
add rule inet probe out ip6 daddr 2003:30:3::1 counter name web6;
add rule inet probe out ip daddr 45.30.3.9 counter name elsewhere;
add rule inet probe out ip6 daddr 2003:30:3::9 counter name elsewhere'
ip netns exec far nft 'add table inet f; add chain inet f in { type filter hook input priority 0; };
add rule inet f in ip daddr 45.30.8.1 drop'
"""


def wait_until(what, holds, limit_s=15):
    end = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {limit_s} s")
        time.sleep(0.05)  # nothing tells when a server is ready but its answer


def start(name, argv, unpacked):
    with open(f"{DIR}/{name}.log", "ab") as log:
        subprocess.Popen(["ip", "netns", "exec", "far", *argv], stdout=log, stderr=log,
                         stdin=subprocess.DEVNULL, env=unpacked.environment())


def start_nsd(unpacked, name, addresses, zone, text):
    zone_file = write(f"{name}.zone", text)
    start(name, [unpacked.program("nsd"), "-d", "-c", write(
        f"{name}.conf", NSD.format(*addresses, name=name, zone=zone, file=zone_file, dir=DIR))],
        unpacked)


def start_chrony(unpacked, name, addresses, local):
    more = "".join(f"bindaddress {address}\n" for address in addresses[1:])
    start(name, [unpacked.program("chronyd"), "-d", "-x", "-u", "root", "-f", write(
        f"{name}.conf", CHRONY.format(addresses[0], local=local, more=more, name=name,
                                      dir=DIR))], unpacked)


def start_servers():
    unpacked = unpack.Unpacked(BUILD, SERVERS)
    start_nsd(unpacked, "root1", (ROOTS[0], ROOTS6[0]), ".", ROOT_ZONE)
    start_nsd(unpacked, "root2", (ROOTS[1], ROOTS6[1]), ".", ROOT_ZONE)
    start_nsd(unpacked, "tld1", (TLD, TLD6), "zz", TLD_ZONE)
    start_chrony(unpacked, "time", (TIME, TIME6), "local stratum 4")
    start_chrony(unpacked, "adrift", (ADRIFT,), "")
    start("nginx", [unpacked.program("nginx"), "-e", f"{DIR}/nginx.log", "-p", DIR, "-c", write(
        "nginx.conf", NGINX.format(dir=DIR, web=WEB, web6=WEB6, there=ELSEWHERE,
                                   there6=ELSEWHERE6, long=LONG_PLACE))], unpacked)
    for host, address in ((".", ROOTS[0]), (".", ROOTS[1]), ("zz", TLD)):
        wait_until("nsd", lambda h=host, a=address: core(h, a)["outcome"] == "ok")
    for address in TIME, ADRIFT:
        wait_until("chrony", lambda a=address: core("-", a, port=123)["stratum"] is not None)
    wait_until("nginx", lambda: run("tcp", address=WEB, port=80)["outcome"] == "ok")


def inside():
    sh("set -e\n" + NETWORK)
    liars = [time_liar(name) for name in TIME_LIES]
    for address in (*ROOTS, TLD, TIME, ADRIFT, WEB, ELSEWHERE, SILENT, LIAR, OTHER, *liars):
        sh(f"ip -n far addr add {address}/32 dev lo")
    for address in (*ROOTS6, TLD6, TIME6, WEB6, ELSEWHERE6):
        sh(f"ip -n far -6 addr add {address}/128 dev lo nodad")
    write("hints", "".join(f"r{i}.root. 1 {kind} {address}\n" for kind, all_of in
                           (("A", ROOTS), ("AAAA", ROOTS6)) for i, address in enumerate(all_of)))
    far = subprocess.Popen(["ip", "netns", "exec", "far", sys.argv[0], "--far"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if far.stdout.readline() != "ready\n":
        sys.exit("the far end did not start")
    start_servers()
    sys.exit(1 if wire.run_tests(TESTS) else 0)


def main():
    try:
        unpack.Unpacked(BUILD, SERVERS).prepare()
    except RuntimeError as error:
        print(f"no servers to ask: {error}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        wire.enter({"CORE_DIR": folder})


if sys.argv[1:] == ["--far"]:
    far_end()
elif sys.argv[1:] == ["--inside"]:
    inside()
else:
    main()
