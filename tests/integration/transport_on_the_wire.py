#!/usr/bin/python3
"""The checks tls and quic against real servers (nginx, caddy) and real middleboxes (nft in
a router), in network namespaces of this test's own (unshare): probe - router - far."""
import hashlib
import json
import os
import pty
import random
import ssl
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import checks_on_the_wire as wire
from checks_on_the_wire import ABSENT, FAR, FAR6, SILENT, between, expect, run, sh

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from lab import unpack  # noqa: E402

FOLDER = os.environ.get("TRANSPORT_DIR", "")
CA = FOLDER + "/ca.pem"
SERVERS = unpack.Unpacked(wire.BUILD)
CADDY = SERVERS.root + "/usr/bin/caddy"
HAS_EXPIRED, SELF_SIGNED, NO_ISSUER, ANOTHER_NAME = 10, 18, 20, 62  # X509_V_ERR_...
UNRECOGNIZED_NAME = 112  # RFC 6066 section 3
FIRST_S, OTHER_S = 8, 5  # of probe/checks/tls.c
TESTS = []


def test(function):
    TESTS.append(function)
    return function


# ---- certificates ----

CA_CONF = """
[ca]
default_ca = here
[here]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"


def openssl(words):
    done = subprocess.run("openssl " + words, shell=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def issue(folder, name, start="20200101000000Z", end="20991231235959Z", more=""):
    openssl(f"req -new {NEW_KEY} -subj /CN={name} -addext subjectAltName=DNS:{name} {more} "
            f"-keyout {folder}/{name}.key -out {folder}/{name}.csr")
    openssl(f"ca -batch -notext -config {folder}/ca.conf -cert {folder}/ca.pem "
            f"-keyfile {folder}/ca.key -startdate {start} -enddate {end} "
            f"-in {folder}/{name}.csr -out {folder}/{name}.pem")


def make_certificates(folder):
    with open(f"{folder}/ca.conf", "w", encoding="ascii") as out:
        out.write(CA_CONF.format(folder=folder))
    open(f"{folder}/index", "w", encoding="ascii").close()
    for name in "ca", "other":
        openssl(f"req -x509 {NEW_KEY} -subj /CN={name} -days 30 -keyout {folder}/{name}.key "
                f"-out {folder}/{name}.pem")
    for name in "right.example", "default.example":
        issue(folder, name)
    issue(folder, "expired.example", end="20200201000000Z")
    openssl(f"req -x509 {NEW_KEY} -subj /CN=self.example -days 30 -keyout "
            f"{folder}/self.example.key -out {folder}/self.example.pem "
            "-addext subjectAltName=DNS:self.example")
    for kilobytes in 90, 110:
        fat = text_of(f"{folder}/right.example.pem")
        size = len(der(fat))
        while size < kilobytes * 1000:
            fat += text_of(f"{folder}/other.pem")
            size += len(der(text_of(f"{folder}/other.pem"))) + 3
        with open(f"{folder}/fat{kilobytes}.pem", "w", encoding="ascii") as out:
            out.write(fat)


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):])


def sha256_of(*names):
    return " ".join(hashlib.sha256(der(text_of(f"{FOLDER}/{name}.pem"))).hexdigest()
                    for name in names)


# ---- the far end ----

NGINX = """
user root root; daemon off; master_process off; pid {folder}/pid; error_log {folder}/log crit;
events {{ worker_connections 256; }}
http {{
 access_log off; client_body_temp_path {folder}/t; proxy_temp_path {folder}/t;
 fastcgi_temp_path {folder}/t; uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
 ssl_protocols TLSv1.2 TLSv1.3;
 {servers}
}}
"""


def nginx_server(port, name, cert=None, key=None, more=""):
    return (f"server {{ listen {port} ssl; listen [::]:{port} ssl; server_name {name}; "
            f"ssl_certificate {FOLDER}/{cert or name}.pem; "
            f"ssl_certificate_key {FOLDER}/{key or cert or name}.key; {more} return 204; }}\n")


def start_nginx():
    servers = "".join(
        [nginx_server(443, "default.example")] +
        [nginx_server(443, name) for name in ("right.example", "expired.example",
                                              "self.example")] +
        [nginx_server(8012, "right.example", more="ssl_protocols TLSv1.2;"),
         nginx_server(8013, "right.example"),
         nginx_server(8016, "right.example"),
         "server { listen 8013 ssl default_server; ssl_reject_handshake on; }\n"
         "server { listen 80; return 204; }\n"] +
        [nginx_server(port, "right.example", cert=fat, key="right.example")
         for port, fat in ((8014, "fat90"), (8015, "fat110"))])
    with open(f"{FOLDER}/nginx.conf", "w", encoding="ascii") as out:
        out.write(NGINX.format(folder=FOLDER, servers=servers))
    return subprocess.Popen([SERVERS.program("nginx"), "-e", f"{FOLDER}/log", "-p", FOLDER,
                             "-c", f"{FOLDER}/nginx.conf"], env=SERVERS.environment())


CADDYFILE = """
{{
 admin off
 auto_https disable_redirects
 storage file_system {folder}/caddy
}}
https://right.example:8443 {{
 tls {folder}/right.example.pem {folder}/right.example.key
 respond "page"
}}
"""


def start_caddy():
    with open(f"{FOLDER}/Caddyfile", "w", encoding="ascii") as out:
        out.write(CADDYFILE.format(folder=FOLDER))
    with open(f"{FOLDER}/caddy.log", "wb") as log:
        return subprocess.Popen([CADDY, "run", "--config", f"{FOLDER}/Caddyfile", "--adapter",
                                 "caddyfile"], stdout=log, stderr=log, env={**os.environ,
                                 "HOME": FOLDER, "XDG_DATA_HOME": FOLDER, "XDG_CONFIG_HOME": FOLDER})


def drip(peer):
    """The start of a handshake message of 16 kB, a byte at a time."""
    peer.recv(4096)
    stop = threading.Event()
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(1000):
        peer.sendall(bytes([byte]))
        stop.wait(4)


def close_at_once(peer):
    peer.recv(1)


def close_after_hello(peer):
    peer.recv(4096)


def keep_hello(peer):
    hello = peer.recv(4096)
    if b".example" in hello:
        with open(FOLDER + "/hello", "wb") as out:
            out.write(hello)


def twist(drawn):
    """Hands the hello on to nginx and its answer back, one byte of it another, and hangs up."""
    def talk(peer):
        with wire.socket.create_connection((FAR, drawn.choice((443, 8012)))) as behind:
            behind.sendall(peer.recv(4096))
            answer = bytearray(behind.recv(16384))
        answer[drawn.randrange(len(answer))] ^= 1 << drawn.randrange(8)
        peer.sendall(answer)
    return talk


def flood(peer):
    """After a handshake in order, more than anybody asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{FOLDER}/right.example.pem", f"{FOLDER}/right.example.key")
    with context.wrap_socket(peer, server_side=True) as secure:
        while True:
            secure.sendall(bytes(65536))


