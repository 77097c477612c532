#!/usr/bin/python3
"""Each check against real sockets, routers and servers: three network namespaces of this
test's own, probe - router - far, with public-looking addresses."""
import hashlib
import json
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

BUILD = os.environ.get("BUILD", "build")
FAR, FAR6 = "45.20.0.2", "2003:20::2"
SILENT, NOBODY = "45.20.0.3", "45.20.0.99"
BODY = b"what the page says\n" * 40
SSL_DIR = os.environ.get("CHECKS_DIR", "")


def sh(command):
    subprocess.run(command, shell=True, check=True)


# ---- the far end: servers, each on its own port, all in one process ----

def stream_server(port, talk, family=socket.AF_INET, host=FAR):
    server = socket.create_server((host, port), family=family)

    def serve():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=guard, args=(talk, peer), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()


def guard(talk, peer):
    try:
        talk(peer)
    except OSError:
        pass
    peer.close()


def read_request(peer):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = peer.recv(4096)
        if not piece:
            return ""
        got += piece
    return got.decode()


def page(peer):
    request = read_request(peer)
    body = BODY if "\r\nHost: www.example\r\n" in request else b"another host"
    if "\r\nHost: blocked." in request:
        body = b"<h1>This site was closed by the ministry of examples</h1>" + BODY
    if "\r\nHost: walled." in request:
        peer.sendall(b"HTTP/1.1 302 Found\r\nlocation:http://wall.example/?id=7\r\n"
                     b"Content-Length: 0\r\n\r\n")
        return
    if "\r\nHost: refused." in request:
        peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        return
    if "\r\nHost: moved." in request:
        peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://www.example:8009/\r\n"
                     b"Content-Length: 0\r\n\r\n")
        return
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def drip(peer):
    read_request(peer)
    stop = threading.Event()
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":
        peer.sendall(bytes([byte]))
        stop.wait(4)


def reset(peer):
    read_request(peer)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half(peer):
    read_request(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


def chatter(peer):
    peer.recv(4096)
    peer.sendall(b"SSH-2.0-this is no web server\r\n")


def endless(peer):
    read_request(peer)
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        peer.sendall(b"x" * 65536)


def speed_talk(stall):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SSL_DIR + "/cert.pem", SSL_DIR + "/key.pem")

    def talk(plain):
        with context.wrap_socket(plain, server_side=True) as peer:
            while True:
                request = read_request(peer)
                if not request:
                    return
                n = int(request.split("bytes=")[1].split()[0])
                body = os.urandom(n) if n else (
                    b"sndr_retrans 3\nsndr_segs_out 40\nsndr_rtt_us 52000\n"
                    b"sndr_min_rtt_us 50000\nsndr_bytes_sent 33000\n"
                    b"sndr_bytes_retrans 1400\nsndr_unknown 1\nsndr_retrans x\n")
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                peer.sendall(head + (body[:8000] if stall else body))
                if stall:
                    threading.Event().wait()
    return talk


def dns_name(packet):
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
        at += 1 + packet[at]
    return ".".join(labels), packet[12:at + 5]


def dns_race(server, peer, packet, question):
    """Two answers to one question, the second twice; and one to another question between."""
    first, then = ["45.66.6.6"], [FAR, "45.20.0.7"]
    server.sendto(dns_answer(packet, question, addresses=first), peer)
    threading.Event().wait(0.2)
    server.sendto(dns_answer(packet, question, addresses=first, twist=1), peer)
    for _ in range(2):
        server.sendto(dns_answer(packet, question, addresses=then), peer)


def dns_answer(packet, question, flags=0x8180, addresses=(), twist=0):
    packet_id = struct.unpack(">H", packet[:2])[0] ^ twist
    records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)
                       for address in addresses)
    return struct.pack(">6H", packet_id, flags, 1, len(addresses), 0, 0) + question + records


