#!/usr/bin/python3
"""Before consent the router sees not one packet of the probe's machine, whatever is
asked of the probe; after consent it does."""

import signal
import sys

import enter
import pair

LIMIT_S = 240
SILENT = (("once",), ("run",), ("status",), ("checks",), ("enroll", "--from", "{invite}"))


def expect(truth, sentence):
    print(("ok: " if truth else "NOT SO: ") + sentence, flush=True)
    return truth


def inside(build):
    signal.alarm(LIMIT_S)
    p = pair.Pair(enter.settle(), build, seed=5)
    try:
        invite = p.serve()
        good = True
        for words in SILENT:
            done = p.probe(*[w.format(invite=invite) for w in words])
            good &= expect(p.packets() == 0, f"`{words[0]}` without consent: exit "
                           f"{done.returncode}, {p.packets()} packets on the router")
            if words[0] in ("once", "run", "enroll"):
                good &= expect(done.returncode == 1, f"`{words[0]}` exits 1")
        done = p.probe("enroll", "--from", invite, "--accept-risks", "--medium", "fixed",
                       "--region", p.host.probe.region)
        after = p.packets()
        good &= expect(done.returncode == 0, f"enroll: exit {done.returncode}")
        good &= expect(after > 0, f"enroll with consent: {after} packets on the router")
        done = p.probe("once", "--checks", "ping,tcp")
        print(done.stdout + done.stderr)
        good &= expect(p.packets() > after, f"`once`: {p.packets() - after} packets more")
        return 0 if good else 1
    finally:
        p.close()


if __name__ == "__main__":
    sys.exit(enter.alone(inside))
