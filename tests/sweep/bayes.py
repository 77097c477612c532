"""What timing alone can say of an outage: the baseline that a verdict has to beat.

A naive Bayes over when an outage began, how long it lasted and whether the one of the day
before began at the same minute (Bischof et al., SIGCOMM 2023, doi 10.1145/3603269.3604883:
shutdowns begin on the hour, last round times and come back daily). It knows nothing of what
was alive meanwhile. Two more features of the same study, national scope and how many of
three signals fell, are counted only where asked for.

One country is judged by what all others taught (leave one country out). The class prior is
left out of the score: it would differ from one left-out country to the next, and the
scores of all countries stand in one ranking.
"""

import bisect
import collections
import math
import random
from typing import NamedTuple, Optional

DAY_S = 86400
HOUR_S = 3600
SAME_MINUTE_S = 600
DAYS_AWAY = 7
DURATION_H = (2, 4, 9, 24)
VALUES = 2  # of a yes-or-no feature: the smoothing that the published figures fit


class Outage(NamedTuple):
    country: str
    place: str  # what fell: the country, a region of it, a network; others do not recur with it
    start_s: float  # UTC
    end_s: Optional[float]  # None: it had not ended
    offset_s: float  # local time is ahead of UTC by so much
    positive: bool  # a shutdown
    national: bool = False
    signals: int = 0  # of routes, pings, background noise: how many fell


def start_minute(outage):
    minute = int((outage.start_s + outage.offset_s) // 60) % 60
    return {0: "hour", 30: "half"}.get(minute, "other")


def round_length(outage):
    return outage.end_s is not None and round((outage.end_s - outage.start_s) / 60) % 30 == 0


def length_bin(outage):
    """Which of DURATION_H's bins; what had not ended was longer than any."""
    if outage.end_s is None:
        return len(DURATION_H)
    return bisect.bisect_left(DURATION_H, (outage.end_s - outage.start_s) / HOUR_S)


def recurs(outage, starts_s):
    """Is there another start in this sorted list 1 to 7 days away, at the same minute?"""
    for days in [*range(-DAYS_AWAY, 0), *range(1, DAYS_AWAY + 1)]:
        at = outage.start_s + days * DAY_S
        near = bisect.bisect_left(starts_s, at - SAME_MINUTE_S)
        if near < len(starts_s) and starts_s[near] <= at + SAME_MINUTE_S:
            return True
    return False


def features(outages, with_scope=False):
    """One tuple an outage; recurrence is looked for among all that are given."""
    starts = collections.defaultdict(list)
    for outage in outages:
        starts[outage.country, outage.place].append(outage.start_s)
    for list_s in starts.values():
        list_s.sort()
    rows = []
    for o in outages:
        row = (start_minute(o), round_length(o), length_bin(o),
               recurs(o, starts[o.country, o.place]))
        rows.append(row + (o.national, o.signals) if with_scope else row)
    return rows


class Counts:
    """How often each value of each feature was seen, of either class."""

    def __init__(self):
        self.seen = collections.Counter()
        self.of = [0, 0]

    def add(self, row, positive):
        self.of[positive] += 1
        for feature, value in enumerate(row):
            self.seen[feature, value, positive] += 1

    def share(self, but, key):
        return (self.seen[key] - but.seen[key] + 1) / (self.of[key[2]] - but.of[key[2]] + VALUES)

    def log_ratio(self, row, but):
        """How much more a shutdown this row is than not, by all but what ${but} counted."""
        return sum(math.log(self.share(but, (n, value, True))
                            / self.share(but, (n, value, False)))
                   for n, value in enumerate(row))


def judge(outages, with_scope=False):
    """A score each, in order: of each country by what all others taught."""
    rows = features(outages, with_scope)
    everywhere, by_country = Counts(), collections.defaultdict(Counts)
    for outage, row in zip(outages, rows):
        everywhere.add(row, outage.positive)
        by_country[outage.country].add(row, outage.positive)
    return [everywhere.log_ratio(row, by_country[o.country]) for o, row in zip(outages, rows)]


def groups(scores, truth):
    """(score, positives, all) from the highest score down, equal scores together."""
    at = collections.defaultdict(lambda: [0, 0])
    for score, positive in zip(scores, truth):
        at[score][0] += bool(positive)
        at[score][1] += 1
    return [(score, *at[score]) for score in sorted(at, reverse=True)]


def auc(scores, truth):
    """Chance that a positive is ranked over a negative, a tie half; None without both."""
    positives = sum(map(bool, truth))
    negatives = len(truth) - positives
    if not positives or not negatives:
        return None
    over, above = 0, 0
    for _, good, n in groups(scores, truth):
        over += (n - good) * (above + good / 2)
        above += good
    return over / (positives * negatives)


def precision_at(scores, truth, recall):
    """The best precision of any threshold that finds that share of the positives."""
    positives = sum(map(bool, truth))
    best, found, taken = None, 0, 0
    for _, good, n in groups(scores, truth):
        found, taken = found + good, taken + n
        if positives and found >= recall * positives:
            best = max(best or 0, found / taken)
    return best


def bootstrap(outages, scores, times=1000, seed=1):
    """The AUC's middle 95% when countries are drawn with replacement; None: there is none."""
    by_country = collections.defaultdict(list)
    for outage, score in zip(outages, scores):
        by_country[outage.country].append((score, outage.positive))
    names = sorted(by_country)
    draw = random.Random(f"bootstrap {seed}")
    found = []
    for _ in range(times):
        rows = [row for name in draw.choices(names, k=len(names)) for row in by_country[name]]
        found.append(auc(*zip(*rows)))
    found = sorted(value for value in found if value is not None)
    if not found:
        return None
    cut = len(found) // 40
    return found[cut], found[-1 - cut]