def dns_server():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((FAR, 53))
    asked = {}
    while True:
        packet, peer = server.recvfrom(4096)
        name, question = dns_name(packet)
        asked[name] = asked.get(name, 0) + 1
        good = dns_answer(packet, question, addresses=[FAR, "45.20.0.7"])
        turned = dns_answer(packet, question, addresses=["45.20.0.7", FAR])
        if name == "raced.example":
            threading.Thread(target=dns_race, args=(server, peer, packet, question)).start()
        other = question.replace(b"\7example", b"\7exampli")
        for answer in {
                "good.example": [good],
                "second.example": [good] if asked[name] > 1 else [],
                "twice.example": [good, turned, packet[:2] + b"\x81\x80 no DNS message"],
                "denied.example": [dns_answer(packet, question, 0x8183), good],
                "forged.example": [
                    dns_answer(packet, question, addresses=["45.66.6.6"], twist=1),
                    dns_answer(packet, other, addresses=["45.66.6.6"]), good],
                "private.example": [dns_answer(packet, question, addresses=["10.9.8.7"])],
                "nx.example": [dns_answer(packet, question, 0x8183)],
                "refused.example": [dns_answer(packet, question, 0x8185)],
                "failed.example": [dns_answer(packet, question, 0x8182)],
                "empty.example": [dns_answer(packet, question)],
                "broken.example": [packet[:2] + b"\x81\x80 this is no DNS message"],
        }.get(name, []):
            server.sendto(answer, peer)


def far_end():
    for port, talk in ((80, page), (8001, drip), (8002, reset), (8003, half),
                       (8004, chatter), (8005, endless), (8443, speed_talk(False)),
                       (8444, speed_talk(True))):
        stream_server(port, talk)
    stream_server(80, page, socket.AF_INET6, FAR6)
    threading.Thread(target=dns_server, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


# ---- the near end ----

class Ended:
    """What one check said: fields of the line, and what went with it."""

    def __init__(self, out):
        line, self.bytes, self.how, *self.shown = out.splitlines()
        self.bytes = int(self.bytes)
        self.fields = json.loads(line)

    def __getitem__(self, name):
        return self.fields.get(name)


def run(check, **words):
    done = subprocess.run([BUILD + "/tests/check_once", check] +
                          [f"{name}={value}" for name, value in words.items()],
                          stdout=subprocess.PIPE, text=True, check=True)
    return Ended(done.stdout)


def expect(ended, **fields):
    for name, value in fields.items():
        has = ended[name]
        fits = value(has) if callable(value) else has == value
        assert fits, f"{name} is {has!r} in {ended.fields}"


def between(low, high):
    return lambda has: has is not None and low <= has <= high


ABSENT = None
TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def an_echo_where_the_system_forbids_the_socket_is_unmeasured():
    # First of all: a new namespace lets nobody, and only the other way can it be changed.
    for ended in run("ping", address=FAR), run("router"):
        expect(ended, outcome="unmeasured", reason="no_permission", sent=0)
    sh("echo '0 0' > /proc/sys/net/ipv4/ping_group_range")


@test
def an_uplink_in_order_has_carrier_address_and_route():
    expect(run("link", uplink="p0"), outcome="ok", stage="done", carrier=1, addr4=1, addr6=1, route=1)


@test
def an_interface_that_is_gone_is_not_called_down():
    expect(run("link", uplink="gone0"), outcome="unmeasured", reason="no_interface")


@test
def the_default_router_answers_an_echo():
    ended = run("router")
    expect(ended, outcome="ok", route=1, sent=1, received=1, rtt_us=between(1, 500000))
    assert ended.bytes == 2 * (20 + 64), ended.bytes


@test
def every_echo_is_counted_and_timed():
    ended = run("ping", address=FAR, count=3, pace_us=100000)
    expect(ended, outcome="ok", stage="done", sent=3, received=3, reply_ttl=63,
           took_us=between(200000, 1500000))
    assert ended["rtt_min_us"] <= ended["rtt_us"] <= ended["rtt_max_us"]
    assert ended.bytes == 6 * (20 + 64), ended.bytes


@test
def the_router_on_the_way_is_heard_by_a_small_ttl():
    expect(run("ping", address=FAR, count=2, pace_us=50000, ttl=1), outcome="ttl_exceeded",
           stage="done", ttl=1, icmp_type=11, icmp_code=0, received=0, os_error=ABSENT,
           rtt_us=between(1, 500000))


@test
def a_ttl_that_suffices_gets_the_echo_itself():
    expect(run("ping", address=FAR, count=1, ttl=2), outcome="ok", ttl=2, icmp_type=ABSENT)


@test
def echoes_work_over_ipv6_too():
    expect(run("ping", address=FAR6, count=1), outcome="ok", received=1, reply_ttl=63)
    expect(run("ping", address=FAR6, count=1, ttl=1), outcome="ttl_exceeded", icmp_type=3)


@test
def silence_to_an_echo_ends_by_itself_with_its_counts():
    ended = run("ping", address=SILENT, count=2, pace_us=100000)
    expect(ended, outcome="generic_timeout_error", stage="reply", sent=2, received=0)
    assert ended.how == "finished"


@test
def an_echo_without_a_route_and_one_prohibited_are_told_apart():
    expect(run("ping", address="46.0.0.1"), outcome="network_unreachable", icmp_type=3, icmp_code=0)
    expect(run("ping", address="45.20.0.4"), outcome="icmp_prohibited", icmp_type=3, icmp_code=13)


@test
def special_addresses_are_refused_by_every_check():
    for address in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "::ffff:45.20.0.2",
                    "64:ff9b::2d14:2", "2002:2d14:2::1", "fe80::1"):
        for check in ("ping", "dns", "tcp", "http"):
            ended = run(check, address=address, host="www.example")
            expect(ended, outcome="unmeasured", reason="not_public")
            assert ended.bytes == 0, (check, address, ended.bytes)
    expect(run("speed", endpoint="https://127.0.0.1:8443", pin="sha256//" + "A" * 43 + "=",
               bytes=1000), outcome="unmeasured", reason="not_public")


