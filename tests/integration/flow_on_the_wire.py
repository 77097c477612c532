#!/usr/bin/python3
"""What a transfer met on its way, as a probe tells it: from the counters of its own kernel, and
from its packets, which one process alone may capture. Real transfers with the real analyzer over
a router that meters, queues, loses at random or resets: probe - router - analyzer, each in a
network namespace (unshare)."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import checks_on_the_wire
from speed_on_the_wire import ADDRESS, BUILD, PORT, WAYS, sh, that, transfer

NET_RAW = 1 << 13
FLOWS = ("rtt_min_us", "flow_")
SINK = 9009
NETWORK = f"""
mount -t tmpfs none /run && mkdir /run/netns
ip netns add router && ip netns add an
ip link add p0 gso_max_segs 1 type veth peer name r0 netns router gso_max_segs 1
ip addr add 45.10.0.2/24 dev p0 && ip -n router addr add 45.10.0.1/24 dev r0
ip -n an addr add {ADDRESS}/32 dev lo
for n in router an; do ip -n $n link set lo up; done
ip link set lo up && ip link set p0 up && ip -n router link set r0 up
ip route add default via 45.10.0.1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1
echo '0 0' > /proc/sys/net/ipv4/ping_group_range
"""


def router(rules=""):
    """What the router does to what it forwards; "" nothing."""
    sh("ip netns exec router nft delete table inet way 2>/dev/null || true")
    if rules:
        subprocess.run(["ip", "netns", "exec", "router", "nft", "-f", "-"], text=True, check=True,
                       input="table inet way {\nchain way {\ntype filter hook forward priority 0; "
                             f"{rules}\n}}\n}}\n")


class Way:
    """Between router and analyzer, both ways alike; 20 ms each way."""

    def __init__(self, name, words=""):
        self.name, self.words, self.process = name, "delay=20" + words, None

    def __enter__(self):
        self.process = subprocess.Popen(
            [BUILD + "/tests/linkemu", "--seed", "7", "--up", self.words, "--down", self.words,
             "/run/netns/router", "/run/netns/an"], stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            print("this machine lets us open no TUN device")
            os._exit(77)
        sh("for n in router an; do ip -n $n link set emu0 txqueuelen 5000 up; done; "
           f"ip -n router route add {ADDRESS}/32 dev emu0; "
           f"ip -n an route add 45.10.0.0/24 dev emu0 src {ADDRESS}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)
        router()


def meter():
    return Way("a meter", ",rate=1000000,burst=20000")


def queue():
    return Way("a queue", ",rate=1000000,queue=500")


def luck():
    return Way("luck", ",loss=20000")


def open_line():
    return Way("an open line")


def show(ended, what):
    print(f"  {what}, {ended['direction']}: " + ", ".join(
        f"{name} {value}" for name, value in ended.fields.items()
        if name.startswith(FLOWS) or name in ("captured", "retrans", "sndr_retrans")), flush=True)


def measured(world, way, direction, **words):
    with way() as there:
        ended = transfer(world, direction, **{"bytes": 1000000, **words})
    show(ended, there.name)
    return ended


# ---- by counters, without any privilege ----

def counters_tell_a_queue_from_a_meter_and_from_luck(world):
    for direction in WAYS:
        sends = direction == "up"
        for way in meter, queue, luck, open_line:
            ended = measured(world, way, direction)
            that(ended["captured"] == 0 and ended["outcome"] == "ok", ended)
            that((ended["flow_sent"] is not None) == sends, ended)
            that((ended["flow_overtaken"] is not None) != sends, ended)
            # No counter tells these.
            for name in ("flow_meter_bps", "flow_fit_permille", "flow_resets", "flow_onsets"):
                that(ended[name] is None, ended, name)
            waits = ended["flow_wait_us"]
            if way is queue:
                that(waits > 50000 and ended["flow_flat_permille"] > 700, ended)
                that(0.9 < ended["flow_service_bps"] / 1e6 < 1.1, ended)
            else:
                that(waits < 40000, ended)
            lost = ended["flow_lost"] if sends else ended["flow_overtaken"]
            that(lost >= 5 if way in (meter, luck) else lost == 0, ended)
            if sends and way is luck:
                that(0.5 < ended["flow_lost"] / (ended["flow_sent"] / 50) < 2, ended)
            if sends and way is open_line:
                that(lost == 0 and ended["flow_sent"] > 600, ended)


# ---- by packets ----

def no_luck_fits_so_well(ended):
    """analyzer/analysis/METHOD.md, captured transfers."""
    over = ended["flow_fit_permille"] - 300
    return over > 0 and over * over * ended["flow_onsets"] >= 1200 ** 2


def packets_tell_the_meter_its_rate_and_its_bucket(world):
    for direction in WAYS:
        ended = measured(world, meter, direction, state=world.state)
        that(ended["captured"] == 1 and ended["capture_dropped"] == 0, ended)
        that(ended["capture_reason"] is None, ended)
        that(no_luck_fits_so_well(ended) and ended["flow_lost"] >= 15, ended)
        that(0.9 < ended["flow_meter_bps"] / 1e6 < 1.1, ended)
        that(ended["flow_wait_at_loss_us"] < 12000, ended)
        that(35000 < ended["rtt_min_us"] < 60000, ended)


def packets_tell_a_queue_and_its_rate(world):
    for direction in WAYS:
        ended = measured(world, queue, direction, state=world.state)
        that(ended["captured"] == 1 and ended["capture_dropped"] == 0, ended)
        that(ended["flow_flat_permille"] > 400 and ended["flow_wait_us"] > 50000, ended)
        that(0.95 < ended["flow_service_bps"] / 1e6 < 1.05, ended)
        that(ended["flow_lost"] == 0 or ended["flow_wait_at_loss_us"] > 50000, ended)


def packets_tell_losses_that_know_of_no_bucket(world):
    for direction in WAYS:
        ended = measured(world, luck, direction, state=world.state)
        that(ended["captured"] == 1, ended)
        that(0.5 < ended["flow_lost"] / (ended["flow_sent"] / 50) < 2, ended)
        that(not no_luck_fits_so_well(ended) and ended["flow_wait_high_us"] < 40000, ended)


def both_ends_count_the_same_losses(world):
    """What the packets of an upload show as lost, its kernel has sent again."""
    ended = measured(world, luck, "up", state=world.state)
    that(abs(ended["flow_lost"] - ended["sndr_retrans"]) <= ended["sndr_retrans"] // 4 + 2, ended)
    ended = measured(world, luck, "down", state=world.state)
    that(abs(ended["flow_lost"] - ended["sndr_retrans"]) <= ended["sndr_retrans"] // 4 + 2, ended)


def a_reset_from_the_way_is_unlike_its_end(world):
    with open_line():
        router(f"ip saddr 45.10.0.2 tcp dport {PORT} quota over 8 kbytes reject with tcp reset")
        ended = transfer(world, "down", bytes=1000000, state=world.state)
    show(ended, "reset")
    that(ended["outcome"] == "connection_reset", ended)
    that(ended["captured"] == 1 and ended["flow_resets"] >= 1, ended)
    that(ended["flow_resets_odd_hops"] >= 1, ended)


def what_is_cut_off_at_the_deadline_has_told_what_it_saw(world):
    for words in {}, {"state": world.state}:
        with queue():
            ended = transfer(world, "down", bytes=1500000, deadline_us=6000000, **words)
        show(ended, "cut off")
        that(ended.how == "ended at the deadline", ended)
        that(ended["captured"] == (1 if words else 0), ended)
        that(0.9 < ended["flow_service_bps"] / 1e6 < 1.1, ended)


# ---- whose packets ----

def sink():
    """In the analyzer's namespace: reads whatever comes."""
    return subprocess.Popen(
        ["ip", "netns", "exec", "an", sys.executable, "-c",
         "import socket, threading\n"
         f"s = socket.create_server(('{ADDRESS}', {SINK}))\n"
         "def drain(c):\n  while c.recv(65536): pass\n"
         "print('ready', flush=True)\n"
         "while True: threading.Thread(target=drain, args=(s.accept()[0],), daemon=True).start()"],
        stdout=subprocess.PIPE, text=True)


