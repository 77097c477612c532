#!/usr/bin/python3
"""faultline-analyzer score: stored events against a list of known ones, in every format; a
list that is none is one sentence that names file and line."""
import contextlib
import csv
import io
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["BUILD"]) / "faultline-analyzer"
HEADER = "id,country,regions,asns,probes,start,end,cause,named,found\n"
CAUSES = ("shutdown.mobile", "shutdown.full", "infrastructure.cable", "ordinary.local")
LABELS = HEADER + """\
1.1.a,QX,,64500 64501,9,2026-03-02T10:00:00Z,2026-03-02T12:00:00Z,shutdown.mobile,,must
1.2.a,QX,,64500 64501,9,2026-03-03T10:00:00Z,2026-03-03T12:00:00Z,shutdown.mobile,,must
g1,QX,QX-A,64500,1,2026-03-04T10:00:00Z,2026-03-04T12:00:00Z,ordinary.local,,may
"""


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def run(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)


def utc(day, hour):
    return f"2026-03-{day:02}T{hour:02}:00:00Z"


def event(number, cause, asn, start, end, error_s):
    kind = cause.split(".")[0]
    others = [c for c in CAUSES if c != cause]
    return {"event": f"{number:016x}", "class": kind, "cause": cause,
            "scope": {"country": "QX", "regions": ["QX-A"], "asns": [asn], "medium": ["mobile"]},
            "start": {"estimate": utc(*start), "error_s": error_s},
            "end": {"estimate": utc(*end), "error_s": error_s},
            "class_probability": {c: 0.91 if c == kind else 0.03 for c in
                                  ("shutdown", "throttling", "infrastructure", "ordinary")},
            "causes": [{"cause": c, "probability": 0.5} for c in [cause, *others]],
            "deliberate": 0.75}


def keep(folder, *events):
    """As analyze leaves them in the store."""
    seconds = sqlite3.connect(":memory:")
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite", timeout=30)) as store, store:
        for e in events:
            edges = [seconds.execute("SELECT strftime('%s', ?)", (e[edge]["estimate"],)).fetchone()
                     for edge in ("start", "end")]
            store.execute("INSERT INTO event(id, country, class, cause, start_utc_us, end_utc_us,"
                          " probability_ppm, asns, networks, json) VALUES(?,?,?,?,?,?,?,?,?,?)",
                          (e["event"], "QX", e["class"], e["cause"], int(edges[0][0]) * 1000000,
                           int(edges[1][0]) * 1000000, 910000,
                           f",{e['scope']['asns'][0]},", ",", json.dumps(e)))


def every_format_says_the_same(folder, labels):
    as_json = run("--dir", folder, "score", "--labels", labels, "--format", "json")
    that(as_json.returncode == 0, "score ends well", as_json)
    rows = [json.loads(line) for line in as_json.stdout.splitlines()]
    that([(r["kind"], r["id"]) for r in rows] ==
         [("label", "1.1.a"), ("label", "1.2.a"), ("label", "g1"), ("false_alarm", None),
          ("summary", None)], "a row a label, one a false alarm, then the sum", rows)
    first = rows[0]
    that((first["cause"], first["cause_right"], first["shutdown"], first["deliberate"]) ==
         ("shutdown.mobile", True, 0.91, 0.75), "what was said of the first", first)
    that((first["start_error_s"], first["end_error_s"]) == (3600, -3600), "and its edges", first)
    that((rows[1]["cause"], rows[1]["event"], rows[1]["counts"]) == ("none", None, True),
         "what must be found and was not", rows[1])
    that(not rows[2]["counts"], "what may be missed and was", rows[2])
    summary = rows[-1]["summary"]
    that(summary["class_confusion"] == {"shutdown": {"shutdown": 1, "none": 1},
                                        "none": {"infrastructure": 1}}, "the confusion", summary)
    that(abs(summary["class_macro_f1"] - 2 / 3) < 1e-6 and summary["false_alarms"] == 1,
         "and its mean", summary)
    valid = subprocess.run([ROOT / "tests/validate.py", "score"], input=as_json.stdout,
                           text=True, capture_output=True)
    that(valid.returncode in (0, 77), "every row fits its schema", valid.stdout)
    as_csv = run("--dir", folder, "score", "--labels", labels, "--format", "csv").stdout
    cells = list(csv.DictReader(io.StringIO(as_csv, newline="")))
    that([c["id"] or None for c in cells] == [r["id"] for r in rows], "the same as CSV", cells)
    that(json.loads(cells[-1]["summary"]) == summary, "with the same sum", cells[-1])
    as_table = run("--dir", folder, "score", "--labels", labels).stdout
    that("true \\ said" in as_table and "class macro-F1 0.666666" in as_table and
         "summary" not in as_table, "a table ends with the confusions", as_table)


def what_is_no_list_is_one_sentence(folder, labels):
    for text, words in ((HEADER + "1,QX\n", ":2: a row has ten columns"),
                        ("id\n", ":1: the first line must be"),
                        (LABELS + "\n", ":5: a row has ten columns"),
                        (LABELS + LABELS.splitlines()[1] + "\n", ":5: another row has this id")):
        labels.write_text(text)
        done = run("--dir", folder, "score", "--labels", labels)
        that(done.returncode == 1 and not done.stdout and len(done.stderr.splitlines()) == 1 and
             str(labels) + words in done.stderr, "one sentence with file and line", done)
    labels.unlink()
    done = run("--dir", folder, "score", "--labels", labels)
    that(done.returncode == 1 and "there is no such file" in done.stderr, "no file", done)
    for words in ([], ["more"], ["--labels"]):
        done = run("--dir", folder, "score", *words)
        that(done.returncode == 2 and not done.stdout, "wrong usage", done)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder, labels = pathlib.Path(name) / "analyzer", pathlib.Path(name) / "labels.csv"
        that(run("init", folder).returncode == 0, "init")
        keep(folder, event(1, "shutdown.mobile", 64500, (2, 11), (2, 11), 60),
             event(2, "infrastructure.cable", 64502, (2, 11), (2, 12), 0))
        labels.write_text(LABELS)
        every_format_says_the_same(folder, labels)
        what_is_no_list_is_one_sentence(folder, labels)
    print("ok: score says what was right, in every format")


main()
