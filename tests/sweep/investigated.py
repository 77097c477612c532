"""Real outages that people looked into: rows of IODA's list of investigated outages, which
is kept beside the checkout and not in it."""

import csv
import os

import bayes
import zones

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
LIST = os.path.join(ROOT, "../shared/data/outages/ioda-investigated.csv")
SHUTDOWN = ("Government-Ordered", "Exams")
NO_CAUSE = ("", "Unknown")
SIGNALS = ("bgp_dropped", "active_probing_dropped", "telescope_dropped")
# The list's names that tzdata spells otherwise matter only where a zone is not whole hours.
OTHER_NAMES = {"Myanmar/Burma": "MM"}


def there():
    return os.path.isfile(LIST)


def read():
    """(every outage, those with a stated cause); no stated cause: it was no shutdown."""
    code_of, zone_of = {**zones.codes(), **OTHER_NAMES}, zones.zones()
    everything, known = [], []
    with open(LIST, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            start_s = zones.parse_s(row["begin_utc"])
            zone = zone_of.get(code_of.get(row["country"]))
            outage = bayes.Outage(
                row["country"], row["scope"], start_s, zones.parse_s(row["end_utc"]),
                zones.offset_s(zone, start_s), row["cause"] in SHUTDOWN,
                row["scope"] == "country", sum(row[name] == "1" for name in SIGNALS))
            everything.append(outage)
            if row["cause"] not in NO_CAUSE:
                known.append(outage)
    return everything, known
