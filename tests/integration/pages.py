#!/usr/bin/python3
"""The pages' address: what is stored can be read there, from this machine and in no other
way. And what a person is told when the folder or its settings are not right."""
import http.client
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str(pathlib.Path(os.environ["BUILD"]) / "faultline-analyzer")
HOSTILE = '<script>alert(1)</script>&'


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def ask(port, method, path, host="127.0.0.1", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    answer = response.status, dict(response.getheaders()), response.read().decode()
    connection.close()
    return answer


def is_problem(answer, status):
    return (answer[0] == status and answer[1]["Content-Type"] == "application/problem+json" and
            json.loads(answer[2])["status"] == status)


def is_page(answer, status, served=True):
    """A page for people that holds in itself, with every header a page owes."""
    checked = subprocess.run([ROOT / "tests/check_page.py", "-", *["--served"][:served]],
                             input=answer[2], capture_output=True, text=True)
    that(checked.returncode == 0, "the page needs nothing but itself", checked.stdout)
    policy = answer[1]["Content-Security-Policy"]
    return (answer[0] == status and answer[1]["Content-Type"] == "text/html; charset=utf-8" and
            "default-src 'none'" in policy and "script-src" not in policy and
            "frame-ancestors 'none'" in policy and answer[1]["Referrer-Policy"] == "no-referrer" and
            answer[1]["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer[1])


def add_event(folder, event, country="XX", kind="shutdown", start=0):
    with sqlite3.connect(folder / "store.sqlite", timeout=30) as store:
        store.execute("INSERT OR IGNORE INTO event(id, country, class, cause, start_utc_us,"
                      " end_utc_us, probability_ppm, asns, networks, json)"
                      " VALUES(?,?,?,?,?,?,?,?,?,?)",
                      (event["event"], country, kind, HOSTILE, start, 0, 912345, ",64500,", "",
                       json.dumps(event)))
    store.close()


def one_event(folder, port):
    event = {"event": "0123456789abcdef", "cause": HOSTILE}
    until = time.monotonic() + 30
    while json.loads(ask(port, "GET", "/v1/events")[2]) and time.monotonic() < until:
        pass
    add_event(folder, event)
    answer = ask(port, "GET", "/v1/events/" + event["event"])
    that(json.loads(answer[2]) == event, "an event is shown as it was stored", answer)
    that(json.loads(ask(port, "GET", "/v1/events")[2]) == [event], "and in the list")
    page = ask(port, "GET", "/")
    that(page[0] == 200 and "<script" not in page[2] and "&lt;script&gt;" in page[2],
         "what analysis left is shown as text", page)
    that("91.2 %" in page[2] and "still open" in page[2], "with its probability", page)
    that(is_page(page, 200), "and no script may run", page[1])


def one_report(folder, port, event="0123456789abcdef"):
    """The page of an event is the report's own, with links and without."""
    out, written = folder / "report", []
    for _ in range(2):
        done = run("--dir", folder, "report", event, "--out", out)
        that(done.returncode == 0 and done.stdout.splitlines() ==
             [f"{out}/report.html", f"{out}/report.json"], "a report is written", done)
        written.append((out / "report.html").read_text())
    html = written[0]
    that(html == written[1], "twice the same bytes")
    served = ask(port, "GET", f"/v1/events/{event}/report.html")
    that(is_page(served, 200, served=False), "the report is served as a page", served[1])
    that(served[2] == html, "byte for byte")
    page = ask(port, "GET", f"/events/{event}")
    that(is_page(page, 200), "the event has a page", page[1])
    inside = re.compile("<main>.*</main>", re.DOTALL)
    that(inside.search(page[2])[0] == inside.search(html)[0], "which says the same")
    that("<nav>" in page[2] and "<nav>" not in html, "and leads to the others")
    verdict = ask(port, "GET", f"/v1/events/{event}/report.json")
    that(verdict[2] == (out / "report.json").read_text() and
         verdict[2] == ask(port, "GET", f"/v1/events/{event}")[2], "report.json is the verdict")
    that("&lt;script&gt;" in html and HOSTILE not in html, "a hostile word stays a word")


def tags(port):
    """Who has the very bytes is told so, and gets none."""
    for path in ("/", "/v1/events", "/events/0123456789abcdef"):
        first = ask(port, "GET", path)
        tag = first[1]["ETag"]
        for named in (tag, "*", f'"other", {tag}', f"W/{tag}"):
            again = ask(port, "GET", path, If_None_Match=named)
            that(again[0] == 304 and not again[2] and again[1]["ETag"] == tag,
                 f"{path} is not sent again to who names {named}", again)
        other = ask(port, "GET", path, If_None_Match='"0123"')
        that(other[0] == 200 and other[2] == first[2], "another tag gets it", other[:2])
        head = ask(port, "HEAD", path)
        that(head[0] == 200 and not head[2] and head[1]["ETag"] == tag, "HEAD tells it", head)


def follow(port, path):
    """All pages of a listing, by their links."""
    rows, pages = [], 0
    while path:
        answer = ask(port, "GET", path)
        that(answer[0] == 200, f"{path} is there", answer)
        rows += json.loads(answer[2])
        pages += 1
        link = re.fullmatch(r'<(/v1/events\?[^>]*)>; rel="next"', answer[1].get("Link", ""))
        path = link[1] if link else None
    return [row["event"] for row in rows], pages


def choices(folder, port):
    """Twelve more events, two of them in one instant; newest first, page by page."""
    for n in range(12):
        add_event(folder, {"event": f"{n:016x}"}, "YY" if n % 3 else "XX",
                  "throttling" if n % 2 else "shutdown", 1000000 * min(n + 1, 11))
    newest = [f"{n:016x}" for n in range(11, -1, -1)] + ["0123456789abcdef"]
    that(follow(port, "/v1/events") == (newest, 1), "newest first", follow(port, "/v1/events"))
    for limit, pages in ((1, 13), (5, 3), (6, 3), (13, 1), (1000, 1)):
        seen = follow(port, f"/v1/events?limit={limit}")
        that(seen == (newest, pages), f"in pages of {limit}", seen)
    seen = follow(port, "/v1/events?country=YY&limit=3")[0]
    that(seen == [e for e in newest[:-1] if int(e, 16) % 3], "of one country", seen)
    seen = follow(port, "/v1/events?class=throttling&country=XX&limit=1")[0]
    that(seen == [f"{n:016x}" for n in (9, 3)], "of a class and a country", seen)
    seen = follow(port, "/v1/events?since=1970-01-01T00:00:03Z&until=1970-01-01T00:00:05Z")[0]
    that(seen == [f"{n:016x}" for n in (3, 2)], "of a time", seen)
    that(follow(port, "/v1/events?asn=64500")[0] == newest, "of a network")
    that(follow(port, "/v1/events?asn=6450")[0] == [], "and not of one that only begins so")
    page = ask(port, "GET", "/?country=YY&class=shutdown&limit=2")
    that(is_page(page, 200) and page[2].count('href="/events/') == 2, "people's list", page)
    that("Older events" in page[2] and 'rel="next"' in page[1]["Link"], "leads on", page[1])
    older = re.search(r'href="(/\?[^"]*cursor=[^"]*)"', page[2])[1].replace("&amp;", "&")
    page = ask(port, "GET", older)
    that(is_page(page, 200) and page[2].count('href="/events/') == 2 and
         "Older events" not in page[2], "to the end", page)
    that("No event fits" in ask(port, "GET", "/?country=ZZ")[2], "none is said")
    that(ask(port, "GET", "/?country=&class=")[0] == 200, "a form left alone asks for all")


def bad_queries(port):
    for query in ("country=xx", "country=XYZ", "class=war", "asn=-1", "asn=4294967296",
                  "since=soon", "until=2026-02-30", "limit=0", "limit=1001", "limit=1e3",
                  "cursor=1", "cursor=1-../../x", "cursor=99999999999999999999-ab",
                  "cursor=1-00000000000000000", "class=%3Cscript%3E"):
        answer = ask(port, "GET", "/v1/events?" + query)
        that(is_problem(answer, 400) and query.split("=")[0] in answer[2], query, answer)
        page = ask(port, "GET", "/?" + query)
        that(is_page(page, 400) and query.split("=")[0] in page[2].lower() and
             "<script" not in page[2], "and for people", page)


def pages(folder):
    # The server computes the events when it starts: that this one goes tells when it has.
    add_event(folder, {"event": "fedcba9876543210"})
    process = subprocess.Popen([PROGRAM, "--dir", str(folder), "serve", "--ingest", "127.0.0.1:0",
                                "--pages", "127.0.0.1:0"],
                               stderr=subprocess.PIPE, text=True)
    port = None
    for said in process.stderr:
        match = re.search(r"pages listen on http://127\.0\.0\.1:(\d+)/", said)
        port = int(match[1]) if match else port
        if "ingest listens" in said:
            break
    that(port, "the pages' address is said")
    that(ask(port, "GET", "/healthz")[::2] == (200, "ok\n"), "healthz says ok")
    one_event(folder, port)
    one_report(folder, port)
    tags(port)
    choices(folder, port)
    bad_queries(port)
    for path in ("/v1/events/nothing", "/v1/events/", "/v1/events/0123456789abcdef/",
                 "/v1/events/0123456789abcdef/report.pdf", "/v1/events//report.html",
                 "/v1/events/0123456789abcdef/report.html/", "/v1/segments/" + "0" * 64):
        that(is_problem(ask(port, "GET", path), 404), f"{path} is not there")
    for path in ("/nothing", "/../store.sqlite", "/events/", "/events/nothing", "/events",
                 "/events/0123456789abcdef0", "/<script>"):
        that(is_page(ask(port, "GET", path), 404), f"{path} is not there, says a page")
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(port, method, "/v1/events")
        that(is_problem(answer, 405) and answer[1]["Allow"] == "GET, HEAD",
             "nothing can be changed here", answer)
        answer = ask(port, method, "/")
        that(is_page(answer, 405) and answer[1]["Allow"] == "GET, HEAD", "says a page too", answer)
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1",
                 "[::ffff:192.0.2.1]", "", "127.0.0.1:80@evil.example"):
        that(is_page(ask(port, "GET", "/", host=host), 421) and
             is_problem(ask(port, "GET", "/v1/events", host=host), 421),
             f"a name that was pointed here from outside is refused: {host}")
    for host in (f"localhost:{port}", "localhost", "127.0.0.1", f"127.0.0.2:{port}", "[::1]",
                 f"[::1]:{port}"):
        that(ask(port, "GET", "/", host=host)[0] == 200, f"{host} is this machine")
    process.send_signal(signal.SIGTERM)
    that(process.wait(timeout=30) == 0, "SIGTERM ends the server with 0", process.returncode)
    process.stderr.close()


def serves_on(folder, address):
    """Whether it comes up there, as it says."""
    process = subprocess.Popen([PROGRAM, "--dir", str(folder), "serve", "--ingest", "127.0.0.1:0",
                                "--pages", address], stderr=subprocess.PIPE, text=True)
    said = ""
    for line in process.stderr:
        said += line
        if "pages listen on" in line or "ingest listens" in line:
            break
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    process.wait(timeout=30)
    return said


def spellings(folder):
    """However loopback is spelled, it is loopback."""
    for address, host in (("127.0.0.1:0", "127.0.0.1"), ("127.9.8.7:0", "127.9.8.7"),
                          ("127.1:0", "127.0.0.1"), ("0x7f.1:0", "127.0.0.1"),
                          ("2130706433:0", "127.0.0.1"), ("[::1]:0", "[::1]"),
                          ("[0:0:0:0:0:0:0:1]:0", "[::1]")):
        said = serves_on(folder, address)
        if "[" in address and "Cannot assign" in said:
            continue  # a machine without IPv6
        that(f"pages listen on http://{host}:" in said, f"{address} is {host}", said)


def refused_reports(scratch, folder):
    event = "0123456789abcdef"
    done = run("--dir", folder, "report", event, "--out", scratch / "none")
    that(done.returncode == 1 and f"no event {event}" in done.stderr and
         len(done.stderr.splitlines()) == 1 and not (scratch / "none").exists(),
         "an event that is not there is one sentence, and leaves nothing", done)
    for words in (["report"], ["report", event], ["report", "--out", scratch / "none"],
                  ["report", event, event, "--out", scratch / "none"]):
        done = run("--dir", folder, *words)
        that(done.returncode == 2 and done.stderr and not done.stdout, f"misuse: {words}", done)
    add_event(folder, {"event": event})
    (scratch / "file").write_text("kept")
    for out, word in ((scratch / "file", "no folder"), (scratch / "a" / "b", "No such file"),
                      ("/proc/report", "/proc/report")):
        done = run("--dir", folder, "report", event, "--out", out)
        that(done.returncode == 1 and word in done.stderr and not done.stdout and
             len(done.stderr.splitlines()) == 1, f"no report in {out}", done)
    that((scratch / "file").read_text() == "kept", "what was there stays")
    forget_events(folder)


def forget_events(folder):
    with sqlite3.connect(folder / "store.sqlite", timeout=30) as store:
        store.execute("DELETE FROM event")
    store.close()


def refusals(scratch, folder):
    for address in ("0.0.0.0:0", "192.0.2.1:80", "[::]:0", "localhost:80", "127.0.0.1", "0:0",
                    "0x0:0", "128.0.0.1:0", "126.255.255.255:0", "[::ffff:127.0.0.1]:0",
                    "[::ffff:0.0.0.0]:0", "[::2]:0", "[fe80::1%lo]:0", "[::1", "::1:0", ":0", "*:0",
                    "2130706432.example:0", "[0::0]:0", "[::127.0.0.1]:0", "127.0.0.1:http"):
        done = run("--dir", folder, "serve", "--ingest", "127.0.0.1:0", "--pages", address)
        that(done.returncode == 1 and "loopback" in done.stderr and
             len(done.stderr.splitlines()) == 1, f"pages are not served on {address}", done)
    refused_reports(scratch, folder)
    done = run("--dir", scratch / "nowhere", "events")
    that(done.returncode == 1 and "there is no store" in done.stderr, "no store is said", done)
    other = scratch / "other"
    other.mkdir()
    (other / "store.sqlite").write_text("a letter\n" * 1000)
    done = run("--dir", other, "events")
    that(done.returncode == 1 and "not a store" in done.stderr and
         len(done.stderr.splitlines()) == 1, "a store that is no store is one sentence", done)
    done = run("init", folder)
    that(done.returncode == 1 and "left as it is" in done.stderr, "init spares a store", done)
    conf = folder / "analyzer.conf"
    kept = conf.read_text()
    for text, name in (("wimdow = 1min\n", "wimdow"), ("window = 1s\n", "window"),
                       ("window = soon\n", "soon")):
        conf.write_text("# one\n" + text)
        done = run("--dir", folder, "events")
        that(done.returncode == 1 and f"{conf}:2: " in done.stderr and name in done.stderr,
             "a bad setting is named with file and line", done)
    conf.write_text(kept)
    done = run("--dir", folder, "--config", scratch / "none.conf", "events")
    that(done.returncode == 1 and "none.conf" in done.stderr, "a missing config is named", done)
    done = run("--dir", folder, "invite")
    that(done.returncode == 1 and "public_endpoint" in done.stderr,
         "an invite needs an endpoint", done)
    done = run("--dir", folder, "invite", "--endpoint", "http://127.0.0.1:1")
    that(done.returncode == 1 and done.stdout == "", "and one with TLS", done)
    for words in (["nothing"], [], ["events", "--format", "xml"], ["probes", "promote", "x"],
                  ["query", "nothing"], ["export", "--to", "pdf"], ["invite", "--role", "king"],
                  ["init"], ["events", "--dir"]):
        done = run(*words) if "events" in words or not words or words[0] in ("nothing", "init") \
            else run("--dir", folder, *words)
        that(done.returncode == 2 and done.stderr and not done.stdout,
             f"misuse is exit code 2: {words}", done)


def nothing_is_no_error(folder):
    """Exit 0; a table and a spreadsheet show their columns, JSON no object."""
    for words in (["events"], ["query", "events"], ["query", "networks"], ["probes"],
                  ["query", "measurements"]):
        for form, lines in (("table", 1), ("csv", 1), ("json", 0)):
            done = run("--dir", folder, "--format", form, *words)
            that(done.returncode == 0 and not done.stderr and
                 len(done.stdout.splitlines()) == lines, f"nothing yet, as {form}: {words}", done)


def help_teaches(scratch):
    """Asked for anywhere, a folder or none; with an example that is no misuse itself."""
    for command in ("init", "serve", "invite", "probes", "ingest", "analyze", "events", "explain",
                    "query", "export", "report", "verify"):
        for words in (["--dir", scratch / "nowhere"], ["--format", "csv"]):
            done = run(*words, command, "--help")
            that(done.returncode == 0 and not done.stderr and done.stdout.startswith("Usage:") and
                 f"\n  faultline-analyzer {command} " in done.stdout and "--dir DIR" in done.stdout,
                 f"{command} --help teaches", done)


def main():
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        folder = scratch / "analyzer"
        that(run("init", folder).returncode == 0, "init makes the folder")
        refusals(scratch, folder)
        help_teaches(scratch)
        nothing_is_no_error(folder)
        spellings(folder)
        pages(folder)
    print("pages and refusals hold")


main()