class Others:
    """Other connections of this machine to the same address, and to the same port of it."""

    def __init__(self):
        self.over, self.sent = threading.Event(), {PORT: 0, SINK: 0}
        self.threads = [threading.Thread(target=self.talk, args=(port,)) for port in self.sent]

    def talk(self, port):
        while not self.over.is_set():
            with contextlib.suppress(OSError), \
                    socket.create_connection((ADDRESS, port), timeout=5) as s:
                for _ in range(50):
                    s.sendall(b"x" * 1000)
                    self.sent[port] += 1
                    if self.over.wait(0.005):
                        return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def the_connections_of_others_are_never_in_the_capture(world):
    sinks = sink()
    sinks.stdout.readline()
    try:
        for direction in WAYS:
            with open_line(), Others() as others:
                ended = transfer(world, direction, bytes=600000, state=world.state)
            show(ended, f"beside {others.sent}")
            that(min(others.sent.values()) > 30, ended, others.sent)
            that(ended["captured"] == 1 and ended["flow_lost"] == 0, ended)
            # All of ours and none else's: what the sender of it says it sent, but for the
            # handshake and what the other end said.
            that(400 < ended["flow_sent"] <= ended["sndr_segs_out"], ended)
    finally:
        sinks.terminate()
        sinks.wait()


