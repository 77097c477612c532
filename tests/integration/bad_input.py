#!/usr/bin/python3
"""What a person or a network may hand to the two programs and should not have: each case is
one clear sentence and the right exit code, or a line that names what happened; nothing is
lost. Names, wires, a silent and a dripping world are made in namespaces of this test's own."""
import concurrent.futures
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PROBE, ANALYZER = f"{BUILD}/faultline-probe", f"{BUILD}/faultline-analyzer"
HOME, SITE, DNS, INGEST = "45.20.0.2", "45.20.1.1", "45.20.2.53", "45.20.2.9"
PORT, DRIP_S = 8443, 4
# One address drips its page, one its status line, one says nothing.
BODY, STATUS, HUSH = "45.20.1.2", "45.20.1.3", "45.20.1.4"
HEAD = "role,host,address,port,asn,who_else,verified\n"
# Behind these words a command needs nothing but the folder.
COMMANDS = (["serve", "--ingest", "127.0.0.1:0", "--pages", "127.0.0.1:0"],
            ["invite", "--endpoint", "https://127.0.0.1:1"], ["probes"], ["ingest", "/dev/null"],
            ["analyze"], ["events"], ["explain", "0123456789abcdef"], ["query", "measurements"],
            ["query", "networks"], ["targets", "show"],
            ["export", "--to", "segments", "--out", "/nowhere"])
NO_NAME = {"nx": ("dns_nxdomain_error", "the name does not exist"),
           "silent": ("generic_timeout_error", "no answer in time"),
           "garbage": ("dns_malformed", "no DNS message")}
DRIPS = {"body": ("international", BODY, 80), "status": ("international", STATUS, 80),
         "hush": ("international", HUSH, 80), "mute": ("names", SITE, 53)}
CASES = []


def case(function):
    CASES.append(function)
    return function


def sh(command):
    subprocess.run(command, shell=True, check=True)


def that(truth, what, seen=""):
    if not truth:
        raise SystemExit(f"not so: {what}\n{seen}")


def said(done):
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def run(*words, timeout_s=60):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout_s)


def refused(done, *words):
    """Exit 1, nothing on standard output, one sentence with these words in it."""
    that(done.returncode == 1 and not done.stdout and len(done.stderr.splitlines()) == 1 and
         all(str(word) in done.stderr for word in words), f"one sentence with {words}", said(done))


def wait_for(what, true, limit_s=60):
    end = time.monotonic() + limit_s
    while not true():
        that(time.monotonic() < end, f"{what} within {limit_s} s")
        time.sleep(0.05)


# ---- a world of our own: one wire, one site, one name server, one analyzer ----

def wire():
    sh("ip link add e0 type veth peer name e1 && ip link set e0 up && ip link set e1 up && "
       f"ip addr add {HOME}/24 dev e0 && ip route add default via 45.20.0.1")


def listen(address, port, talk):
    server = socket.create_server((address, port))

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=guarded, args=(talk, peer), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return server


def hang_up(server):
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def guarded(talk, peer):
    try:
        talk(peer)
    except OSError:
        pass
    peer.close()


def drip(peer, begin=b""):
    """Sends one byte every four seconds, for ever; what it begins with is well formed."""
    for byte in itertools.chain(begin, itertools.repeat(120)):
        peer.sendall(bytes([byte]))
        threading.Event().wait(DRIP_S)


def drip_page(peer):
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 32768\r\n\r\n")
    drip(peer)


def drip_status(peer):
    peer.recv(4096)
    drip(peer, b"HTTP/1.1 200 OK\r\nX: ")


def drip_record(peer):
    """RFC 8446 section 5.1: the header of a handshake record, then a ServerHello's."""
    drip(peer, b"\x16\x03\x03\x02\x00\x02\x00\x01\xfc\x03\x03")


def first_columns(name):
    """Role, host, address and port: what a row is called after, besides ours."""
    role, address, port = DRIPS.get(name, ("international", "-", 80))
    return f"{role},{name}.example,{address},{port}"


def row(name):
    return f"{first_columns(name)},-,everyone,no\n"


def target_id(name):
    """What a measurement calls the row (FORMAT.md, "Target list")."""
    digest = hashlib.sha256(first_columns(name).encode()).hexdigest()
    return f"{first_columns(name).split(',')[0]}-{digest[:6]}"


