#!/usr/bin/python3
"""Every probability of a verdict is computed again from what explain prints of it and nothing
else, by other arithmetic; with one ratio changed it is another. So it is with weights of a
person's own, which are marked wherever they are shown, and leave no trace behind."""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()
SCENARIOS = ROOT / "tests/sweep/demo.csv"
THESE = ("1", "3")  # a cut at the border, a power failure
DIGIT = 1.5e-6  # the last one printed
SMALL = 1e-4  # of a cause that is less likely no change of a ratio need show
ROUNDED = 23 * 1e-6  # what the likeliest cause may have of the others' roundings
EDITED = {"cap,scope,X50": "cap,scope,X4", "cap,shape,X50": "cap,shape,X1",
          "prior,shutdown,0.1": "prior,shutdown,0.25",
          "prior,ordinary,0.5": "prior,ordinary,0.35", "17,shutdown,X1": "17,shutdown,X9.5"}

sys.dont_write_bytecode = True
import folder


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


# ---- the text, and what follows from it ----

def read(text):
    """{cause: (prior, {row: (counted, weighs)}, sum, probability)}, and what else it needs."""
    rows = {row: (basis, group) for row, basis, group in
            re.findall(r"^[+-](\S+) +(\w+) .*\n {7}(\w+): ", text, re.M)}
    causes = {}
    for name, prior, shares, total, p in re.findall(
            r"^ (\w+\.\w+) +prior (-?\d+);(.*); sum (-?\d+); ([\d.]+)$", text, re.M):
        share = {}
        for row, counted, of in re.findall(r"(?<!\()\b(\w+) ([+-]\d+)(?: \(of ([+-]\d+)\))?",
                                           shares):
            share[row] = int(counted), int(of or counted)
        for row, aside in re.findall(r"\((\w+) ([+-]\d+)\)", shares):
            share[row] = 0, int(aside)
        share.pop("of", None)
        causes[name] = int(prior), share, int(total), float(p)
    numbers = {key: dict(zip(words[::2], map(float, words[1::2]))) for key, words in (
        (key, line.split()) for key, line in re.findall(r"^(c[a-z ]+): (.*\d)$", text, re.M))}
    deliberate = float(re.search(r"^deliberate: ([\d.]+)", text, re.M)[1])
    said = re.search(r"^event \w+: (\w+), ([\w.]+)$", text, re.M).groups()
    least = float(re.search(r"^a class needs ([\d.]+)", text, re.M)[1])
    return rows, causes, numbers, deliberate, said, least


def posterior(sums):
    top = max(sums.values())
    weight = {cause: math.exp((total - top) / 100) for cause, total in sums.items()}
    return {cause: w / sum(weight.values()) for cause, w in weight.items()}


def of_classes(causes):
    out = {}
    for cause, p in causes.items():
        out[cause.split(".")[0]] = out.get(cause.split(".")[0], 0) + p
    return out


def strongest(shares, rows, caps, taken):
    """By group, what the row that weighs most counts for."""
    out = {}
    for row, (_, weighs) in shares.items():
        group = rows[row][1]
        if taken(rows[row][0]) and abs(weighs) > abs(out.get(group, 0)):
            out[group] = weighs
    return {group: max(-caps[group], min(caps[group], lr)) for group, lr in out.items()}


def near(left, right, room):
    return left.keys() == right.keys() and all(abs(left[k] - right[k]) < room for k in left)


def holds(text):
    """What does not follow from the rest, in a sentence; None: all does."""
    rows, causes, numbers, deliberate, said, least = read(text)
    caps = numbers["caps of the groups"] if rows else {}
    sums, measured = {}, {}
    for cause, (prior, shares, total, _) in causes.items():
        counted = {row: lr for row, (lr, _) in shares.items() if lr}
        groups = strongest(shares, rows, caps, lambda basis: True)
        sums[cause] = prior + sum(counted.values())
        if sums[cause] != total:
            return f"the sum of {cause}"
        if sorted(v for v in groups.values() if v) != sorted(counted.values()):
            return f"which rows count for {cause}"
        measured[cause] = prior + sum(
            strongest(shares, rows, caps, lambda basis: basis != "judged").values())
    again, classes = posterior(sums), of_classes(posterior(sums))
    likeliest = max(sums, key=sums.get)
    for cause, p in again.items():
        if abs(p - causes[cause][3]) > (ROUNDED if sums[cause] == sums[likeliest] else DIGIT):
            return f"the probability of {cause}"
    if not near(classes, numbers["classes"], ROUNDED):
        return "the probability of a class"
    if not near(of_classes(posterior(measured)), numbers["classes without judged rows"], ROUNDED):
        return "the probability of a class without judged rows"
    if abs(classes["shutdown"] + classes["throttling"] - deliberate) > ROUNDED:
        return "deliberate"
    leading = max(numbers["classes"], key=numbers["classes"].get)
    sure = bool(rows) and numbers["classes"][leading] >= least
    if said[0] != (leading if sure else "insufficient"):
        return "the class"
    return None


def from_ratios(text):
    """The posterior that prior and counted ratios give, whatever sums are printed."""
    return posterior({cause: prior + sum(lr for lr, _ in shares.values())
                      for cause, (prior, shares, _, _) in read(text)[1].items()})


# ---- as it is, and with a number changed ----

