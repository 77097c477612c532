#!/usr/bin/python3
"""Is a line on 2G? Told from round trips and one small transfer alone, without a modem.

Real checks over real links, in namespaces of this test's own: probe - box - radio - core - sea -
abroad, where radio and sea are link emulators (which to the box are tunnels, and a probe does
not measure through one), three targets and the analyzer stand abroad and three targets at home.
A line is measured twice: before, and afterwards.

    downgrade_on_the_wire.py [HOW MANY OF EACH KIND [FIRST SEED]]
"""
import concurrent.futures
import os
import random
import re
import subprocess
import sys

import checks_on_the_wire

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
HOME, ABROAD = ["45.20.0.2", "45.20.0.3", "45.20.0.4"], ["45.30.0.2", "45.30.0.3", "45.30.0.4"]
PORT, SMALL = 8443, 32 * 1024
AT_ONCE, SHORT = 4, 2
ROUNDS, QUEUE_MOST_MS = {"before": 2, "after": 3}, 10000
KINDS = {"gsm": ("LTE or 3G before, EDGE or GPRS now", True),
         "policed": ("LTE, and a meter of 100 kbit/s now", False),
         "satellite": ("a geostationary satellite, or LTE before it", False),
         "crowded": ("3G, and a crowd on the cell now", False)}

NETWORK = """
mount -t tmpfs none /run && mkdir /run/netns
for n in box core abroad; do ip netns add $n; ip -n $n link set lo up; done
sysctl -qw net.ipv4.ping_group_range="0 0"
for n in box core; do ip netns exec $n sysctl -qw net.ipv4.ip_forward=1; done
ip link set lo up
ip link add line0 type veth peer name line0 netns box
ip addr add 45.10.0.2/24 dev line0 && ip link set line0 up
ip -n box addr add 45.10.0.1/24 dev line0 && ip -n box link set line0 up
ip route add default via 45.10.0.1
for a in 2 3 4; do
	ip -n core addr add 45.20.0.$a/32 dev lo
	ip -n abroad addr add 45.30.0.$a/32 dev lo
done
"""
RADIO = """
ip -n box link set radio0 up && ip -n box route add default dev radio0
ip -n core link set radio0 up && ip -n core route add 45.10.0.0/24 dev radio0
"""
SEA = """
ip -n core link set sea0 up && ip -n core route add 45.30.0.0/24 dev sea0
ip -n abroad link set sea0 up && ip -n abroad route add default dev sea0
"""
# Other people's transfers: the sink is on the probe's side of the radio, each source beyond it
# says so once what it sends has begun to arrive.
SINK = """
import socket, threading
def eat(peer):
    while peer.recv(65536):
        pass
server = socket.create_server(("45.10.0.2", 9000), backlog=64)
print("ready", flush=True)
while True:
    threading.Thread(target=eat, args=(server.accept()[0],), daemon=True).start()
"""
SOURCE = """
import socket
peer = socket.socket()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
peer.connect(("45.10.0.2", 9000))
for n in range(1 << 20):
    peer.sendall(bytes(65536))
    if n == 1:
        print("going", flush=True)
"""


def sh(command):
    subprocess.run("set -e\n" + command, shell=True, check=True)


