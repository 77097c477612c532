"""labels.csv of a world, read: what is true, for baselines and judges alone."""

import csv
from typing import NamedTuple, Optional

import bayes
import zones

# What those who look from outside (IODA) would list as an outage: a whole network, region or
# country that could no longer be reached. A meter, a dead service, a filter on a name and
# one household's trouble are none of theirs.
OUTAGES = ("shutdown", "infrastructure", "insufficient", "none", "ordinary.maintenance")
NO_OUTAGE = ("shutdown.service",)
WHOLE_NETWORK = 3  # probes: fewer cannot speak for a network


class Label(NamedTuple):
    id: str
    country: str
    regions: tuple  # empty: all
    asns: tuple  # of numbers; empty: all
    probes: int
    start_s: float
    end_s: Optional[float]  # None: it had not ended
    cause: str
    found: str  # must, may

    def kind(self):
        return self.cause.split(".")[0]

    def concerns(self, asn):
        """A network's number, or 0 for the country."""
        return not asn or not self.asns or asn in self.asns

    def overlaps(self, start_s, end_s):
        return start_s < self.until_s() and end_s > self.start_s

    def until_s(self):
        return float("inf") if self.end_s is None else self.end_s

    def scope(self):
        """As IODA's list has it: region, as, country."""
        return "region" if self.regions else "as" if len(self.asns) == 1 else "country"

    def is_outage(self):
        return (self.probes >= WHOLE_NETWORK and self.cause not in NO_OUTAGE
                and (self.cause in OUTAGES or self.kind() in OUTAGES))


def label(row):
    """From one row of labels.csv as csv.DictReader gives it."""
    return Label(row["id"], row["country"], tuple(row["regions"].split()),
                 tuple(int(n) for n in row["asns"].split()), int(row["probes"]),
                 zones.parse_s(row["start"]), zones.parse_s(row["end"]), row["cause"],
                 row["found"])


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [label(row) for row in csv.DictReader(file)]


def outages(runs):
    """The outages among the labels of several worlds, each world a country of its own
    whatever its code is: leaving a country out leaves its scenario out."""
    zone_of, found = zones.zones(), []
    for number, labels in enumerate(runs):
        found += [bayes.Outage(str(number), l.scope(), l.start_s, l.end_s,
                               zones.offset_s(zone_of.get(l.country), l.start_s),
                               l.kind() == "shutdown", l.scope() == "country")
                  for l in labels if l.is_outage()]
    return found
