#!/usr/bin/python3
"""A site (nginx) that is answered for by somebody else from one moment on: with a page over plain
HTTP, with a certificate of another authority over TLS. What a running probe shows of it arrives
at a real analyzer once, byte for byte, and can be read by nobody on the way. Then another site,
behind the lab's box, that somebody resets: what is shown of it is what was on the wire, but for
who was reset. In network namespaces of this test's own (unshare): home - router - onpath - far."""
import base64
import ctypes
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import checks_on_the_wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lab import unpack  # noqa: E402

# Only now: the lab's own folder, where its modules find each other, has a lab.py as well.
sys.path.append(str(ROOT / "tests/lab"))
from lab import certificates, servers  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PROBE, ANALYZER = f"{BUILD}/faultline-probe", f"{BUILD}/faultline-analyzer"
HOME, SITE, INGEST, PORT, HOST = "45.20.0.2", "45.20.1.1", "45.20.2.9", 8443, "news.test"
WANTED, AWAY, AWAY6, HOME6 = "wanted.test", "45.20.3.1", "2003:20:3::1", "2003:20::2"
MOST, RST = 8192, 4
FAR_TTL, BOX_TTL = 50, 64
LIST = ("role,host,address,port,asn,who_else,verified\n"
        f"essential,{HOST},{SITE},80,-,everyone,no\nessential,{HOST},{SITE},443,-,everyone,no\n"
        f"essential,{WANTED},{AWAY},80,-,everyone,no\nessential,{WANTED},{AWAY},443,-,everyone,no\n"
       f"essential,{WANTED},{AWAY6},443,-,everyone,no\n"
       "international,-,45.20.9.9,-,-,everyone,no\n")
# The box forges resets of handshakes; of plain HTTP the far end's own kernel resets the request.
FAR = f"""
table ip minds {{
chain in {{ type filter hook input priority 0; tcp dport 80 tcp flags & psh == psh reject with tcp reset; }}
}}
"""
# Who asked stands in what he is told: the reason why it is sealed.
SUBSCRIBER = "subscriber-491500-1234567"
OPEN = "server {{ listen {address}:80; return 301 https://{host}/; }}"
CLOSED = ("server {{ listen {address}:80; add_header Set-Cookie {subscriber}-cookie; "
          "root {root}; }}")
SECURE = ("server {{ listen {address}:443 ssl; ssl_certificate {certificate}; "
          "ssl_certificate_key {key}; root {root}; }}")
AT_FAR = (f"server {{{{ listen {AWAY}:80; return 301 https://{WANTED}/; }}}} "
          f"server {{{{ listen {AWAY}:443 ssl; listen [{AWAY6}]:443 ssl; "
          "ssl_certificate {certificate}; ssl_certificate_key {key}; root {root}; }}")


def sh(command):
    subprocess.run(command, shell=True, check=True)


def that(true, *seen):
    assert true, seen


def wait_for(what, true, limit_s=90):
    end = time.monotonic() + limit_s
    while not true():
        that(time.monotonic() < end, f"{what} within {limit_s} s")
        time.sleep(0.1)  # nothing tells of what a store takes in but the store


def block_page():
    words = random.Random(7).choices("the access to this page was closed by order".split(), k=3000)
    return f"<html><p>Dear {SUBSCRIBER}, {' '.join(words)}</html>\n"


