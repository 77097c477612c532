#!/usr/bin/python3
"""faultline-analyzer import --from outages on real outages that people looked into (IODA's list
behind "Destination Unreachable", SIGCOMM 2023, beside the tree): how well the ratios of
evidence.def, published and not fitted, rank shutdowns over the rest, beside the naive Bayes that
learns from the same rows (leaving out one country at a time). Not below it in any of four
figures: AUC on stated causes, precision at recall .8 on all rows, each with and without Syria,
which has most of the shutdowns. What the list says of the cause reaches neither store nor
verdict."""
import csv
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
import bayes
import investigated

PROGRAM = pathlib.Path(os.environ.get("BUILD", ROOT / "build/dev")).resolve() / "faultline-analyzer"
RECALL, PRECISION = 0.8, 0.70
DRAWS = 1000


def find_list():
    """Beside the tree, or beside the checkout that this one is a worktree of."""
    common = subprocess.run(["git", "-C", ROOT, "rev-parse", "--git-common-dir"], text=True,
                            capture_output=True, check=False).stdout.strip()
    beside = "shared/data/outages/ioda-investigated.csv"
    for path in (ROOT.parent / beside, (ROOT / common).resolve().parent.parent / beside):
        if path.is_file():
            return path
    print("the investigated outages are not on this machine: ../shared/data/outages")
    sys.exit(77)


def run(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"not so: {' '.join(map(str, words))} is done ({done.stderr.strip()})")
    return done.stdout


def judge(folder, path, times=1):
    """What the analyzer says of a list: its events as they are printed."""
    run("init", folder)
    for _ in range(times):
        run("--dir", folder, "import", "--from", "outages", path)
        run("--dir", folder, "analyze")
    return run("--dir", folder, "events", "--format", "json")


def rewrite(path, rows, columns):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def check_that_context_weighs_nothing(place, events):
    """An event that is said to have been ordered says so, and nothing else of it changes."""
    target = json.loads(events.splitlines()[0])
    line = f"alert,{target['scope']['country']},{target['start']['estimate']},,press,ordered"
    (place / "context.csv").write_text(f"kind,country,begin,end,source,says\n{line}\n")
    run("--dir", place / "real", "import", "--from", "context", place / "context.csv")
    run("--dir", place / "real", "analyze")
    now = [json.loads(event) for event in
           run("--dir", place / "real", "events", "--format", "json").splitlines()]
    told = [event["event"] for event in now if event["context"]]
    for event in now:
        event["context"], event["inputs"]["context"] = [], []
    ok = target["event"] in told and now == [json.loads(event) for event in events.splitlines()]
    print(f"{'ok' if ok else 'not so'}: what else happened is shown with {len(told)} events and "
          "moves no probability")
    return ok


def check_that_no_label_leaks(place, rows, events):
    """With other causes, or none, everything is the same to the byte; none is in the store."""
    columns = list(rows[0])
    causes = [(row["cause"], row["confirmation"]) for row in rows]
    random.Random("causes").shuffle(causes)
    shuffled = [{**row, "cause": cause, "confirmation": said}
                for row, (cause, said) in zip(rows, causes)]
    rewrite(place / "shuffled.csv", shuffled, columns)
    rewrite(place / "without.csv", rows, [c for c in columns if c not in ("cause", "confirmation")])
    bad = 0
    for name in ("shuffled", "without"):
        same = judge(place / name, place / f"{name}.csv", times=2) == events
        bad += not same
        print(f"{'ok' if same else 'not so'}: with causes {name}, imported twice, every verdict is "
              "the same to the byte")
    bad += not check_that_context_weighs_nothing(place, events)
    stored = b"".join(path.read_bytes() for path in (place / "real").glob("store.sqlite*"))
    words = {row["cause"] for row in rows} - set(investigated.NO_CAUSE)
    found = sorted(word for word in words if word.encode() in stored)
    print(f"{'not so' if found else 'ok'}: of the {len(words)} stated causes none is in the store "
          f"{found or ''}")
    return bad + bool(found)


