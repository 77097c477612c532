#!/usr/bin/python3
"""What the probe costs: memory of the whole daemon at rest, bytes of one default round.

The daemon runs with its default settings from private copies of its program, its
libraries and their loader: nothing else on the machine maps those files, so no page is
shared with anybody and PSS flatters nothing. USS is judged by the pages that are its own
whatever else runs (dirty ones): with nothing shared all of PSS would count as such. Bytes
are those that an nft counter on the router sees, both ways, IP headers included.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import country
import enter
import net
import programs
import servers
import unpack
import world

LIMIT_S = 300
USS_MOST_KB, PSS_MOST_KB = 3000, 9000
AT_REST = 2  # the daemon, and the process that keeps the right to capture
SEED = 8
METER = """
table inet lab {{
 counter both {{
 }}
 chain inward {{
  type filter hook prerouting priority -300;
  iifname "{port}" counter name "both"
 }}
 chain outward {{
  type filter hook postrouting priority 300;
  oifname "{port}" counter name "both"
 }}
}}
"""


def private_copy(program, directory):
    """Command line that runs a private copy of the program with private libraries. On a
    disk: the pages of a file in memory always count as dirty."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    out = subprocess.run(["ldd", program], text=True, capture_output=True).stdout
    paths = [w for line in out.splitlines() for w in line.split() if w.startswith("/")]
    for path in paths + [program]:
        shutil.copy(os.path.realpath(path), f"{directory}/{os.path.basename(path)}")
    os.sync()  # what is not yet written counts as dirty too
    loader = next(os.path.basename(p) for p in paths if "ld-linux" in p)
    return [f"{directory}/{loader}", "--library-path", directory,
            f"{directory}/{os.path.basename(program)}"]


def family(pid):
    """The pid and all that came from it."""
    found = [pid]
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        for child in children.read().split():
            found += family(int(child))
    return found


def memory(pids):
    """Sums of smaps in kB, by name."""
    total = {}
    for pid in pids:
        with open(f"/proc/{pid}/smaps", encoding="ascii") as maps:
            for line in maps:
                words = line.split()
                if words[0].endswith(":") and words[-1] == "kB":
                    name = words[0].rstrip(":")
                    total[name] = total.get(name, 0) + int(words[1])
    return total


def daemon(host, loader):
    """The daemon's processes, without unshare(1) that holds its namespaces."""
    def mine(pid):
        with open(f"/proc/{pid}/cmdline", "rb") as line:
            return line.read().startswith(loader.encode())

    return [pid for pid in family(host.daemon.pid) if mine(pid)]


def meter(node):
    packets, size = net.counters(node)["both"]
    return packets, size


def measure(directory, build, root):
    standing = world.World(SEED, directory, unpack.Unpacked(build))
    standing.wait_ready()
    analyzer = programs.Analyzer(standing, build, 1, root)
    analyzer.serve()
    with open(f"{directory}/probe.conf", "w", encoding="ascii") as out:
        out.write(f"targets = {directory}/targets.csv\n")
    host = standing.field()[0]
    probe = programs.Probe(host, build, f"{directory}/probe.conf")
    probe.enroll(analyzer.invites("field", 1)[0], "low")
    router = f"acc{host.probe.operator}"
    net.nft(router, METER.format(port=host.probe.node))
    copy = private_copy(probe.program, f"{build}/footprint-copy")
    host.start(copy + probe.argv("run")[1:])
    servers.wait_for("one round", lambda: probe.status().get("rounds", 0) >= 1, 200)
    packets, size = meter(router)
    # At rest: no child of a check, between two pulses; the smallest of what a few looks see.
    servers.wait_for("rest", lambda: len(daemon(host, copy[0])) == AT_REST, 60)
    seen = memory(daemon(host, copy[0]))
    end = time.monotonic() + 8
    while time.monotonic() < end:
        looked = daemon(host, copy[0])
        now = memory(looked)
        if len(looked) == AT_REST and now["Pss"] > seen["Pss"]:
            seen = now
        time.sleep(0.5)
    rows = len(country.targets(standing.country).splitlines()) - 1
    standing.close()
    analyzer.stop()
    shutil.rmtree(f"{build}/footprint-copy")
    return seen, packets, size, rows


def inside(build):
    signal.alarm(LIMIT_S)
    m, packets, size, rows = measure(f"{enter.settle()}/footprint", build, enter.ROOT)
    uss = m["Private_Clean"] + m["Private_Dirty"]
    print(f"at rest, nothing shared: PSS {m['Pss']} kB, USS {uss} kB, of it "
          f"{m['Private_Dirty']} kB own (dirty) and {m['Private_Clean']} kB of files")
    print(f"one default round of {rows} targets: {size} bytes in {packets} packets on the router")
    good = m["Pss"] < PSS_MOST_KB and m["Private_Dirty"] < USS_MOST_KB and size > 0
    if not good:
        print(f"NOT SO: own pages under {USS_MOST_KB} kB and PSS under {PSS_MOST_KB} kB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(enter.alone(inside, prepare=unpack.prepare))