# ---- who may capture ----

def family(pid):
    found = [pid]
    with contextlib.suppress(OSError):
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        for child in text.split():
            found += family(int(child))
    return found


def privileges(pid):
    """{permitted, effective, inheritable, ambient, bounding}, or None where it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    if re.search(r"^State:\s+[ZX]", text, re.M):
        return None
    sets = {name: int(value, 16) for name, value in
            re.findall(r"^Cap(Prm|Eff|Inh|Amb|Bnd):\s+(\S+)$", text, re.M)}
    for name, word in ("no_new_privs", "NoNewPrivs"), ("parent", "PPid"):
        sets[name] = int(re.search(rf"^{word}:\s+(\d+)", text, re.M)[1])
    return sets


def may_capture(sets):
    return any(sets[name] & NET_RAW for name in ("Prm", "Eff", "Inh", "Amb", "Bnd"))


class Watched:
    """What every process of a probe may do, looked at a hundred times a second."""

    def __init__(self, pid):
        self.pid, self.looks, self.parents = pid, {}, {}

    def look(self, seconds, until=lambda: False):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for one in family(self.pid):
                sets = privileges(one)
                if sets:
                    self.looks.setdefault(one, []).append(sets)
                    self.parents[one] = sets["parent"]
            time.sleep(0.01)

    def children(self, parent):
        return [pid for pid, above in self.parents.items() if above == parent]


def probe(world, *words):
    return [BUILD + "/faultline-probe", "--config", world.conf, "--state", world.home, *words]


def enroll(world):
    if pathlib.Path(world.home, "enrolled").exists():
        return
    with open_line():
        subprocess.run(probe(world, "enroll", "--from", world.invite, "--accept-risks",
                             "--medium", "fixed"), check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def one_process_alone_may_capture(world):
    enroll(world)
    with queue(), tempfile.TemporaryFile("w+") as said:
        daemon = subprocess.Popen(probe(world, "run"), stderr=said, stdin=subprocess.DEVNULL)
        watched = Watched(daemon.pid)
        try:
            # Until a worker has captured for a while: a transfer here takes two seconds.
            watched.look(60, lambda: any(
                len(watched.looks[worker]) > 50 for keeper in watched.children(daemon.pid)
                for worker in watched.children(keeper)))
            keepers = [pid for pid in watched.children(daemon.pid) if watched.children(pid)]
            expect(len(keepers) == 1, f"one keeper: {keepers} of {watched.parents}")
            last = watched.looks[keepers[0]][-1]
            expect(last["Prm"] == last["Eff"] == NET_RAW and not last["Inh"] and
                   not last["Amb"] and not last["Bnd"], f"the keeper: {last}")
            checks = set(watched.children(daemon.pid)) - set(keepers)
            expect(len(checks) >= 2, f"checks were seen: {checks}")
            for pid in checks:
                expect(not any(map(may_capture, watched.looks[pid])), f"a check: {pid}")
            for pid in watched.children(keepers[0]):
                expect(len(watched.looks[pid]) < 50 or not watched.looks[pid][-1]["Prm"],
                       f"a worker that captures: {watched.looks[pid][-1]}")
            last = watched.looks[daemon.pid][-1]
            expect(not may_capture(last), f"the probe itself: {last}")
            for pid, looks in watched.looks.items():
                expect(looks[-1]["no_new_privs"], f"{pid} may gain rights: {looks[-1]}")
            the_keeper_is_killed(daemon, keepers[0], said)
        finally:
            daemon.terminate()
            daemon.wait(timeout=30)
    expect(daemon.returncode == 0, f"the probe ended with {daemon.returncode}")


def the_keeper_is_killed(daemon, keeper, said):
    os.kill(keeper, 9)
    end = time.monotonic() + 60
    text = ""
    while "captures packets has ended" not in text and time.monotonic() < end:
        time.sleep(0.1)
        said.seek(0)
        text = said.read()
    expect(text.count("captures packets has ended") == 1, f"said once: {text}")
    expect(daemon.poll() is None, f"the probe lives on: {text}")


def expect(true, what):
    if not true:
        raise AssertionError(what)


def once(world, *before):
    """The lines of its transfers."""
    with open_line():
        done = subprocess.run(
            [*before, *probe(world, "once", "--checks", "speed", "--format", "json")],
            stdout=subprocess.PIPE, text=True, check=True, timeout=120, stdin=subprocess.DEVNULL)
    lines = [json.loads(text) for text in done.stdout.splitlines()]
    found = [m for m in lines if m.get("check") == "speed"]
    expect(found and all(m["outcome"] == "ok" for m in found), done.stdout)
    return found


def without_the_right_all_runs_but_the_capture(world):
    enroll(world)
    for m in once(world):
        expect(m["captured"] == 1 and "capture_reason" not in m, m)
    for m in once(world, "setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"):
        expect(m["captured"] == 0 and m["capture_reason"] == "no_permission", m)


def rights_of_a_service_are_enough(world):
    """As systemd starts it: no root's rights, two that stand in the ambient set."""
    enroll(world)
    rights = ["setpriv", "--securebits=+noroot,+noroot_locked", "--inh-caps=-all,+net_raw,+setpcap",
              "--ambient-caps=-all,+net_raw,+setpcap", "--bounding-set=-all,+net_raw,+setpcap"]
    for m in once(world, *rights):
        expect(m["captured"] == 1 and "capture_reason" not in m, m)


