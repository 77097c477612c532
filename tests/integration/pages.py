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

PROGRAM = str(pathlib.Path(os.environ["BUILD"]) / "faultline-analyzer")
HOSTILE = '<script>alert(1)</script>&'


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True)


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def ask(port, method, path, host="127.0.0.1"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    answer = response.status, dict(response.getheaders()), response.read().decode()
    connection.close()
    return answer


def is_problem(answer, status):
    return (answer[0] == status and answer[1]["Content-Type"] == "application/problem+json" and
            json.loads(answer[2])["status"] == status)


def add_event(folder, event):
    with sqlite3.connect(folder / "store.sqlite", timeout=30) as store:
        store.execute("INSERT OR IGNORE INTO event(id, country, class, cause, start_utc_us,"
                      " end_utc_us, probability_ppm, asns, networks, json)"
                      " VALUES(?,?,?,?,?,?,?,?,?,?)",
                      (event["event"], "XX", "shutdown", HOSTILE, 0, 0, 912345, "", "",
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
    that("default-src 'none'" in page[1]["Content-Security-Policy"], "no script may run")


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
    for path in ("/v1/events/nothing", "/v1/events/", "/nothing", "/../store.sqlite",
                 "/v1/segments/" + "0" * 64):
        that(is_problem(ask(port, "GET", path), 404), f"{path} is not there")
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(port, method, "/v1/events")
        that(is_problem(answer, 405) and answer[1]["Allow"] == "GET, HEAD",
             "nothing can be changed here", answer)
    that(is_problem(ask(port, "GET", "/", host="evil.example"), 421),
         "a name that was pointed here from outside is refused")
    that(is_problem(ask(port, "GET", "/", host="localhost.evil.example"), 421),
         "and one that only begins like ours")
    that(ask(port, "GET", "/", host=f"localhost:{port}")[0] == 200, "localhost is this machine")
    process.send_signal(signal.SIGTERM)
    that(process.wait(timeout=30) == 0, "SIGTERM ends the server with 0", process.returncode)
    process.stderr.close()


def refusals(scratch, folder):
    for address in ("0.0.0.0:0", "192.0.2.1:80", "[::]:0", "localhost:80", "127.0.0.1"):
        done = run("--dir", folder, "serve", "--ingest", "127.0.0.1:0", "--pages", address)
        that(done.returncode == 1 and "loopback" in done.stderr,
             f"pages are not served on {address}", done)
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
                    "query", "export", "verify"):
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
        pages(folder)
    print("pages and refusals hold")


main()
