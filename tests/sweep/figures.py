"""The figures of a sweep, from rows of `faultline-analyzer score --format json`. Pure.

A row here is one of those objects without the summary; where it has an event, also
"class_probability" of that event's verdict. Nothing to count gives None.
"""

import collections
import math
import statistics

DECIDED = ("shutdown", "throttling", "infrastructure", "ordinary")
DELIBERATE = ("shutdown", "throttling")
UNDECIDED = ("insufficient", "undecided")
YEAR_S = 365.25 * 86400
ECE_BINS = 10


def truth(row, key):
    """What a row counts as in a confusion: beyond the event that serves a label there was
    nothing to be said."""
    return row["true_" + key] if row["kind"] == "label" else "none"


def confusion(rows, key):
    """{true: {said: n}} of the rows that count; key: class or cause."""
    counts = {}
    for row in rows:
        if row["counts"]:
            said = counts.setdefault(truth(row, key), collections.Counter())
            said[row[key]] += 1
    return {true: dict(sorted(said.items())) for true, said in sorted(counts.items())}


def macro_f1(rows, key):
    """The mean of F1 over what is true of one label that counts at least."""
    counts = confusion(rows, key)
    true = {truth(r, key) for r in rows if r["counts"] and r["kind"] == "label"}
    scores = []
    for one in sorted(true):
        both = counts[one].get(one, 0)
        is_one = sum(counts[one].values())
        said = sum(c.get(one, 0) for c in counts.values())
        scores.append(2 * both / (is_one + said))
    return sum(scores) / len(scores) if scores else None


def precision_at(scores, positives, recall, base_rate):
    """Precision where the bar on the score finds that recall, were positives so rare."""
    right = sorted((s for s, p in zip(scores, positives) if p), reverse=True)
    wrong = [s for s, p in zip(scores, positives) if not p]
    if not right or not wrong:
        return None
    bar = right[math.ceil(recall * len(right)) - 1]
    found = sum(s >= bar for s in right) / len(right)
    alarmed = sum(s >= bar for s in wrong) / len(wrong)
    return base_rate * found / (base_rate * found + (1 - base_rate) * alarmed)


def shutdown_precision(rows, recall=0.9, base_rate=0.1):
    """Each label that counts and can be decided, and each alarm, by P(shutdown); what was
    not found has 0."""
    held = [r for r in rows if r["counts"] and truth(r, "class") != "insufficient"]
    return precision_at([r["shutdown"] or 0.0 for r in held],
                        [truth(r, "class") == "shutdown" for r in held], recall, base_rate)


def brier(probabilities, outcomes):
    """Mean of the squared distance; outcomes 0 or 1."""
    each = [(p - o) ** 2 for p, o in zip(probabilities, outcomes)]
    return sum(each) / len(each) if each else None


def spoken(rows):
    """The rows of every event whose truth can be known: its label's, or that there was
    nothing."""
    return [r for r in rows if r["event"] and r["true_class"] != "insufficient"]


def deliberate_brier(rows):
    said = spoken(rows)
    return brier([r["deliberate"] for r in said],
                 [r["true_class"] in DELIBERATE for r in said])


def ece(confidences, hits, bins=ECE_BINS):
    """Expected calibration error: how far confidence and share of hits lie apart, in bins
    of equal width, weighted by how many fell there."""
    held = collections.defaultdict(list)
    for confidence, hit in zip(confidences, hits):
        held[min(int(confidence * bins), bins - 1)].append((confidence, hit))
    n = sum(map(len, held.values()))
    if not n:
        return None
    return sum(abs(sum(c for c, _ in one) - sum(h for _, h in one))
               for one in held.values()) / n


def posterior_ece(rows):
    """Of the likeliest class, whether it was named or not."""
    leading = [(max(r["class_probability"].items(), key=lambda item: item[1]), r["true_class"])
               for r in spoken(rows)]
    return ece([p for (_, p), _ in leading], [name == true for (name, _), true in leading])


def insufficient_share(rows):
    """Of the labels that an event serves."""
    served = [r for r in rows if r["kind"] == "label" and r["event"]]
    return sum(r["class"] in UNDECIDED for r in served) / len(served) if served else None


def false_alarms_per_network_year(rows, network_s):
    alarms = sum(r["kind"] == "false_alarm" for r in rows)
    return alarms / (network_s / YEAR_S) if network_s else None


def percentile(values, share):
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def spread(values):
    return {"median": statistics.median(values) if values else None,
            "p90": percentile(values, 0.9), "n": len(values)}


def edge_errors(rows):
    """Distance of the estimated from the true edges, of what was found."""
    served = [r for r in rows if r["kind"] == "label" and r["event"]
              and r["true_class"] != "none"]
    return {edge: spread([abs(r[edge + "_error_s"]) for r in served
                          if r[edge + "_error_s"] is not None]) for edge in ("start", "end")}


def live_delays(delays_s, of, skipped):
    """From the onset to the first look that found it; None: no look did. ${of} scenarios
    had something to be found, ${skipped} were not looked at."""
    found = [d for d in delays_s if d is not None]
    return {"median": statistics.median(found) if found else None, "found": len(found),
            "looked_at": len(delays_s), "skipped": skipped, "of": of}


def rounded(value):
    """Six digits behind the point: the same bytes on every machine."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value


def scores(rows, network_s, live, baselines):
    """scores.json."""
    return rounded({
        "class_macro_f1": macro_f1(rows, "class"),
        "cause_macro_f1": macro_f1(rows, "cause"),
        "class_confusion": confusion(rows, "class"),
        "cause_confusion": confusion(rows, "cause"),
        "shutdown_precision_at_recall_90": shutdown_precision(rows),
        "deliberate_brier": deliberate_brier(rows),
        "ece": posterior_ece(rows),
        "false_alarms_per_network_year": false_alarms_per_network_year(rows, network_s),
        "live_delay_s": live,
        "edge_error_s": edge_errors(rows),
        "insufficient_share": insufficient_share(rows),
        "baselines": baselines,
    })
