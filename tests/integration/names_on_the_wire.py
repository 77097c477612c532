#!/usr/bin/python3
"""Questions inside TLS and HTTPS to a real resolver (unbound), and signatures followed up to
a root of this test's own (nsd, signed by ldns-signzone), straight and through somebody who
forges: network namespaces of this test's own (unshare), probe - router - far."""
import hashlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import checks_on_the_wire as wire
import transport_on_the_wire as transport
from checks_on_the_wire import ABSENT, FAR, SILENT, between, expect, run, sh

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lab import unpack  # noqa: E402

DIR = os.environ.get("NAMES_DIR", "")
PROGRAMS = ("unbound", "nsd", "ldns-keygen", "ldns-signzone")
SERVERS = unpack.Unpacked(wire.BUILD, PROGRAMS)
RESOLVER, SIGNED, FORGER = "45.20.0.10", "45.20.0.11", "45.20.0.12"
ADDRESS, FORGED = "45.20.7.7", "45.66.6.6"
SHA256 = hashlib.sha256(f"{ADDRESS}\n".encode()).hexdigest()
ANOTHER_NAME, ANOTHER_ADDRESS = 62, 64  # X509_V_ERR_...
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def write(name, text):
    with open(f"{DIR}/{name}", "w", encoding="ascii") as out:
        out.write(text)
    return f"{DIR}/{name}"


# ---- the far end ----

UNBOUND = """
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: "{dir}/unbound.pid"
    interface: {address}
    interface: {address}@853
    interface: {address}@443
    interface: {address}@8443
    access-control: 0.0.0.0/0 allow
    module-config: "iterator"
    num-threads: 1
    use-syslog: no
    https-port: 443
    tls-service-key: "{dir}/right.example.key"
    tls-service-pem: "{dir}/right.example.pem"
    local-zone: "." static
    local-data: "www.right. 300 IN A {answer}"
    local-data: "many.right. 300 IN TXT none"
remote-control:
    control-enable: no
"""
NSD = """
server:
  ip-address: {address}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{dir}"
  pidfile: "{dir}/nsd.pid"
  xfrdfile: "{dir}/xfrd"
  xfrdir: "{dir}"
  zonelistfile: "{dir}/list"
  server-count: 1
remote-control:
  control-enable: no
"""
HEAD = "{zone} 300 IN SOA ns.{zone} nobody.{zone} 1 1800 900 604800 300\n" \
       "{zone} 300 IN NS ns.{zone}\nns.{zone} 300 IN A 45.20.0.11\n"
# Each zone with what it holds; those that are signed, and how; whose keys the one above has.
ZONES = {
    ".": "zz. 300 IN NS ns.zz.\nns.zz. 300 IN A 45.20.0.11\n",
    "zz.": "www.zz. 300 IN A {a}\n*.wild.zz. 300 IN A {a}\nalias.zz. 300 IN CNAME www.zz.\n"
           + "".join(f"{name}.zz. 300 IN NS ns.{name}.zz.\nns.{name}.zz. 300 IN A 45.20.0.11\n"
                     for name in ("deep", "plain", "old", "swapped")),
    "deep.zz.": "www.deep.zz. 300 IN A {a}\nwww.empty.deep.zz. 300 IN A {a}\n",
    "plain.zz.": "www.plain.zz. 300 IN A {a}\n",
    "old.zz.": "www.old.zz. 300 IN A {a}\n",
    "swapped.zz.": "www.swapped.zz. 300 IN A {a}\n",
}
UNSIGNED = ("plain.zz.",)
OPTIONS = {"deep.zz.": ["-n", "-t", "1", "-s", "ab"], "old.zz.": ["-i", "20200101", "-e", "20200201"]}


def tool(name, *words):
    done = subprocess.run([SERVERS.program(name), *words], cwd=DIR, text=True,
                          capture_output=True, env=SERVERS.environment())
    assert done.returncode == 0, (name, words, done.stderr)
    return done.stdout.strip()


