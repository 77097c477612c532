#!/usr/bin/python3
"""A trace over twelve hops beside scamper (Luckie, IMC 2010), at two packets a second.

Both trace the same address by ICMP with one flow (scamper's icmp-paris), in turn, through
eleven routers in namespaces of their own. What is compared is what one more trace costs a
probe that is up: our own child, or scamper started in its place. Both are counted from their
start to their end, and neither with who started them.

    packets   of IPv4 that left this machine, and came back to it, at the first router
    cpu       user and system time, as the kernel counted it: of our child, as its line says
              it (cpu_us); of scamper's two processes
    memory    the most that they held for themselves alone (private pages of smaps): what
              is there again when they have ended

Medians of runs in turn. Below stands what `once --checks trace` costs as a whole, with the
libraries that it loads for what else it does; of that nothing is compared. Exit 1 if ours is
worse than scamper's by more than a tenth."""
import ctypes
import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, f"{ROOT}/tests")

from lab import unpack  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", f"{ROOT}/build/release"))
RUNS, ROUTERS, WORSE = 5, 11, 1.10
FAR = "45.99.0.2"
LOOK_S = 0.02
LIMIT_S = 60
PR_SET_CHILD_SUBREAPER = 36

SETTINGS = "targets = {dir}/targets.csv\nlevel = normal\nroot_hints =\nca_file =\n"
TARGETS = ("role,host,address,port,asn,who_else,verified\n"
           f"control,far.example,{FAR},443,-,everyone,no\n")


def sh(command):
    subprocess.run(command, shell=True, check=True)


def make_path():
    """Home, r1 to r11, far: every router knows the way to both ends and no limit on errors."""
    sh("mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && "
       "echo '0 0' > /proc/sys/net/ipv4/ping_group_range")
    names = [f"r{i}" for i in range(1, ROUTERS + 1)] + ["far"]
    for name in names:
        sh(f"ip netns add {name} && ip -n {name} link set lo up && ip netns exec {name} "
           "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0")
    before = ""
    for i, name in enumerate(names):
        net = f"45.{10 + i}.0" if name != "far" else FAR.rpartition(".")[0]
        sh(f"ip {before} link add e{i} type veth peer name w{i} netns {name} && "
           f"ip {before} addr add {net}.1/24 dev e{i} && ip {before} link set e{i} up && "
           f"ip -n {name} addr add {net}.2/24 dev w{i} && ip -n {name} link set w{i} up && "
           f"ip {before} route add default via {net}.2")
        if i:
            sh(f"ip -n {name} route add 45.10.0.0/24 via {net}.1")
        before = f"-n {name}"
    sh("ip netns exec r1 nft 'add table inet c; add counter inet c up; add counter inet c down;"
       "add chain inet c in { type filter hook prerouting priority 0; };"
       "add rule inet c in iifname w0 meta nfproto ipv4 counter name up;"
       "add chain inet c out { type filter hook postrouting priority 0; };"
       "add rule inet c out oifname w0 meta nfproto ipv4 counter name down'")
    # Neighbours are found before anything is counted.
    sh(f"ping -c 1 -W 2 {FAR} > /dev/null")


def packets():
    out = subprocess.run(["ip", "netns", "exec", "r1", "nft", "reset", "counters"], text=True,
                         capture_output=True, check=True).stdout
    words = out.split()
    return sum(int(words[i + 1]) for i, word in enumerate(words) if word == "packets")


def family(pid):
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                for child in children.read().split():
                    found += family(int(child))
    except OSError:
        pass
    return found


