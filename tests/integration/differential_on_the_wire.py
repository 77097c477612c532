#!/usr/bin/python3
"""The checks compare and large against a real server (nginx) behind the lab's box on the way,
which meters a part of a name or freezes connections, over lines whose rate, delay and loss are
drawn: near - home - linkemu - mid - onpath - far, several such chains side by side in
namespaces of this test's own (unshare). What leads into a TUN device no check takes for a line,
so that a router stands between.

    differential_on_the_wire.py [METERED UNTOUCHED FROZEN]    runs of each; 20 60 20

What `compare` leaves in its line is judged by what the analyzer judges it with. Prints a table:
the meter's rate, how many were seen, and what a decision cost at the most."""
import concurrent.futures
import json
import os
import queue
import random
import re
import subprocess
import sys
import tempfile

from checks_on_the_wire import enter
from linkemu import check, make, sh, start

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
from lab import unpack  # noqa: E402

# Only now: the lab's own folder, where its modules find each other, has a lab.py as well.
sys.path.append(f"{TESTS}/lab")
from lab import net, servers  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
FOLDER = os.environ.get("DIFFERENTIAL_DIR", "")
RUNS = [int(n) for n in os.environ.get("DIFFERENTIAL_RUNS", "20 60 20").split()]
SEED = os.environ.get("DIFFERENTIAL_SEED", "1")
CHAINS = 6
NEAR, HOME, FAR = "45.10.0.1", "45.10.0.2", "45.20.0.2"
NAME, PART, CONTROL = "www.wanted.example", "wanted", "www.other.example"
BYTES, PAIRS, LARGE, CAP = 102400, 8, (65536, 32768), 16000
DECISION_BYTES = 2000000
BANDS = (140000, 280000, 560000, 1100000, 2000000)
SERVER = """
    server {{ listen {address}:443 ssl; root {dir}/root;
             ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; }}
"""


class Chain:
    """Five machines; the two links between the last three are new with every run."""

    def __init__(self, number, unpacked):
        self.near, self.home, self.mid, self.far = (
            f"{name}{number}" for name in ("near", "home", "mid", "far"))
        self.dir = f"{FOLDER}/{number}"
        os.makedirs(f"{self.dir}/root")
        make(self.near)
        make(self.home)
        make(self.mid)
        make(self.far, FAR)
        sh(f"ip -n {self.near} link add eth0 type veth peer name eth0 netns {self.home}")
        for node, address in ((self.near, NEAR), (self.home, HOME)):
            sh(f"ip -n {node} address add {address}/24 dev eth0 && ip -n {node} link set eth0 up")
        sh(f"ip -n {self.near} route add default via {HOME}")
        for node in (self.home, self.mid):
            sh(f"nsenter --net=/run/netns/{node} sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'")
        servers.write(f"{self.dir}/nginx.conf", servers.NGINX.format(
            dir=self.dir, servers=SERVER.format(address=FAR, dir=self.dir, folder=FOLDER)))
        subprocess.Popen(net.inside(self.far, [
            unpacked.program("nginx"), "-e", f"{self.dir}/error.log", "-p", self.dir, "-c",
            f"{self.dir}/nginx.conf"]), env=unpacked.environment())
        servers.wait_for("nginx", lambda: ":443 " in sh(
            f"nsenter --net=/run/netns/{self.far} ss -Hltn").stdout, 15)

    def page(self, size):
        words = random.Random(size).choices("abcdefghijklmnopqrstuvwxyz \n", k=size)
        servers.write(f"{self.dir}/root/index.html", "".join(words))

    def between(self, argv, device, left, right, behind_left, behind_right):
        process = start(*argv, f"/run/netns/{left}", f"/run/netns/{right}")
        for node, address in ((left, behind_right), (right, behind_left)):
            sh(f"ip -n {node} link set {device} addrgenmode none txqueuelen 5000 up")
            sh(f"ip -n {node} route replace {address} dev {device}")
        return process

    def run(self, line, rules, what, **words):
        """What one check says between these two boxes."""
        boxes = [
            self.between([f"{BUILD}/tests/linkemu", *line], "emu0", self.home, self.mid, NEAR,
                         FAR),
            self.between([f"{BUILD}/tests/onpath", *rules], "onp0", self.mid, self.far, NEAR,
                         FAR)]
        try:
            done = subprocess.run(net.inside(self.near, [
                f"{BUILD}/tests/check_once", what, f"host={NAME}", f"address={FAR}",
                *(f"{name}={value}" for name, value in words.items())]),
                stdout=subprocess.PIPE, text=True, check=True)
        finally:
            for box in boxes:
                box.terminate()
                box.communicate()
        said, cost, _ = done.stdout.splitlines()
        return said, int(cost)