@test
def a_tcp_handshake_is_timed_in_both_families():
    for address in FAR, FAR6:
        ended = run("tcp", address=address)
        expect(ended, outcome="ok", stage="done", connect_us=between(1, 500000), retrans=0)
        assert 300 <= ended.bytes <= 700, ended.bytes


@test
def refused_dropped_and_prohibited_handshakes_are_told_apart():
    expect(run("tcp", address=FAR, port=9), outcome="connection_refused", stage="connect", os_error=111)
    dropped = run("tcp", address=FAR, port=9001, deadline_us=1500000)
    expect(dropped, outcome="generic_timeout_error", stage="connect")
    assert dropped.how == "ended at the deadline"
    expect(run("tcp", address="46.0.0.1"), outcome="network_unreachable", stage="connect")


@test
def a_name_is_resolved_by_our_own_question():
    expect(run("tcp", host="good.example"), outcome="ok")
    expect(run("tcp", host="nx.example"), outcome="dns_nxdomain_error", stage="resolve")
    expect(run("http", host="private.example"), outcome="unmeasured", reason="not_public")


@test
def a_page_is_measured_whole():
    ended = run("http", address=FAR, host="www.example")
    expect(ended, outcome="ok", stage="done", status=200, body_bytes=len(BODY),
           body_sha256=hashlib.sha256(BODY).hexdigest(), connect_us=between(1, 500000),
           first_byte_us=between(1, 500000), retrans=0)
    assert len(BODY) + 400 < ended.bytes < len(BODY) + 2000, ended.bytes


@test
def a_page_is_fetched_from_an_ipv6_address_without_a_name():
    expect(run("http", address=FAR6), outcome="ok", status=200, body_bytes=len("another host"))


@test
def a_redirect_is_noted_and_not_followed():
    expect(run("http", address=FAR, host="moved.example"), outcome="ok", status=302)


PAGES = """name,scope,other_names,location_found,pattern_type,pattern
examples.ministry,nat,,body,contains,closed by the ministry of examples
examples.wall,isp,,header.location,prefix,http://wall.example/
examples.forged,nat,,dns,full,45.20.0.7
"""


@test
def what_is_known_from_a_file_is_recognised_in_pages_redirects_and_answers():
    with open(SSL_DIR + "/pages.csv", "w", encoding="ascii") as out:
        out.write(PAGES)
    for check, host, name in (("http", "blocked.example", "examples.ministry"),
                              ("http", "walled.example", "examples.wall"),
                              ("http", "www.example", ABSENT), ("http", "moved.example", ABSENT),
                              ("dns", "good.example", "examples.forged"),
                              ("dns", "private.example", ABSENT)):
        expect(run(check, address=FAR, host=host, fingerprints=SSL_DIR + "/pages.csv"),
               outcome="ok", fingerprint=name)
    expect(run("http", address=FAR, host="blocked.example"), outcome="ok", fingerprint=ABSENT)


