"""What was said against what was true. Pure."""

import collections
import datetime

CLASSES = ("shutdown", "throttling", "infrastructure", "ordinary", "insufficient", "none")


def utc_s(text):
    """Seconds since 1970 of an ISO 8601 instant in UTC."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def span(event):
    """(start, end) of an event in seconds; an open end is far away."""
    start = event["start"]
    end = event.get("end")
    error_s = start.get("error_s") or 0
    if end is None:
        return utc_s(start["estimate"]) - error_s, float("inf")
    return (utc_s(start["estimate"]) - error_s,
            utc_s(end["estimate"]) + (end.get("error_s") or 0))


def probability(event):
    """Of the class that was named; of an undecided one, of its likeliest class."""
    classes = event["class_probability"]
    return float(classes.get(event["class"], max(classes.values())))


def short(event):
    """An event in a line."""
    probes = event["probes"]
    return (f"{event['class']} ({event['cause']}), probability {probability(event):.2f}, "
            f"{probes['reporting'] - probes['alive']} of {probes['expected']} probes, "
            f"{event['start']['estimate']} to {(event['end'] or {}).get('estimate', 'now')}")


def overlapping(events, start_s, end_s):
    return [e for e in events if span(e)[0] < end_s and span(e)[1] > start_s]


def overlap_s(event, start_s, end_s):
    return min(span(event)[1], end_s) - max(span(event)[0], start_s)


def about(event, asns):
    """Does the event speak of one of these networks? Whoever takes in the victims' users has
    an event of their own."""
    named = event.get("scope", {}).get("asns")
    return not asns or not named or not asns.isdisjoint(named)


def verdict(events, start_s, end_s, asns=None, also=()):
    """The event that overlaps the fault the longest (of several, the likeliest), or None;
    where the victims' networks are told, of those about one of them; what is true besides only
    where there is no other."""
    found = [e for e in overlapping(events, start_s, end_s) if about(e, asns)]
    found = [e for e in found if e.get("cause") not in also] or found
    return max(found, key=lambda e: (round(overlap_s(e, start_s, end_s), 3), probability(e)),
               default=None)


def share_out(events, spans):
    """{fault: [its events]}, each event with the fault it overlaps the longest; None: none."""
    told = {}
    for event in events:
        best = max(spans, key=lambda s: overlap_s(event, *s[1]), default=None)
        name = best[0] if best and overlap_s(event, *best[1]) > 0 else None
        told.setdefault(name, []).append(event)
    return told


def cause(fault, event):
    """What was said; where nothing can decide, whether the two that the fault names lead."""
    if event is None:
        return "none"
    if event["class"] != "insufficient" or fault.EXPECTED_CLASS != "insufficient":
        return event["cause"]
    leading = [c["cause"] for c in event["causes"][:2]]
    return "insufficient" if set(leading) == set(fault.CAUSES) else " or ".join(leading)


def right(x):
    """The class is; and where it is that nothing can decide, between what as well."""
    return x["class"] == x["expected_class"] and (
        x["class"] != "insufficient" or x["cause"] == x["expected_cause"])


def line(fault, name, seed, event, delay_s):
    return {
        "fault": name, "seed": seed,
        "expected_class": fault.EXPECTED_CLASS, "expected_cause": fault.EXPECTED_CAUSE,
        "class": event["class"] if event else "none",
        "cause": cause(fault, event),
        "probability": probability(event) if event else 1.0,
        "delay_s": delay_s,
    }


def cells(judged):
    """How many of them held, and a sentence for each that did not."""
    wrong = [what for held, what in judged if not held]
    return {"held": len(judged) - len(wrong), "of": len(judged), "wrong": wrong}


def held(x):
    return x["ladder"]["of"] > 0 and not x["ladder"]["wrong"]


def confusion(lines):
    """Rows: what was true; columns: what was said; as text."""
    counts = collections.Counter((x["expected_class"], x["class"]) for x in lines)
    shown = [c for c in CLASSES if any(c in pair for pair in counts)]
    width = max(map(len, CLASSES)) + 2
    out = ["true \\ said".ljust(width) + "".join(c.rjust(width) for c in shown)]
    for true in shown:
        row = "".join(str(counts[true, s]).rjust(width) for s in shown)
        out.append(true.ljust(width) + row)
    well = sum(map(right, lines))
    out.append(f"class right in {well} of {len(lines)}, "
               f"table held in {sum(map(held, lines))} of {len(lines)}")
    return "\n".join(out)