def key_of(zone):
    return tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone)


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def sign_zones():
    """From the lowest up: the one above holds a hash of its key."""
    settings, told = NSD.format(address=SIGNED, dir=DIR), {}
    for zone in sorted(ZONES, key=lambda z: -len(z.strip(".").split(".")) if z != "." else 1):
        text = HEAD.format(zone=zone).replace("ns..", "ns.").replace("nobody..", "nobody.")
        file = write(f"zone{zone}", text + ZONES[zone].format(a=ADDRESS)
                     + "".join(ds for below, ds in told.items()
                               if below.partition(".")[2] == zone.lstrip(".")))
        if zone not in UNSIGNED:
            key = key_of(zone)
            tool("ldns-signzone", *OPTIONS.get(zone, []), "-o", zone, "-f", file + "signed", file,
                 key)
            file += "signed"
            # Where a key was swapped behind the back of the zone above.
            told[zone] = text_of(f"{DIR}/{key_of(zone) if zone == 'swapped.zz.' else key}.ds")
            if zone == ".":
                write("anchors", "; the root's key\n" + text_of(f"{DIR}/{key}.key"))
                write("anchors.ds", told[zone])
                write("others", text_of(f"{DIR}/{key_of('.')}.key"))
        settings += f'zone:\n  name: "{zone}"\n  zonefile: "{file}"\n'
    return write("nsd.conf", settings)


def start(name, *words):
    with open(f"{DIR}/{name}.log", "ab") as log:
        return subprocess.Popen([SERVERS.program(name), *words], stdout=log, stderr=log,
                                stdin=subprocess.DEVNULL, env=SERVERS.environment())


def until(what, ready):
    end = time.monotonic() + 20
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"{what} does not answer")
        time.sleep(0.05)  # nothing tells when a server is ready but its answer


def listening(address, port):
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


# ---- somebody on the way who changes what passes ----

RRSIG, OPT, A = 46, 41, 1


def name_end(packet, at):
    while packet[at]:
        if packet[at] >= 0xc0:
            return at + 2
        at += 1 + packet[at]
    return at + 1


def records(packet):
    """(section, type, bytes) of each record; the question goes before them."""
    counts = struct.unpack(">4H", packet[4:12])
    at = name_end(packet, 12) + 4
    found, head = [], packet[:at]
    for section, count in enumerate(counts[1:]):
        for _ in range(count):
            data = name_end(packet, at)
            kind, _, _, size = struct.unpack(">HHIH", packet[data:data + 10])
            found.append((section, kind, packet[at:data + 10 + size]))
            at = data + 10 + size
    return head, found


def rebuilt(head, found):
    counts = [sum(section == wanted for section, _, _ in found) for wanted in range(3)]
    return (head[:4] + struct.pack(">4H", 1, *counts) + head[12:]
            + b"".join(record for _, _, record in found))


def other_address(found):
    return [(s, k, r[:-4] + socket.inet_aton(FORGED) if k == A and s == 0 else r)
            for s, k, r in found]


def alter(head, found):
    """Another address under the same signature."""
    return rebuilt(head, other_address(found))


def unsigned(found):
    """Behind what is left out names would point nowhere: so goes what may point there."""
    return [(s, k, r) for s, k, r in found if k == OPT or (s == 0 and k != RRSIG)]


def strip(head, found):
    """Another address without any; all other questions are answered as ever."""
    if any(k == A and s == 0 for s, k, _ in found):
        found = unsigned(other_address(found))
    return rebuilt(head, found)


def bare(head, found):
    """No signatures at all, as from one that knows of none."""
    return rebuilt(head, unsigned(found))


def received(peer):
    def exactly(n):
        got = b""
        while len(got) < n:
            piece = peer.recv(n - len(got))
            if not piece:
                raise OSError("the end")
            got += piece
        return got
    return exactly(struct.unpack(">H", exactly(2))[0])


