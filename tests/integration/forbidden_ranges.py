#!/usr/bin/python3
"""A thousand spellings of addresses that are nobody's to measure - in lists, behind names that
a real resolver resolves, as name servers of a domain, as root servers, as the analyzer of a
transfer - and not one packet towards any of them, whichever check it is. Counted by nft in a
network namespace of this test's own."""
import collections
import itertools
import ipaddress
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from checks_on_the_wire import BUILD, sh

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lab import unpack  # noqa: E402

PROBE, ANALYZER = f"{BUILD}/faultline-probe", f"{BUILD}/faultline-analyzer"
SERVERS = ("nsd", "unbound")
HOME, HOME6 = "45.20.0.2", "2a0f:2::2"
RESOLVER, ROOT, INGEST, PORT = "45.20.2.53", "45.20.2.54", "45.20.2.9", 8443
HEAD = "role,host,address,port,asn,who_else,verified\n"
LEAST = 1000
ROWS_AT_ONCE = 80
# They go nowhere, or to the router and to the resolver of this machine alone.
AT_HOME = {"power", "link", "modem", "router"}

RANGES4 = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16
192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4""".split()
# 2000::/3 is the only block that is given out; these lie inside it.
RANGES6 = "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
OUTSIDE6 = "::/3 4000::/2 8000::/1".split()

COUNTERS = f"""
table inet forbidden {{
 set four {{ type ipv4_addr; flags interval; elements = {{ {", ".join(RANGES4)} }} }}
 set six {{ type ipv6_addr; flags interval; elements = {{ {", ".join(RANGES6 + OUTSIDE6)} }} }}
 counter towards {{ }}
 chain out {{
  type filter hook output priority -300;
  icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report,
   mld-listener-report }} accept comment "the kernel's own housekeeping"
  ip daddr @four counter name towards
  ip6 daddr @six counter name towards
 }}
}}
"""
UNBOUND = """
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: "{dir}/unbound.pid"
    interface: {address}
    access-control: 0.0.0.0/0 allow
    do-ip6: no
    module-config: "iterator"
    use-syslog: no
    verbosity: 0
    stub-zone:
        name: "."
        stub-addr: {root}
remote-control:
    control-enable: no
"""
NSD = """
server:
    ip-address: {address}
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{dir}"
    pidfile: "{dir}/nsd.pid"
    xfrdfile: "{dir}/nsd.xfrd"
    xfrdir: "{dir}"
    zonelistfile: "{dir}/nsd.list"
zone:
    name: "."
    zonefile: "{dir}/root.zone"
remote-control:
    control-enable: no