def name_server():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((DNS, 53))
    while True:
        packet, peer = server.recvfrom(4096)
        if b"\x02nx" in packet:
            server.sendto(packet[:2] + b"\x81\x83" + packet[4:6] + bytes(6) + packet[12:], peer)
        elif b"\x07garbage" in packet:
            server.sendto(packet[:2] + b"\x81\x80 this is no answer", peer)


class World:
    def __init__(self, folder):
        self.dir, self.state = folder, folder / "state"
        sh(f"ip link set lo up && for a in {SITE} {BODY} {STATUS} {HUSH} {DNS} {INGEST}; do "
           "ip addr add $a/32 dev lo; done && echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
        wire()
        self.write("resolv.conf", f"nameserver {DNS}\n")
        sh(f"mount --bind {folder}/resolv.conf $(realpath /etc/resolv.conf)")
        threading.Thread(target=name_server, daemon=True).start()
        listen(BODY, 80, drip_page)
        listen(STATUS, 80, drip_status)
        listen(HUSH, 80, lambda peer: threading.Event().wait())
        # Bound and never read: a name server that is silent.
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.silent.bind((SITE, 53))
        # One host answers: it is the names that are bad, and not a line that is dark.
        self.names = self.conf("names", f"domestic,-,{SITE},-,-,everyone,no\n" +
                               "".join(map(row, NO_NAME)))
        self.drips = self.conf("drips", "".join(map(row, DRIPS)))
        self.enroll()

    def write(self, name, text):
        (self.dir / name).write_text(text, encoding="ascii")
        return self.dir / name

    def conf(self, name, rows, more=""):
        targets = self.write(f"{name}.csv", HEAD + rows)
        return self.write(f"{name}.conf", f"targets = {targets}\n{more}")

    def enroll(self):
        """By a real analyzer, which is away again afterwards."""
        home = self.dir / "analyzer"
        run(ANALYZER, "init", home)
        invite = run(ANALYZER, "invite", "--dir", home, "--endpoint", f"https://{INGEST}:{PORT}")
        server = subprocess.Popen(
            [ANALYZER, "serve", "--dir", home, "--ingest", f"{INGEST}:{PORT}", "--pages",
             "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        while "ingest listens" not in server.stderr.readline():
            that(server.poll() is None, "the analyzer listens")
        done = self.probe(self.names, "enroll", invite.stdout.strip(), "--accept-risks")
        server.terminate()
        server.wait()
        server.stderr.close()
        that(done.returncode == 0, "the probe enrols", said(done))

    def argv(self, conf, *words):
        return [PROBE, "--config", str(conf), "--state", str(self.state), *words]

    def probe(self, conf, *words):
        return run(*self.argv(conf, *words), timeout_s=120)

    def once(self, conf, *words):
        """The measurements of one climb, and its last line."""
        done = self.probe(conf, "once", "--format", "json", *words)
        that(done.returncode == 0, "a climb in the dark is no failure", said(done))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return rows[:-1], rows[-1]

    def spooled(self):
        """The lines that wait, of all segments."""
        text = "".join(path.read_text(encoding="utf-8")
                       for path in sorted((self.state / "spool").glob("*.seg")))
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")], text


# ---- files and folders ----

def folder_like(world, name):
    made = world.dir / "analyzer"
    folder = world.dir / name
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("store.sqlite*"))
    return folder, folder / "store.sqlite", made / "store.sqlite"


@case
def a_store_that_is_no_store_is_refused_by_every_command(world):
    folder, store, _ = folder_like(world, "letter")
    for content in (b"", b"a letter\n" * 1000, bytes(65536)):
        store.write_bytes(content)
        for words in COMMANDS:
            refused(run(ANALYZER, "--dir", folder, *words), store, "not a store of")
        that(store.read_bytes() == content, "and it is left as it is")
    refused(run(ANALYZER, "init", folder), store, "left as it is")


@case
def a_store_that_is_a_folder_or_cut_short_is_one_sentence(world):
    folder, store, good = folder_like(world, "torn")
    store.mkdir()
    refused(run(ANALYZER, "--dir", folder, "events"), store, "directory")
    store.rmdir()
    store.write_bytes(good.read_bytes()[:20000])
    refused(run(ANALYZER, "--dir", folder, "events"), store)


@case
def a_database_of_something_else_or_of_a_newer_program_is_named(world):
    folder, store, good = folder_like(world, "other")
    with sqlite3.connect(store) as other:
        other.execute("CREATE TABLE song(title TEXT)")
    other.close()
    refused(run(ANALYZER, "--dir", folder, "events"), store, "not a store of")
    shutil.copy(good, store)
    with sqlite3.connect(store) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    for words in COMMANDS:
        refused(run(ANALYZER, "--dir", folder, *words), store, "version 99", "the program that")


@case
def a_store_in_a_folder_that_cannot_be_written_is_not_called_a_stranger(world):
    folder, store, good = folder_like(world, "frozen")
    shutil.copy(good, store)
    sh(f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}")
    for words in COMMANDS:
        refused(run(ANALYZER, "--dir", folder, *words), store, "Read-only", "writable")
    sh(f"umount {folder}")


@case
def an_unknown_setting_or_a_value_out_of_range_is_named_with_file_and_line(world):
    probe, analyzer = world.dir / "bad-probe.conf", world.dir / "bad-analyzer.conf"
    for text, word in (("colour = red", "colour"), ("time_scale = 0", "time_scale"),
                       ("time_scale = many", "many"), ("time_scale", ":3:")):
        for path, words in ((probe, [PROBE, "--config", probe, "checks"]),
                            (probe, [PROBE, "--config", probe, "--check-config"]),
                            (analyzer, [ANALYZER, "--config", analyzer, "--dir",
                                        world.dir / "analyzer", "events"]),
                            (analyzer, [ANALYZER, "--config", analyzer, "--print-config"])):
            path.write_text(f"# one\n\n{text}\n", encoding="ascii")
            refused(run(*words), f"{path}:3: ", word)


@case
def an_output_that_cannot_be_written_is_a_failure_and_one_that_nobody_reads_is_none(world):
    many = " ".join(["/nowhere"] * 5000)
    for words in (f"{PROBE} checks", f"{PROBE} --print-config", f"{ANALYZER} verify {many}",
                  f"{ANALYZER} --format csv verify {many}",
                  f"{ANALYZER} --config /dev/null --print-config"):
        done = run("sh", "-c", f"{words} > /dev/full")
        refused(done, "cannot write to standard output")
        done = run("sh", "-c", f"{words} | head -c 1")
        that(done.returncode == 0 and not done.stderr, "a reader that has enough", said(done))


@case
def a_target_list_that_is_not_there_says_who_gives_it(world):
    conf = world.write("nolist.conf", "targets = /nowhere/targets.csv\n")
    for words in (["once"], ["run"], ["--check-config"]):
        refused(world.probe(conf, *words), "/nowhere/targets.csv", "operator", conf)


# ---- names and wires ----

@case
def a_target_that_does_not_resolve_says_why_and_that_it_was_the_name(world):
    # A round each: short enough that the host that answers has answered, whoever goes first.
    confs = [world.conf(name, f"domestic,-,{SITE},-,-,everyone,no\n" + row(name))
             for name in NO_NAME]
    with concurrent.futures.ThreadPoolExecutor(2 * len(confs)) as at_once:
        lines = [at_once.submit(world.once, conf) for conf in confs]
        texts = [at_once.submit(world.probe, conf, "once") for conf in confs]
    for (name, (outcome, sentence)), line, text in zip(NO_NAME.items(), lines, texts):
        rows, text = line.result()[0], text.result().stdout
        mine = [row for row in rows if row.get("target") == target_id(name)]
        that({row["check"] for row in mine} >= {"ping", "tcp", "http"} and
             all(row["outcome"] == outcome and row["stage"] == "resolve" for row in mine),
             f"{name} is {outcome}", mine)
        said_of = rf"^ +tcp +{target_id(name)} +asking for the address of the name: .*{sentence}"
        that(re.search(said_of, text, re.M), f"a person reads: {sentence}", text)


@case
def an_interface_that_is_gone_is_said_in_both_forms(world):
    conf = world.conf("gone", row("mute"), "uplink = eth7\n")
    rows, _ = world.once(conf)
    link = next(row for row in rows if row["check"] == "link")
    that(link["outcome"] == "unmeasured" and link["reason"] == "no_interface",
         "the line says so", link)
    done = world.probe(conf, "once")
    that(re.search(r"^ +link +not measured: there is no such interface", done.stdout, re.M),
         "and the page", said(done))


def round_of(rows, check, seen):
    return any(row.get("check") == check and row.get("outcome") in seen for row in rows)


@case
def an_interface_removed_under_a_running_probe_costs_no_round_and_no_line(world):
    conf = world.write("life.conf", (world.dir / "names.conf").read_text() + "time_scale = 60\n")
    with open(world.dir / "life.log", "wb") as log:
        daemon = subprocess.Popen(world.argv(conf, "run"), stdin=subprocess.DEVNULL, stderr=log)
    wait_for("a climb with the wire", lambda: round_of(world.spooled()[0], "link", {"ok"}))
    sh("ip link del e0")
    wait_for("a climb without it",
             lambda: round_of(world.spooled()[0], "link", {"link_down", "unmeasured"}))
    before = len(world.spooled()[0])
    wire()
    wait_for("the wire is seen again", lambda: any(
        row.get("check") == "link" and row["outcome"] == "ok"
        for row in world.spooled()[0][before:]))
    daemon.terminate()
    that(daemon.wait() == 0, "a clean stop", (world.dir / "life.log").read_text())
    rows, text = world.spooled()
    for name, (outcome, _) in NO_NAME.items():
        that(any(row.get("target") == target_id(name) and row.get("outcome") == outcome and
                 row["stage"] == "resolve" for row in rows), f"what waits says {outcome} of {name}")
    numbers = sorted(int(n) for n in re.findall(r"^faultline/segment/\w+/(\d+)$", text, re.M))
    that(numbers == list(range(2, len(numbers) + 2)), "no number is missing", numbers)
    dropped = sum(row["dropped"] for row in rows if row["kind"] == "gaps")
    that(dropped == 0, "nothing was dropped", dropped)
    that(not re.search(r"e0|45\.20|example", (world.dir / "life.log").read_text()),
         "the log names no network")


@case
def with_every_cable_pulled_the_lowest_rungs_are_recorded_at_once(world):
    sh("ip link set e1 down")
    for words in (["--format", "json"], []):
        began = time.monotonic()
        done = world.probe(world.names, "once", *words)
        took = time.monotonic() - began
        that(done.returncode == 0 and took < 30, f"within 30 s, not {took:.1f}", said(done))
        for rung in ("power", "link", "router"):
            that(f'"rung":"{rung}"' in done.stdout if words else
                 re.search(rf"^{rung} +(up|down)", done.stdout, re.M), f"{rung} is there",
                 done.stdout)
        print(f"  every cable pulled, {words or 'text'}: {took:.1f} s")
    sh("ip link set e1 up")


# ---- a world that drips ----

def deadlines():
    done = run(PROBE, "checks", "--format", "json")
    return {row["check"]: row["deadline_s"] for row in map(json.loads, done.stdout.splitlines())}


def judge(rows, expected):
    """Each as expected, and at its deadline at the latest (half a second to be killed in)."""
    limits = deadlines()
    for row in rows:
        late = row["took_us"] / 1e6 - limits[row["check"]]
        that(late < 0.5, f"{row['check']} ends at its deadline", row)
    for (check, target), (outcome, stage) in expected.items():
        name = target_id(target) if target else None
        row = next((r for r in rows if r["check"] == check and r.get("target") == name), None)
        that(row and row["outcome"] == outcome and row["stage"] == stage,
             f"{check} of {target} is {outcome} at {stage}", row or rows)
        print(f"  {check:6} {target or '':8} {outcome:22} {stage:14} "
              f"{row['took_us'] / 1e6:5.1f} of {limits[check]} s")


@case
def against_a_world_that_drips_every_check_ends_and_names_its_step(world):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    home = world.dir / "analyzer"
    context.load_cert_chain(home / "tls.crt", home / "tls.key")

    def drip_speed(plain):
        with context.wrap_socket(plain, server_side=True) as peer:
            drip_page(peer)

    server = listen(INGEST, PORT, drip_speed)
    rows, _ = world.once(world.drips)
    hang_up(server)
    judge(rows, {("tcp", "body"): ("ok", "done"),
                 ("http", "body"): ("generic_timeout_error", "body"),
                 ("http", "status"): ("generic_timeout_error", "body"),
                 ("http", "hush"): ("generic_timeout_error", "first_byte"),
                 ("dns", "mute"): ("generic_timeout_error", "reply"),
                 ("router", None): ("generic_timeout_error", "reply"),
                 ("speed", None): ("generic_timeout_error", "body")})


@case
def a_handshake_that_drips_ends_too(world):
    server = listen(INGEST, PORT, drip_record)
    rows, _ = world.once(world.drips, "--checks", "speed")
    hang_up(server)
    judge(rows, {("speed", None): ("generic_timeout_error", "tls_handshake")})


def inside():
    with tempfile.TemporaryDirectory() as name:
        world = World(pathlib.Path(name))
        for test in CASES:
            began = time.monotonic()
            test(world)
            print(f"{test.__name__.replace('_', ' ')}: {time.monotonic() - began:.1f} s",
                  flush=True)


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
