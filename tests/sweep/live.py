"""How long after its onset an event is first told, when only what had arrived is known."""

import zones

LOOKS_MIN = (2, 4, 6, 10, 20, 33, 60)


def first_label(labels):
    """The first that must be found, or None."""
    held = [l for l in labels if l.found == "must" and l.cause != "none"]
    return min(held, key=lambda l: (l.start_s, l.id), default=None)


def is_of(event, label, now_s):
    """Does it tell of this onset: in its place, and seen first after the onset?"""
    scope, start = event["scope"], event["start"]
    at_s, error_s = zones.parse_s(start["estimate"]), start["error_s"]
    return (scope["country"] == label.country
            and (not label.asns or bool(set(label.asns) & set(scope["asns"])))
            and (not label.regions or not scope["regions"]
                 or bool(set(label.regions) & set(scope["regions"])))
            and at_s + error_s >= label.start_s and at_s - error_s <= now_s)


def delay_s(analyzer, world, label):
    """Seconds from the onset to the first look with an event; None: none at any."""
    for minutes in LOOKS_MIN:
        now_s = label.start_s + 60 * minutes
        analyzer.feed(world, now_s)
        analyzer.analyze(now_s)
        if any(is_of(event, label, now_s) for event in analyzer.events()):
            return 60.0 * minutes
    return None