TESTS = (counters_tell_a_queue_from_a_meter_and_from_luck,
         packets_tell_the_meter_its_rate_and_its_bucket,
         packets_tell_a_queue_and_its_rate,
         packets_tell_losses_that_know_of_no_bucket,
         both_ends_count_the_same_losses,
         a_reset_from_the_way_is_unlike_its_end,
         what_is_cut_off_at_the_deadline_has_told_what_it_saw,
         the_connections_of_others_are_never_in_the_capture,
         one_process_alone_may_capture,
         without_the_right_all_runs_but_the_capture,
         rights_of_a_service_are_enough)


class World:
    """The analyzer, and a probe that is to be enrolled there."""

    def __init__(self, server, name):
        folder = pathlib.Path(name)
        self.pin, self.invite = server.pin, str(server.invite)
        self.state, self.home = str(folder / "none"), str(folder / "home")
        self.conf = str(folder / "probe.conf")
        pathlib.Path(self.conf).write_text(
            f"targets = {folder}/targets.csv\ntime_scale = 20\n", encoding="ascii")
        (folder / "targets.csv").write_text(
            "role,host,address,port,asn,who_else,verified\n"
            f"international,i1.example,{ADDRESS},443,-,everyone,no\n", encoding="ascii")


def inside():
    sh(NETWORK)
    where = ("ip", "netns", "exec", "an")
    with tempfile.TemporaryDirectory() as name, \
            checks_on_the_wire.Analyzer(ADDRESS, PORT, where) as server:
        return 1 if checks_on_the_wire.run_tests(TESTS, World(server, name)) else 0


def main():
    if sys.argv[1:2] == ["--inside"]:
        return inside()
    return checks_on_the_wire.enter({})


if __name__ == "__main__":
    sys.exit(main())
