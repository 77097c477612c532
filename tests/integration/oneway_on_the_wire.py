#!/usr/bin/python3
"""Datagrams to a real analyzer, counted at both ends, while this machine's own filter (nft) drops
them on the way there, on the way back, or not at all; in a network namespace of this test's
own (unshare)."""
import json
import os
import pathlib
import re
import secrets
import socket
import subprocess
import sys
import tempfile

import checks_on_the_wire

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
HOME, ADDRESS, PORT = "45.20.0.2", "45.20.2.9", 8443
COUNT, BYTES, MOST = 4, 112, 16
LIST = "role,host,address,port,asn,who_else,verified\ninternational,-,45.20.9.9,-,-,everyone,no\n"
FILTER = """
table ip f {{
  counter out {{ }}
  counter back {{ }}
  chain way {{
    type filter hook input priority 0;
    udp dport {port} counter name out {out}
    udp sport {port} counter name back {back}
  }}
}}
"""


def sh(command):
    return subprocess.run(command, shell=True, check=True, text=True, capture_output=True).stdout


def that(true, *seen):
    assert true, seen


def drop(out=False, back=False):
    sh("nft flush ruleset")
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input=FILTER.format(
        port=PORT, out="drop" if out else "", back="drop" if back else ""))


def passed(way):
    """(packets, bytes of IP) that went this way since the filter was set."""
    return tuple(map(int, re.search(r"packets (\d+) bytes (\d+)",
                                    sh(f"nft list counter ip f {way}")).groups()))


class World:
    def __init__(self, folder, server):
        (folder / "list.csv").write_text(LIST, encoding="ascii")
        (folder / "probe.conf").write_text(f"targets = {folder}/list.csv\n", encoding="ascii")
        self.pin, self.key = server.pin, server.key
        sh(f"{BUILD}/faultline-probe enroll --config {folder}/probe.conf --state {folder}/state "
           f"--from {server.invite} --accept-risks --medium fixed")
        enrolled = (folder / "state/enrolled").read_text(encoding="ascii")
        self.token = re.search(r"^token\W+([0-9a-f]{64})$", enrolled, re.M)[1]

    def send(self, batch, **words):
        """The line of one batch."""
        words = {"endpoint": f"https://{ADDRESS}:{PORT}", "count": COUNT, "key": self.key,
                 "token": self.token, "batch": batch, "pace_us": 20000, **words}
        done = subprocess.run([f"{BUILD}/tests/check_once", "oneway",
                               *(f"{name}={value}" for name, value in words.items())],
                              stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout.splitlines()[0])

    def ask(self, query, token=None):
        """(status, lines) of the analyzer's own count."""
        done = subprocess.run(
            [f"{BUILD}/tests/exchange_once", "GET",
             f"https://{ADDRESS}:{PORT}/v1/oneway{query}", self.pin, token or self.token, "",
             "1"], stdout=subprocess.PIPE, text=True, check=True)
        _, status, answer = done.stdout.split("|", 2)
        return int(status), answer.rstrip("\n").splitlines()

    def counted(self, batch):
        status, lines = self.ask(f"?batches={batch}")
        that(status == 200 and re.fullmatch(r"counting_us \d+", lines[0]), status, lines)
        return int(re.fullmatch(rf"{batch} (\d+)", lines[1])[1])


def new_batch():
    return secrets.token_hex(16)


def what_comes_and_goes_is_counted_at_both_ends(world):
    drop()
    batch = new_batch()
    line = world.send(batch)
    that(line["outcome"] == "ok" and line["stage"] == "done", line)
    that(line["sent"] == line["received"] == line["far_received"] == COUNT, line)
    that(0 < line["rtt_min_us"] < 1000000, line)
    that(world.counted(batch) == COUNT)
    # A question is all that is answered, and never by more than there was of it.
    (asked, asked_bytes), (answered, answered_bytes) = passed("out"), passed("back")
    that(asked == answered == COUNT and asked_bytes == COUNT * (BYTES + 28)
         and answered_bytes < asked_bytes, asked, asked_bytes, answered, answered_bytes)


