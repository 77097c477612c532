"""Local time by tzdata: the clock on the wall is what a shutdown's order is written in."""

import datetime
import zoneinfo

TABLES = "/usr/share/zoneinfo"


def rows(name):
    with open(f"{TABLES}/{name}", encoding="utf-8") as table:
        for line in table:
            if not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def codes():
    """{a country's name: its code}."""
    return {name: code for code, name in rows("iso3166.tab")}


def zones():
    """{a country's code: its first zone, the one of most of its people}."""
    found = {}
    for countries, _, zone, *_ in rows("zone1970.tab"):
        for code in countries.split(","):
            found.setdefault(code, zoneinfo.ZoneInfo(zone))
    return found


def offset_s(zone, utc_s):
    """How far local time is ahead of UTC then; no zone: not at all."""
    if zone is None:
        return 0
    at = datetime.datetime.fromtimestamp(utc_s, zone)
    return at.utcoffset().total_seconds()


def parse_s(text):
    """UTC of an ISO 8601 instant; empty: None."""
    if not text:
        return None
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
