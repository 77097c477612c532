#!/usr/bin/python3
"""What the probe weighs with eight TLS handshakes under way: parent and children together.

The daemon runs from private copies of its program and libraries, as in footprint.py, so that no
page is shared with anybody else and PSS, summed over all its processes, is what the machine
would have more of without them. The server's kernel accepts connections and nobody answers.
"""

import signal
import subprocess
import sys
import time

import country
import enter
import footprint
import net
import pair
import servers

LIMIT_S = 200
AT_ONCE = 8
PSS_MOST_KB = 24 * 1024
SERVER = """
import socket, time
held = socket.create_server(("{address}", 443), backlog=128)
time.sleep(3600)
"""


def targets(p):
    rows = [f"international,www.t{n}.test,{p.site},443,-,everyone,no" for n in range(12)]
    with open(p.targets, "w", encoding="ascii") as out:
        out.write("\n".join([country.HEADER, *rows]) + "\n")
    # Without the pace between packets all of them start at once.
    with open(p.conf, "a", encoding="ascii") as out:
        out.write("time_scale = 100\n")


def waiting():
    """Connections on which a hello came and nobody answers."""
    return net.call(net.inside("router", ["ss", "-Htn", "state", "established",
                                          "( sport = :443 )"])).stdout.splitlines()


def weigh(p, loader):
    """(kB, children) at the heaviest moment with all eight under way."""
    heaviest, end = 0, time.monotonic() + 60
    while time.monotonic() < end:
        pids = footprint.daemon(p.host, loader)
        hellos = [line for line in waiting() if int(line.split()[0]) > 0]
        if len(pids) == AT_ONCE + footprint.AT_REST and len(hellos) >= AT_ONCE:
            heaviest = max(heaviest, footprint.memory(pids)["Pss"])
        elif heaviest:
            break
        time.sleep(0.2)
    return heaviest


def measure(directory, build):
    p = pair.Pair(directory, build, seed=6)
    silent = None
    try:
        targets(p)
        invite = p.serve()
        done = p.probe("enroll", "--from", invite, "--accept-risks", "--medium", "fixed",
                       "--region", p.host.probe.region)
        if done.returncode != 0:
            raise SystemExit(f"enroll: {done.stderr}")
        silent = subprocess.Popen(net.inside("router", [
            sys.executable, "-c", SERVER.format(address=p.site)]))
        servers.wait_for("the silent server", lambda: ":443" in net.call(
            net.inside("router", ["ss", "-Hltn"])).stdout, 20)
        copy = footprint.private_copy(f"{build}/faultline-probe", f"{build}/handshakes-copy")
        p.host.start(copy + ["run", "--config", p.conf, "--state", p.host.state])
        servers.wait_for("eight handshakes", lambda: len(waiting()) >= AT_ONCE, 120)
        return weigh(p, copy[0])
    finally:
        p.close()
        if silent:
            silent.terminate()
            silent.wait()


def inside(build):
    signal.alarm(LIMIT_S)
    pss = measure(f"{enter.settle()}/handshakes", build)
    print(f"parent and {AT_ONCE} children in a TLS handshake each: PSS {pss} kB together")
    good = 0 < pss <= PSS_MOST_KB
    if not good:
        print(f"NOT SO: {AT_ONCE} at once, and at most {PSS_MOST_KB} kB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(enter.alone(inside))
