"""Was each probe's ladder in a fault what the fault's table said before? Pure.

Reads a fault's TABLE and FACTS (`faults/__init__.py` says how they are written) and holds
them against the stored measurements of a run, never against a verdict.
"""

import collections
import dataclasses
import operator
import os
import re
import statistics

import score

SCHEMA = os.path.join(os.path.dirname(__file__), "../../common/measurement.def")
STATES = ("up", "partial", "down", "-", "off", "any")
FACTS_HEAD = ["who", "check", "of", "fact", "is"]
MADE = ("rate_bps", "loss")  # of other facts
PULSE = ("dns", "international")  # what a pulse asks, after a round and before the next
SECOND = {"tcp": "transport", "tls": "transport", "quic": "transport", "http": "service",
          "dns": "names", "speed": "quality"}  # as ladder_second()
SAME_S = 0.5
COMPARE = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
           "=": operator.eq, "!=": operator.ne}
IS = re.compile(r"(none)|(<=|>=|!=|<|>|=)\s+(?:(?:([\d.]+)\s+x\s+)?(before)|(\S+))")


class TableError(RuntimeError):
    """A table that cannot be held against a run; the text says where and why."""


def names(kind):
    """The schema's names of this kind, in its order."""
    with open(SCHEMA, encoding="utf-8") as text:
        return re.findall(rf"^{kind}\((\w+),", text.read(), re.M)


RUNGS, CHECKS, OUTCOMES = names("RUNG"), names("CHECK_NAME"), names("OUTCOME")
FIELDS = names("(?:INT|ENUM|TEXT|LIST)") + list(MADE)


@dataclasses.dataclass
class Fact:
    who: str
    check: str
    of: str
    name: str
    text: str  # of what it is
    compare: str = None  # None: it was not measured
    factor: float = None  # times what it was before
    value: str = None


@dataclasses.dataclass
class Run:
    """What the analyzer stored of a run, and who and when was what."""

    rows: list  # as `query measurements --format json` has them
    epochs: dict  # {node: its probe's epoch}
    groups: dict  # {row of a table: [node]}
    phases: list  # (name, start_s, end_s): all of it was in force all the time
    before_s: float  # until then all was well
    targets: dict = dataclasses.field(default_factory=dict)  # {name: [id in the list]}


# Reading what was written before the run.

def lines_of(text, head, name, columns):
    rows = [line.split("#")[0].split(None, columns - 1) for line in text.splitlines()]
    rows = [[cell.strip() for cell in row] for row in rows if row]
    if not rows or rows[0] != head:
        raise TableError(f"{name} begins with `{' '.join(head)}`")
    for row in rows[1:]:
        if len(row) != columns:
            raise TableError(f"{name}: `{' '.join(row)}` has {len(row)} of {columns} columns")
    return rows[1:]


def read_cell(text, where):
    """{state: the outcome that must lead there, or None}"""
    cell = {}
    for choice in text.split("|"):
        state, _, outcome = choice.partition(":")
        if state not in STATES or (outcome and outcome not in OUTCOMES):
            raise TableError(f"{where}: there is no state `{choice}`")
        if outcome and state not in ("partial", "down", "up"):
            raise TableError(f"{where}: nothing fails where it is `{state}`")
        cell[state] = outcome or None
    return cell


def read_table(text):
    """{who: {rung: {state: outcome}}}"""
    table = {}
    for who, *cells in lines_of(text, ["who"] + RUNGS, "TABLE", 1 + len(RUNGS)):
        if who in table:
            raise TableError(f"TABLE: two rows for {who}")
        table[who] = {rung: read_cell(cell, f"TABLE, {who}, {rung}")
                      for rung, cell in zip(RUNGS, cells)}
        if len({"off" in cell for cell in table[who].values()}) > 1:
            raise TableError(f"TABLE, {who}: a machine is off on all rungs or on none")
    return table


def read_fact(who, check, of, name, text):
    where = f"FACTS, {who} {check} {of} {name} {text}"
    if check not in CHECKS:
        raise TableError(f"{where}: there is no check {check}")
    if name not in FIELDS:
        raise TableError(f"{where}: there is no fact {name}")
    found = IS.fullmatch(text)
    if not found:
        raise TableError(f"{where}: it is `< 5`, `> 3 x before`, `= NAME`, `!= before` or none")
    none, compare, factor, before, value = found.groups()
    if none:
        return Fact(who, check, of, name, text)
    if before:
        return Fact(who, check, of, name, text, compare, float(factor or 1))
    if compare not in ("=", "!=") and not re.fullmatch(r"[\d.]+", value):
        raise TableError(f"{where}: {value} is no number")
    return Fact(who, check, of, name, text, compare, None, value)