def listening(port):
    try:
        with wire.socket.create_connection((FAR, port), timeout=1):
            return True
    except OSError:
        return False


def far_end():
    running = [start_nginx(), start_caddy()]
    for port, talk in ((9100, drip), (9101, close_at_once), (9102, close_after_hello),
                       (9104, keep_hello), (9107, flood), (9106, twist(random.Random(6)))):
        wire.stream_server(port, talk)
    quiet = wire.socket.socket(wire.socket.AF_INET, wire.socket.SOCK_DGRAM)
    quiet.bind((FAR, 9105))
    threading.Thread(target=babble, args=(quiet,), daemon=True).start()
    for _ in range(300):
        if listening(443) and listening(8443):
            break
        threading.Event().wait(0.1)
    else:
        sys.exit("nginx or caddy did not start")
    print("ready", flush=True)
    sys.stdin.read()
    for child in running:
        child.terminate()
        child.wait()


def babble(server):
    """Answers a question of QUIC with what only looks like an answer."""
    while True:
        packet, peer = server.recvfrom(4096)
        ours, theirs = packet[15:23], packet[6:14]
        good = b"\x80\0\0\0\0\x08" + ours + b"\x08" + theirs + b"\0\0\0\1"
        for answer in (b"", good[:-1], good[:22], packet, good.replace(ours, bytes(8)),
                       good[:-4] + packet[1:5], b"\x40" + good[1:]):
            server.sendto(answer, peer)


