#!/usr/bin/python3
"""The real server on loopback against everything that may come over the network: what is
right is kept before it is answered, whatever else comes gets its problem document and
changes nothing."""
import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["BUILD"])
PROGRAM = str(BUILD / "faultline-analyzer")
SECOND_LIMIT = 3  # deadline of a request in this test


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True, check=True).stdout


class Key:
    """An Ed25519 key of openssl's."""

    def __init__(self, folder, name):
        self.path = folder / f"{name}.pem"
        openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.path))
        spki = openssl("pkey", "-in", str(self.path), "-pubout", "-outform", "DER")
        self.public = spki[-32:]

    def sign(self, data):
        text = self.path.with_suffix(".text")
        text.write_bytes(data)
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.path), "-in", str(text))


def verify(public, signature, data, folder):
    der = bytes.fromhex("302a300506032b6570032100") + public
    (folder / "public.der").write_bytes(der)
    (folder / "signature").write_bytes(signature)
    (folder / "signed").write_bytes(data)
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey",
         str(folder / "public.der"), "-sigfile", str(folder / "signature"), "-in",
         str(folder / "signed")], capture_output=True).returncode == 0


def key_hash(name, public):
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def line(**fields):
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def lines_of(seq, where=None, measurements=2):
    now = int(time.time() * 1e6)
    header = [line(kind="clock", boot=0, clock_state=1, clock_steps=0, raw_us=5, t_us=60000000,
                   wall_utc_us=now),
              line(kind="network", country="XX", medium="fixed")]
    if where:
        header.append(line(kind="where", note=base64.b64encode(where).decode()))
    header += [line(kind="software", version="test 1"),
               line(kind="targets", list_sha256="0" * 64, rows=0),
               line(kind="gaps", dropped=0, next_contact_us=70000000, promised_us=60000000)]
    return header + [line(kind="measurement", check="power", outcome="ok", round=seq, rung="power",
                          stage="done", t_us=i, took_us=1) for i in range(measurements)]


class Segment:
    def __init__(self, key, seq, lines=None, signer=None, **more):
        lines = lines or lines_of(seq, **more)
        seed = hashlib.sha256(b"%d" % seq + key.public).digest()
        leaves = [hashlib.sha256(
            b"\0" + hmac.digest(seed, struct.pack(">Q", i), "sha256")[:16] + text).digest()
            for i, text in enumerate(lines)]
        epoch = key.public.hex()
        text = b"faultline/segment/%s/%d\n%d\n%s\n" % (
            epoch.encode(), seq, len(lines), base64.b64encode(root(leaves)))
        name = f"epoch-{epoch[:16]}"
        signature = key_hash(name, key.public) + (signer or key).sign(text)
        note = text + f"\n— {name} ".encode() + base64.b64encode(signature) + b"\n"
        self.id = hashlib.sha256(note).hexdigest()
        self.bytes = (b"".join(text + b"\n" for text in lines) + b"\n" + note + b"seed " +
                      base64.b64encode(seed) + b"\n")


class Server:
    """One run of faultline-analyzer serve over a folder that init made."""

    def __init__(self, folder, wrap=()):
        # It ends with this test, however that ends.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *wrap, PROGRAM, "--dir", str(folder), "serve", "--ingest", "127.0.0.1:0", "--pages",
             "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        self.ports = {}
        while len(self.ports) < 2:
            said = self.process.stderr.readline()
            assert said, "the server ended before it listened"
            match = re.search(r"(pages|ingest) listens? on \D*127\.0\.0\.1:(\d+)", said)
            if match:
                self.ports[match[1]] = int(match[2])

    def ask(self, method, path, body=None, headers=None):
        """(status, content type, body)"""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.ports["ingest"], context=context, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
        except (ssl.SSLEOFError, ConnectionError):
            pass  # refused by its head while the body was under way: the answer is there
        response = connection.getresponse()
        answer = response.status, response.getheader("Content-Type"), response.read()
        connection.close()
        return answer

    def put(self, segment, token, name=None):
        return self.ask("PUT", f"/v1/segments/{name or segment.id}", segment.bytes,
                        {"Authorization": f"Bearer {token}"})

    def enroll(self, code, segment, role="field"):
        head = f"faultline/enroll\ncode {code}\nrole {role}\n\n".encode()
        return self.ask("POST", "/v1/enroll", head + segment.bytes)

    def cpu_s(self):
        """What it has used of the processors."""
        ticks = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").split()
        return (int(ticks[13]) + int(ticks[14])) / os.sysconf("SC_CLK_TCK")

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.process.stderr.close()
        return code