def read_facts(text):
    return [read_fact(*row) for row in lines_of(text, FACTS_HEAD, "FACTS", len(FACTS_HEAD))]


def phases_of(fault):
    """Names of the fault's phases; one without a name where it has none."""
    return [name for name, _ in getattr(fault, "PHASES", (("", None),))]


def read(fault):
    """{phase: (table, facts)} of a fault."""
    plan = {}
    for phase in phases_of(fault):
        table, facts = fault.TABLE, getattr(fault, "FACTS", None)
        try:
            table = table[phase] if isinstance(table, dict) else table
            facts = facts.get(phase) if isinstance(facts, dict) else facts
        except KeyError:
            raise TableError(f"TABLE has nothing for the phase {phase}") from None
        plan[phase] = read_table(table), read_facts(facts) if facts else []
    return plan


def check_rows(table, facts, groups, nodes):
    """Every row is somebody's, and every probe is in exactly one."""
    for who in list(table) + [fact.who for fact in facts]:
        if who not in groups:
            raise TableError(f"nobody is called {who}")
    for node in nodes:
        rows = [who for who in table if node in groups[who]]
        if len(rows) != 1:
            raise TableError(f"{node} is in {len(rows)} rows of TABLE, not in one"
                             + (f": {', '.join(rows)}" if rows else ""))


# Reading what was stored.

@dataclasses.dataclass
class Round:
    start_s: float
    end_s: float
    rows: list


def span_of(row):
    start_s = score.utc_s(row["time"])
    return start_s, start_s + row["took_us"] / 1e6


def first_said(rows):
    """Without those that say in full what was said before: the same check of the same round at
    the same time, as far as two segments' clocks agree. They are no round of their own."""
    said, kept = {}, []
    for row in sorted(rows, key=lambda r: (r["seq"], r["line"])):
        what = row["check"], row["target"], row["round"]
        start_s, _ = span_of(row)
        if row.get("far_received") is None or abs(said.get(what, 0) - start_s) > SAME_S:
            kept.append(row)
        said[what] = start_s
    return kept


def rounds_of(rows):
    """The rounds of one probe, in order. A pulse belongs to none: it says the round before it,
    which ends with a transfer, or below where there is no link."""
    found, last = [], None
    for row in first_said(rows):
        if row["round"] != last:
            last = row["round"]
            found.append([])
        found[-1].append(row)
    for rows in found:
        while len(rows) > 1 and (rows[-1]["check"], rows[-1]["rung"]) == PULSE:
            rows.pop()
    spans = [[span_of(row) for row in rows] for rows in found]
    return [Round(min(s for s, _ in span), max(e for _, e in span), rows)
            for rows, span in zip(found, spans)]


def heard_beyond_the_first(hops):
    first, *rest = (hops or "*").split()
    return any(hop != "*" for hop in rest) and rest != [first]


def success(row):
    """As measurement_success() in common/ladder.h; None: neither."""
    if (row["outcome"] == "unmeasured" or row.get("decoy") is not None
            or row["check"] == "dnssec"):
        return None
    if row["check"] == "trace":
        beyond = row["outcome"] == "ok" or heard_beyond_the_first(row.get("hops"))
        return True if beyond else None
    if row["outcome"] == "ttl_exceeded":
        return row.get("ttl") is not None
    return row["outcome"] == "ok"


def on_rung(rows, rung):
    return [row for row in rows if rung in (row["rung"], SECOND.get(row["check"]))
            and success(row) is not None]


def state(rows, rung):
    """As ladder_climb() judges it."""
    said = [success(row) for row in on_rung(rows, rung)]
    if not said:
        return "-"
    if not any(said):
        return "down"
    return "up" if 2 * sum(said) > len(said) else "partial"


def leading(rows, rung):
    """The most frequent ways to fail on this rung; several where they are equally so."""
    failed = collections.Counter(row["outcome"] for row in on_rung(rows, rung)
                                 if not success(row))
    return [name for name, n in failed.items() if n == max(failed.values())]


# Holding one against the other.

def judge_cell(cell, rounds, rung):
    """(held, what was seen)"""
    states = [state(r.rows, rung) for r in rounds]
    outcomes = leading([row for r in rounds for row in r.rows], rung)
    held = 2 * sum(s in cell and (cell[s] is None or cell[s] in outcomes)
                   for s in states) > len(states)
    seen = ", ".join(f"{s} in {n}" for s, n in collections.Counter(states).most_common())
    failed = f" ({', '.join(sorted(outcomes))})" if outcomes else ""
    return held, f"{seen} of {len(states)} whole rounds{failed}"


