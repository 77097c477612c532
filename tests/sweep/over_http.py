"""The same segments as a store holds, sent as probes send them: signed bytes over TLS with
the pinned key, a token a probe, to the real server; then both stores must hold the same
rows. (No module here may be called http: Python's own has that name.)"""

import concurrent.futures
import hashlib
import http.client
import os
import re
import shutil
import signal
import ssl
import struct
import subprocess
import threading

import folder

CONNECTIONS = 4
WAIT_S = 60
# A whole scenario comes in a minute, and nobody asks the second store for its events.
SETTINGS = {"day_segments": "1000000", "analyze": "1d"}


def deliveries(world):
    """Each segment as it would be put: (epoch, id, bytes)."""
    with open(f"{world}/segments.bin", "rb") as file:
        while head := file.read(12):
            data = file.read(struct.unpack("<qI", head)[1])
            note = data[data.index(b"\n\nfaultline/segment/") + 2:data.rindex(b"seed ")]
            epoch = note.split(b"/", 3)[2].decode()
            yield epoch, hashlib.sha256(note).hexdigest(), data


def tokens(world):
    with open(f"{world}/probes.csv", encoding="utf-8") as file:
        rows = [line.split(",") for line in file.read().splitlines()[1:]]
    return {row[0]: row[3] for row in rows}


class Server:
    """faultline-analyzer serve on loopback; it ends with the block, and with this process."""

    def __init__(self, analyzer):
        self.certificate = f"{analyzer.path}/tls.crt"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", f"{analyzer.build}/faultline-analyzer", "--dir",
             analyzer.path, "serve", "--ingest", "127.0.0.1:0", "--pages", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        ports = {}
        while len(ports) < 2:
            said = self.process.stderr.readline()
            if not said:
                raise folder.Failed("faultline-analyzer serve ended before it listened")
            match = re.search(r"(ingest|pages) listens? on \D*127\.0\.0\.1:(\d+)", said)
            if match:
                ports[match[1]] = int(match[2])
        self.port, self.pages = ports["ingest"], ports["pages"]
        # What it says later is not waited for, and must not fill the pipe.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_S)

    def connect(self):
        """To the one key of this folder: its certificate is the only one that is trusted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context,
                                           timeout=WAIT_S)


def put_all(server, rows, token_of):
    """How many of these were taken, over one connection."""
    connection, taken = server.connect(), 0
    for epoch, name, data in rows:
        connection.request("PUT", f"/v1/segments/{name}", data,
                           {"Authorization": f"Bearer {token_of[epoch]}"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or name.encode() not in said:
            raise folder.Failed(f"PUT of a segment: {answer.status} {said[:200]!r}")
        taken += 1
    connection.close()
    return taken


def send(server, world):
    """Every probe keeps to one of the connections; returns how many segments were taken."""
    token_of, shares = tokens(world), [[] for _ in range(CONNECTIONS)]
    for row in deliveries(world):
        shares[int(row[0][:8], 16) % CONNECTIONS].append(row)
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(lambda rows: put_all(server, rows, token_of), shares))


def configure(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, value in SETTINGS.items():
        text, n = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        if n != 1:
            raise folder.Failed(f"{path}: there is no setting {name}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def stored(analyzer):
    """(rows, hash of them all) of every measurement as it is listed."""
    digest, rows = hashlib.sha256(), -1
    with subprocess.Popen([f"{analyzer.build}/faultline-analyzer", "--dir", analyzer.path,
                           "query", "measurements", "--format", "csv"],
                          stdout=subprocess.PIPE) as process:
        while block := process.stdout.read(1 << 20):
            digest.update(block)
            rows += block.count(b"\n")
    if process.returncode:
        raise folder.Failed("query measurements failed")
    return rows, digest.hexdigest()


def twin(build, world, first, path):
    """A folder that knows the probes of ${world}, and has none of what they sent. It is the
    same analyzer asked twice: where notes that the first one signed are its own."""
    second = folder.Analyzer(build, path)
    shutil.copy(f"{first.path}/key", f"{path}/key")
    configure(f"{path}/analyzer.conf")
    second.feed(world, bare=True)
    return second


def compare(build, world, fed, path):
    """Sends the world to a second store; Failed unless both hold the same rows."""
    second = twin(build, world, fed, path)
    with Server(second) as server:
        taken = send(server, world)
    here, there = stored(fed), stored(second)
    if here != there:
        raise folder.Failed(f"{here[0]} rows came past the network, {there[0]} through it, "
                            "and they are not the same")
    shutil.rmtree(path)
    size = os.path.getsize(f"{world}/segments.bin")
    return f"{taken} segments ({size >> 20} MiB), {here[0]} rows, the same both ways"
