"""Results of a sweep for people: a row a scenario, then the confusions. Pure."""

import collections


def named(counts):
    return ", ".join(f"{name} x{n}" if n > 1 else name for name, n in counts.items())


def brief(rows):
    """(truth, said, right) of one scenario's rows, by what must be found."""
    must = [r for r in rows if r["kind"] == "label" and r["counts"]
            and not r["id"].startswith("g")]
    truth, said = collections.Counter(), {}
    for row in must:
        truth[row["true_cause"]] += 1
        said.setdefault(row["true_cause"], collections.Counter())[row["cause"]] += 1
    right = sum(row["cause_right"] for row in must)
    return (named(truth), " | ".join(named(said[cause]) for cause in truth),
            f"{right}/{len(must)}")


def table(heads, rows):
    """Columns as wide as their widest cell."""
    rows = [heads] + rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def overview(results):
    """One row a scenario: (id, its rows)."""
    shown = []
    for number, rows in results:
        alarms = sum(row["kind"] == "false_alarm" for row in rows)
        shown.append((number, *brief(rows), str(alarms)))
    return table(("id", "truth", "said", "right", "alarms"), shown)


def confusion(counts):
    """{true: {said: n}} as a table."""
    said = sorted({name for row in counts.values() for name in row} | set(counts))
    used = [s for s in said if any(s in row for row in counts.values())]
    return table(("true \\ said", *used),
                 [(true, *(str(row.get(s, ".")) for s in used)) for true, row in counts.items()])


def figure(value):
    if value is None:
        return "nothing to say"
    if isinstance(value, dict):
        return ", ".join(f"{name} {figure(one)}" for name, one in value.items())
    return f"{value:g}"


def figures(scores):
    """Everything that is one number, or a few."""
    shown = [(name.replace("_", " "), figure(scores[name])) for name in scores
             if name not in ("class_confusion", "cause_confusion", "baselines")]
    shown += [(name.replace("_", " ") + " (baseline)", figure(one))
              for name, one in scores["baselines"].items()]
    return table(("figure", "value"), shown)