"""


def that(truth, what, seen=""):
    if not truth:
        raise SystemExit(f"not so: {what}\n{seen}")


# ---- spellings ----

def samples4():
    """The first, the last and one in the middle of each range."""
    for text in RANGES4:
        net = ipaddress.IPv4Network(text)
        for n in (0, net.num_addresses // 3 + 1, net.num_addresses - 1):
            yield net[n]


def carriers(four):
    """IPv6 addresses that carry an IPv4 one (RFC 4291, 3056, 6052, 4380)."""
    n = int(four)
    for base in (0xffff << 32, 0, 0x64ff9b << 96, (0x64ff9b << 96) | (1 << 80)):
        yield ipaddress.IPv6Address(base | n)
    yield ipaddress.IPv6Address(0x2002 << 112 | n << 80 | 1)
    yield ipaddress.IPv6Address(0x20010000 << 96 | 0x41d0000 << 64 | n ^ 0xffffffff)


def samples6():
    for four in itertools.islice(samples4(), 1, None, 3):
        yield from carriers(four)
    yield from carriers(ipaddress.IPv4Address("45.20.1.1"))  # whatever it carries
    for text in (RANGES6 + "::1/128 100::/64 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff02::/16".split()):
        net = ipaddress.IPv6Network(text)
        for n in (0, net.num_addresses // 3, net.num_addresses - 1):
            yield net[n]


def spellings6(six):
    """Ways to write it that every reader takes for the same (RFC 4291 section 2.2)."""
    yield from {six.compressed, six.compressed.upper(), six.exploded,
                f"{six.exploded[:30]}{ipaddress.IPv4Address(int(six) & 0xffffffff)}"}


def well_formed():
    """What the reader of a list takes: the address itself must be refused, later."""
    yield from map(str, samples4())
    for six in samples6():
        yield from spellings6(six)


def lenient4(four):
    """What inet_aton(3) and browsers take, and what looks like it."""
    a, b, c, d = four.packed
    n = int(four)
    yield f"{n}"
    yield f"0x{n:08x}"
    yield f"0X{n:X}"
    yield f"0{n:o}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"{a:#x}.{b:#x}.{c:#x}.{d:#x}"
    yield f"{a}.{n & 0xffffff}"
    yield f"{a}.{b}.{n & 0xffff}"
    yield f"{a:03d}.{b:03d}.{c:03d}.{d:03d}"
    yield f"{a}.{b}.{c}.{d}."
    yield f"{a:#x}.{n & 0xffffff}"


def zoned():
    for zone in ("e0", "lo", "1", "25e0"):
        for six in ("fe80::1", "FE80::1", "ff02::1", "::1", "::ffff:10.0.0.1"):
            yield f"{six}%{zone}"
            yield f"[{six}%{zone}]"
    for six in ("::1", "::ffff:7f00:1", "fe80::1"):
        yield f"[{six}]"
    yield from ("::ffff:0x7f.0.0.1", "::ffff:127.1", "::ffff:010.0.0.1", "0::0::1", "::ffff:2130706433")


def malformed():
    """Rows that no list may hold, by the column they stand in."""
    some = list(itertools.islice(samples4(), 1, None, 3))
    for text in dict.fromkeys(itertools.chain(*map(lenient4, some), zoned())):
        yield f"international,a.spell,{text},80", text
        yield f"international,{text},-,80", text


def names():
    """Name -> records, as a hostile domain would have them; the spelling is in the name too."""
    found = {}
    for i, four in enumerate(samples4()):
        dashes = str(four).replace(".", "-")
        for name in (f"{dashes}.spell", f"{four}.spell", f"{int(four):#x}.spell", f"X{int(four)}.Spell"):
            found[name] = [("A", four)]
        found[f"alias{i}.spell"] = [("CNAME", f"{dashes}.spell.")]
        found[f"both{i}.spell"] = [("A", four), ("A", four + 1 if int(four) % 2 == 0 else four - 1)]
    for i, six in enumerate(samples6()):
        found[f"six{i}.spell"] = [("AAAA", six)]
    return found


# ---- rows ----

def kinds(host, address):
    """A row of each kind in turn, so that every check meets every range."""
    return [f"international,{host},{address},443", f"control,{host},{address},80",
            f"core,{host},{address},123", f"domestic,{host},{address},-"]


def rows_of_addresses():
    for i, text in enumerate(dict.fromkeys(well_formed())):
        more = [f"names,a.spell,{text},53", f"core,.,{text},53", f"core,zz,{text},53"]
        yield (kinds(f"h{i}.spell", text) + more)[i % 7], text


def rows_of_names(found):
    for i, name in enumerate(found):
        host = name + ("." if i % 5 == 0 else "")
        yield kinds(host, "-")[i % 4], name


# ---- the world ----

def write(folder, name, text):
    (folder / name).write_text(text, encoding="ascii")
    return folder / name


def root_zone(found, domains):
    lines = [". 60 IN SOA a.root. nobody.root. 1 1800 900 604800 60", ". 60 IN NS a.root.",
             f"a.root. 60 IN A {ROOT}", "ok.spell. 60 IN A 45.20.1.1"]
    lines += [f"{name}. 60 IN {kind} {value}" for name, all_of in found.items()
              for kind, value in all_of]
    for domain, address in domains.items():
        lines += [f"{domain}. 60 IN NS ns.{domain}.",
                  f"ns.{domain}. 60 IN {'AAAA' if address.version == 6 else 'A'} {address}"]
    return "\n".join(lines) + "\n"


def question(name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01"


def answers(address, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        try:
            s.sendto(question(name), (address, 53))
            return s.recv(4096)[3] & 15 == 0
        except OSError:
            return False


def wait_for(what, true, limit_s=30):
    end = time.monotonic() + limit_s
    while not true():
        that(time.monotonic() < end, f"{what} within {limit_s} s")
        time.sleep(0.05)


class World:
    def __init__(self, folder, found, domains):
        self.dir, self.children = folder, []
        sh("set -e; ip link set lo up; ip link add e0 type veth peer name e1; ip link set e0 up; "
           f"ip link set e1 up; ip addr add {HOME}/24 dev e0; ip route add default via 45.20.0.1; "
           f"ip -6 addr add {HOME6}/64 dev e0 nodad; ip -6 route add default via 2a0f:2::1; "
           f"for a in {RESOLVER} {ROOT} {INGEST}; do ip addr add $a/32 dev lo; done; "
           "echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
        subprocess.run(["nft", "-f", "-"], input=COUNTERS, text=True, check=True)
        resolv = write(folder, "resolv.conf", f"nameserver {RESOLVER}\n")
        sh(f"mount --bind {resolv} $(realpath /etc/resolv.conf)")
        unpacked = unpack.Unpacked(BUILD, SERVERS)
        write(folder, "root.zone", root_zone(found, domains))
        for name, text in (("nsd", NSD.format(address=ROOT, dir=folder)),
                           ("unbound", UNBOUND.format(address=RESOLVER, root=ROOT, dir=folder))):
            self.start([unpacked.program(name), "-d", "-c", write(folder, f"{name}.conf", text)],
                       name, unpacked.environment())
        wait_for("nsd and unbound answer",
                 lambda: answers(ROOT, "ok.spell") and answers(RESOLVER, "ok.spell"))
        self.enroll()

    def start(self, argv, name, environment=None):
        with open(self.dir / f"{name}.log", "wb") as log:
            self.children.append(subprocess.Popen([str(word) for word in argv], stdout=log,
                                                  stderr=log, env=environment))
        return self.children[-1]

    def towards(self):
        """Packets towards forbidden ranges so far."""
        out = subprocess.run(["nft", "list", "counter", "inet", "forbidden", "towards"], check=True,
                             capture_output=True, text=True).stdout
        return int(re.search(r"packets (\d+)", out)[1])

    def enroll(self):
        """By a real analyzer; then its address is said to be another."""
        home = self.dir / "analyzer"
        call(ANALYZER, "init", home)
        invite = call(ANALYZER, "--dir", home, "invite", "--endpoint", f"https://{INGEST}:{PORT}")
        server = self.start([ANALYZER, "--dir", home, "serve", "--ingest", f"{INGEST}:{PORT}",
                             "--pages", "127.0.0.1:0"], "analyzer")
        wait_for("the analyzer listens", lambda: "ingest listens" in (
            self.dir / "analyzer.log").read_text())
        call(PROBE, "--config", "/dev/null", "--state", self.dir / "state", "enroll",
             invite.stdout.strip(), "--accept-risks", "--level", "high")
        server.terminate()
        server.wait()
        enrolled = self.dir / "state" / "enrolled"
        text = enrolled.read_text()
        enrolled.write_text(text.replace(f"https://{INGEST}:{PORT}", "https://10.9.8.7:8443"))
        that("10.9.8.7" in enrolled.read_text(), "the analyzer has moved")

    def once(self, rows, hints="root.hints", code=0, checks=()):
        targets = write(self.dir, "targets.csv", HEAD + "".join(f"{r},-,nobody else,no\n" for r in rows))
        conf = write(self.dir, "probe.conf", f"targets = {targets}\ntime_scale = 10000\n"
                     f"home_day_bytes = 10000MB\nroot_hints = {self.dir}/{hints}\nca_file =\n"
                     "home_speed = 0s\n")
        done = subprocess.run([PROBE, "--config", conf, "--state", self.dir / "state", "once",
                               "--format", "json", *checks], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300)
        that(done.returncode == code, f"exit {code}", done.stdout + done.stderr)
        return done

    def climb(self, rows, hints="root.hints", checks=()):
        done = self.once(rows, hints, checks=checks)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if "check" in line]

    def close(self):
        for child in self.children:
            child.terminate()
            child.wait()


def call(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


# ---- what must hold ----

def the_counter_sees_what_it_should(world):
    """Sends to each kind of place itself: a counter that counts nothing would prove nothing."""
    for i, (family, address) in enumerate([(socket.AF_INET, "10.1.2.3"), (socket.AF_INET, "127.0.0.9"),
                                           (socket.AF_INET6, "64:ff9b::1"), (socket.AF_INET6, "::1")]):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.sendto(b"x", (address, 9))
        that(world.towards() >= i + 1, f"a packet to {address} is counted", world.towards())
    subprocess.run(["nft", "reset", "counters"], check=True, capture_output=True)


def refused(world, tally, rows, hints="root.hints"):
    """Climbs with these rows: each job of theirs is refused for where its address lies."""
    for at in range(0, len(rows), ROWS_AT_ONCE):
        for line in world.climb(rows[at:at + ROWS_AT_ONCE], hints):
            # A transfer does not even begin where nothing abroad answers.
            if line["check"] in AT_HOME or line.get("reason") == "lower_rung":
                continue
            that(line["outcome"] == "unmeasured" and line.get("reason") == "not_public",
                 "refused before anything is sent", line)
            tally[line["check"]] += 1
        that(world.towards() == 0, "not one packet", rows[at:at + ROWS_AT_ONCE])


def traces_are_refused_by_each_protocol(world, tally):
    """A climb traces one target alone, so the check is run by itself."""
    for address in itertools.chain(samples4(), itertools.islice(samples6(), 0, None, 4)):
        for protocol in ("icmp", "udp", "tcp"):
            line = json.loads(call(f"{BUILD}/tests/check_once", "trace", f"protocol={protocol}",
                                   f"address={address}", "port=443").stdout.splitlines()[0])
            that(line["outcome"] == "unmeasured" and line["reason"] == "not_public", "refused", line)
            tally["trace"] += 1
    that(world.towards() == 0, "not one packet of a trace")


def a_trace_of_a_disturbance_is_refused(world, tally):
    """A climb makes one after an anomaly alone, so the check is run by itself."""
    for address in itertools.chain(samples4(), itertools.islice(samples6(), 0, None, 4)):
        line = json.loads(call(f"{BUILD}/tests/check_once", "locate", "host=www.a.test",
                               "control=www.b.test", f"address={address}", "port=443")
                          .stdout.splitlines()[0])
        that(line["outcome"] == "unmeasured" and line["reason"] == "not_public", "refused", line)
        tally["locate"] += 1
    that(world.towards() == 0, "not one packet of a trace of a disturbance")


def transfers_are_refused_both_ways(world, tally):
    """A climb drops what follows a transfer that failed, so the check is run by itself, too."""
    speeds = world.climb([], checks=("--checks", "speed"))
    that(speeds and speeds[0]["reason"] == "not_public", "the analyzer's address is judged", speeds)
    for address in samples4():
        for direction in ("down", "up"):
            line = json.loads(call(
                f"{BUILD}/tests/check_once", "speed", f"endpoint=https://{address}:8443",
                f"pin=sha256//{'A' * 43}=", "bytes=1000", f"direction={direction}")
                .stdout.splitlines()[0])
            that(line["outcome"] == "unmeasured" and line["reason"] == "not_public", "refused", line)
            tally["speed"] += 1
    that(world.towards() == 0, "not one packet of a transfer")


def rare_checks_are_refused(world, tally):
    """A climb makes them of one target, and when a person asks for them."""
    rare = "compare", "large", "dnssec"
    for address in samples4():
        rows = [f"{role},www.{role}.test,{address},{port}" for role, port in (
            ("international", 443), ("domestic", 443), ("names", 53))]
        lines = world.climb(rows + ["control,www.control.test,45.20.9.9,443"],
                            checks=("--checks", ",".join(rare)))
        for line in lines:
            that(line["outcome"] == "unmeasured" and line["reason"] == "not_public", "refused", line)
            tally[line["check"]] += 1
        that({line["check"] for line in lines} >= set(rare), "each was tried", lines)
    that(world.towards() == 0, "not one packet of a rare check")


def inside():
    tally, spelled = collections.Counter(), set()
    found = names()
    domains = {f"z{i}": address for i, address in enumerate(
        itertools.chain(samples4(), itertools.islice(samples6(), 0, None, 4)))}
    with tempfile.TemporaryDirectory() as name:
        world = World(pathlib.Path(name), found, domains)
        write(world.dir, "root.hints", f"r.root. 1 A {ROOT}\n")
        the_counter_sees_what_it_should(world)
        began = time.monotonic()
        wrong = list(malformed())
        for row, text in wrong:
            done = world.once([row], code=1)
            that("targets.csv:2: " in done.stderr, "the row is named", row + done.stderr)
            spelled.add(row)
        print(f"{len(wrong)} rows that are refused when a list is read: "
              f"{time.monotonic() - began:.1f} s", flush=True)
        sets = [("addresses in lists", list(rows_of_addresses())),
                ("names that resolve to them", list(rows_of_names(found))),
                ("name servers of a domain", [(f"core,{d},tld,53", d) for d in domains])]
        for what, rows in sets:
            began = time.monotonic()
            refused(world, tally, [row for row, _ in rows])
            spelled |= {row for row, _ in rows}
            print(f"{len(rows)} {what}: {time.monotonic() - began:.1f} s", flush=True)
        traces_are_refused_by_each_protocol(world, tally)
        a_trace_of_a_disturbance_is_refused(world, tally)
        transfers_are_refused_both_ways(world, tally)
        rare_checks_are_refused(world, tally)
        for i, address in enumerate(samples4()):
            write(world.dir, f"hints{i}", f"r.root. 1 A {address}\n")
            if i % 6 == 0:
                refused(world, tally, ["core,.,root,53", "core,z1,tld,53"], f"hints{i}")
                spelled.add(f"root {address}")
        world.close()
    judge(tally, spelled)


def judge(tally, spelled):
    checks = {json.loads(line)["check"] for line in
              call(PROBE, "checks", "--format", "json").stdout.splitlines()}
    print(f"{len(spelled)} spellings, 0 packets; refused: "
          + ", ".join(f"{check} {n}" for check, n in sorted(tally.items())))
    that(set(tally) == checks - AT_HOME, "every check that connects was tried", checks - AT_HOME)
    that(len(spelled) >= LEAST, f"at least {LEAST} spellings", len(spelled))


def main():
    if "inside" in sys.argv:
        inside()
        return 0
    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0:
        print("no namespaces of our own here (unshare -Urn)")
        return 77
    try:
        unpack.Unpacked(BUILD, SERVERS).prepare()
    except RuntimeError as error:
        print(f"no servers to ask: {error}")
        return 77
    return subprocess.run(["unshare", "-Urnmpf", "--kill-child", "--mount-proc",
                           os.path.abspath(sys.argv[0]), "inside"]).returncode


sys.exit(main())