def spell(cell):
    return "|".join(s + (f":{o}" if o else "") for s, o in cell.items())


def judge_probe(cells, rounds, span, where):
    """One probe in one phase: list of (held, sentence)."""
    start_s, end_s = span
    if "off" in next(iter(cells.values())):
        made = sum(start_s <= r.start_s < end_s for r in rounds)
        return [(made == 0, f"{where}: began {made} rounds, though its machine is off")]
    whole = [r for r in rounds if r.start_s >= start_s and r.end_s <= end_s]
    said = []
    for rung, cell in cells.items():
        if "any" in cell:
            continue
        held, seen = judge_cell(cell, whole, rung) if whole else (False, "in no whole round")
        said.append((held, f"{where}: {rung} is {spell(cell)}, it was {seen}"))
    return said


def fact_of(row, name):
    """A number, a name, or None."""
    if name == "rate_bps":
        if not row.get("body_bytes") or not row.get("transfer_us"):
            return None
        return row["body_bytes"] * 8e6 / row["transfer_us"]
    value = row.get(name)
    return statistics.median(value) if isinstance(value, list) and value else value


def is_of(row, fact, targets):
    """Is it one of those that the fact speaks of?"""
    if row["check"] != fact.check:
        return False
    # As the schema has it: down where it is not said.
    if row["check"] == "speed" and fact.of in ("-", "down", "up"):
        return (row.get("direction") or "down") == ("down" if fact.of == "-" else fact.of)
    if fact.of in targets:
        # An echo whose TTL runs out on the way tells of a router and not of its target.
        return row["target"] in targets[fact.of] and row["rung"] != "access"
    role = (row["target"] or "").rpartition("-")[0]
    return fact.of in ("-", row["rung"], role)


def loss(rows, check):
    """Of all of them together: one in a hundred is not seen in any one."""
    lost, of = (("sent", "received") if check == "ping" else
                ("sndr_bytes_retrans", "sndr_bytes_sent"))
    pairs = [(r[lost], r[of]) for r in rows if r.get(lost) is not None and r.get(of) is not None]
    if check == "ping":
        pairs = [(sent - received, sent) for sent, received in pairs]
    total = sum(n for _, n in pairs)
    return sum(n for n, _ in pairs) / total if total else None


def sum_up(rows, fact):
    """What the fact was: the middle one of numbers, the most frequent one of names."""
    if fact.name == "loss":
        return loss(rows, fact.check)
    values = [v for v in (fact_of(row, fact.name) for row in rows) if v is not None]
    if not values:
        return None
    if fact.compare in ("=", "!=") or isinstance(values[0], str):
        return collections.Counter(values).most_common(1)[0][0]
    return statistics.median(values)


def judge_fact(fact, rows, span, before_s, targets):
    """(held, what was seen) of one probe's rows."""
    mine = [(row, *span_of(row)) for row in rows if is_of(row, fact, targets)]
    was = sum_up([r for r, start, end in mine if start >= span[0] and end <= span[1]], fact)
    if fact.compare is None:
        return was is None, f"{was}"
    if was is None:
        return False, "not measured"
    against = fact.value
    if fact.factor is not None:
        before = sum_up([r for r, _, end in mine if end <= before_s], fact)
        if before is None:
            return False, f"{was} and not measured before"
        against = before * fact.factor if isinstance(before, (int, float)) else before
        seen = f"{shown(was)}, before {shown(before)}"
    else:
        seen = shown(was)
        against = float(against) if isinstance(was, (int, float)) else against
    return COMPARE[fact.compare](was, against), seen


def shown(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def judge(plan, run):
    """List of (held, sentence): one a probe and rung, and one a probe and fact."""
    rows = {node: [] for node in run.epochs}
    node_of = {epoch: node for node, epoch in run.epochs.items()}
    for row in run.rows:
        # A table is of each machine's first uplink; a second has its ladder besides.
        if row["epoch"] in node_of and not row.get("uplink"):
            rows[node_of[row["epoch"]]].append(row)
    rounds = {node: rounds_of(mine) for node, mine in rows.items()}
    said = []
    for name, *span in run.phases:
        table, facts = plan[name]
        check_rows(table, facts, run.groups, run.epochs)
        phase = f"{name}, " if name else ""
        for who, cells in table.items():
            for node in run.groups[who]:
                said += judge_probe(cells, rounds[node], span, f"{phase}{who}, {node}")
        for fact in facts:
            for node in run.groups[fact.who]:
                held, seen = judge_fact(fact, rows[node], span, run.before_s, run.targets)
                said.append((held, f"{phase}{fact.who}, {node}: {fact.check} {fact.of} "
                             f"{fact.name} is {fact.text}, it was {seen}"))
    return said
