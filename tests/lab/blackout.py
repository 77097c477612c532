#!/usr/bin/python3
"""A round in which everything is dark ends in time: as shipped, unscaled, by the lab's whole
target list, with a router that answers and nothing beyond it, and with no router either."""

import collections
import json
import signal
import sys
import time

import country
import enter
import net
import pair

LIMIT_S = 400
ROUND_MOST_S = 45
# What is not for the first router itself is gone.
DARK = """
table netdev dark {{
 chain inward {{
  type filter hook ingress device "host" priority 10;
  {spared} drop
 }}
}}
"""


def once(p, spared, what):
    net.nft("router", DARK.format(spared=spared))
    began_s = time.monotonic()
    done = p.probe("once", "--format", "json")
    took_s = time.monotonic() - began_s
    net.nft("router", "delete table netdev dark\n")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ladder = lines.pop()["ladder"] if lines else {}
    ends = collections.Counter(m["outcome"] for m in lines)
    states = " ".join(f"{rung}:{found['state']}" for rung, found in ladder.items())
    good = 0 < took_s <= ROUND_MOST_S and ladder.get("international", {}).get("state") == "down"
    print(f"{'ok' if good else 'NOT SO'}: {what}: {took_s:.1f} s, at most {ROUND_MOST_S}; "
          f"{len(lines)} measurements, {dict(ends)}\n  {states}", flush=True)
    return good


def inside(build):
    signal.alarm(LIMIT_S)
    p = pair.Pair(f"{enter.settle()}/blackout", build, seed=7)
    try:
        invite = p.serve()
        done = p.probe("enroll", "--from", invite, "--accept-risks", "--medium", "mobile",
                       "--region", p.host.probe.region)
        if done.returncode != 0:
            raise SystemExit(f"enroll: {done.stderr}")
        rows = country.targets(country.draw(12))
        with open(p.targets, "w", encoding="ascii") as out:
            out.write(rows)
        print(f"{len(rows.splitlines()) - 1} targets")
        good = once(p, f"ip daddr != {p.host.probe.gateway}", "only the router answers")
        good &= once(p, "", "nothing answers")
        return 0 if good else 1
    finally:
        p.close()


if __name__ == "__main__":
    sys.exit(enter.alone(inside))