def held_kb(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as maps:
                total += sum(int(line.split()[1]) for line in maps
                             if line.startswith("Private_"))
        except OSError:
            pass  # it has just ended
    return total


def run(argv, started_by=0):
    """One whole run. The memory is that of the processes that the first ${started_by} of the
    family have started."""
    packets()
    start_s, peak, whole, cpu_s = time.monotonic(), 0, 0, 0.0
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as child:
        left = {child.pid}
        while left:
            pids = family(child.pid)
            peak, whole = max(peak, held_kb(pids[started_by:])), max(whole, held_kb(pids))
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid:
                cpu_s += usage.ru_utime + usage.ru_stime
                left.discard(pid)
                if pid == child.pid:
                    child.returncode = os.waitstatus_to_exitcode(status)
                    took_s = time.monotonic() - start_s
                    # Whoever it left behind is ours now, and is waited for as well.
                    left |= set(family(os.getpid())) - {os.getpid()}
            elif time.monotonic() - start_s > LIMIT_S:
                raise SystemExit(f"bench: {argv[0]} did not end within {LIMIT_S} s")
            time.sleep(LOOK_S)
        said = child.stdout.read().decode(errors="replace")
    if child.returncode != 0:
        raise SystemExit(f"bench: {argv[0]} ended with {child.returncode}: {said.strip()}")
    return {"packets": packets(), "cpu_ms": cpu_s * 1000, "memory_kb": peak,
            "seconds": took_s, "whole_ms": cpu_s * 1000, "whole_kb": whole}, said


def ours(folder):
    probe = f"{BUILD}/faultline-probe"
    for name, text in (("probe.conf", SETTINGS.format(dir=folder)), ("targets.csv", TARGETS)):
        with open(f"{folder}/{name}", "w", encoding="ascii") as out:
            out.write(text)
    os.makedirs(f"{folder}/state", mode=0o700)
    command = [probe, "once", "--config", f"{folder}/probe.conf", "--state", f"{folder}/state"]
    consent(command + ["--checks", "power"])
    return command + ["--checks", "trace", "--format", "json"]


def consent(command):
    """Types the word, as a person would: nothing is sent without it."""
    here, there = pty.openpty()
    os.write(here, b"yes\n")
    subprocess.run(command, stdin=there, stdout=subprocess.DEVNULL, stderr=there, check=True)
    os.close(there)
    os.close(here)


def ours_once(command):
    figures, said = run(command, started_by=1)
    line = json.loads(said.splitlines()[0])
    if line["hops"] != " ".join(f"45.{10 + i}.0.0/24" for i in range(ROUTERS)):
        raise SystemExit(f"bench: ours did not hear all routers: {said.strip()}")
    return figures | {"cpu_ms": line["cpu_us"] / 1000, "seconds": line["took_us"] / 1e6}


def scamper_once(command):
    figures, said = run(command)
    if said.count(" ms") != ROUTERS + 1:
        raise SystemExit(f"bench: scamper did not hear all routers: {said.strip()}")
    return figures


def compare():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    unpacked = unpack.Unpacked(BUILD, ("scamper",))
    os.environ.update(unpacked.environment())
    make_path()
    scamper = [unpacked.program("scamper"), "-p", "2", "-c", "trace -P icmp-paris", "-i", FAR]
    seen = {"ours": [], "scamper": []}
    with tempfile.TemporaryDirectory() as folder:
        once = ours(folder)
        for _ in range(RUNS):
            seen["ours"].append(ours_once(once))
            seen["scamper"].append(scamper_once(scamper))
    return {name: {figure: statistics.median(row[figure] for row in rows) for figure in rows[0]}
            for name, rows in seen.items()}


def show(seen):
    mine, other, worse = seen["ours"], seen["scamper"], []
    print(f"trace: {ROUTERS + 1} hops, 2 packets/s, medians of {RUNS} runs in turn")
    print(f"{'':12}{'ours':>10}{'scamper':>10}{'ratio':>8}")
    for figure in ("packets", "cpu_ms", "memory_kb", "seconds"):
        ratio = mine[figure] / other[figure]
        print(f"{figure:12}{mine[figure]:10.1f}{other[figure]:10.1f}{ratio:8.2f}")
        if ratio > WORSE and figure != "seconds":
            worse.append(figure)
    print(f"the program around ours, not compared: {mine['whole_ms']:.1f} ms and "
          f"{mine['whole_kb'] / 1000:.1f} MB from its start to its end")
    print(f"worse by more than a tenth: {', '.join(worse) or 'nothing'}")
    return 1 if worse else 0


def main():
    if sys.argv[1:] == ["--inside"]:
        return show(compare())
    # scamper gives up rights that a user namespace does not have.
    inwards = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() != 0 or subprocess.run(inwards + ["true"], capture_output=True,
                                           check=False).returncode:
        print("bench: trace needs root, and leave to make namespaces: scamper starts as root")
        return 77
    unpack.Unpacked(BUILD, ("scamper",)).prepare()
    return subprocess.run(inwards + [os.path.abspath(__file__), "--inside"],
                          check=False).returncode


sys.exit(main())