# ---- the near end: names ----

def tls(**words):
    return run("tls", **{"address": FAR, "ca_file": CA, "control": "default.example", **words})


def at_once(function, values):
    """Those that take their time take it together."""
    with ThreadPoolExecutor(min(4, len(values))) as pool:
        return list(pool.map(function, values))


def block(name, verdict):
    """A rule that looks into the ClientHello, as boxes on the way do."""
    run("tls", address=FAR, host=name, port=9104)
    with open(FOLDER + "/hello", "rb") as file:
        at = file.read().index(name.encode())
    # Behind 32 bytes of TCP header: its timestamps are on.
    sh("ip netns exec router nft add rule inet f transit tcp dport 443 "
       f"@th,{8 * (32 + at)},64 0x{name.encode()[:8].hex()} {verdict}")


@test
def a_handshake_is_timed_and_its_chain_noted_in_both_families():
    sh(f"ping -6 -q -c 1 -w 20 {FAR6} >/dev/null")  # the neighbours are known from here on
    for address in FAR, FAR6:
        ended = tls(address=address, host="right.example")
        expect(ended, outcome="ok", stage="done", verified=1, verify_error=ABSENT,
               chain_sha256=sha256_of("right.example"), tls_version=0x304, alert=ABSENT,
               connect_us=between(1, 500000), tls_us=between(100, 1000000),
               rtt_us=between(1, 500000), retrans=between(0, 3), control_outcome=ABSENT,
               bare_outcome=ABSENT, took_us=between(1, 1500000))
        assert 1500 <= ended.bytes <= 4000, ended.bytes


@test
def the_bytes_are_those_that_the_router_saw():
    sh("ip netns exec router nft 'add chain inet f count { type filter hook forward priority 1; };"
       " add counter inet f passed; add rule inet f count counter name passed'")
    ended = tls(host="right.example")
    out = subprocess.run("ip netns exec router nft list counters", shell=True, text=True,
                         capture_output=True, check=True).stdout
    seen = int(out.split("bytes")[1].split()[0])
    assert abs(ended.bytes - seen) <= 100, (ended.bytes, seen)


@test
def an_older_version_is_spoken_and_noted():
    expect(tls(host="right.example", port=8012), outcome="ok", tls_version=0x303, verified=1,
           chain_sha256=sha256_of("right.example"))


@test
def what_is_wrong_with_a_certificate_is_noted_and_no_failure():
    for host, name, error in (("unknown.example", "default.example", ANOTHER_NAME),
                              ("expired.example", "expired.example", HAS_EXPIRED),
                              ("self.example", "self.example", SELF_SIGNED)):
        expect(tls(host=host), outcome="ok", verified=0, verify_error=error,
               chain_sha256=sha256_of(name), control_outcome=ABSENT)
    expect(tls(host="right.example", ca_file=FOLDER + "/other.pem"), outcome="ok", verified=0,
           verify_error=NO_ISSUER)


@test
def without_a_name_the_default_certificate_is_held_against_the_address():
    expect(tls(host=""), outcome="ok", verified=0, chain_sha256=sha256_of("default.example"))


@test
def without_a_store_the_chain_is_noted_and_not_judged():
    for path in "", FOLDER + "/nothing-there.pem", FOLDER + "/nginx.conf":
        expect(tls(host="right.example", ca_file=path), outcome="ok", verified=ABSENT,
               verify_error=ABSENT, chain_sha256=sha256_of("right.example"))


@test
def a_name_that_is_reset_passes_under_another_name_and_under_none():
    block("blocked1.example", "reject with tcp reset")
    expect(tls(host="blocked1.example"), outcome="connection_reset", stage="tls_handshake",
           os_error=104, control_outcome="ok", bare_outcome="ok", tls_us=ABSENT,
           chain_sha256=ABSENT, verified=ABSENT, connect_us=between(1, 500000),
           took_us=between(1, 4000000))
    expect(tls(host="blocked1.example", control=""), outcome="connection_reset",
           control_outcome=ABSENT, bare_outcome="ok")
    expect(tls(host="right.example", control="blocked1.example"), outcome="ok")