def what_arrives_and_is_not_answered_is_told_later(world):
    drop(back=True)
    batch = new_batch()
    line = world.send(batch)
    that(line["outcome"] == "generic_timeout_error" and line["stage"] == "reply", line)
    that(line["sent"] == COUNT and line["received"] == 0 and "far_received" not in line, line)
    drop()
    that(world.counted(batch) == COUNT)


def what_does_not_arrive_is_told_too(world):
    drop(out=True)
    batch = new_batch()
    line = world.send(batch)
    that(line["sent"] == COUNT and line["received"] == 0 and "far_received" not in line, line)
    drop()
    that(world.counted(batch) == 0)


def a_stranger_is_not_counted_and_not_answered(world):
    drop()
    batch = new_batch()
    line = world.send(batch, token="0" * 64)
    that(line["sent"] == COUNT and line["received"] == 0, line)
    that(world.counted(batch) == 0)
    that(world.ask(f"?batches={batch}", "0" * 64)[0] == 401)
    that(world.ask(f"?batches={batch}", "x")[0] == 401)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((ADDRESS, PORT))
        for size in (0, 1, BYTES - 1, BYTES, BYTES + 1, 1400):
            s.send(secrets.token_bytes(size))
    # The last is behind the others in the same queue.
    that(world.send(new_batch())["received"] == COUNT)
    that(passed("back")[0] == COUNT, passed("back"))


def a_flood_is_not_answered_and_does_not_last(world):
    drop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((ADDRESS, PORT))
        for _ in range(5000):
            s.send(secrets.token_bytes(BYTES))
    # A second later it listens again.
    lines = [world.send(new_batch(), pace_us=500000) for _ in range(2)]
    that(lines[1]["received"] == COUNT, lines)


def a_question_that_is_none_is_refused(world):
    batch = new_batch()
    for query in ("", "?batches=", "?batches=x", f"?batches={batch},", f"?batches={batch[1:]}",
                  f"?batches={batch.upper()}A", f"?batches={','.join([batch] * (MOST + 1))}",
                  f"?batch={batch}"):
        that(world.ask(query)[0] == 400, query)
    status, lines = world.ask(f"?batches={','.join(new_batch() for _ in range(MOST))}")
    that(status == 200 and len(lines) == 1 + MOST, status, lines)


def no_key_and_no_endpoint_are_unmeasured(world):
    for words in {"key": "0" * 64}, {"endpoint": "http://x"}:
        line = world.send(new_batch(), **words)
        that(line["outcome"] == "unmeasured" and line["reason"] == "no_endpoint", line)
    line = world.send(new_batch(), endpoint="https://127.0.0.1:8443")
    that(line["reason"] == "not_public", line)


TESTS = (what_comes_and_goes_is_counted_at_both_ends,
         what_arrives_and_is_not_answered_is_told_later, what_does_not_arrive_is_told_too,
         a_stranger_is_not_counted_and_not_answered, a_flood_is_not_answered_and_does_not_last,
         a_question_that_is_none_is_refused, no_key_and_no_endpoint_are_unmeasured)


def inside():
    sh("ip link set lo up && ip link add e0 type veth peer name e1 && ip link set e0 up && "
       f"ip link set e1 up && ip addr add {HOME}/24 dev e0 && ip route add default via 45.20.0.1 "
       f"&& ip addr add {ADDRESS}/32 dev lo")
    with tempfile.TemporaryDirectory() as name, \
            checks_on_the_wire.Analyzer(ADDRESS, PORT) as server:
        world = World(pathlib.Path(name), server)
        return 1 if checks_on_the_wire.run_tests(TESTS, world) else 0


sys.exit(inside() if sys.argv[1:] == ["--inside"] else checks_on_the_wire.enter({}))