def command(folder, *args):
    return subprocess.run([PROGRAM, "--dir", str(folder), *args], capture_output=True, text=True,
                          check=True).stdout


def new_folder(path):
    command(path, "init", str(path))
    conf = path / "analyzer.conf"
    conf.write_text(re.sub(r"^request = .*", f"request = {SECOND_LIMIT}s", conf.read_text(),
                           flags=re.M))
    return path


def invite(folder, **options):
    out = folder / "invites"
    said = command(folder, "invite", "--endpoint", "https://127.0.0.1:1", "--out", str(out),
                   *(f"--{name}={value}" for name, value in options.items()))
    path = pathlib.Path(said.strip())
    text = path.read_text()
    assert path.parent == out and path.stat().st_mode & 0o777 == 0o600
    return dict(line.split(" ", 1) for line in text.splitlines()[1:])


def stored(folder):
    with sqlite3.connect(folder / "store.sqlite") as store:
        return {row[0] for row in store.execute("SELECT hex(id) FROM segment")}


class Checks:
    def __init__(self):
        self.made = 0

    def that(self, truth, sentence, seen=None):
        self.made += 1
        if not truth:
            sys.exit(f"not so: {sentence}" + (f" (seen: {seen!r})" if seen is not None else ""))


def is_problem(answer, status):
    if answer[0] != status or answer[1] != "application/problem+json":
        return False
    problem = json.loads(answer[2])
    return problem["status"] == status and problem["title"] and problem["detail"]


def is_receipt(body, segment, pinned, folder):
    """FORMAT.md, "Receipt", read anew."""
    match = re.fullmatch(rb"(faultline/received\nsegment ([0-9a-f]{64})\ntime \S+Z\n)\n"
                         rb"\xe2\x80\x94 (\S+) (\S+)\n", body)
    if not match:
        return False
    public = bytes.fromhex(pinned)
    name = f"faultline-analyzer-{pinned[:16]}"
    signature = base64.b64decode(match[4])
    return (match[2].decode() == segment.id and match[3].decode() == name and
            signature[:4] == key_hash(name, public) and
            verify(public, signature[4:], match[1], folder))


def enrol(check, server, folder, key, scratch):
    """A probe enrols; its token and the analyzer's key."""
    card = invite(folder)
    first = Segment(key, 1)
    status, _, body = server.enroll(card["code"], first)
    check.that(status == 200, "an invited probe enrols", (status, body))
    match = re.fullmatch(rb"token ([0-9a-f]{64})\n(.*)", body, re.S)
    check.that(match and is_receipt(match[2], first, card["key"], scratch),
               "the answer is a token and the receipt of the first segment", body)
    token = match[1].decode()
    status, _, body = server.enroll(card["code"], first)
    again = re.match(rb"token ([0-9a-f]{64})\n", body)
    check.that(status == 200 and again and again[1] != match[1],
               "the same epoch may ask again: the answer may have been lost", (status, body))
    check.that(is_problem(server.put(Segment(key, 2), token), 401),
               "the token before it is void")
    check.that(is_problem(server.enroll(card["code"], Segment(Key(scratch, "late"), 1)), 403),
               "a code serves one epoch only")
    check.that(is_problem(server.enroll("0" * 32, Segment(Key(scratch, "guess"), 1)), 401),
               "a code that nobody made is refused")
    other = invite(folder, role="control")
    check.that(is_problem(server.enroll(other["code"], Segment(Key(scratch, "role"), 1)), 403),
               "an invite for a control probe makes no field probe")
    return again[1].decode(), card["key"]


