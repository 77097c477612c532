#!/usr/bin/python3
"""A site (nginx) that is answered for by somebody else from one moment on: with a page over plain
HTTP, with a certificate of another authority over TLS. What a running probe shows of it arrives
at a real analyzer once, byte for byte, and can be read by nobody on the way. In a network
namespace of this test's own (unshare)."""
import base64
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import sqlite3
import ssl
import subprocess
import sys
import tempfile
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
MOST = 8192
LIST = ("role,host,address,port,asn,who_else,verified\n"
        f"essential,{HOST},{SITE},80,-,everyone,no\nessential,{HOST},{SITE},443,-,everyone,no\n"
        "international,-,45.20.9.9,-,-,everyone,no\n")
# Who asked stands in what he is told: the reason why it is sealed.
SUBSCRIBER = "subscriber-491500-1234567"
OPEN = "server {{ listen {address}:80; return 301 https://{host}/; }}"
CLOSED = ("server {{ listen {address}:80; add_header Set-Cookie {subscriber}-cookie; "
          "root {root}; }}")
SECURE = ("server {{ listen {address}:443 ssl; ssl_certificate {certificate}; "
          "ssl_certificate_key {key}; root {root}; }}")


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
        self.right.certify([HOST])
        self.other.certify([HOST])
        (folder / "list.csv").write_text(LIST, encoding="ascii")
        self.conf = folder / "probe.conf"
        self.conf.write_text(f"targets = {folder}/list.csv\nca_file = {self.right.certificate}\n"
                             "time_scale = 60\n", encoding="ascii")
        self.run(PROBE, "--config", self.conf, "--state", self.state, "enroll", "--from",
                 analyzer.invite, "--accept-risks", "--medium", "fixed")
        self.probe = None

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

    def start(self):
        with open(self.dir / "probe.log", "ab") as log:
            self.probe = subprocess.Popen(
                [PROBE, "--config", str(self.conf), "--state", str(self.state), "run"],
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

    def export(self, what):
        out = self.dir / what
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
         a_stranger_checks_its_lines_like_all_others, nothing_is_shown_where_its_owner_says_so)


def inside():
    sh("ip link set lo up && ip link add e0 type veth peer name e1 && ip link set e0 up && "
       f"ip link set e1 up && ip addr add {HOME}/24 dev e0 && ip route add default via 45.20.0.1 "
       f"&& ip addr add {SITE}/32 dev lo && ip addr add {INGEST}/32 dev lo")
    sh("echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
    with tempfile.TemporaryDirectory() as name, \
            checks_on_the_wire.Analyzer(INGEST, PORT) as server:
        world = World(pathlib.Path(name), server)
        failed = checks_on_the_wire.run_tests(TESTS, world)
        for child in world.nginx, world.probe:
            if child and child.poll() is None:
                child.terminate()
                child.wait()
        return 1 if failed else 0


if sys.argv[1:] == ["--inside"]:
    sys.exit(inside())
unpack.Unpacked(BUILD, ("nginx",)).prepare()
checks_on_the_wire.enter({})