def forge(change):
    def talk(peer):
        with socket.create_connection((SIGNED, 53)) as behind:
            while True:
                question = received(peer)
                behind.sendall(struct.pack(">H", len(question)) + question)
                answer = change(*records(received(behind)))
                peer.sendall(struct.pack(">H", len(answer)) + answer)
    return talk


def only(sent):
    """Takes a question and sends that; nothing: hangs up."""
    def talk(peer):
        question = received(peer)
        peer.sendall(sent(question) if callable(sent) else sent)
        if sent:
            peer.recv(1)
    return talk


def truncating():
    """Says over UDP that there is more, and has it over TCP."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((FAR, 53))
    while True:
        packet, peer = server.recvfrom(4096)
        _, question = wire.dns_name(packet)
        server.sendto(wire.dns_answer(packet, question, 0x8380), peer)


def whole(packet):
    _, question = wire.dns_name(packet)
    answer = wire.dns_answer(packet, question, addresses=[ADDRESS])
    return struct.pack(">H", len(answer)) + answer


# One forger an address: the port is always 53.
FORGERS = {"45.20.0.12": forge(alter), "45.20.0.13": forge(strip),
           "45.20.0.14": forge(bare), FAR: only(whole),
           "45.20.0.15": only(b""), "45.20.0.16": only(b"\xff\xffthis is no message"),
           "45.20.0.17": only(b"\0\3abc")}


def far_end():
    for i in range(10, 18):
        sh(f"ip addr add 45.20.0.{i}/24 dev f0")
    servers = [start("nsd", "-d", "-c", sign_zones()),
               start("unbound", "-d", "-c", write("unbound.conf", UNBOUND.format(
                   dir=DIR, address=RESOLVER, answer=ADDRESS)))]
    for address, talk in FORGERS.items():
        wire.stream_server(53, talk, host=address)
    threading.Thread(target=truncating, daemon=True).start()
    wire.stream_server(443, wire.chatter, host=FORGER)
    until("nsd", lambda: listening(SIGNED, 53))
    until("unbound", lambda: listening(RESOLVER, 853) and listening(RESOLVER, 443))
    print("ready", flush=True)
    sys.stdin.read()
    for server in servers:
        server.terminate()


# ---- the near end ----

def secure(port, host="www.right", resolver="right.example", address=RESOLVER, **words):
    return run("dns", address=address, port=port, host=host, resolver=resolver,
               ca_file=DIR + "/ca.pem", **words)


@test
def a_question_is_answered_inside_tls_and_https():
    chain = transport.sha256_of("right.example")
    for port, carriage in (853, "tls"), (443, "https"):
        ended = secure(port)
        expect(ended, outcome="ok", stage="done", carriage=carriage, rcode=0, answers=1,
               answer_sha256=SHA256, verified=1, verify_error=ABSENT, chain_sha256=chain,
               connect_us=between(1, 500000), rtt_us=between(1, 500000))
        assert 1500 < ended.bytes < 8000, ended.bytes


@test
def a_certificate_for_another_name_is_told_and_minded_by_nobody():
    for port in 853, 443:
        expect(secure(port, resolver="wrong.example"), outcome="ok", answers=1, verified=0,
               verify_error=ANOTHER_NAME)
        expect(secure(port, resolver=""), outcome="ok", answers=1, verified=0,
               verify_error=ANOTHER_ADDRESS)
        expect(run("dns", address=RESOLVER, port=port, host="www.right", resolver="right.example"),
               outcome="ok", verified=ABSENT, chain_sha256=transport.sha256_of("right.example"))


@test
def what_a_resolver_says_inside_tls_is_told_apart():
    for port in 853, 443:
        expect(secure(port, host="nobody.right"), outcome="dns_nxdomain_error", rcode=3)
        expect(secure(port, host="many.right"), outcome="dns_no_answer", rcode=0, answers=0)
        expect(secure(port, address=SILENT, deadline_us=1500000),
               outcome="generic_timeout_error", stage="connect", rcode=ABSENT)
    expect(secure(853, address=SIGNED), outcome="connection_refused", stage="connect")
    expect(secure(443, address=SIGNED), outcome="connection_refused", stage="connect")
    expect(secure(443, address=FORGER), outcome="ssl_failed_handshake", stage="tls_handshake")


@test
def special_addresses_are_refused_inside_tls_too():
    for port in 853, 443:
        ended = secure(port, address="10.1.2.3")
        expect(ended, outcome="unmeasured", reason="not_public")
        assert ended.bytes == 0, ended.bytes


@test
def what_is_truncated_is_asked_over_tcp():
    expect(run("dns", address=FAR, host="www.right"), outcome="ok", stage="done", carriage="tcp",
           answers=1, answer_sha256=SHA256, connect_us=between(1, 500000))


def follow(host, address=SIGNED, **words):
    return run("dnssec", **{"address": address, "host": host, "anchors": DIR + "/anchors",
                            "clock_known": 1, **words})


@test
def signatures_that_hold_up_to_the_root_are_told():
    for host in "www.zz", "www.deep.zz", "x.wild.zz":
        ended = follow(host)
        expect(ended, outcome="ok", stage="done", carriage="tcp", answers=1,
               answer_sha256=SHA256, authentic=1)
        assert 1000 < ended.bytes < 9000, ended.bytes
    expect(follow("www.zz", anchors=DIR + "/anchors.ds"), authentic=1)


@test
def an_address_that_was_changed_or_has_lost_its_signature_is_not_authentic():
    for address in "45.20.0.12", "45.20.0.13":
        for host in "www.zz", "www.deep.zz":
            expect(follow(host, address), outcome="ok", authentic=0,
                   answer_sha256=hashlib.sha256(f"{FORGED}\n".encode()).hexdigest())


@test
def a_signature_out_of_its_time_or_by_another_key_does_not_hold():
    expect(follow("www.old.zz"), outcome="ok", authentic=0)


@test
def where_nothing_can_be_said_nothing_is():
    # Not signed; an alias; a server that knows of no signatures; keys of another root, or
    # none; a key that the zone above does not know; a clock that nobody has set.
    for host, words in (("www.plain.zz", {}), ("alias.zz", {}),
                        ("www.zz", {"address": "45.20.0.14"}),
                        ("www.zz", {"anchors": DIR + "/others"}), ("www.zz", {"anchors": ""}),
                        ("www.swapped.zz", {}), ("www.zz", {"clock_known": 0})):
        expect(follow(host, **words), outcome="ok", stage="done", authentic=ABSENT)


@test
def what_is_no_answer_over_tcp_is_told_apart():
    expect(follow("nobody.zz"), outcome="dns_nxdomain_error", authentic=ABSENT)
    expect(follow("www.zz", "45.20.0.15"), outcome="eof_error", stage="reply")
    for address in "45.20.0.16", "45.20.0.17":
        expect(follow("www.zz", address), outcome="dns_malformed", stage="reply")
    expect(follow("www.zz", "46.0.0.1"), outcome="network_unreachable", stage="connect")
    silent = follow("www.zz", SILENT, deadline_us=1500000)
    expect(silent, outcome="generic_timeout_error", stage="connect")


def main():
    if sys.argv[1:] == ["--far"]:
        far_end()
    elif sys.argv[1:] == ["--inside"]:
        wire.inside(TESTS)
    else:
        try:
            SERVERS.prepare()
        except RuntimeError as error:
            print(f"no servers to ask: {error}")
            sys.exit(77)
        with tempfile.TemporaryDirectory() as folder:
            transport.make_certificates(folder)
            wire.enter({"NAMES_DIR": folder, "TRANSPORT_DIR": folder})


if __name__ == "__main__":
    main()