@test
def a_name_that_is_dropped_passes_under_another_name_and_under_none():
    block("silenced.example", "drop")
    ended = tls(host="silenced.example")
    expect(ended, outcome="generic_timeout_error", stage="tls_handshake", control_outcome="ok",
           bare_outcome="ok", retrans=between(1, 20), connect_us=between(1, 500000),
           took_us=between(FIRST_S * 1000000, (FIRST_S + 4) * 1000000))
    assert ended.how == "finished" and 1000 < ended.bytes < 20000, ended.bytes
    ended = tls(host="right.example", control="silenced.example", port=9102)
    expect(ended, outcome="eof_error", control_outcome="eof_error", bare_outcome="eof_error")


@test
def where_no_hello_passes_or_the_answer_drips_for_ever_all_three_end_inside_the_deadline():
    sh("ip netns exec router nft 'add rule inet f transit tcp dport 8016 tcp flags & psh == psh drop'")
    for ended in at_once(lambda port: tls(host="right.example", port=port), (8016, 9100)):
        expect(ended, outcome="generic_timeout_error", stage="tls_handshake",
               control_outcome="generic_timeout_error", bare_outcome="generic_timeout_error",
               took_us=between((FIRST_S + 2 * OTHER_S) * 1000000, 21500000))
        assert ended.how == "finished"


@test
def what_is_no_tls_is_told_apart_by_its_end():
    expect(tls(host="right.example", port=80), outcome="ssl_failed_handshake",
           stage="tls_handshake", control_outcome="ssl_failed_handshake", alert=ABSENT)
    expect(tls(host="right.example", port=9102), outcome="eof_error", stage="tls_handshake")
    expect(tls(host="right.example", port=9101), stage="tls_handshake",
           outcome=lambda has: has in ("eof_error", "connection_reset"))


@test
def whatever_byte_of_an_answer_is_wrong_the_line_comes_and_names_its_step():
    seen = set()
    for ended in at_once(lambda _: tls(host="right.example", port=9106), range(60)):
        expect(ended, stage=lambda has: has in ("tls_handshake", "done"))
        assert ended.how == "finished"
        seen.add(ended["outcome"])
    assert seen <= {"ok", "ssl_failed_handshake", "eof_error", "connection_reset"}, seen
    assert "ssl_failed_handshake" in seen, seen


@test
def a_server_that_floods_after_the_handshake_is_left():
    ended = tls(host="right.example", port=9107)
    expect(ended, outcome="ok", verified=1, took_us=between(1, 2000000))
    assert ended.bytes < 1000000, ended.bytes


@test
def a_server_that_rejects_the_name_says_so_by_its_alert():
    expect(tls(host="blocked1.example", port=8013), outcome="ssl_failed_handshake",
           stage="tls_handshake", alert=UNRECOGNIZED_NAME, bare_outcome="ssl_failed_handshake",
           control_outcome="ssl_failed_handshake")
    expect(tls(host="blocked1.example", port=8013, control="right.example"),
           outcome="ssl_failed_handshake", control_outcome="ok",
           bare_outcome="ssl_failed_handshake")


@test
def of_a_chain_of_90_kB_four_hashes_are_kept_and_one_of_110_kB_is_refused():
    ended = tls(host="right.example", port=8014)
    expect(ended, outcome="ok", verified=1,
           chain_sha256=sha256_of("right.example", "other", "other", "other"))
    assert 90000 < ended.bytes < 120000, ended.bytes
    expect(tls(host="right.example", port=8015), outcome="ssl_failed_handshake",
           stage="tls_handshake", alert=ABSENT, chain_sha256=ABSENT)


