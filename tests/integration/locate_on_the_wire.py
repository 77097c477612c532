#!/usr/bin/python3
"""Where on the way somebody minds a name: behind the third of five routers stands the lab's box,
which resets connections after a name or lets nothing pass after any but one; then nobody. In
namespaces of this test's own (unshare), home - r1 - r2 - r3 - box - r4 - r5 - linkemu - far,
with a real server (nginx). And a running probe: no hello leaves with a small TTL that nobody asked
for."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import checks_on_the_wire
from trace_on_the_wire import FAR, NETWORK

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lab import unpack  # noqa: E402

# Only now: the lab's own folder, where its modules find each other, has a lab.py as well.
sys.path.append(str(ROOT / "tests/lab"))
from lab import certificates, servers  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PROBE = f"{BUILD}/faultline-probe"
NAME, CONTROL, PORT = "www.wanted.example", "www.other.example", 8443
BOX, END, LIMITED = 4, 6, 20  # where the box stands, and the far end; above: nobody's small TTL
NOTHING, LIVED, RESET, ANSWERED, NOT_TRIED = range(5)
LIST = ("role,host,address,port,asn,who_else,verified\n"
        f"international,{NAME},{FAR[4]},443,-,everyone,no\n"
        f"control,{CONTROL},{FAR[4]},443,-,everyone,no\n")
COUNT = f"""
add table inet count; add counter inet count hellos;
add chain inet count out {{ type filter hook prerouting priority 0; }};
add rule inet count out iifname w0 tcp dport 443 ip ttl < {LIMITED} ip length > 100 counter name hellos
"""


def sh(command):
    return subprocess.run(command, shell=True, check=True, text=True, capture_output=True).stdout


def that(true, *seen):
    assert true, seen


def put_link():
    """As far away as far ends are: a kernel is never as quick as the next namespace."""
    link = subprocess.Popen(
        [f"{BUILD}/tests/linkemu", "--up", "delay=10", "--down", "delay=10", "/run/netns/r5",
         "/run/netns/far"], stdout=subprocess.PIPE, text=True)
    that("ready" in link.stdout.readline(), "the link")
    for node, four, six in (("r5", f"{FAR[4]}/32", f"{FAR[6]}/128"),
                            ("far", "192.168.77.0/24", "2003:10::/64")):
        sh(f"ip -n {node} link set emu0 addrgenmode none up && "
           f"ip -n {node} route replace {four} dev emu0 && "
           f"ip -n {node} -6 route replace {six} dev emu0 metric 1")
    return link


class World:
    def __init__(self, folder, analyzer):
        self.dir, self.analyzer, self.box, self.probe = folder, analyzer, None, None
        authority = certificates.Authority(f"{folder}/right", "all")
        authority.certify([NAME])
        unpacked = unpack.Unpacked(BUILD, ("nginx",))
        certificate, key = authority.of(NAME)
        servers.write(f"{folder}/nginx.conf", servers.NGINX.format(
            dir=folder, servers=f"server {{ listen {FAR[4]}:443 ssl; listen [{FAR[6]}]:443 ssl; "
            f"ssl_certificate {certificate}; ssl_certificate_key {key}; }}"))
        self.nginx = subprocess.Popen(
            ["ip", "netns", "exec", "far", unpacked.program("nginx"), "-e", f"{folder}/error.log",
             "-p", folder, "-c", f"{folder}/nginx.conf"], env=unpacked.environment())
        servers.wait_for("nginx", lambda: ":443 " in sh("ip netns exec far ss -Hltn"), 15)

    def put_box(self, *rules):
        """Between r3 and r4, in place of the one before; none: the wire."""
        if self.box:
            self.box.terminate()
            self.box.communicate()
            self.box = None
        if rules:
            self.box = subprocess.Popen(
                [f"{BUILD}/tests/onpath", *rules, "/run/netns/r3", "/run/netns/r4"],
                stdout=subprocess.PIPE, text=True)
            that("ready" in self.box.stdout.readline(), "the box")
        for node, four, six, via in (("r3", f"{FAR[4]}/32", f"{FAR[6]}/128", 2),
                                     ("r4", "192.168.77.0/24", "2003:10::/64", 1)):
            if rules:
                sh(f"ip -n {node} link set onp0 addrgenmode none up && "
                   f"ip -n {node} route replace {four} dev onp0 && "
                   f"ip -n {node} -6 route replace {six} dev onp0 metric 1")
            elif node == "r4":
                # Its own went with the one over the device.
                sh(f"ip -n r4 route replace {four} via 45.13.0.2")

    def locate(self, version=4, **words):
        words = {"host": NAME, "control": CONTROL, "address": FAR[version], "pace_us": 100000,
                 **words}
        done = subprocess.run([f"{BUILD}/tests/check_once", "locate",
                               *(f"{name}={value}" for name, value in words.items())],
                              stdout=subprocess.PIPE, text=True, check=True)
        line, size, _ = done.stdout.splitlines()
        return json.loads(line), int(size)

    def hellos(self):
        """How many have passed the first router with a small TTL."""
        return int(re.search(r"packets (\d+)", sh(
            "ip netns exec r1 nft list counter inet count hellos"))[1])

    def lines(self, **fields):
        text = subprocess.run(
            [f"{BUILD}/faultline-analyzer", "query", "--config",
             f"{self.analyzer.folder.name}/conf", "--dir", f"{self.analyzer.folder.name}/an",
             "measurements", "--format", "json"], text=True, check=True, capture_output=True).stdout
        lines = map(json.loads, text.splitlines())
        return [line for line in lines if all(line.get(k) == v for k, v in fields.items())]


def who_resets_is_found_where_he_stands(world):
    world.put_box("--rst", NAME)
    for version in 4, 6:
        line, size = world.locate(version)
        that(line["outcome"] == "ok" and line["stage"] == "done" and line["ttl"] == BOX, line)
        that(line["ttl_signs"] == [LIVED] * (BOX - 1) + [RESET], line)
        that(line["control_signs"] == [NOT_TRIED] * (BOX - 1) + [LIVED], line)
        that(0 <= line["rtt_us"] < 500000 and 3000 < size < 12000, line, size)


def who_lets_nothing_pass_is_found_too(world):
    world.put_box("--hello-drop-unless", CONTROL)
    for version in 4, 6:
        line, _ = world.locate(version)
        that(line["outcome"] == "ok" and line["ttl"] == BOX and "rtt_us" not in line, line)
        that(line["ttl_signs"] == [LIVED] * (BOX - 1) + [NOTHING], line)
        that(line["control_signs"] == [NOT_TRIED] * (BOX - 1) + [LIVED], line)


def where_nobody_minds_nobody_is_found(world):
    world.put_box()
    line, _ = world.locate()
    that(line["outcome"] == "ok" and "ttl" not in line, line)
    that(line["ttl_signs"] == [LIVED] * (END - 1) + [ANSWERED], line)
    that(line["control_signs"] == [NOT_TRIED] * (END - 1) + [ANSWERED], line)


def who_minds_every_name_is_not_one_who_minds_this(world):
    world.put_box("--hello-drop-unless", "www.third.example")
    line, _ = world.locate(deadline_us=60000000)
    that("ttl" not in line and line["ttl_signs"][BOX - 1] == NOTHING, line)
    that(line["control_signs"][BOX - 1] == NOTHING, line)


def no_hello_goes_farther_or_more_often_than_was_said(world):
    """With the pace of the field, counted at the first router."""
    world.put_box("--rst", NAME)
    before, start = world.hellos(), time.monotonic()
    line, _ = world.locate(pace_us=500000)
    took = time.monotonic() - start
    # Each once, the one that was reset twice, the control name's; and what the kernel said again.
    that(line["ttl"] == BOX and BOX + 2 <= world.hellos() - before <= 3 * (BOX + 2),
         line, world.hellos() - before)
    that(took >= (BOX + 1) * 3, took)


def a_name_that_is_the_control_name_is_not_tried(world):
    before = world.hellos()
    for words in {"control": ""}, {"control": NAME}, {"host": ""}, {"address": "10.0.0.1"}:
        line, size = world.locate(**words)
        that(line["outcome"] == "unmeasured" and size == 0, line)
    that(world.hellos() == before)


def run_daemon(world, level, on):
    """Half an hour of a probe's time, or until it has located; its lines of the checks."""
    state, conf = world.dir / f"{level}-{on}", world.dir / f"{level}-{on}.conf"
    (world.dir / "list.csv").write_text(LIST, encoding="ascii")
    conf.write_text(f"targets = {world.dir}/list.csv\ntime_scale = 60\nca_file =\nhome_locate = {on}\n",
                    encoding="ascii")
    invite = world.invites.pop()
    sh(f"{PROBE} --config {conf} --state {state} enroll --from {invite} --accept-risks "
       f"--medium fixed --level {level}")
    before, failed = world.hellos(), len(world.lines(check="tls", outcome="connection_reset"))
    daemon = subprocess.Popen([PROBE, "--config", conf, "--state", state, "run"],
                              stderr=subprocess.DEVNULL)
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if world.lines(check="locate") or len(
                world.lines(check="tls", outcome="connection_reset")) >= failed + 6:
            break
        time.sleep(0.5)  # nothing tells of what a store takes in but the store
    daemon.terminate()
    that(daemon.wait() == 0)
    that(len(world.lines(check="tls", outcome="connection_reset", control_outcome="ok")) > 0)
    return world.hellos() - before, world.lines(check="locate")


