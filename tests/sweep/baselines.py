"""Two judges that know less than the analyzer, printed beside it. ${labels} is what
labelled.read() gives of a folder's labels.csv.

    threshold(folder, labels)   -> counts of one scenario, by its reach.csv
    threshold_figures([counts]) -> {"precision", "recall", "f1",
                                    "false_alarms_per_network_year",
                                    "live_delay_s", "edge_error_s"} of all
    naive_bayes([labels])       -> {"class_macro_f1", "auc", "precision_at_recall_90",
                                    "outages", "shutdowns"} of all

A figure that nothing can be said of is None.
"""

import bisect
import collections
import csv
import math
import statistics

import bayes
import labelled
from figures import YEAR_S

BIN_S = 900
DAY_S = 86400
RATIO = 0.8
EXTREME = 2
WARM_UP_BINS = 4  # an hour
HISTORY_BINS = 7 * DAY_S // BIN_S
MINIMUM = 20  # tries that a value may rest on
WIDEST_BINS = 4  # so many bins may be taken together to reach it
COUNTRY = 0  # instead of a network's number


def read_reach(folder):
    """{network: {bin: (tried, succeeded)}}, the whole country's under COUNTRY."""
    reach = collections.defaultdict(dict)
    with open(f"{folder}/reach.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = int(row["time_utc_s"]) // BIN_S
            for key in (int(row["asn"]), COUNTRY):
                tried, succeeded = reach[key].get(at, (0, 0))
                reach[key][at] = (tried + int(row["tried"]), succeeded + int(row["succeeded"]))
    return reach


def span(reach):
    """(first bin, bin after the last) of the whole country."""
    return min(reach[COUNTRY], default=0), max(reach[COUNTRY], default=-1) + 1


def network_s(reach):
    """Seconds times networks that were looked at."""
    first, end = span(reach)
    return (len(reach) - 1) * (end - first) * BIN_S


def values(bins, first, end):
    """(bin, share that succeeded) from first on: None where too little was tried, 0 where
    a network that is mostly heard is silent for an hour. From outside, a network whose
    machines are off looks like one that is cut."""
    heard = collections.deque(maxlen=HISTORY_BINS)
    for at in range(first, end):
        tried = succeeded = 0
        for back in range(WIDEST_BINS):
            one = bins.get(at - back, (0, 0))
            tried, succeeded = tried + one[0], succeeded + one[1]
            if tried >= MINIMUM:
                break
        enough = tried >= MINIMUM
        mostly = len(heard) >= WARM_UP_BINS and 2 * sum(heard) > len(heard)
        heard.append(enough)
        yield at, succeeded / tried if enough else 0.0 if mostly and not tried else None


class Median:
    """Of the last HISTORY_BINS values."""

    def __init__(self):
        self.order, self.sorted = collections.deque(), []

    def add(self, value):
        self.order.append(value)
        bisect.insort(self.sorted, value)
        if len(self.order) > HISTORY_BINS:
            del self.sorted[bisect.bisect_left(self.sorted, self.order.popleft())]

    def get(self):
        n = len(self.sorted)
        return (self.sorted[(n - 1) // 2] + self.sorted[n // 2]) / 2


def alarms(series):
    """[(first bin, bin after the last)] of (bin, value): value under RATIO of the median of
    the last 7 days. What is extreme is not learnt from (the median stands in for it), for
    7 days at most."""
    median, opened, found, seen, at = Median(), None, [], 0, 0
    for at, value in series:
        if value is None:
            continue
        seen += 1
        if seen <= WARM_UP_BINS:
            median.add(value)
            continue
        expected = median.get()
        low = value < RATIO * expected
        if low and opened is None:
            opened = at
        elif not low and opened is not None:
            found.append((opened, at))
            opened = None
        extreme = low or value > EXTREME * expected
        forgotten = opened is not None and at - opened >= HISTORY_BINS
        median.add(expected if extreme and not forgotten else value)
    if opened is not None:
        found.append((opened, at + 1))
    return found


def concerned(labels, network, start_s, end_s):
    return [l for l in labels if l.concerns(network) and l.overlaps(start_s, end_s)]


def threshold(folder, labels):
    """Every alarm is called a shutdown. An alarm is right where it overlaps one in its
    network; false where it overlaps nothing that happened there."""
    reach = read_reach(folder)
    first, end = span(reach)
    shutdowns = [l for l in labels if l.kind() == "shutdown" and l.found == "must"]
    counts = {"alarms": 0, "right": 0, "false": 0, "shutdowns": len(shutdowns), "found": 0,
              "network_s": network_s(reach), "delays_s": [], "edges_s": []}
    starts = collections.defaultdict(list)  # of the alarms that overlap a label, by its id
    for network, bins in sorted(reach.items()):
        for alarm in alarms(values(bins, first, end)):
            start_s, end_s = alarm[0] * BIN_S, alarm[1] * BIN_S
            true = concerned(labels, network, start_s, end_s)
            counts["alarms"] += 1
            counts["right"] += any(l.kind() == "shutdown" for l in true)
            counts["false"] += not true and network != COUNTRY
            for l in true:
                starts[l.id].append((start_s, end_s))
    for l in shutdowns:
        if l.id in starts:
            counts["found"] += 1
            start_s, end_s = min(starts[l.id])
            # What a bin holds is known when it is over.
            counts["delays_s"].append(max(0, start_s + BIN_S - l.start_s))
            counts["edges_s"].append(abs(start_s - l.start_s))
            if l.end_s is not None:
                counts["edges_s"].append(abs(end_s - l.end_s))
    return counts


def ratio(part, whole):
    return part / whole if whole else None


def f1(precision, recall):
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def threshold_figures(found):
    total = collections.Counter()
    delays_s, edges_s = [], []
    for counts in found:
        total.update({key: n for key, n in counts.items() if not isinstance(n, list)})
        delays_s += counts["delays_s"]
        edges_s += counts["edges_s"]
    precision = ratio(total["right"], total["alarms"])
    recall = ratio(total["found"], total["shutdowns"])
    return {"precision": precision, "recall": recall, "f1": f1(precision, recall),
            "false_alarms_per_network_year": ratio(total["false"],
                                                   total["network_s"] / YEAR_S),
            "live_delay_s": statistics.median(delays_s) if delays_s else None,
            "edge_error_s": statistics.median(edges_s) if edges_s else None}


def macro_f1(said, truth, classes):
    """The mean over classes of F1; a class that neither has nor is said anywhere is left
    out."""
    each = []
    for one in classes:
        both = sum(s == one and t == one for s, t in zip(said, truth))
        either = sum(s == one for s in said) + sum(t == one for t in truth)
        if either:
            each.append(2 * both / either)
    return sum(each) / len(each) if each else None


def naive_bayes(runs):
    """Said to be a shutdown: what is likelier one, at the share that shutdowns have among
    these outages."""
    outages = labelled.outages(runs)
    truth = [o.positive for o in outages]
    scores = bayes.judge(outages)
    shutdowns = sum(truth)
    bar = (math.log((len(truth) - shutdowns) / shutdowns)
           if 0 < shutdowns < len(truth) else math.inf)
    return {"class_macro_f1": macro_f1([s > bar for s in scores], truth, (True, False)),
            "auc": bayes.auc(scores, truth),
            "precision_at_recall_90": bayes.precision_at(scores, truth, 0.9),
            "outages": len(truth), "shutdowns": shutdowns}
