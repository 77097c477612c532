#!/usr/bin/python3
"""A probe's life with a real analyzer, in a network namespace of this test's own: consent,
enrolment, cuts of the power, an analyzer that is away, a server that drips, no network."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
PROBE, ANALYZER = f"{BUILD}/faultline-probe", f"{BUILD}/faultline-analyzer"
HOME, SITE, DRIPPING, INGEST = "45.20.0.2", "45.20.1.1", "45.20.1.2", "45.20.2.9"
HEAD = "role,host,address,port,asn,who_else,verified\n"
PORT = 8443


def sh(command):
    subprocess.run(command, shell=True, check=True)


def wait_for(what, true, limit_s=60):
    end = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {limit_s} s")
        time.sleep(0.05)


def check(true, what):
    if not true:
        raise SystemExit(what)


def network():
    sh("ip link set lo up && ip link add e0 type veth peer name e1 && ip link set e0 up && "
       f"ip link set e1 up && ip addr add {HOME}/24 dev e0 && "
       f"ip route add default via 45.20.0.1 && ip addr add {SITE}/32 dev lo && "
       f"ip addr add {DRIPPING}/32 dev lo && "
       f"ip addr add {INGEST}/32 dev lo")
    sh("echo 0 0 > /proc/sys/net/ipv4/ping_group_range")


class Site:
    """Counts who came; one address sends a byte every four seconds for ever."""

    def __init__(self):
        self.came = 0
        for address, talk in ((SITE, self.page), (DRIPPING, self.drip)):
            server = socket.create_server((address, 80))
            threading.Thread(target=self.serve, args=(server, talk), daemon=True).start()

    def serve(self, server, talk):
        while True:
            peer, _ = server.accept()
            self.came += 1
            threading.Thread(target=talk, args=(peer,), daemon=True).start()

    def page(self, peer):
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        peer.close()

    def drip(self, peer):
        peer.recv(4096)
        try:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
            while True:
                peer.sendall(b"x")
                threading.Event().wait(4)
        except OSError:
            peer.close()


class Life:
    def __init__(self, folder):
        self.dir = folder
        self.state = folder / "state"
        self.server = None
        targets = folder / "targets.csv"
        targets.write_text(
            f"{HEAD}international,i1.example,{SITE},80,-,everyone,no\n", encoding="ascii")
        dripping = folder / "dripping.csv"
        dripping.write_text(
            f"{HEAD}international,i1.example,{DRIPPING},80,-,everyone,no\n",
            encoding="ascii")
        self.conf = self.write("probe.conf", f"targets = {targets}\ntime_scale = 60\n"
                               "home_speed = 0s\n")
        self.dripping = self.write("dripping.conf", f"targets = {dripping}\n")
        self.analyzer_conf = self.write(
            "analyzer.conf", f"targets = {targets}\ntime_scale = 60\n"
            f"public_endpoint = https://{INGEST}:{PORT}\n")
        self.analyzer("init", str(folder / "an"), folder_too=False)
        self.analyzer("invite", "--count", "2", "--out", str(folder / "invites"))
        self.invites = sorted((folder / "invites").iterdir())

    def write(self, name, text):
        (self.dir / name).write_text(text, encoding="ascii")
        return str(self.dir / name)

    def analyzer(self, command, *words, folder_too=True):
        where = ["--dir", str(self.dir / "an")] if folder_too else []
        return subprocess.run([ANALYZER, command, "--config", self.analyzer_conf, *where,
                               *words], check=True, capture_output=True, text=True)

    def serve(self):
        self.server = subprocess.Popen(
            [ANALYZER, "serve", "--config", self.analyzer_conf, "--dir",
             str(self.dir / "an"), "--ingest", f"{INGEST}:{PORT}", "--pages",
             "127.0.0.1:8080"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens():
            with socket.socket() as s:
                return s.connect_ex((INGEST, PORT)) == 0
        wait_for("the analyzer listens", listens)

    def away(self):
        self.server.terminate()
        self.server.wait()

    def argv(self, *words, conf=None):
        return [PROBE, "--config", conf or self.conf, "--state", str(self.state), *words]

    def probe(self, *words, conf=None):
        return subprocess.run(self.argv(*words, conf=conf), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    def status(self):
        done = self.probe("status", "--format", "json")
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def start(self):
        return subprocess.Popen(self.argv("run"), stdin=subprocess.DEVNULL)

    def spooled(self):
        return len(list((self.state / "spool").glob("*.seg")))


def consent_comes_first(life, site):
    done = life.probe("once")
    check(done.returncode == 1 and site.came == 0, "something left before consent")


def enrolment_can_be_tried_again(life):
    invite = life.invites[0]
    done = life.probe("enroll", "--from", str(invite), "--accept-risks", "--medium", "fixed")
    check(done.returncode == 1 and "not reached" in done.stderr, done.stderr)
    check(not (life.state / "enrolled").exists(), "enrolled without an analyzer")
    first = (life.state / "enrolling").read_bytes()
    life.serve()
    text = invite.read_text()
    at = text.index("\nkey ") + 5
    forged = life.write("forged", text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1:])
    done = life.probe("enroll", "--from", forged, "--accept-risks", "--medium", "fixed")
    check(done.returncode == 1 and "not signed" in done.stderr, done.stderr)
    check(not (life.state / "enrolled").exists(), "enrolled by a forged answer")
    check((life.state / "enrolling").read_bytes() == first, "another first segment")
    done = life.probe("enroll", "--from", str(invite), "--accept-risks", "--medium", "fixed")
    check(done.returncode == 0, done.stderr)
    check(not (life.state / "enrolling").exists(), "the first segment stayed behind")
    check(b"/1\n" in first, "the first try had another number")
    mode = (life.state / "enrolled").stat().st_mode & 0o777
    check(mode == 0o600, f"the token lies open: {mode:o}")
    done = life.probe("enroll", "--from", str(life.invites[1]), "--accept-risks")
    check(done.returncode == 1 and "enrolled already" in done.stderr, done.stderr)


def a_used_code_is_refused_in_words(life):
    mine, life.state = life.state, life.dir / "another"
    done = life.probe("enroll", "--from", str(life.invites[0]), "--accept-risks")
    check(done.returncode == 1 and "another invite" in done.stderr, done.stderr)
    check(not (life.state / "enrolled").exists(), "enrolled with a used code")
    life.state = mine


def cuts_of_the_power_lose_no_number(life):
    for _ in range(4):
        before = life.status().get("updated")
        run = life.start()
        wait_for("a segment", lambda b=before: life.status().get("updated") != b and
                 life.status().get("segments", 0) >= 1)
        run.send_signal(signal.SIGKILL)
        run.wait()
    before = life.status().get("updated")
    run = life.start()
    wait_for("everything is delivered", lambda: life.status().get("updated") != before and
             life.status().get("accepted", 0) >= 1 and life.spooled() == 0)
    run.terminate()
    check(run.wait() == 0, "SIGTERM is a clean stop")
    check(life.status()["running"] is False, "the clean stop was not noted")


def lines_of(life, check_name):
    """What the analyzer has of one check."""
    out = life.dir / f"lines-{check_name}"
    life.analyzer("export", "--to", "segments", "--out", str(out))
    return [json.loads(line) for path in out.rglob("*.seg")
            for line in path.read_text(encoding="utf-8").splitlines()
            if f'"check":"{check_name}"' in line]


def the_declared_medium_is_said_with_the_link(life):
    """A phone's hotspot and a stick that shows a network card look like a cable."""
    lines = lines_of(life, "link")
    check(lines and all(line["medium"] == "fixed" for line in lines), lines)


