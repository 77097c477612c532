#!/usr/bin/python3
"""What a kept run must hold: every kind of check got its answer, over both families.

    faultline-analyzer query measurements --format json ... | measured.py TARGETS
"""

import csv
import json
import sys

import country

# (check, role of the target, its family): answered by every probe that ran to the end.
WANTED = ([(check, role, six) for check in ("ping", "tcp", "http")
           for role in ("domestic", "international") for six in (False, True)]
          + [("tls", role, False) for role in ("domestic", "international", "control")]
          + [("quic", "control", False), ("dns", "names", False), ("dns", "international", False)])
CORE = ("serial", "clock_offset_us")  # facts of the core check, one of each at least


def read_targets(path):
    with open(path, encoding="ascii") as rows:
        next(rows)
        return {country.target_id(row): row for row in csv.reader(rows)}


def main():
    targets = read_targets(sys.argv[1])
    answered, facts, probes, verified = {}, set(), set(), set()
    for m in map(json.loads, sys.stdin):
        probes.add(m["epoch"])
        if m["outcome"] != "ok" or m["target"] not in targets:
            continue
        row = targets[m["target"]]
        answered.setdefault((m["check"], row[0], ":" in row[2]), set()).add(m["epoch"])
        facts |= {fact for fact in CORE if m["check"] == "core" and m[fact] is not None}
        verified |= {m["verified"]} if m["check"] == "tls" else set()
    missing = [f"{check} of {role} over IPv{6 if six else 4}" for check, role, six in WANTED
               if len(answered.get((check, role, six), ())) < len(probes)]
    missing += [f"core's {fact}" for fact in CORE if fact not in facts]
    missing += [] if verified == {1} else [f"certificates that hold, but {verified}"]
    print(f"{len(probes)} probes; not answered to each: {', '.join(missing) or 'nothing'}")
    return 1 if missing or not probes else 0


if __name__ == "__main__":
    sys.exit(main())
