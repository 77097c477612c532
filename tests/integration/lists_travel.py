#!/usr/bin/python3
"""A volunteer needs no list file: the analyzer's signed list comes with the enrolment, a newer
one with a shipment, and an unchanged one costs next to nothing. In a network namespace of this
test's own."""
import hashlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PROBE, ANALYZER = f"{BUILD}/faultline-probe", f"{BUILD}/faultline-analyzer"
HOME, SITE, INGEST, PORT = "45.20.0.2", "45.20.1.1", "45.20.2.9", 8443
HEAD = "role,host,address,port,asn,who_else,verified\n"
UNCHANGED_MOST = 150  # bytes of the answer that a list is as it was, inside TLS


def sh(command):
    subprocess.run(command, shell=True, check=True)


def that(truth, what, seen=""):
    if not truth:
        raise SystemExit(f"not so: {what}\n{seen}")


def wait_for(what, true, limit_s=60):
    end = time.monotonic() + limit_s
    while not true():
        that(time.monotonic() < end, f"{what} within {limit_s} s")
        time.sleep(0.05)


def run(*words, code=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120)
    that(done.returncode == code, f"exit {code} of {words}",
         f"exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def network():
    sh("ip link set lo up && ip link add e0 type veth peer name e1 && ip link set e0 up && "
       f"ip link set e1 up && ip addr add {HOME}/24 dev e0 && "
       f"ip route add default via 45.20.0.1 && ip addr add {SITE}/32 dev lo && "
       f"ip addr add {INGEST}/32 dev lo")
    sh("echo 0 0 > /proc/sys/net/ipv4/ping_group_range")


class Journey:
    def __init__(self, folder):
        self.dir, self.home, self.state = folder, folder / "analyzer", folder / "state"
        self.conf = folder / "probe.conf"
        self.conf.write_text("time_scale = 60\n")
        run(ANALYZER, "init", self.home)
        invite = run(ANALYZER, "--dir", self.home, "invite", "--endpoint",
                     f"https://{INGEST}:{PORT}", "--count", "2")
        self.invites = invite.stdout.split()
        self.server = subprocess.Popen(
            [ANALYZER, "--dir", str(self.home), "serve", "--ingest", f"{INGEST}:{PORT}",
             "--pages", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        while "ingest listens" not in self.server.stderr.readline():
            that(self.server.poll() is None, "the analyzer listens")

    def sign(self, number):
        """Puts a list of so many targets in force; returns its SHA-256."""
        rows = "".join(f"international,i{n}.example,{SITE},{port},-,everyone,no\n"
                       for n, port in enumerate(["-", "80"][:number] + ["80"] * (number - 2)))
        path = self.dir / "list.csv"
        path.write_text(HEAD + rows, encoding="ascii")
        done = run(ANALYZER, "--dir", self.home, "targets", "sign", "--country", "XX",
                   "--despite-problems", path)
        that(f"{number} rows" in done.stdout, "signed", done.stdout)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def argv(self, *words, state=None):
        return [PROBE, "--config", str(self.conf), "--state", str(state or self.state), *words]

    def daemon(self):
        log = open(self.dir / "daemon.log", "ab")
        with log:
            return subprocess.Popen(self.argv("run"), stdin=subprocess.DEVNULL, stderr=log)

    def lists_named(self):
        """SHA-256 and rows of the lists that the stored segments name, in their order."""
        with sqlite3.connect(self.home / "store.sqlite") as store:
            segments = store.execute("SELECT bytes FROM segment ORDER BY n").fetchall()
        store.close()
        lines = [line for (text,) in segments for line in text.decode().splitlines()]
        return [(row["list_sha256"], row["rows"])
                for row in map(json.loads, filter(re.compile(r'\{.*"kind":"targets"').match, lines))]

    def get(self, etag=None):
        """Status, ETag, body and the bytes of head and body, as a client of no library sees it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((INGEST, PORT)) as plain, \
                context.wrap_socket(plain) as peer:
            known = f"If-None-Match: {etag}\r\n" if etag else ""
            peer.sendall(f"GET /v1/targets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{known}\r\n"
                         .encode())
            got = b""
            while piece := peer.recv(65536):
                got += piece
        head, body = got.split(b"\r\n\r\n", 1)
        tag = re.search(rb"^ETag: (.*)$", head, re.M | re.I)
        return int(head.split()[1]), tag and tag[1].strip().decode(), body, len(got)


def an_analyzer_without_a_list_enrols_all_the_same(journey):
    status, _, body, _ = journey.get()
    that(status == 404 and b"no target list" in body, "a problem document", body)
    run(*journey.argv("enroll", journey.invites[0], "--accept-risks", state=journey.dir / "early"))
    that(not (journey.dir / "early" / "targets").exists(), "there is nothing to keep")


def the_list_comes_with_the_enrolment(journey):
    journey.sign(1)
    run(*journey.argv("enroll", journey.invites[1], "--accept-risks"))
    note = (journey.state / "targets").read_bytes()
    that(note.startswith(b"faultline/targets\ncountry XX\nserial 1\n"), "the note itself", note)
    rows = [json.loads(line) for line in run(
        *journey.argv("once", "--format", "json")).stdout.splitlines()]
    that(any(row.get("target", "").startswith("international-") for row in rows), "measured", rows)
    done = run(*journey.argv("--check-config"))
    that("those of the analyzer's list" in done.stdout, "said", done.stdout)


def an_unchanged_list_costs_next_to_nothing(journey):
    status, tag, body, _ = journey.get()
    that(status == 200 and body == (journey.state / "targets").read_bytes(), "the same note", body)
    that(tag == '"' + hashlib.sha256(body).hexdigest()[:32] + '"', "its tag is known without it", tag)
    status, again, body, size = journey.get(tag)
    that(status == 304 and again == tag and not body and size <= UNCHANGED_MOST,
         f"at most {UNCHANGED_MOST} bytes", (status, again, body, size))
    print(f"  unchanged: {size} bytes")


def a_newer_list_comes_with_a_shipment_and_no_more_than_once_a_day(journey):
    second = journey.sign(2)
    daemon = journey.daemon()
    wait_for("a segment by the second list", lambda: (second, 2) in journey.lists_named())
    third = journey.sign(3)
    seen = len(journey.lists_named())
    wait_for("four segments more", lambda: len(journey.lists_named()) >= seen + 4)
    that((third, 3) not in journey.lists_named(), "the day is not over", journey.lists_named())
    daemon.terminate()
    that(daemon.wait() == 0, "a clean stop")
    named = journey.lists_named()
    that((third, 3) not in named and named[-1] == (second, 2), "what was measured by the second")
    daemon = journey.daemon()
    wait_for("a segment by the third list", lambda: (third, 3) in journey.lists_named())
    daemon.terminate()
    daemon.wait()
    with sqlite3.connect(journey.home / "store.sqlite") as store:
        known = {row[0].hex() for row in store.execute("SELECT sha256 FROM targets")}
    store.close()
    that({second, third} <= known, "the analyzer knows the bytes of what is named", known)


def inside():
    with tempfile.TemporaryDirectory() as name:
        network()
        journey = Journey(pathlib.Path(name))
        for test in (an_analyzer_without_a_list_enrols_all_the_same,
                     the_list_comes_with_the_enrolment, an_unchanged_list_costs_next_to_nothing,
                     a_newer_list_comes_with_a_shipment_and_no_more_than_once_a_day):
            began = time.monotonic()
            test(journey)
            print(f"{test.__name__.replace('_', ' ')}: {time.monotonic() - began:.1f} s", flush=True)
        journey.server.terminate()
        journey.server.wait()


def main():
    if "inside" in sys.argv:
        inside()
        return 0
    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0:
        print("no namespaces of our own here (unshare -Urn)")
        return 77
    return subprocess.run(["unshare", "-Urnmpf", "--kill-child", "--mount-proc",
                           sys.argv[0], "inside"]).returncode


sys.exit(main())