def nothing_leaves_with_a_small_ttl_that_nobody_asked_for(world):
    world.put_box("--rst", NAME)
    for level, on in ("low", "1d"), ("normal", "1d"), ("high", "0s"):
        hellos, lines = run_daemon(world, level, on)
        that(hellos == 0 and not lines, level, on, hellos, lines)


def who_asked_for_it_is_told_once(world):
    hellos, lines = run_daemon(world, "high", "1d")
    that(len(lines) == 1 and lines[0]["ttl"] == BOX and hellos >= BOX + 2, hellos, lines)


TESTS = (who_resets_is_found_where_he_stands, who_lets_nothing_pass_is_found_too,
         where_nobody_minds_nobody_is_found, who_minds_every_name_is_not_one_who_minds_this,
         no_hello_goes_farther_or_more_often_than_was_said,
         a_name_that_is_the_control_name_is_not_tried,
         nothing_leaves_with_a_small_ttl_that_nobody_asked_for, who_asked_for_it_is_told_once)


def inside():
    subprocess.run("set -e\n" + NETWORK, shell=True, check=True)
    sh("echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
    subprocess.run(["ip", "netns", "exec", "r1", "nft", "-f", "-"], input=COUNT, text=True,
                   check=True)
    with tempfile.TemporaryDirectory() as name, checks_on_the_wire.Analyzer(
            FAR[4], PORT, ["ip", "netns", "exec", "far"]) as server:
        world = World(pathlib.Path(name), server)
        link = put_link()
        program = [f"{BUILD}/faultline-analyzer", "invite", "--config",
                   f"{server.folder.name}/conf", "--dir", f"{server.folder.name}/an", "--count",
                   "4", "--out", f"{name}/invites"]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
        world.invites = sorted(pathlib.Path(f"{name}/invites").iterdir())
        failed = checks_on_the_wire.run_tests(TESTS, world)
        world.put_box()
        for child in world.nginx, link:
            child.terminate()
            child.communicate()
        return 1 if failed else 0


if sys.argv[1:] == ["--inside"]:
    sys.exit(inside())
unpack.Unpacked(BUILD, ("nginx",)).prepare()
checks_on_the_wire.enter({})
