#!/usr/bin/python3
"""In how many real events the analyzer names the class that others found: what real.def,
METHOD.md and every verdict say is what is counted here, where the data lie beside the tree."""
import csv
import json
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
import check_imported
import investigated

ROOT = check_imported.ROOT
FAILURES = ("Cable-Cut", "Power-Outage", "Equipment-Failure", "Weather", "Earthquake",
            "Misc-Routing-Problem", "Route-Leak", "Generic-Technical", "DDoS")
CLASS_OF = {**dict.fromkeys(investigated.SHUTDOWN, "shutdown"),
            **dict.fromkeys(FAILURES, "infrastructure"), "Maintenance": "ordinary"}


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def told():
    """{what: (right, of)}, and the sentence; METHOD.md says the same."""
    table = (ROOT / "analyzer/report/real.def").read_text(encoding="utf-8")
    rows = {what: (int(right), int(of)) for what, right, of in
            re.findall(r"^REAL\((\w+), (\d+), (\d+)\)", table, re.M)}
    method = (ROOT / "analyzer/analysis/METHOD.md").read_text(encoding="utf-8")
    right, of = (sum(row[n] for row in rows.values()) for n in (0, 1))
    sentence = (f"Calibrated on simulated countries; right in {right} of {of} real events, which "
                "others measured: no probe of this system saw one.")
    that(sentence in " ".join(method.split()), "METHOD.md says it in these words", sentence)
    for what, (k, n) in rows.items():
        that(re.search(rf"^\| {what}: .* \| {k} \| {n} \|$", method, re.M),
             f"METHOD.md has the row of {what}", (k, n))
    return rows, sentence


def by_source(events):
    return {event["source"]["id"]: event for event in map(json.loads, events.splitlines())}


def outages(folder, path):
    said = by_source(check_imported.judge(folder, path))
    with open(path, encoding="utf-8", newline="") as file:
        stated = {row["id"]: row["cause"] for row in csv.DictReader(file)
                  if row["cause"] not in investigated.NO_CAUSE}
    that(set(stated.values()) <= set(CLASS_OF), "each stated cause has a class", stated.values())
    right = sum(said[name]["class"] == CLASS_OF[cause] for name, cause in stated.items())
    return (right, len(stated)), said


def series(folder, data):
    with open(data / "labels.csv", encoding="utf-8", newline="") as file:
        labels = {row["series"]: row["class"] for row in csv.DictReader(file)}
    run = check_imported.run
    run("init", folder)
    run("--dir", folder, "import", "--from", "series", "--metric", "active",
        *(data / f"{name}.csv" for name in labels))
    run("--dir", folder, "analyze")
    said = by_source(run("--dir", folder, "events", "--format", "json"))
    right = sum(name in said and said[name]["class"] == is_ for name, is_ in labels.items())
    return (right, len(labels)), said


def main():
    rows, sentence = told()
    path = check_imported.find_list()
    with tempfile.TemporaryDirectory(prefix="real.") as name:
        folder = pathlib.Path(name)
        counted, said = {}, {}
        for what, count, data in (("outages", outages, path),
                                  ("series", series, path.parents[1] / "series")):
            counted[what], events = count(folder / what, data)
            said.update(events)
    that(counted == rows, "real.def says what is counted", (counted, rows))
    that(all(sentence in event["limits"] for event in said.values()),
         "and so does every verdict", sentence)
    print(sentence)


main()