def own_sentences(check, server, key, token, scratch):
    """What a person reads of each kind of bad segment is its own, and names it."""
    good = Segment(key, 7)
    changed, short = Segment(key, 7), Segment(key, 7)
    changed.bytes = good.bytes.replace(b'"round":7', b'"round":8', 1)
    short.bytes = good.bytes[:-40]
    signed = Segment(key, 7, signer=Key(scratch, "forger"))
    stranger = Segment(Key(scratch, "unenrolled"), 1)
    twice = Segment(key, 3, measurements=4)
    said = {}
    for name, segment, words in (("changed", changed, "those that were signed"),
                                 ("cut short", short, "the last line"),
                                 ("signed by another", signed, "the signature"),
                                 ("of a stranger", stranger, "another probe"),
                                 ("a number again", twice, "another segment of this")):
        problem = json.loads(server.put(segment, token)[2])
        said[name] = problem["detail"]
        check.that(words in problem["detail"], f"a segment {name} is told by its own sentence",
                   problem)
    check.that(len(set(said.values())) == len(said), "each has a sentence of its own", said)


def bad_segments(check, server, folder, key, token, scratch):
    """Each is refused by name, and nothing is kept of it."""
    before = stored(folder)
    good = Segment(key, 7)
    changed = Segment(key, 7)
    changed.bytes = good.bytes.replace(b'"round":7', b'"round":8', 1)
    check.that(is_problem(server.put(changed, token), 422), "one byte changed does not verify")
    for cut in (0, 1, 100, len(good.bytes) - 1):
        short = Segment(key, 7)
        short.bytes = good.bytes[:cut]
        check.that(is_problem(server.put(short, token), 400), f"cut to {cut} bytes is malformed")
    stranger = Key(scratch, "stranger")
    check.that(is_problem(server.put(Segment(key, 7, signer=stranger), token), 422),
               "signed by another key than its epoch's does not verify")
    check.that(is_problem(server.put(Segment(stranger, 1), token), 403),
               "another epoch's segment is not this token's")
    check.that(is_problem(server.put(good, "0" * 64), 401), "a token that nobody has is refused")
    check.that(is_problem(server.ask("PUT", f"/v1/segments/{good.id}", good.bytes), 401),
               "without a token nothing is read")
    check.that(is_problem(server.put(good, token, name="0" * 64), 400),
               "the id in the address must be the segment's")
    order = lines_of(7)
    order[0], order[1] = order[1], order[0]
    for lines, what in (
            (order, "header lines out of order"),
            (lines_of(7)[:3], "a missing header line"),
            (lines_of(7) + [b'{"kind":"measurement"}'], "a line without what it needs"),
            (lines_of(7) + [lines_of(7)[-1].replace(b'"took_us":1', b'"took_us":01')],
             "a number that the encoder would not write"),
            (lines_of(7) + [lines_of(7)[0]], "a second clock line")):
        check.that(is_problem(server.put(Segment(key, 7, lines=lines), token), 400),
                   what + " is malformed")
    forged = b"faultline/where\nnonce " + b"0" * 32 + b"\n\n\xe2\x80\x94 x AAAA\n"
    check.that(is_problem(server.put(Segment(key, 7, where=forged), token), 422),
               "a where note that this analyzer did not sign is refused")
    # Its head alone: an answer that comes before the body is read may end the connection.
    check.that(is_problem(server.ask("PUT", f"/v1/segments/{good.id}", None, {
        "Authorization": f"Bearer {token}", "Content-Length": "20000"}), 413),
        "what is too long is not read")
    for body, coding, status, what in (
            (gzip.compress(good.bytes), "br", 415, "another packing than gzip"),
            (gzip.compress(b"\0" * 300000), "gzip", 400, "a bomb"),
            (gzip.compress(good.bytes)[:-3], "gzip", 400, "half of a body"),
            (gzip.compress(good.bytes) + b"x", "gzip", 400, "something behind the packing"),
            (good.bytes, "gzip", 400, "what is packed in name only")):
        check.that(is_problem(server.ask("PUT", f"/v1/segments/{good.id}", body, {
            "Authorization": f"Bearer {token}", "Content-Encoding": coding}), status),
            what + " is refused")
    check.that(stored(folder) == before, "nothing of all that was kept")


def repeats(check, server, folder, key, token, pinned, scratch):
    segment = Segment(key, 3)
    packed = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip"}
    status, _, body = server.ask("PUT", f"/v1/segments/{segment.id}",
                                 gzip.compress(segment.bytes), packed)
    check.that(status == 200 and is_receipt(body, segment, pinned, scratch),
               "packed with gzip it gets its receipt")
    for _ in range(2):
        status, _, body = server.put(segment, token)
        check.that(status == 200 and is_receipt(body, segment, pinned, scratch),
                   "a segment, and the same again, gets a receipt that names it", (status, body))
    check.that(segment.id.upper() in stored(folder), "what has a receipt is stored")
    check.that(is_problem(server.put(Segment(key, 3, measurements=3), token), 409),
               "another segment of the same number is a conflict")
    with sqlite3.connect(folder / "store.sqlite") as store:
        rows = store.execute("SELECT epoch, seq FROM equivocation").fetchall()
    check.that(rows == [(key.public.hex(), 3)], "and the conflict is noted", rows)


