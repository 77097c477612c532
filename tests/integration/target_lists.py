#!/usr/bin/python3
"""The way of a target list through the hands of a coordinator: drafted, added to, checked
against address databases of this test's own, signed, shown; and what is said of each
mistake."""
import csv
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
ANALYZER = f"{BUILD}/faultline-analyzer"
HEAD = "role,host,address,port,asn,who_else,verified"
# Prefix, AS number, country: a country XN of three networks, and the world beside it.
PLACES = [("45.20.0.0/16", 64501, "XN"), ("45.21.0.0/16", 64502, "XN"),
          ("45.22.0.0/16", 64503, "XN"), ("46.30.0.0/16", 64601, "XO"),
          ("46.31.0.0/16", 64602, "XO"), ("2a0f:1::/32", 64603, "XO")]
GOOD = [f"domestic,www.d{i}.xn,45.2{i}.1.1,80,6450{i + 1},readers,no" for i in range(3)]
GOOD += [f"essential,www.e{i}.xn,-,443,6450{i + 1},everybody there,2026-01-31" for i in range(3)]
GOOD += [f"international,www.i{i}.xo,46.3{i}.1.1,443,6460{i + 1},readers,no" for i in range(2)]
GOOD += ["international,www.i2.xo,2a0f:1::1,80,64603,readers,no"]
GOOD += [f"core,.,46.3{i}.9.9,53,6460{i + 1},resolvers,no" for i in range(2)]
GOOD += ["core,time.xo,-,123,64603,phones,no", "core,.,root,53,-,resolvers,no"]
GOOD += [f"control,www.c{i}.xo,-,443,6460{i + 1},phones,no" for i in range(3)]
GOOD += ["names,www.d1.xn,resolver,53,-,readers,no"]
# A row that is wrong by itself, and words of the complaint.
WRONG = [
    ("domestic,www.d9.xn,45.20.1.2,81,64501,readers,no", "at this port"),
    ("domestic,www.d9.xn,45.20.1.2,80,64501,,no", "who_else"),
    ("domestic,www.d9.xn,-,80,-,readers,no", "at least its AS number"),
    ("domestic,www.d9.xn,45.20.1.2,80,64502,readers,no", "lies in AS 64501"),
    ("domestic,www.d9.xn,46.30.1.2,80,64601,readers,no", "lies in XO"),
    ("international,www.d9.xn,45.20.1.2,80,64501,readers,no", "stands abroad"),
    ("control,www.d9.xn,88.1.1.1,80,-,readers,no", "no AS number is known"),
    ("control,printer.local,-,80,64501,readers,no", "'local'"),
    ("control,LOCALHOST.,-,80,64501,readers,no", "'localhost'"),
    ("control,2130706433,-,80,64501,readers,no", "in disguise"),
] + [(f"control,www.d9.xn,{address},80,64501,readers,no", "special-purpose") for address in (
    "10.1.2.3", "127.0.0.1", "169.254.1.1", "192.168.0.1", "100.64.1.1", "192.0.2.1", "224.0.0.1",
    "255.255.255.255", "::1", "::ffff:45.20.1.1", "64:ff9b::2d14:101", "2002:2d14:101::1", "fe80::1",
    "FC00::1", "2001:0:1::1", "ff02::1")]