def emulator(name, left, right, down, up, seed):
    process = subprocess.Popen(
        [BUILD + "/tests/linkemu", "--name", name, "--seed", str(seed), "--down", down, "--up", up,
         f"/run/netns/{left}", f"/run/netns/{right}"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    if process.stdout.readline() != "ready\n":
        print(f"this machine lets us open no TUN device: {process.stderr.read().strip()}",
              file=sys.stderr)
        sys.exit(77)
    return process


def what(**words):
    return ",".join(f"{name}={value}" for name, value in words.items())


def lte(r):
    """Both ways of one radio link: a good one."""
    rate = r.randrange(4, 30) * 1000000
    return [what(delay=r.randrange(12, 35), jitter=r.randrange(2, 12), rate=rate // d, queue=200)
            for d in (1, 3)]


def umts(r):
    rate = r.randrange(1500, 7000) * 1000
    return [what(delay=r.randrange(30, 80), jitter=r.randrange(10, 40), rate=rate // d,
                 queue=r.choice((300, 500, 1000))) for d in (1, 2)]


def gsm(r):
    """SCIENCE 4.2: EDGE mostly, GPRS sometimes, behind the deep buffers of such networks
    (Chakravorty, Katti, Crowcroft, Pratt, INFOCOM 2003): a first flight is not dropped."""
    if r.random() < .75:
        rate, rtt = r.randrange(60, 236) * 1000, r.randrange(300, 1000)
    else:
        rate, rtt = r.randrange(20, 60) * 1000, r.randrange(600, 1500)
    buffer_bytes = r.randrange(20000, 60000)
    return [what(delay=rtt // 2, jitter=rtt // 4, rate=rate // d,
                 queue=min(buffer_bytes * 8000 * d // rate, QUEUE_MOST_MS),
                 loss=r.randrange(3000, 30000)) for d in (1, 2)]


def policed(r, good):
    """The same air, and a meter of 100 kbit/s."""
    return [re.sub(r"rate=\d+,queue=\d+", f"rate=100000,burst={b}", way)
            for way, b in zip(good, (r.choice((8000, 16000)),) * 2)]


def satellite(r):
    rate = r.randrange(1, 20) * 1000000
    return [what(delay=r.randrange(235, 290), jitter=r.randrange(10, 30), rate=rate // d,
                 queue=r.choice((200, 600))) for d in (1, 4)]


def kind_of(kind, r):
    """(before, afterwards, foreign transfers meanwhile)"""
    if kind == "gsm":
        return r.choice((lte, lte, umts))(r), gsm(r), 0
    if kind == "policed":
        good = lte(r)
        return good, policed(r, good), 0
    if kind == "satellite":
        return r.choice((lte, satellite))(r), satellite(r), 0
    line = umts(r)
    return line, line, r.randrange(3, 12)


def check_once(where, whom, *words):
    done = subprocess.run([BUILD + "/tests/check_once", *words], stdout=subprocess.PIPE,
                          text=True, check=True, timeout=90)
    return f"{where} {whom} {done.stdout.splitlines()[0]}"


def measure(pin, rounds):
    """Rounds of echoes, and a transfer by itself after each."""
    lines = []
    with concurrent.futures.ThreadPoolExecutor(len(HOME + ABROAD)) as pool:
        for _ in range(rounds):
            lines += pool.map(lambda a: check_once("home" if a in HOME else "abroad", a, "ping",
                                                   f"address={a}", "count=3", "pace_us=500000"),
                              HOME + ABROAD)
            lines.append(check_once("abroad", "analyzer", "speed", f"pin={pin}", f"bytes={SMALL}",
                                    f"endpoint=https://{ABROAD[0]}:{PORT}", "direction=down"))
    return lines


def program(*argv):
    """A program that says something once it is ready."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    return process, process.stdout


def others(n):
    """So many transfers of other people through the radio, all of them under way."""
    running = [program("/usr/bin/python3", "-c", SINK)]
    running[0][1].readline()
    running += [program("ip", "netns", "exec", "core", "/usr/bin/python3", "-c", SOURCE)
                for _ in range(n)]
    for _, said in running[1:]:
        said.readline()
    return [process for process, _ in running]


def trial(kind, seed):
    """Prints the lines of one line, before and afterwards."""
    r = random.Random(f"{kind} {seed}")
    before, after, crowd = kind_of(kind, r)
    sea = what(delay=r.randrange(15, 60), jitter=3)
    sh(NETWORK)
    emulator("sea0", "core", "abroad", sea, sea, seed)
    sh(SEA)
    with checks_on_the_wire.Analyzer(ABROAD[0], PORT, ("ip", "netns", "exec", "abroad")) as server:
        for when, line in (("before", before), ("after", after)):
            radio = emulator("radio0", "box", "core", *line, seed)
            sh(RADIO)
            running = others(crowd) if when == "after" and crowd else []
            for text in measure(server.pin, ROUNDS[when]):
                print(when, text)
            for process in running + [radio]:
                process.terminate()
                process.wait()


def judge(kind, seed):
    """What the rule says of this line, which was of this kind."""
    done = subprocess.run(checks_on_the_wire.inwards() +
                          [os.path.abspath(sys.argv[0]), "--trial", kind, str(seed)],
                          stdout=subprocess.PIPE, text=True, check=False, timeout=300)
    if done.returncode == 77:
        os._exit(77)
    done.check_returncode()
    told = subprocess.run([BUILD + "/tests/downgrade_once"], input=done.stdout, text=True,
                          stdout=subprocess.PIPE, check=True)
    return told.stdout.strip()


def main():
    if sys.argv[1:2] == ["--trial"]:
        if os.getpid() != 1:
            sys.exit("--trial is for namespaces of its own; run this without it")
        return trial(sys.argv[2], int(sys.argv[3]))
    n = int(sys.argv[1]) if sys.argv[1:] else SHORT
    seeds = range(int(sys.argv[2]), int(sys.argv[2]) + n) if sys.argv[2:] else range(n)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for kind, (sentence, is_2g) in KINDS.items():
            said = list(pool.map(lambda seed, kind=kind: judge(kind, seed), seeds))
            twog = said.count("2g")
            well = twog >= n - n // 20 if is_2g else not twog
            wrong = [seed for seed, told in zip(seeds, said) if (told == "2g") != is_2g]
            failed += not well
            print(f"{'ok' if well else 'NOT SO'}: {sentence}: 2G is told of {twog} of {n}",
                  wrong or "", flush=True)
    return 1 if failed else 0


sys.exit(main())