def a_cut_is_told_with_the_last_sign_of_life(life):
    """In the lines that came: of this boot, before the line itself, and after no clean stop."""
    lines = lines_of(life, "power")
    cut = [line for line in lines if line["unclean_stop"] == 1]
    check(len(cut) >= 3, f"only {len(cut)} rounds tell of a cut")
    for line in cut:
        check(line["alive_boot"] == 0 and 0 < line["alive_us"] < line["t_us"], line)
    check(all("alive_us" not in line for line in lines if line not in cut), lines)


def an_analyzer_that_is_away_costs_nothing(life):
    life.away()
    run = life.start()
    wait_for("segments wait", lambda: life.spooled() >= 2)
    life.serve()
    wait_for("all is delivered", lambda: life.spooled() == 0 and
             life.status().get("analyzer_reached"))
    second = life.probe("run")
    check(second.returncode == 1 and "another faultline-probe" in second.stderr,
          "two daemons in one folder")
    run.terminate()
    check(run.wait() == 0, "the second clean stop")


def numbers_are_unique_and_chained(life):
    out = life.dir / "segments"
    life.analyzer("export", "--to", "segments", "--out", str(out))
    numbers, ids, previous = [], set(), {}
    for path in out.rglob("*.seg"):
        text = path.read_text(encoding="utf-8")
        seq = int(next(l for l in text.splitlines()
                       if l.startswith("faultline/segment/")).rsplit("/", 1)[1])
        numbers.append(seq)
        gaps = next(json.loads(l) for l in text.splitlines() if '"kind":"gaps"' in l)
        previous[seq] = gaps.get("previous")
        ids.add(previous[seq])
    check(len(numbers) >= 8, f"only {len(numbers)} segments")
    check(len(set(numbers)) == len(numbers), f"a number was used twice: {sorted(numbers)}")
    check(len(ids) == len(numbers), "two segments name one before them")
    check(previous[1] is None, "the first names one before it")