@test
def before_the_tcp_handshake_nothing_is_compared():
    cases = (({"port": 9}, "connection_refused"), ({"address": "45.20.0.99"}, "host_unreachable"),
             ({"port": 9001}, "generic_timeout_error"))
    for ended, (_, outcome) in zip(at_once(lambda case: tls(host="right.example", **case[0]), cases),
                                   cases):
        expect(ended, outcome=outcome, stage="connect", control_outcome=ABSENT,
               bare_outcome=ABSENT, connect_us=ABSENT)
        assert ended.how == "finished"
    for address in "127.0.0.1", "10.0.0.1", "::ffff:45.20.0.2":
        for check in "tls", "quic":
            ended = run(check, address=address, host="right.example")
            expect(ended, outcome="unmeasured", reason="not_public")
            assert ended.bytes == 0


# ---- the near end: QUIC ----

@test
def a_real_server_of_http_3_negotiates_in_both_families():
    for address in FAR, FAR6:
        ended = run("quic", address=address, host="right.example", port=8443)
        expect(ended, outcome="ok", stage="done", rtt_us=between(1, 500000),
               versions=between(1, 20), reply_ttl=63, icmp_type=ABSENT)
        assert 1200 + 56 + 27 <= ended.bytes <= 1200 + 96 + 200, ended.bytes


@test
def what_only_looks_like_an_answer_is_none_and_the_question_is_repeated_once():
    # The one that is answered so, and the one that nobody answers.
    words = {"address": FAR, "port": 9105}, {"address": SILENT}
    false, silent = at_once(lambda case: run("quic", **case), words)
    for ended in false, silent:
        expect(ended, outcome="generic_timeout_error", stage="reply", rtt_us=ABSENT,
               versions=ABSENT, icmp_type=ABSENT, took_us=between(4000000, 5500000))
        assert ended.how == "finished"
    assert 2 * 1228 < false.bytes < 8 * 1228 and silent.bytes == 2 * 1228, silent.bytes


@test
def what_refuses_a_datagram_is_named():
    expect(run("quic", address=FAR, port=9), outcome="connection_refused", icmp_type=3, icmp_code=3)
    expect(run("quic", address="45.20.0.4"), outcome="icmp_prohibited", icmp_type=3, icmp_code=13)


# ---- the probe itself ----

def probe(words):
    """On a terminal, where it can ask for consent; what it wrote."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(wire.BUILD + "/faultline-probe", ["faultline-probe"] + words)
    os.write(fd, b"yes\n")
    said = b""
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:  # how a terminal ends
            break
        said += piece
    assert os.waitpid(pid, 0)[1] == 0, said
    return said.decode().replace("\r\n", "\n")


@test
def a_round_takes_the_store_from_the_settings_and_the_control_name_from_the_list():
    with open(FOLDER + "/targets.csv", "w", encoding="ascii") as out:
        out.write("role,host,address,port,asn,who_else,verified\n")
        for role, host in (("control", "default.example"), ("domestic", "right.example"),
                           ("essential", "blocked1.example")):
            out.write(f"{role},{host},{FAR},443,-,everyone,no\n")
    with open(FOLDER + "/probe.conf", "w", encoding="ascii") as out:
        out.write(f"targets = {FOLDER}/targets.csv\nca_file = {CA}\n")
    common = ["--state", FOLDER + "/state", "--config", FOLDER + "/probe.conf"]
    said = probe(["once", "--checks", "tls", "--format", "json"] + common)
    lines = [json.loads(line[line.index('{"'):]) for line in said.splitlines() if '{"' in line]
    seen = {line["target"].split("-")[0]: line for line in lines[:-1]}
    assert {role: line.get("verified") for role, line in seen.items()} == {
        "control": 1, "domestic": 1, "essential": None}, said
    assert seen["essential"]["control_outcome"] == "ok", said
    assert lines[-1]["ladder"]["transport"] == {"state": "up", "succeeded": 2, "tried": 3}, said
    said = probe(["once", "--checks", "tls"] + common)
    assert "at the same address, under another name, it works" in said, said


def main():
    if sys.argv[1:] == ["--far"]:
        far_end()
    elif sys.argv[1:] == ["--inside"]:
        wire.inside(TESTS)
    else:
        SERVERS.prepare()
        SERVERS.fetch(["caddy"])
        with tempfile.TemporaryDirectory() as folder:
            make_certificates(folder)
            wire.enter({"TRANSPORT_DIR": folder})


if __name__ == "__main__":
    main()
