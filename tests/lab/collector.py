"""What a route collector in the world sees of each network, as a series.

    collector.py BIRDCL SOCKET REGISTRY FILE SECONDS

Asks the bird behind SOCKET every so many SECONDS for its table and appends to FILE one row
a network: the prefixes of both families it originates, in percent of the most that it has
been seen with. Knows nothing else; REGISTRY (rows of prefix,asn,country) says where a
network is registered.
"""

import csv
import datetime
import os
import re
import subprocess
import sys
import time

HEADER = "source,metric,country,asn,time,value\n"
BEST = re.compile(r"^(\S+)\s.*\] \* .*\[AS(\d+)[ie?]\]$")


def table(birdcl, socket):
    """{AS number: its prefixes}, or None while bird says nothing."""
    done = subprocess.run([birdcl, "-r", "-s", socket, "show", "route"], text=True,
                          capture_output=True)
    if done.returncode != 0:
        print(f"collector: {(done.stderr or done.stdout).strip()}", file=sys.stderr)
        return None
    seen = {}
    for found in filter(None, map(BEST.match, done.stdout.splitlines())):
        seen.setdefault(int(found[2]), set()).add(found[1])
    return seen


class Series:
    """The rows of one look after the other. Pure."""

    def __init__(self, countries):
        self.countries, self.most = countries, {}

    def rows(self, seen, utc):
        for asn, prefixes in seen.items():
            self.most[asn] = max(self.most.get(asn, 0), len(prefixes))
        return [f"lab,bgp,{self.countries[asn]},{asn},{utc},"
                f"{round(100 * len(seen.get(asn, ())) / most, 6):g}\n"
                for asn, most in sorted(self.most.items())]


def now():
    """As common/utc.h spells it: a fraction only where there is one."""
    return datetime.datetime.utcnow().isoformat() + "Z"


def main():
    birdcl, socket, registry, path, seconds = sys.argv[1:]
    with open(registry, encoding="ascii") as rows:
        series = Series({int(asn): country for _, asn, country in csv.reader(rows)})
    out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(out, HEADER.encode())
    due = time.monotonic()
    while True:
        seen = table(birdcl, socket)
        if seen is not None:
            # One write a look: whoever ends us leaves whole rows.
            os.write(out, "".join(series.rows(seen, now())).encode())
        due = max(due + float(seconds), time.monotonic())
        time.sleep(due - time.monotonic())


if __name__ == "__main__":
    main()