def a_full_disk_loses_nothing_that_was_kept(life):
    mine, life.state = life.state, life.dir / "small"
    life.state.mkdir()
    sh(f"mount -t tmpfs -o size=48k none {life.state}")
    done = life.probe("enroll", "--from", str(life.invites[1]), "--accept-risks")
    check(done.returncode == 0, done.stderr)
    life.away()
    log = life.dir / "full.log"
    with open(log, "wb") as out:
        run = subprocess.Popen(life.argv("run"), stdin=subprocess.DEVNULL, stderr=out)
    wait_for("a segment", lambda: life.spooled() >= 1)
    sh(f"head -c 48k /dev/zero > {life.state}/fill 2> /dev/null; true")
    kept = {path.name for path in (life.state / "spool").glob("*.seg")}
    wait_for("the disk is full", lambda: b"No space left on device" in log.read_bytes())
    now = {path.name for path in (life.state / "spool").glob("*.seg")}
    check(kept <= now, "something older was lost")
    (life.state / "fill").unlink()
    wait_for("it goes on", lambda: life.spooled() > len(now))
    check(now <= {path.name for path in (life.state / "spool").glob("*.seg")},
          "something older was lost afterwards")
    life.serve()
    wait_for("all is delivered", lambda: life.spooled() == 0)
    run.terminate()
    check(run.wait() == 0, "the clean stop after a full disk")
    sh(f"umount {life.state}")
    life.state = mine


def a_dripping_server_ends_at_the_deadline(life):
    started = time.monotonic()
    done = life.probe("once", "--checks", "http", "--format", "json", conf=life.dripping)
    took = time.monotonic() - started
    row = json.loads(done.stdout.splitlines()[0])
    check(row["outcome"] == "generic_timeout_error" and row["stage"] == "body", str(row))
    check(9 < took < 20, f"took {took}")


def without_any_network_the_lowest_rungs_are_recorded(life):
    started = time.monotonic()
    done = subprocess.run(["unshare", "-n", *life.argv("once", "--format", "json")],
                          capture_output=True, text=True, timeout=60)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    checks = {row.get("check") for row in rows}
    check({"power", "link", "router"} <= checks, done.stdout)
    check(rows[-1]["breaks_at"] == "link", done.stdout)
    check(time.monotonic() - started < 30, "too slow")


def inside():
    network()
    site = Site()
    with tempfile.TemporaryDirectory() as name:
        life = Life(pathlib.Path(name))
        try:
            for step in (lambda: consent_comes_first(life, site),
                         lambda: enrolment_can_be_tried_again(life),
                         lambda: a_used_code_is_refused_in_words(life),
                         lambda: cuts_of_the_power_lose_no_number(life),
                         lambda: a_cut_is_told_with_the_last_sign_of_life(life),
                         lambda: the_declared_medium_is_said_with_the_link(life),
                         lambda: an_analyzer_that_is_away_costs_nothing(life),
                         lambda: numbers_are_unique_and_chained(life),
                         lambda: a_full_disk_loses_nothing_that_was_kept(life),
                         lambda: a_dripping_server_ends_at_the_deadline(life),
                         lambda: without_any_network_the_lowest_rungs_are_recorded(life)):
                step()
        finally:
            if life.server is not None:
                life.away()


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