def figures(rows):
    """((AUC on stated causes, precision at recall .8 on all rows) of ours and of naive Bayes):
    rows of (country, positive, stated, ours, taught by stated, taught by all)."""
    known = [row for row in rows if row[2]]
    truth, all_truth = [row[1] for row in known], [row[1] for row in rows]
    if not any(truth) or all(truth):
        return None
    return ((bayes.auc([row[3] for row in known], truth),
             bayes.precision_at([row[3] for row in rows], all_truth, RECALL)),
            (bayes.auc([row[4] for row in known], truth),
             bayes.precision_at([row[5] for row in rows], all_truth, RECALL)))


def bootstrap(rows, figure):
    """Middle 95% of ours, of naive Bayes, and the share of draws in which ours is not below."""
    by_country = {}
    for row in rows:
        by_country.setdefault(row[0], []).append(row)
    names, draw, found = sorted(by_country), random.Random("countries"), []
    for _ in range(DRAWS):
        both = figures([row for name in draw.choices(names, k=len(names))
                        for row in by_country[name]])
        if both:
            found.append((both[0][figure], both[1][figure]))
    cut = len(found) // 40
    middle = [(values[cut], values[-1 - cut])
              for values in (sorted(v[side] for v in found) for side in (0, 1))]
    return *middle, sum(ours >= theirs for ours, theirs in found) / len(found)


def join(rows, events, but=None):
    """A row of figures() an outage; both learn from and look at no other country's than these."""
    ours = {event["source"]["id"]: event["deliberate"]
            for event in map(json.loads, events.splitlines())}
    ids = {row["id"] for row in rows}  # one stands in the list twice, with the same words
    if set(ours) != ids:
        sys.exit(f"not so: each of {len(ids)} outages is an event (seen: {len(ours)})")
    everything, known = ([outage for outage in outages if outage.country != but]
                         for outages in investigated.read())
    rows = [row for row in rows if row["country"] != but]
    taught_by_known = iter(bayes.judge(known, True))
    joined = []
    for row, outage, taught in zip(rows, everything, bayes.judge(everything, True)):
        stated = row["cause"] not in investigated.NO_CAUSE
        joined.append((outage.country, outage.positive, stated, ours[row["id"]],
                       next(taught_by_known) if stated else None, taught))
    return joined


def main():
    path = find_list()
    investigated.LIST = str(path)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with tempfile.TemporaryDirectory(prefix="outages.") as folder:
        place = pathlib.Path(folder)
        events = judge(place / "real", path)
        bad = check_that_no_label_leaks(place, rows, events)
    named = {event["cause"] for event in map(json.loads, events.splitlines())} - {"insufficient"}
    bad += bool(named)
    print(f"{'not so' if named else 'ok'}: none is said to be a cable, a power cut or any other "
          f"cause that these columns cannot tell {sorted(named) or ''}")
    for where, chosen in (("all countries", join(rows, events)),
                          ("without Syria", join(rows, events, "Syria"))):
        known = [row for row in chosen if row[2]]
        print(f"{where}: {len(chosen)} outages, {len(known)} with a stated cause, "
              f"{sum(row[1] for row in chosen)} shutdowns")
        both = figures(chosen)
        for n, name in enumerate(("AUC on stated causes", "precision at recall .8 on all rows")):
            (low, high), (low_bayes, high_bayes), share = bootstrap(chosen, n)
            ok = both[0][n] >= both[1][n]
            bad += not ok
            print(f"{'ok' if ok else 'not so'}: {name}: {both[0][n]:.3f} ({low:.3f} to {high:.3f}),"
                  f" naive Bayes {both[1][n]:.3f} ({low_bayes:.3f} to {high_bayes:.3f}); not below "
                  f"it in {share:.0%} of {DRAWS} draws of countries")
    ok = figures(join(rows, events))[0][1] >= PRECISION
    print(f"{'ok' if ok else 'not so'}: precision at recall .8 on all rows is at least {PRECISION}")
    return 1 if bad or not ok else 0


if __name__ == "__main__":
    sys.exit(main())