def draw_line(chance, least_bps):
    """An ordinary line: 2 to 30 Mbit/s or so, 20 to 160 ms there and back, some loss."""
    rate = int(chance.uniform(max(2e6, least_bps), 30e6))
    delay = int(chance.uniform(10, 80))
    jitter = chance.choice((0, 1, delay // 4))
    loss = chance.choice((0, 0, 1000, 3000, 8000))  # ppm
    both = f"delay={delay},jitter={jitter},loss={loss},rate={rate},queue={chance.choice((60, 200))}"
    return ["--up", both, "--down", both, "--seed", str(chance.randrange(1, 10**6))]


def draw_page(chance):
    """Front pages are of all sizes: from a redirect to a tenth of a megabyte."""
    return int(2 ** chance.uniform(10, 17))


def judge(line):
    """What the analyzer makes of a comparison: (slower, the words)."""
    said = subprocess.run([f"{BUILD}/tests/contrast"], input=line + "\n", text=True,
                          stdout=subprocess.PIPE, check=True).stdout.strip()
    return said.startswith("slower"), said


def one_comparison(chain, chance, rate_bps):
    """(rate, slower, cost, what to say of it) of one run; rate 0: nobody meters."""
    chain.page(draw_page(chance))
    burst = int(2 ** chance.uniform(13.5, 15.3))  # 12 to 40 kB
    rules = ["--sni-police", f"{PART}={rate_bps},{burst}"] if rate_bps else []
    line = draw_line(chance, 2.5 * rate_bps)
    said, cost = chain.run(line, rules, "compare", control=CONTROL, bytes=BYTES, count=PAIRS,
                           order=chance.randrange(1 << 16))
    slower, words = judge(said)
    fields = json.loads(said)
    return rate_bps, slower, cost, (
        f"{rate_bps} of {line[1]}, bucket {burst}: {words}; {fields['outcome']} "
        f"{fields.get('rates_bps')} against {fields.get('control_rates_bps')}")


def one_download(chain, chance, job):
    """(frozen, the line) of one run."""
    freezes, size = job
    chain.page(draw_page(chance))
    rules = ["--freeze", str(CAP), "--foreign", "45.20.0.0/16"] if freezes else []
    said, _ = chain.run(draw_line(chance, 0), rules, "large", bytes=size)
    return freezes, json.loads(said)


def side_by_side(run, chains, jobs):
    """Each job on a chain that is free, with a generator of its own."""
    free = queue.Queue()
    for chain in chains:
        free.put(chain)

    def one(number, job):
        chain = free.get()
        try:
            return run(chain, random.Random(f"{SEED} {run.__name__} {number}"), job)
        finally:
            free.put(chain)

    with concurrent.futures.ThreadPoolExecutor(len(chains)) as pool:
        return list(pool.map(one, range(len(jobs)), jobs))


def tell(name, rows):
    seen, most = sum(slower for _, slower, _, _ in rows), max(cost for _, _, cost, _ in rows)
    print(f"{name:>24} {len(rows):6} {seen:6} {most:12}")


def one_name_is_slower(chains):
    chance = random.Random(f"{SEED} rates")
    low, high = BANDS[0], BANDS[-1]
    rates = [int(low * (high / low) ** ((i + chance.random()) / RUNS[0])) for i in range(RUNS[0])]
    rows = side_by_side(one_comparison, chains, rates + [0] * RUNS[1])
    metered, untouched = rows[:RUNS[0]], rows[RUNS[0]:]
    print(f"{'kbit/s of the meter':>24} {'runs':>6} {'seen':>6} {'bytes at most':>12}")
    for band in zip(BANDS, BANDS[1:]):
        rows = [row for row in metered if band[0] <= row[0] < band[1]]
        if rows:
            tell("-".join(str(bps // 1000) for bps in band), rows)
    tell("none", untouched)
    for _, slower, _, words in metered:
        if not slower:
            print("not seen:", words)
    for _, slower, _, words in untouched:
        if slower or "too few" in words:
            print("untouched:", words)
    check("of a hundred meters 95 are seen", sum(row[1] for row in metered) * 100
          >= len(metered) * 95)
    check("no line without one is called slower", not any(row[1] for row in untouched))
    check(f"a decision costs less than {DECISION_BYTES} bytes", all(
        row[2] < DECISION_BYTES for row in metered + untouched))


def a_cap_is_seen(chains):
    jobs = [(freezes, LARGE[i % 2]) for freezes in (True, False) for i in range(RUNS[2])]
    rows = side_by_side(one_download, chains, jobs)
    frozen = [line for freezes, line in rows if freezes]
    whole = [line for freezes, line in rows if not freezes]
    seen = [line for line in frozen if line["outcome"] == "generic_timeout_error"
            and CAP - 3000 < line.get("frozen_bytes", 0) <= CAP]
    print(f"{'cap of ' + str(CAP):>24} {len(frozen):6} {len(seen):6}")
    check("each connection that freezes is seen to, at its number of bytes",
          len(seen) == len(frozen), [line for line in frozen if line not in seen])
    check("and no other", all(line["outcome"] == "ok" and "frozen_bytes" not in line
                              for line in whole),
          [line for line in whole if line["outcome"] != "ok"])


def inside():
    sh("mount -t tmpfs tmpfs /run && mkdir /run/netns")
    unpacked = unpack.Unpacked(BUILD, ("nginx",))
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
       f"-subj /CN={NAME} -keyout {FOLDER}/key.pem -out {FOLDER}/cert.pem")
    chains = [Chain(number, unpacked) for number in range(CHAINS)]
    a_cap_is_seen(chains)
    one_name_is_slower(chains)


def main():
    runs = sys.argv[1:]
    if len(runs) not in (0, 3) or any(not re.fullmatch(r"[1-9]\d{0,4}", n) for n in runs):
        sys.exit("differential_on_the_wire.py: three numbers, or none: metered, untouched and "
                 "frozen runs")
    unpack.Unpacked(BUILD, ("nginx",)).prepare()
    with tempfile.TemporaryDirectory() as folder:
        enter({"DIFFERENTIAL_DIR": folder, **({"DIFFERENTIAL_RUNS": " ".join(runs)} if runs
                                              else {})})


if sys.argv[1:] == ["--inside"]:
    inside()
else:
    main()