@test
def an_answer_unlike_the_usual_is_left_to_be_shown():
    words = {"address": FAR, "shows": 1, "fingerprints": SSL_DIR + "/pages.csv",
             # Of RFC 8032 section 7.1: whose secret everybody knows.
             "key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}
    for host, usual, parts in (("www.example", 0, 0), ("www.example", 200, 0),
                               ("www.example", 204, 0), ("www.example", 301, 1),
                               ("moved.www.example", 0, 0),
                               ("moved.www.example", 301, 0), ("moved.www.example", 200, 1),
                               ("moved.example", 301, 1), ("walled.example", 302, 1),
                               ("refused.example", 0, 1), ("blocked.example", 200, 1)):
        ended = run("http", host=host, usual_status=usual, **words)
        assert len(ended.shown) == parts, (host, usual, ended.shown)
        assert all(json.loads(line)["exhibit_kind"] == "page" for line in ended.shown)
        # Only the parent says what is shown.
        expect(ended, outcome="ok", exhibit_sha256=ABSENT)
    assert not run("http", host="blocked.example", **{**words, "shows": 0}).shown
    assert not run("http", host="blocked.example", **{**words, "key": "00" * 32}).shown


@test
def a_server_that_drips_ends_at_the_deadline_with_its_step():
    ended = run("http", address=FAR, host="www.example", port=8001, deadline_us=5000000)
    expect(ended, outcome="generic_timeout_error", stage="body", connect_us=between(1, 500000),
           first_byte_us=between(1, 500000), took_us=between(4900000, 7000000))
    assert ended.how == "ended at the deadline" and ended.bytes > 300


@test
def broken_pages_are_told_apart():
    expect(run("http", address=FAR, host="www.example", port=8002),
           outcome="connection_reset", stage="first_byte", os_error=104)
    expect(run("http", address=FAR, host="www.example", port=8003),
           outcome="eof_error", stage="body", status=200, body_bytes=9)
    expect(run("http", address=FAR, host="www.example", port=8004), outcome="http_malformed")
    expect(run("http", address=FAR, host="www.example", port=9), outcome="connection_refused",
           stage="connect")


@test
def a_page_without_end_is_cut():
    ended = run("http", address=FAR, host="www.example", port=8005)
    expect(ended, outcome="ok", body_bytes=256 * 1024,
           body_sha256=hashlib.sha256(b"x" * 256 * 1024).hexdigest())


@test
def a_transfer_brings_the_views_of_both_ends():
    ended = run("speed", endpoint=f"https://{FAR}:8443", pin=PIN, bytes=32000)
    expect(ended, outcome="ok", stage="done", status=200, body_bytes=32000,
           rtt_us=between(1, 500000), transfer_us=between(0, 500000), sndr_retrans=3,
           sndr_segs_out=40, sndr_rtt_us=52000, sndr_min_rtt_us=50000, sndr_bytes_sent=33000,
           sndr_bytes_retrans=1400)
    assert sum(ended["chunks"]) == 32000, ended["chunks"]
    assert ended.bytes > 33000, ended.bytes


@test
def a_transfer_that_hangs_has_told_what_came():
    ended = run("speed", endpoint=f"https://{FAR}:8444", pin=PIN, bytes=32000,
                deadline_us=2500000)
    expect(ended, outcome="generic_timeout_error", stage="body", body_bytes=8000,
           rtt_us=between(1, 500000), sndr_retrans=ABSENT)
    assert sum(ended["chunks"]) == 8000 and ended.bytes > 8000


@test
def another_key_than_the_pinned_one_ends_the_transfer_before_the_request():
    expect(run("speed", endpoint=f"https://{FAR}:8443", pin="sha256//" + "A" * 43 + "=", bytes=1000),
           outcome="ssl_invalid_pin", stage="tls_handshake", status=ABSENT)
    expect(run("speed", endpoint=f"https://{FAR}:8004", pin=PIN, bytes=1000),
           outcome="ssl_failed_handshake", stage="tls_handshake")
    expect(run("speed", endpoint=f"http://{FAR}:80", pin=PIN, bytes=1000),
           outcome="unmeasured", reason="no_endpoint")


@test
def names_are_asked_and_their_answers_counted():
    text = "".join(sorted(f"{address}\n" for address in (FAR, "45.20.0.7")))
    for name in "good.example", "forged.example":
        expect(run("dns", address=FAR, host=name), outcome="ok", stage="done", rcode=0, answers=2,
               answer_sha256=hashlib.sha256(text.encode()).hexdigest(),
               reply_ttl=63, rtt_us=between(1, 500000))
    expect(run("dns", address="resolver", host="good.example"), outcome="ok", answers=2)


@test
def every_answer_to_one_question_is_heard():
    text = "".join(sorted(f"{address}\n" for address in (FAR, "45.20.0.7")))
    true = hashlib.sha256(text.encode()).hexdigest()
    forged = hashlib.sha256(b"45.66.6.6\n").hexdigest()
    expect(run("dns", address=FAR, host="raced.example", listen_us=600000), outcome="ok",
           stage="done", answer_sha256=forged, other_sha256=true, replies=3, reply_ttl=63,
           other_ttl=63, other_after_us=between(190000, 400000), rtt_us=between(1, 150000),
           took_us=between(600000, 1200000))
    expect(run("dns", address=FAR, host="denied.example", listen_us=300000),
           outcome="dns_nxdomain_error", other_sha256=true, replies=2,
           other_after_us=between(0, 100000))


@test
def a_second_answer_that_says_the_same_is_no_other():
    expect(run("dns", address=FAR, host="twice.example", listen_us=300000), outcome="ok",
           replies=2, other_after_us=ABSENT, other_sha256=ABSENT)


@test
def who_does_not_listen_ends_with_the_first_answer():
    expect(run("dns", address=FAR, host="raced.example"), outcome="ok", replies=ABSENT,
           other_after_us=ABSENT, took_us=between(1, 150000))


@test
def a_decoy_is_asked_once_and_says_what_answered_in_its_name():
    ended = run("dns", address=SILENT, host="www.example", decoy=1)
    expect(ended, outcome="generic_timeout_error", stage="reply", decoy=1, rcode=ABSENT,
           took_us=between(2900000, 3900000))
    assert ended.bytes == 28 + 40, ended.bytes
    expect(run("dns", address=NOBODY, host="www.example", decoy=1), decoy=1,
           outcome=lambda has: has in ("host_unreachable", "generic_timeout_error"))
    expect(run("dns", address=FAR, host="good.example", decoy=1, listen_us=100000), decoy=1,
           outcome="ok", answers=2, replies=1, reply_ttl=63)


@test
def a_lost_question_is_asked_once_more():
    expect(run("dns", address=FAR, host="second.example"), outcome="ok",
           took_us=between(2000000, 3500000), rtt_us=between(1, 500000))


@test
def what_name_servers_say_is_told_apart():
    for name, outcome, rcode in (("nx", "dns_nxdomain_error", 3), ("refused", "dns_refused_error", 5),
                                 ("failed", "dns_server_failure", 2), ("empty", "dns_no_answer", 0)):
        expect(run("dns", address=FAR, host=name + ".example"), outcome=outcome, rcode=rcode,
               stage="reply")
    expect(run("dns", address=FAR, host="broken.example"), outcome="dns_malformed", rcode=ABSENT)
    expect(run("dns", address=FAR, port=54, host="good.example"), outcome="connection_refused",
           icmp_type=3, icmp_code=3)
    ended = run("dns", address=FAR, host="silent.example")
    expect(ended, outcome="generic_timeout_error", stage="reply")
    assert ended.how == "finished"


@test
def a_pulled_cable_is_seen_by_link_and_router_and_named():
    sh("ip -n router link set r0 down")
    expect(run("link", uplink="p0"), outcome="link_down", carrier=0)
    sh("ip link set p0 down")
    expect(run("link"), outcome="link_down", carrier=0, route=0)
    expect(run("router"), outcome="unmeasured", reason="no_route", route=0)
    expect(run("ping", address=FAR), outcome="network_unreachable", sent=0)
    expect(run("tcp", address=FAR), outcome="network_unreachable", stage="connect")


NETWORK = """
mount -t tmpfs none /run && mkdir /run/netns && mount -t tmpfs none /mnt
echo 'nameserver 45.20.0.2' > /mnt/resolv.conf && mount --bind /mnt/resolv.conf /etc/resolv.conf
ip netns add router && ip netns add far
ip link add p0 type veth peer name r0 netns router
ip -n router link add r1 type veth peer name f0 netns far
ip addr add 192.168.77.2/24 dev p0 && ip -6 addr add 2003:10::2/64 dev p0 nodad
ip -n router addr add 192.168.77.1/24 dev r0 && ip -n router -6 addr add 2003:10::1/64 dev r0 nodad
ip -n router addr add 45.20.0.1/24 dev r1 && ip -n router -6 addr add 2003:20::1/64 dev r1 nodad
ip -n far addr add 45.20.0.2/24 dev f0 && ip -n far -6 addr add 2003:20::2/64 dev f0 nodad
ip -n far addr add 45.20.0.3/24 dev f0 && ip -n far addr add 45.20.0.4/24 dev f0
for n in router far; do ip -n $n link set lo up; done
ip link set lo up && ip link set p0 up && ip -n router link set r0 up
ip -n router link set r1 up && ip -n far link set f0 up
ip route add default via 192.168.77.1 && ip -6 route add default via 2003:10::1
ip -n far route add default via 45.20.0.1 && ip -n far -6 route add default via 2003:20::1
ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0
ip netns exec router nft 'add table inet f; add chain inet f transit { type filter hook forward priority 0; };
add rule inet f transit ip daddr 45.20.0.3 drop; add rule inet f transit tcp dport 9001 drop;
add rule inet f transit ip daddr 45.20.0.4 reject with icmp type admin-prohibited'
"""


class Analyzer:
    """A real one in a folder of its own, that serves at this address, by the words before its
    command in a namespace; and an invite of it. Ends with the block."""

    def __init__(self, address, port, before=()):
        self.folder = tempfile.TemporaryDirectory()
        here = pathlib.Path(self.folder.name)
        (here / "conf").write_text(f"public_endpoint = https://{address}:{port}\n",
                                   encoding="ascii")
        program = BUILD + "/faultline-analyzer"
        config, where = ["--config", str(here / "conf")], ["--dir", str(here / "an")]
        for words in (["init", *config, where[1]],
                      ["invite", *config, *where, "--out", str(here / "invites")]):
            subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)
        self.invite = next((here / "invites").iterdir())
        text = self.invite.read_text(encoding="ascii")
        self.pin, self.key = (re.search(rf"^{name} (\S+)$", text, re.M)[1]
                              for name in ("pin", "key"))
        self.child = subprocess.Popen(
            [*before, program, "serve", *config, *where, "--ingest", f"{address}:{port}",
             "--pages", "127.0.0.1:8080"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if not any("ingest listens" in said for said in self.child.stderr):
            sys.exit("the analyzer did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.folder.cleanup()


def run_tests(tests, *world):
    """Runs them in the order in which they stand; returns how many failed."""
    failed = 0
    for function in tests:
        try:
            function(*world)
            print("ok", function.__name__, flush=True)
        except AssertionError as error:
            failed += 1
            print("FAILED", function.__name__, error, flush=True)
    return failed


def inside(tests):
    sh("set -e\n" + NETWORK)
    far = subprocess.Popen(["ip", "netns", "exec", "far", sys.argv[0], "--far"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if far.stdout.readline() != "ready\n":
        sys.exit("the far end did not start")
    failed = run_tests(tests)
    far.stdin.close()
    far.wait()
    sys.exit(1 if failed else 0)


def make_key(folder):
    sh(f"openssl req -x509 -newkey ed25519 -nodes -subj /CN=test -days 1 -keyout {folder}/key.pem "
       f"-out {folder}/cert.pem 2>/dev/null")
    sh(f"openssl x509 -in {folder}/cert.pem -pubkey -noout | openssl pkey -pubin -outform der | "
       f"openssl dgst -sha256 -binary | openssl base64 > {folder}/pin")


def inwards():
    """What runs a command as root of namespaces of its own, all of which end with it."""
    command = ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork",
               "--kill-child", "--mount-proc"]
    for _ in range(2):
        if not subprocess.run(command + ["true"], stderr=subprocess.DEVNULL,
                              check=False).returncode:
            return command
        if "--map-root-user" in command:
            command.remove("--map-root-user")
    print("this machine lets us make no network namespaces")
    sys.exit(77)


def enter(environment):
    """Runs this script again, in namespaces of its own, and ends as it does."""
    done = subprocess.run(inwards() + [os.path.abspath(sys.argv[0]), "--inside"], check=False,
                          env={**os.environ, **environment})
    sys.exit(done.returncode)


def main():
    with tempfile.TemporaryDirectory() as folder:
        make_key(folder)
        enter({"CHECKS_DIR": folder})


if __name__ == "__main__":
    if sys.argv[1:] == ["--far"]:
        far_end()
    elif sys.argv[1:] == ["--inside"]:
        with open(SSL_DIR + "/pin", encoding="ascii") as pin_file:
            PIN = "sha256//" + pin_file.read().strip()
        inside(TESTS)
    else:
        main()