def where_and_speed(check, server, key, token, pinned, scratch):
    nonce = "0123456789abcdef" * 2
    status, _, note = server.ask("GET", f"/v1/where?nonce={nonce}")
    match = re.fullmatch(rb"(faultline/where\nnonce (\S+)\nasn 0\ncountry ZZ\n"
                         rb"prefix 127\.0\.0\.0/24\ntime \S+Z\n)\n\xe2\x80\x94 \S+ (\S+)\n", note)
    check.that(status == 200 and match and match[2].decode() == nonce and
               verify(bytes.fromhex(pinned), base64.b64decode(match[3])[4:], match[1], scratch),
               "the where note names the nonce and the network, signed", note)
    check.that(server.put(Segment(key, 4, where=note), token)[0] == 200,
               "a segment may carry that note")
    for bad in ("", "?nonce=12", "?nonce=" + "G" * 32):
        check.that(is_problem(server.ask("GET", "/v1/where" + bad), 400), "a bad nonce is named")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", server.ports["ingest"], context=context)
    connection.request("GET", "/v1/speed?bytes=32768")
    first = connection.sock
    check.that(len(connection.getresponse().read()) == 32768, "speed sends what is asked for")
    connection.request("GET", "/v1/speed?bytes=0")
    check.that(connection.sock is first, "the connection stays open")
    info = dict(row.split() for row in connection.getresponse().read().decode().splitlines())
    check.that(list(info) == ["sndr_retrans", "sndr_segs_out", "sndr_rtt_us", "sndr_min_rtt_us",
                              "sndr_bytes_sent", "sndr_bytes_retrans"] and
               int(info["sndr_bytes_sent"]) > 32768,
               "afterwards it tells the sender's view of this connection", info)
    connection.request("POST", "/v1/speed", b"\0" * 1048576)
    answer = connection.getresponse()
    view = {name: int(value) for name, value in
            (row.split() for row in answer.read().decode().splitlines())}
    check.that(connection.sock is first and answer.status == 200 and
               list(view) == ["rcvr_bytes", "rcvr_us", "rcvr_rtt_us", "rcvr_segs_in"] and
               view["rcvr_bytes"] == 1048576 and view["rcvr_us"] > 0 and view["rcvr_segs_in"] > 0,
               "an upload is counted and told", view)
    connection.request("POST", "/v1/speed", b"")
    check.that(b"rcvr_bytes 0\nrcvr_us 0\n" in connection.getresponse().read(),
               "and so is an empty one")
    connection.close()
    # Refused by what its head says, before a byte of it: one that is sent all the same may
    # find the connection closed.
    check.that(is_problem(server.ask("POST", "/v1/speed", iter([]),
                                     {"Content-Length": "2097153"}), 413),
               "an upload has its most")
    check.that(is_problem(server.ask("POST", "/v1/speed", iter([b"x"])), 411),
               "an upload says its length before")
    check.that(is_problem(server.ask("PUT", "/v1/speed", b"x"), 405),
               "speed takes nothing else")
    for bad in ("", "?bytes=-1", "?bytes=2097153", "?bytes=07"):
        check.that(is_problem(server.ask("GET", "/v1/speed" + bad), 400), "a bad size is named")