class World:
    def __init__(self, folder, analyzer):
        self.dir, self.analyzer, self.state = folder, analyzer, folder / "state"
        self.unpacked = unpack.Unpacked(BUILD, ("nginx",))
        self.page, self.nginx = block_page(), None
        (folder / "root").mkdir()
        (folder / "root/index.html").write_text(self.page, encoding="ascii")
        self.right = certificates.Authority(f"{folder}/right", "all")
        self.other = certificates.Authority(f"{folder}/other", "somebody on the way")
        self.right.certify([HOST, WANTED])
        self.other.certify([HOST])
        (folder / "list.csv").write_text(LIST, encoding="ascii")
        self.conf = folder / "probe.conf"
        self.conf.write_text(f"targets = {folder}/list.csv\nca_file = {self.right.certificate}\n"
                             "time_scale = 60\n", encoding="ascii")
        self.run(PROBE, "--config", self.conf, "--state", self.state, "enroll", "--from",
                 analyzer.invite, "--accept-risks", "--medium", "fixed")
        self.probe, self.box = None, None
        self.far = self.serve_far()
        self.put_box()

    def serve_far(self):
        here = self.dir / "far"
        here.mkdir()
        certificate, key = self.right.of(WANTED)
        servers.write(f"{here}/nginx.conf", servers.NGINX.format(dir=here, servers=AT_FAR.format(
            certificate=certificate, key=key, root=f"{self.dir}/root")))
        far = subprocess.Popen(
            ["ip", "netns", "exec", "far", self.unpacked.program("nginx"), "-e",
             f"{here}/error.log", "-p", here, "-c", f"{here}/nginx.conf"],
            env=self.unpacked.environment())
        servers.wait_for("the far nginx", lambda: f"{AWAY}:443 " in subprocess.run(
            ["ip", "netns", "exec", "far", "ss", "-Hltn"], capture_output=True, text=True,
            check=True).stdout, 15)
        return far

    def put_box(self, *rules):
        """Between router and far, in place of the one before."""
        if self.box:
            self.box.terminate()
            self.box.communicate()
        self.box = subprocess.Popen(
            [f"{BUILD}/tests/onpath", *rules, "/run/netns/router", "/run/netns/far"],
            stdout=subprocess.PIPE, text=True)
        if self.box.stdout.readline() != "ready\n":
            print("this machine lets us open no TUN device")
            sys.exit(77)
        for node, four, six in ("router", AWAY, AWAY6), ("far", HOME, HOME6):
            sh(f"ip -n {node} link set onp0 addrgenmode none up && "
               f"ip -n {node} route add {four} dev onp0 && "
               f"ip -n {node} -6 route add {six} dev onp0")
        sh(f"ip netns exec far sysctl -qw net.ipv6.conf.onp0.hop_limit={FAR_TTL}")

    def run(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        that(done.returncode == 0, words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def serve(self, plain, authority):
        """From now on the site's address answers so."""
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait()
        certificate, key = authority.of(HOST)
        words = {"address": SITE, "host": HOST, "root": f"{self.dir}/root", "key": key,
                 "certificate": certificate, "subscriber": SUBSCRIBER}
        servers.write(f"{self.dir}/nginx.conf", servers.NGINX.format(
            dir=self.dir, servers=plain.format(**words) + SECURE.format(**words)))
        self.nginx = subprocess.Popen(
            [self.unpacked.program("nginx"), "-e", f"{self.dir}/error.log", "-p", self.dir, "-c",
             f"{self.dir}/nginx.conf"], env=self.unpacked.environment())
        servers.wait_for("nginx", lambda: f"{SITE}:443 " in subprocess.run(
            ["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout, 15)

    def start(self, *before):
        with open(self.dir / "probe.log", "ab") as log:
            self.probe = subprocess.Popen(
                [*before, PROBE, "--config", str(self.conf), "--state", str(self.state), "run"],
                stdin=subprocess.DEVNULL, stderr=log)

    def stop(self):
        self.probe.terminate()
        that(self.probe.wait() == 0, "a clean stop")

    def segments(self):
        with sqlite3.connect(f"{self.analyzer.folder.name}/an/store.sqlite") as store:
            segments = store.execute("SELECT bytes FROM segment ORDER BY n").fetchall()
        store.close()
        return [text for (text,) in segments]

    def lines(self, **fields):
        lines = [json.loads(line) for text in self.segments() for line in text.decode().splitlines()
                 if line.startswith("{")]
        return [line for line in lines if all(line.get(k) == v for k, v in fields.items())]

    def export(self, what, where=None):
        out = self.dir / (where or what)
        said = self.run(ANALYZER, "export", "--config", f"{self.analyzer.folder.name}/conf",
                        "--dir", f"{self.analyzer.folder.name}/an", "--to", what, "--out", out)
        return said, sorted(out.iterdir())


def an_answer_as_ever_is_not_shown(world):
    world.serve(OPEN, world.right)
    world.start()
    wait_for("three rounds", lambda: len(world.lines(check="http", status=301)) >= 3
             and len(world.lines(check="tls", verified=1)) >= 3)
    that(not world.lines(kind="exhibit"), world.lines(kind="exhibit"))
    that(not any("exhibit_sha256" in line for line in world.lines()))


def another_answer_is_shown_once_and_named_each_time(world):
    world.serve(CLOSED, world.other)
    wait_for("both exhibits", lambda: {line["exhibit_kind"] for line in
                                       world.lines(kind="exhibit")} == {"page", "certificate"})
    wait_for("three rounds more", lambda: len(world.lines(check="http", status=200)) >= 4
             and len(world.lines(check="tls", verified=0)) >= 4)
    world.stop()
    for kind, fields in (("page", {"check": "http", "status": 200}),
                         ("certificate", {"check": "tls", "verified": 0})):
        said = world.lines(kind="exhibit", exhibit_kind=kind)
        that([line["part"] for line in said] == list(range(1, said[0]["parts"] + 1)), said)
        named = {line.get("exhibit_sha256") for line in world.lines(**fields)}
        that(named == {said[0]["exhibit_sha256"]}, kind, named)


def the_analyzer_reads_it_byte_for_byte(world):
    said, files = world.export("exhibits")
    that("2 exhibits written" in said and len(files) == 2, said, files)
    for file in files:
        that(hashlib.sha256(file.read_bytes()).hexdigest() == file.stem, file)
        that(file.stat().st_mode & 0o077 == 0, oct(file.stat().st_mode))
    page, = (file.read_bytes() for file in files if file.suffix == ".page")
    certificate, = (file.read_bytes() for file in files if file.suffix == ".certificate")
    head, body = page.split(b"\r\n\n", 1)
    that(head.split(b"\r\n") == [b"HTTP/1.1 200 OK", b"Server: nginx", b"Content-Type: text/html"],
         head)
    that(len(page) == MOST and world.page.encode().startswith(body), len(page), body[:100])
    right = pathlib.Path(world.other.of(HOST)[0]).read_text(encoding="ascii")
    that(certificate == ssl.PEM_cert_to_DER_cert(right))


def nobody_else_reads_anything_of_it(world):
    """Neither on the probe's disk nor in what was sent, kept and exported, as it is, in base64
    or packed."""
    world.export("segments")
    told = [path for folder in (world.state, world.dir / "segments",
                                pathlib.Path(world.analyzer.folder.name))
            for path in folder.rglob("*") if path.is_file()] + [world.dir / "probe.log"]
    der = ssl.PEM_cert_to_DER_cert(pathlib.Path(world.other.of(HOST)[0]).read_text("ascii"))
    for path in told:
        plain = path.read_bytes()
        seen = [plain] + [base64.b64decode(piece[:len(piece) // 4 * 4]) for piece in
                          re.findall(rb"[A-Za-z0-9+/]{40,}", plain)]
        if plain[:2] == b"\x1f\x8b":
            seen.append(gzip.decompress(plain))
        for text in seen:
            that(SUBSCRIBER.encode() not in text and der[40:80] not in text, path)


def a_stranger_checks_its_lines_like_all_others(world):
    files = sorted((world.dir / "segments").iterdir())
    said = world.run(sys.executable, ROOT / "tests/verify.py", *files)
    that("FAIL" not in said, said)
    world.run(ANALYZER, "verify", *files)


class Resets:
    """Every reset that leaves the box for us while the block runs, as its device has it."""

    def __init__(self):
        self.packets, self.begun, self.over = [], threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.take)

    def take(self):
        # This thread alone is in the router's namespace from now on.
        with open("/run/netns/router", "rb") as there:
            that(ctypes.CDLL(None).setns(there.fileno(), 0) == 0, "the router's namespace")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as taps:
            taps.bind(("onp0", 0))
            taps.settimeout(0.2)
            self.begun.set()
            while not self.over.is_set():
                self.take_one(taps)

    def take_one(self, taps):
        try:
            packet, where = taps.recvfrom(2048)
        except TimeoutError:
            return
        head, protocol = (20, packet[9]) if packet[0] >> 4 == 4 else (40, packet[6])
        if (where[2] != socket.PACKET_OUTGOING and protocol == socket.IPPROTO_TCP
                and packet[head + 13] & RST):
            self.packets.append(packet)

    def __enter__(self):
        self.thread.start()
        that(self.begun.wait(10), "a capture on the box")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def hidden(packet):
    """As it comes home over one router, without the addresses, our port and what is summed over
    them."""
    head, shown = 20 if packet[0] >> 4 == 4 else 40, bytearray(packet)
    that(packet[head + 12] >> 4 == 5 and len(packet) == head + 20, packet)
    for at, end in ((10, 20) if head == 20 else (8, 40)), (head + 2, head + 4), (head + 16, head + 18):
        shown[at:end] = bytes(end - at)
    shown[8 if head == 20 else 7] -= 1
    return bytes(shown)


def who_is_reset_shows_the_reset_and_not_himself(world):
    world.put_box("--rst", WANTED)
    subprocess.run(["ip", "netns", "exec", "far", "nft", "-f", "-"], input=FAR, text=True, check=True)
    with Resets() as seen:
        world.start()
        wait_for("three resets that are shown",
                 lambda: len(world.lines(kind="exhibit", exhibit_kind="reset")) == 3)
        wait_for("a round more", lambda: len(world.lines(check="tls", outcome="connection_reset",
                                                         flow_resets=None)) >= 6)
        world.stop()
    _, files = world.export("exhibits", "with-resets")
    shown = {file.stem: file.read_bytes() for file in files if file.suffix == ".reset"}
    that(len(shown) == 3 and len(files) == 5, files)
    came = {hidden(packet): packet for packet in seen.packets}
    for stem, text in shown.items():
        line, = world.lines(kind="measurement", exhibit_sha256=stem)
        by_box = line["check"] == "tls"
        that(hashlib.sha256(text).hexdigest() == stem and text in came, text, came)
        four = text[0] >> 4 == 4
        port = came[text][(20 if four else 40) + 2:][:2]
        for ours in port, socket.inet_aton(HOME), socket.inet_pton(socket.AF_INET6, HOME6):
            that(ours in came[text] or len(ours) > 2, ours)
            that(len(ours) == 2 or ours not in text, text)
        that(text[8 if four else 7] == (BOX_TTL if by_box else FAR_TTL) - 1, text)
        that(line["outcome"] == "connection_reset" and line["captured"] == 1, line)
        that(line["capture_dropped"] == 0 and line["flow_resets"] >= 1, line)
        # Who resets is farther or nearer than the end in whose name he does.
        that(line["reply_ttl"] == FAR_TTL - 1 and (line["flow_resets_odd_hops"] > 0) == by_box, line)
    that({text[0] >> 4 for text in shown.values()} == {4, 6}, shown)


def what_nobody_may_capture_is_told_without(world):
    """Line by line as where a reset is not captured yet."""
    def resets():
        return world.lines(check="tls", outcome="connection_reset")
    before = len(resets())
    usual = next(line for line in resets() if "captured" not in line)
    world.start("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
    wait_for("three rounds", lambda: len(resets()) >= before + 6)
    world.stop()
    that(len(world.lines(kind="exhibit", exhibit_kind="reset")) == 3)
    for line in resets()[before:]:
        that(set(line) == set(usual), line, usual)
        that("captured" not in line and "exhibit_sha256" not in line, line)


def nothing_is_shown_where_its_owner_says_so(world):
    """And a new program knows nothing of what the old one said."""
    with open(world.conf, "a", encoding="ascii") as conf:
        conf.write("home_exhibits = 0\n")
    before, seen = len(world.lines(kind="exhibit")), len(world.lines(check="http", status=200))
    world.start()
    wait_for("two rounds", lambda: len(world.lines(check="http", status=200)) >= seen + 2)
    world.stop()
    that(len(world.lines(kind="exhibit")) == before)
    that("exhibit_sha256" not in world.lines(check="http", status=200)[-1])


TESTS = (an_answer_as_ever_is_not_shown, another_answer_is_shown_once_and_named_each_time,
         the_analyzer_reads_it_byte_for_byte, nobody_else_reads_anything_of_it,
         a_stranger_checks_its_lines_like_all_others, who_is_reset_shows_the_reset_and_not_himself,
         what_nobody_may_capture_is_told_without, nothing_is_shown_where_its_owner_says_so)


def inside():
    sh("mount -t tmpfs none /run && mkdir /run/netns && ip netns add router && ip netns add far && "
       "ip -n router link set lo up && ip -n far link set lo up && "
       "ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 && "
       f"ip -n far addr add {AWAY}/32 dev lo && ip -n far addr add {AWAY6}/128 dev lo nodad && "
       f"ip netns exec far sysctl -qw net.ipv4.ip_default_ttl={FAR_TTL}")
    sh("ip link set lo up && ip link add e0 type veth peer name e1 netns router && "
       f"ip addr add {HOME}/24 dev e0 && ip addr add {HOME6}/64 dev e0 nodad && "
       "ip -n router addr add 45.20.0.1/24 dev e1 && ip -n router addr add 2003:20::1/64 dev e1 nodad "
       "&& ip link set e0 up && ip -n router link set e1 up && ip route add default via 45.20.0.1 "
       "&& ip -6 route add default via 2003:20::1 && "
       f"ip addr add {SITE}/32 dev lo && ip addr add {INGEST}/32 dev lo")
    sh("echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
    with tempfile.TemporaryDirectory() as name, \
            checks_on_the_wire.Analyzer(INGEST, PORT) as server:
        world = World(pathlib.Path(name), server)
        failed = checks_on_the_wire.run_tests(TESTS, world)
        for child in world.nginx, world.probe, world.far, world.box:
            if child and child.poll() is None:
                child.terminate()
                child.wait()
        return 1 if failed else 0


if sys.argv[1:] == ["--inside"]:
    sys.exit(inside())
unpack.Unpacked(BUILD, ("nginx",)).prepare()
checks_on_the_wire.enter({})