def changed(text):
    """The text with each counted ratio changed, one at a time, in the lines of all causes."""
    for match in re.finditer(r"^ \w+\.\w+ +prior .*(?=; sum )", text, re.M):
        for number in re.finditer(r" (?!prior )\w+ ([+-]\d+)", match[0]):
            other = f"{int(number[1]) + 40:+d}"
            line = match[0][:number.start(1)] + other + match[0][number.end(1):]
            yield match[0].split()[0], text[:match.start()] + line + text[match.end():]


def each_event_can_be_computed_again(analyzer, what):
    seen, tried = 0, 0
    for event in analyzer.events():
        text = analyzer("explain", event["event"])
        that(holds(text) is None, f"{what}: all of {event['event']} follows from the text",
             (holds(text), text))
        printed = {c["cause"]: c["probability"] for c in event["causes"]}
        that({c: v[3] for c, v in read(text)[1].items()} == printed,
             f"{what}: the text and JSON have the same probabilities", text)
        for cause, other in changed(text):
            that(holds(other), f"{what}: with one ratio changed it does not follow", other)
            now = from_ratios(other)[cause]
            that(abs(now - printed[cause]) > ROUNDED or printed[cause] < SMALL,
                 f"{what}: and the posterior differs", (cause, now, other))
            tried += 1
        seen += 1
    that(seen and tried, f"{what}: there were events with evidence", (seen, tried))
    print(f"{what}: {seen} verdicts computed again from their text; {tried} times one ratio was "
          "changed, and each time it showed")


def marks(analyzer, out):
    """Where it is said that the weights are not the official ones."""
    found = set()
    events = analyzer.events()
    rows = analyzer("events", "--format", "csv").splitlines()
    if all(row.endswith(",unofficial") for row in rows[1:]):
        found.add("events")
    for event in events:
        if event["weights"] == "unofficial" and any(
                limit.startswith("Unofficial: ") for limit in event["limits"]):
            found.add("json")
        if "UNOFFICIAL" in analyzer("explain", event["event"]).splitlines()[1]:
            found.add("explain")
    analyzer("report", events[-1]["event"], "--out", out)
    if "unofficial weights" in (out / "report.html").read_text(encoding="utf-8"):
        found.add("report.html")
    if json.loads((out / "report.json").read_text(encoding="utf-8"))["weights"] == "unofficial":
        found.add("report.json")
    return found


def weights_of_ones_own(analyzer, until_s, base):
    official = analyzer.events()
    text = analyzer("analyze", "--print-weights")
    own, edited = base / "own.csv", text
    own.write_text(text, encoding="utf-8")
    until = ("--until", folder.utc(until_s))
    analyzer("analyze", *until, "--weights", own)
    that(analyzer.events() == official, "what is printed changes nothing")
    that(not marks(analyzer, base / "report"), "and is the official table")
    for line, other in EDITED.items():
        that(edited.count(f"\n{line}\n") == 1, f"the table has the line {line}")
        edited = edited.replace(f"\n{line}\n", f"\n{other}\n")
    own.write_text(edited, encoding="utf-8")
    that(analyzer("analyze", "--weights", own, "--print-weights").splitlines()[1:] ==
         edited.splitlines()[1:], "what was edited is printed as it was written")
    analyzer("analyze", *until, "--weights", own)
    others = analyzer.events()
    that(marks(analyzer, base / "report") ==
         {"events", "json", "explain", "report.html", "report.json"}, "it is marked everywhere",
         marks(analyzer, base / "report"))
    that([e["event"] for e in others] == [e["event"] for e in official],
         "the events are the same ones")
    that({e["version"] for e in others}.isdisjoint(e["version"] for e in official),
         "of another version of the table")
    that([e["causes"] for e in others] != [e["causes"] for e in official], "and judged otherwise")
    each_event_can_be_computed_again(analyzer, "other weights")
    bad_weights_are_refused(analyzer, base, others)
    analyzer("analyze", *until)
    that(analyzer.events() == official, "a plain analyze brings the official ones back")


def bad_weights_are_refused(analyzer, base, before):
    own = base / "bad.csv"
    for text, where, why in (("7,shutdown,X5\n7,mobile,X5\n", ":2: ", "is no class and no cause"),
                             ("prior,shutdown,0.9\n", ":1: ", "add up to 1.8"),
                             ("\0\0\0", ":1: ", "three columns"),
                             ("x" * 300000, "", "bytes"), (None, "", "there is no such file")):
        if text is None:
            own.unlink()
        else:
            own.write_text(text, encoding="utf-8")
        done = subprocess.run([BUILD / "faultline-analyzer", "--dir", analyzer.path, "analyze",
                               "--weights", own], capture_output=True, text=True)
        that(done.returncode == 1 and done.stderr.count("\n") == 1 and
             f"{own}{where}" in done.stderr and why in done.stderr,
             "bad weights are refused in one sentence", done)
    that(analyzer.events() == before, "and nothing is computed with them")


def main():
    with tempfile.TemporaryDirectory() as name:
        for number in THESE:
            base = pathlib.Path(name) / number
            (base / "world").mkdir(parents=True)
            analyzer = folder.Analyzer(BUILD, base / "store")
            analyzer.simulate(base / "world", SCENARIOS, number, "--seed", "1",
                              "--per-network", "1")
            analyzer.feed(base / "world")
            until_s = folder.end_s(base / "world")
            analyzer.analyze(until_s)
            each_event_can_be_computed_again(analyzer, f"scenario {number}")
            once = analyzer.events()
            analyzer.analyze(until_s)
            that(analyzer.events() == once, "computed again, the same events with the same ids")
            if number == THESE[0]:
                weights_of_ones_own(analyzer, until_s, base)


main()