def odd_requests(check, server):
    check.that(is_problem(server.ask("GET", "/"), 404), "there is nothing else here")
    check.that(is_problem(server.ask("GET", "/v1/segments/" + "0" * 64), 405),
               "segments are not given out")
    check.that(is_problem(server.ask("PUT", "/v1/segments/" + "0" * 64, iter([b"x"]),
                                     {"Authorization": "Bearer x"}), 411),
               "a body of unknown length is refused")
    with socket.create_connection(("127.0.0.1", server.ports["ingest"]), timeout=30) as plain:
        plain.sendall(b"GET /v1/where HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = plain.recv(4096)
        check.that(not answer.startswith(b"HTTP/"), "plain HTTP gets no HTTP answer", answer)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with socket.create_connection(("127.0.0.1", server.ports["ingest"]), timeout=30) as plain:
            old.wrap_socket(plain).close()
        check.that(False, "TLS 1.2 is refused")
    except (ssl.SSLError, OSError):
        check.that(True, "TLS 1.2 is refused")


def slow_sender(check, server):
    """One byte now and then for ever: cut off at the deadline, however busy it looks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.ports["ingest"])) as plain:
        with context.wrap_socket(plain) as slow:
            slow.settimeout(0.2)
            slow.sendall(b"GET /v1/where HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            ended = False
            while not ended and time.monotonic() - began < 10 * SECOND_LIMIT:
                try:
                    slow.sendall(b"x")
                    ended = slow.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
    took = time.monotonic() - began
    check.that(ended and took < SECOND_LIMIT + 3, "a slow sender is cut off at the deadline", took)


def stalled_handshake(check, server):
    """A network that is cut leaves handshakes behind, and anybody can begin one: the server
    waits for the rest without work and gives up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sends = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), sends).do_handshake()
    except ssl.SSLWantReadError:
        hello = sends.read()
    for what, piece in (("a hello", hello), ("part of a hello", hello[:60])):
        before_s, began = server.cpu_s(), time.monotonic()
        with socket.create_connection(("127.0.0.1", server.ports["ingest"])) as plain:
            plain.settimeout(10 * SECOND_LIMIT)
            plain.sendall(piece)
            while plain.recv(65536):
                pass
        took, used = time.monotonic() - began, server.cpu_s() - before_s
        check.that(took < SECOND_LIMIT + 3, f"{what} and no more is cut off at the deadline", took)
        check.that(used < took / 5, f"to wait behind {what} is no work", (used, took))


def killed(check, server, folder, key, token):
    """Killed behind its answer, a server has lost nothing."""
    segment = Segment(key, 5)
    check.that(server.put(segment, token)[0] == 200, "a segment is taken")
    server.end(signal.SIGKILL)
    check.that(segment.id.upper() in stored(folder), "kill -9 behind the answer loses nothing")


def states(check, server, folder, key, token, pinned, scratch):
    epoch = key.public.hex()
    command(folder, "probes", "suspend", epoch[:12])
    check.that(is_problem(server.put(Segment(key, 6), token), 403), "a suspended probe is refused")
    command(folder, "probes", "activate", epoch[:12])
    segment = Segment(key, 6)
    status, _, body = server.put(segment, token)
    check.that(status == 200 and is_receipt(body, segment, pinned, scratch),
               "an activated probe is taken again", (status, body))
    command(folder, "probes", "revoke", epoch)
    check.that(is_problem(server.put(Segment(key, 8), token), 403), "a revoked probe is refused")
    command(folder, "probes", "activate", epoch)
    probes = [json.loads(row) for row in
              command(folder, "--format", "json", "probes").splitlines()]
    check.that([probe["state"] for probe in probes] == ["active"] and
               probes[0]["segments"] == len(stored(folder)),
               "the listing of probes says so", probes)


def carried(check, folder, key, scratch):
    """Files go through the same door: byte for byte out, and the same in."""
    out = scratch / "export"
    command(folder, "export", "--to", "segments", "--out", str(out))
    files = sorted(out.iterdir())
    check.that(len(files) == len(stored(folder)), "every stored segment is exported", files)
    results = command(folder, "--format", "json", "verify", *map(str, files))
    check.that(all(json.loads(row)["result"] == "verified" for row in results.splitlines()),
               "and verifies", results)
    results = command(folder, "--format", "json", "ingest", str(out))
    check.that({json.loads(row)["result"] for row in results.splitlines()} == {"again"},
               "carried back it is here already", results)
    path = scratch / "new.seg"
    path.write_bytes(Segment(key, 20).bytes)
    results = command(folder, "--format", "json", "ingest", str(path))
    check.that(json.loads(results)["result"] == "stored", "a carried segment is stored", results)
    path.write_bytes(Segment(Key(scratch, "carried"), 1).bytes)
    failed = subprocess.run([PROGRAM, "--dir", str(folder), "--format", "json", "ingest",
                             str(path)], capture_output=True, text=True)
    check.that(failed.returncode == 1 and json.loads(failed.stdout)["result"] == "stranger",
               "one of a probe never enrolled is not", failed.stdout)
    rows = [json.loads(row) for row in
            command(folder, "--format", "json", "query", "measurements", "--check",
                    "power").splitlines()]
    check.that(len(rows) == 2 * len(stored(folder)) and rows[0]["rung"] == "power",
               "the measurements can be listed", len(rows))
    rows = [json.loads(row) for row in
            command(folder, "--format", "json", "query", "networks").splitlines()]
    check.that(len(rows) == 1 and rows[0]["probes"] == 1, "and the networks", rows)