def run(*words, code=0):
    done = subprocess.run([ANALYZER, *map(str, words)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    that(done.returncode == code, f"exit {code} of {words}", said(done))
    return done


def said(done):
    return f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def that(truth, what, seen=""):
    if not truth:
        raise SystemExit(f"not so: {what}\n{seen}")


def databases(folder):
    """False where the writer of .mmdb files is missing."""
    made = subprocess.run(["tests/tools/mmdb.pl", folder], text=True, capture_output=True,
                          input="".join(f"{p},{n},{c}\n" for p, n, c in PLACES))
    return made.returncode == 0


def write(path, rows):
    path.write_text("".join(f"{row}\n" for row in [HEAD, *rows]), encoding="ascii")
    return path


def a_draft_is_well_formed_and_says_what_is_missing(folder):
    draft = folder / "XN.csv"
    done = run("targets", "new", "--country", "XN", draft)
    that("domestic and essential" in done.stderr, "what a person adds", said(done))
    rows = list(csv.DictReader(draft.read_text().splitlines()))
    that({row["role"] for row in rows} == {"control", "core", "international", "messenger",
                                           "names"} and
         all(row["verified"] == "no" and row["who_else"] for row in rows), "roles of the draft", rows)
    that("core,xn,tld,53," in draft.read_text(), "the country's own domain")
    done = run("targets", "check", draft, code=1)
    complaints = done.stderr.splitlines()
    that([line for line in complaints if line.startswith(f"{draft}:1: domestic has targets in 0 AS")],
         "no domestic host yet", said(done))
    that(sum(line.startswith(str(draft)) for line in complaints) == 2, "nothing else", said(done))
    that(draft.read_text() == run("targets", "new", "--country", "XN").stdout, "the same on a page")
    that("left as it is" in run("targets", "new", "--country", "XN", draft, code=1).stderr,
         "a list that is there stays")
    that("core,uk,tld,53," in run("targets", "new", "--country", "GB").stdout, "one country's domain")


def a_good_list_has_no_problem_and_says_what_nobody_has_verified(folder, common):
    good = write(folder / "good" / "XN.csv", GOOD)
    row = json.loads(run(*common, "--format", "json", "targets", "check", good).stdout)
    that(row == {"file": str(good), "country": "XN", "rows": len(GOOD), "problems": 0,
                 "unverified": len(GOOD) - 3, "domestic_ases": 3, "international_ases": 3,
                 "core_ases": 3, "essential_ases": 3, "control_ases": 3}, "counted", row)
    return good


def each_problem_is_one_line_with_its_place(folder, common):
    bad = write(folder / "bad" / "XN.csv", GOOD + [row for row, _ in WRONG])
    done = run(*common, "targets", "check", bad, code=1)
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{bad}:")]
    that(len(lines) == len(WRONG), "one line each", said(done))
    for i, (line, (row, words)) in enumerate(zip(lines, WRONG)):
        that(line.startswith(f"{bad}:{len(GOOD) + 2 + i}: ") and words in line, row, line)
    that(re.search(rf" XN +\d+ +{len(WRONG)} ", done.stdout), "their number", done.stdout)
    few = write(folder / "few" / "XN.csv", [row for row in GOOD if "64503" not in row])
    that("essential has targets in 2 ASes" in run("targets", "check", few, code=1).stderr, "too few")
    that("no such file" in run("targets", "check", folder / "none.csv", code=1).stderr, "no file")
    (folder / "letter.csv").write_text("Dear Sir,\n")
    that(":1: the first line must be" in run("targets", "check", folder / "letter.csv", code=1).stderr,
         "no list")


def the_list_in_force_is_signed_with_a_serial_that_grows(folder, common, good):
    home = folder / "home"
    run("init", home)
    that("no list is in force" in run("--dir", home, "targets", "show", code=1).stderr, "none yet")
    bad = write(folder / "unsigned" / "XN.csv", GOOD[1:])
    done = run("--dir", home, *common, "targets", "sign", bad, code=1)
    that("not signed: 1 problem" in done.stderr, "not with a problem", said(done))
    crlf = folder / "crlf.csv"
    crlf.write_bytes(good.read_bytes().replace(b"\n", b"\r\n"))
    run("--dir", home, *common, "targets", "sign", crlf, code=2)
    for words, serial in (((good,), 1), (("--country", "XN", crlf), 2),
                          (("--despite-problems", bad), 3), ((good,), 4)):
        done = run("--dir", home, *common, "targets", "sign", *words)
        that(f"serial {serial} of XN is in force" in done.stdout, "its serial", said(done))
    shown = [json.loads(line) for line in run(
        "--dir", home, "targets", "show", "--format", "json").stdout.splitlines()]
    for row, text in zip(shown, GOOD, strict=True):
        first = ",".join(text.split(",")[:4])
        that(row["target"] == f"{row['role']}-{hashlib.sha256(first.encode()).hexdigest()[:6]}" and
             row["checks"] is None or set(row["checks"].split()) <= {
                 "ping", "tcp", "http", "dns", "tls", "quic", "trace", "core", "compare",
                 "dnssec", "large"}, "a row", row)
        that(row["level"] in ("low", "normal") and row["who_else"] == text.split(",")[5], "its words", row)
    for form in ("table", "csv"):
        that("www.d1.xn" in run("targets", "show", "--format", form, good).stdout, form)


def usage():
    for words in (["targets"], ["targets", "make"], ["targets", "new"], ["targets", "check"],
                  ["targets", "sign"], ["targets", "new", "--country", "xn"],
                  ["targets", "show", "a", "b"]):
        run(*words, code=2)
    that("For example:" in run("targets", "--help").stdout, "help teaches")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for sub in ("good", "bad", "few", "unsigned"):
            (folder / sub).mkdir()
        if not databases(name):
            print("mmdb.pl makes no address databases here (libmaxmind-db-writer-perl)")
            return 77
        conf = folder / "analyzer.conf"
        conf.write_text(f"asn_db = {name}/asn.mmdb\ncountry_db = {name}/country.mmdb\n")
        common = ("--config", conf)
        usage()
        a_draft_is_well_formed_and_says_what_is_missing(folder)
        good = a_good_list_has_no_problem_and_says_what_nobody_has_verified(folder, common)
        each_problem_is_one_line_with_its_place(folder, common)
        the_list_in_force_is_signed_with_a_serial_that_grows(folder, common, good)
    return 0


raise SystemExit(main())
