#!/usr/bin/python3
"""faultline-analyzer flow on real captures through a carrier's router that polices or shapes
(USC-NSL/policing-detection, beside the tree): per capture, by the transfer that carried most,
recall of at least .95 at a precision of at least .98, and the policed rate within 5% in the
median; printed by size of the bucket, beside the rule "more than 2.5% of the packets lost" and
the detector of the SIGCOMM 2016 paper. How far the facts stand from where the verdict turns is
printed as well, and what each half of the captures would have chosen for the other."""
import csv
import json
import lzma
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("BUILD", "build/dev")) / "faultline-analyzer"
DATA = ROOT.parent / "shared/data/policing"
RECALL, PRECISION, RATE_ERROR, LOSS_RULE = 0.95, 0.98, 0.05, 0.025


def find_data():
    """Beside the tree, or beside the checkout that this one is a worktree of."""
    common = subprocess.run(["git", "-C", ROOT, "rev-parse", "--git-common-dir"], text=True,
                            capture_output=True, check=False).stdout.strip()
    for folder in (DATA, (ROOT / common).resolve().parent.parent / "shared/data/policing"):
        if (folder / "labels.csv").is_file():
            return folder
    print("the captures of policing are not on this machine: ../shared/data/policing")
    sys.exit(77)


def labels(folder):
    """{file: [its chunks]}"""
    files = {}
    with open(folder / "labels.csv", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            files.setdefault(row["file"], []).append(row)
    return files


def judge(folder, names):
    """Said of each capture by ours, unpacked one at a time: a capture has 10 to 70 MB."""
    with tempfile.TemporaryDirectory() as there:
        for name in names:
            plain = pathlib.Path(there) / "capture.pcap"
            with lzma.open(folder / name) as packed, open(plain, "wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
            done = subprocess.run([PROGRAM, "flow", "--format", "json", plain], text=True,
                                  capture_output=True, check=False)
            if done.returncode != 0:
                sys.exit(f"{name}: exit {done.returncode}: {done.stderr}")
            yield name, done.stdout


def score(truth, said):
    hits = sum(t and s for t, s in zip(truth, said))
    return (hits / max(1, sum(truth)), hits / max(1, sum(said)))


def turn(facts, truth):
    """The fit that parts these captures best, in the middle of where it may stand."""
    policed = [f["fit_permille"] for f, t in zip(facts, truth) if t]
    # Those whose losses had a full queue before them are told by that.
    others = [f["fit_permille"] for f, t in zip(facts, truth)
              if not t and f["verdict"] not in ("shaped", "congested")]
    return (min(policed) + max(others, default=0)) / 2


def halves(facts, truth):
    """Chosen on one half, tried on the other."""
    wrong = 0
    for half in (0, 1):
        own = [i for i in range(len(truth)) if i % 2 == half]
        other = [i for i in range(len(truth)) if i % 2 != half]
        least = turn([facts[i] for i in own], [truth[i] for i in own])
        print(f"  half {half} would ask for a fit of {least / 1000:.2f} (it is .50)")
        for i in other:
            queue = facts[i]["verdict"] in ("shaped", "congested")
            wrong += (facts[i]["fit_permille"] >= least and not queue) != truth[i]
    print(f"  and judges {wrong} of the other half wrongly")


def margins(facts, truth):
    policed = [f for f, t in zip(facts, truth) if t]
    queues = [f for f, t in zip(facts, truth) if not t and f["wait_at_loss_us"] >= 0
              and f["lost"] >= 15 and f["verdict"] != "lossy"]
    print(f"least fit of a policed capture {min(f['fit_permille'] for f in policed) / 1000:.2f},"
          " most of one that only loses "
          f"{max([f['fit_permille'] for f in facts if f['verdict'] == 'lossy'], default=0) / 1000:.2f}"
          " (the verdict turns at .50)")
    print("waited right before a loss: policed at most "
          f"{max(f['wait_at_loss_us'] for f in policed) / 1000:.1f} ms, with a queue at least "
          f"{min(f['wait_at_loss_us'] for f in queues) / 1000:.1f} ms")


def by_burst(files, truth, said, loss):
    """A row a size of the bucket: ours, the rule on losses, the paper's detector."""
    print("burst_bytes  captures  ours  loss>2.5%  SIGCOMM 2016 (any chunk)")
    rows = {}
    for (name, chunks), t, s, share in zip(files.items(), truth, said, loss):
        size = chunks[0]["burst_bytes"] or "default"
        kind = size if t else "not policed"
        rows.setdefault(kind, []).append(
            (s, share > LOSS_RULE, any(c["pd_verdict"] == "True" for c in chunks)))
    for kind in sorted(rows, key=lambda k: (not k.isdigit(), int(k) if k.isdigit() else 0, k)):
        found = rows[kind]
        print(f"{kind:>11}  {len(found):8}  " + "  ".join(
            f"{sum(f[i] for f in found):4}" for i in range(3)))


def main():
    folder = find_data()
    files = labels(folder)
    facts, text = [], ""
    for name, said in judge(folder, files):
        flows = json.loads(said)["flows"]
        text += said
        facts.append(max(flows, key=lambda f: f["bytes"]))
        assert name in files
    subprocess.run([sys.executable, ROOT / "tests/validate.py", "flow", "--least", str(len(files))],
                   input=text, text=True, check=True)
    heads = [chunks[0] for chunks in files.values()]
    truth = [h["device"] == "policed" for h in heads]
    said = [f["verdict"] == "policed" for f in facts]
    loss = [sum(int(c["losses"]) for c in chunks) / sum(int(c["packets"]) for c in chunks)
            for chunks in files.values()]
    by_burst(files, truth, said, loss)
    recall, precision = score(truth, said)
    for what, other in (("ours", said), ("loss over 2.5%", [x > LOSS_RULE for x in loss]),
                        ("SIGCOMM 2016, any chunk",
                         [any(c["pd_verdict"] == "True" for c in chunks)
                          for chunks in files.values()]),
                        ("SIGCOMM 2016, most chunks",
                         [2 * sum(c["pd_verdict"] == "True" for c in chunks) > len(chunks)
                          for chunks in files.values()])):
        print(f"{what}: recall {score(truth, other)[0]:.2f}, "
              f"precision {score(truth, other)[1]:.2f}")
    errors = [abs(f["rate_bps"] / int(h["rate_bps"]) - 1)
              for f, h in zip(facts, heads) if f["verdict"] == h["device"] == "policed"]
    bursts = [abs(f["burst_bytes"] / int(h["burst_bytes"]) - 1) for f, h in zip(facts, heads)
              if f["verdict"] == h["device"] == "policed" and h["burst_bytes"]]
    middle = statistics.median(errors) if errors else 1
    print(f"policed rate off by {100 * middle:.1f}% in the median "
          f"(a tenth by more than {100 * statistics.quantiles(errors, n=10)[-1]:.0f}%), "
          f"the bucket by {100 * statistics.median(bursts):.1f}%")
    margins(facts, truth)
    halves(facts, truth)
    if recall < RECALL or precision < PRECISION or middle > RATE_ERROR:
        sys.exit(f"not so: recall {RECALL} at precision {PRECISION}, rate within {RATE_ERROR}")


main()