def quota(check, folder, key, scratch):
    conf = folder / "analyzer.conf"
    kept = conf.read_text()
    conf.write_text(re.sub(r"^day_segments = .*", f"day_segments = {len(stored(folder)) + 1}",
                           kept, flags=re.M))
    server = Server(folder)
    card = invite(folder)
    other = Key(scratch, "quota")
    first = Segment(other, 1)
    body = server.enroll(card["code"], first)[2]
    token = body.split()[1].decode()
    most = len(stored(folder))
    seq = 1
    answer = (200,)
    while answer[0] == 200 and seq <= most + 5:
        seq += 1
        answer = server.put(Segment(other, seq), token)
    check.that(is_problem(answer, 429), "past the quota of a day nothing is taken", answer)
    check.that(server.put(first, token)[0] == 200,
               "what is here already still gets its receipt")
    server.end()
    conf.write_text(kept)


def full_disk(check, scratch):
    """The store on a small tmpfs of its own, in a mount namespace of this test's own."""
    folder = new_folder(scratch / "small")
    key = Key(scratch, "full")
    server = Server(folder)
    token, pinned = enrol(check, server, folder, key, scratch)
    ballast = folder / "ballast"
    taken, answer, seq = [], (200,), 100
    room = os.statvfs(folder)
    ballast.write_bytes(b"x" * max(0, (room.f_bavail - 24) * room.f_frsize))
    while answer[0] == 200 and seq < 200:
        seq += 1
        segment = Segment(key, seq, measurements=60)
        answer = server.put(segment, token)
        if answer[0] == 200:
            taken.append(segment.id.upper())
    check.that(is_problem(answer, 503), "a full disk is said: 503", answer)
    check.that(set(taken) <= stored(folder), "nothing that was answered is lost")
    ballast.unlink()
    status, _, body = server.put(segment, token)
    check.that(status == 200 and is_receipt(body, segment, pinned, scratch),
               "with room again the same segment is taken", (status, body))
    check.that(server.end() == 0, "the server ends well")


def main():
    if sys.argv[1:2] == ["full"]:
        check = Checks()
        full_disk(check, pathlib.Path(sys.argv[2]))
        print(f"{check.made} checks on a full disk")
        return
    check = Checks()
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        folder = new_folder(scratch / "analyzer")
        key = Key(scratch, "probe")
        server = Server(folder)
        token, pinned = enrol(check, server, folder, key, scratch)
        repeats(check, server, folder, key, token, pinned, scratch)
        own_sentences(check, server, key, token, scratch)
        bad_segments(check, server, folder, key, token, scratch)
        where_and_speed(check, server, key, token, pinned, scratch)
        odd_requests(check, server)
        slow_sender(check, server)
        stalled_handshake(check, server)
        killed(check, server, folder, key, token)
        server = Server(folder)
        states(check, server, folder, key, token, pinned, scratch)
        carried(check, folder, key, scratch)
        check.that(server.end() == 0, "SIGTERM ends the server with 0")
        quota(check, folder, key, scratch)
        small = scratch / "disk"
        small.mkdir()
        mount = f'mount -t tmpfs -o size=2m none "{small}" && exec "$0" "$@"'
        user = [] if os.geteuid() == 0 else ["-Ur"]
        into = ["unshare", *user, "-m"]
        if subprocess.run([*into, "true"], capture_output=True).returncode:
            print("not tried without a mount namespace: a full disk")
        else:
            done = subprocess.run([*into, "sh", "-c", mount, sys.executable, __file__,
                                   "full", str(small)])
            check.that(done.returncode == 0, "the store bears a full disk")
    print(f"{check.made} checks")


main()
