#!/usr/bin/python3
"""The lab's box on the way bites what its rules say and nothing else, over both families, with
real servers (nginx, unbound) and real clients (curl, OpenSSL): near - onpath - far, in two
namespaces of this test's own (unshare)."""
import array
import fcntl
import os
import re
import select
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time

from checks_on_the_wire import enter
from linkemu import FAMILY, Between, check, make, sh, socket_in, start

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
from lab import unpack  # noqa: E402

# Only now: the lab's own folder, where its modules find each other, has a lab.py as well.
sys.path.append(f"{TESTS}/lab")
from lab import look, net, servers  # noqa: E402

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
ONPATH = BUILD + "/tests/onpath"
NEAR = {4: "192.0.2.1", 6: "2001:db8:1::1"}
HOME = {4: "192.0.2.65", 6: "2001:db8:1::65"}  # at the far end, in the near one's network
AWAY = {4: "198.51.100.1", 6: "2001:db8:2::1"}
NEAR_NET = "192.0.2.0/24,2001:db8:1::/48"
AWAY_NET = "198.51.100.0/24,2001:db8:2::/48"
LIE = {4: "203.0.113.9", 6: "2001:db8:9::9"}
NAME, OTHER = "www.wanted.example", "www.other.example"
BLOB, PAGE = 60000, b"<title>here</title>\n"
TIMED_OUT, RESET = 28, 35  # of curl: its time is up; "SSL connect error"
SINK, FIRST = 5000, 5001  # ports: one swallows, the other speaks first

SERVER = """
    server {{ listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl; root {dir}/root;
             ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
             access_log {dir}/access.log combined; }}
"""


class Box(Between):
    """onpath in the link, while the block runs."""

    def __init__(self, *rules):
        super().__init__([ONPATH, *rules], "onp0", NEAR.values(),
                         [*HOME.values(), *AWAY.values()])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.counts = {what: int(n) for what, n in re.findall(r"(.*): (\d+)", self.stop())}


def get(family, name, path="/", port=443, where=AWAY, longest_s=3):
    """(curl's exit code, HTTP status, bytes, seconds, where a redirect leads)."""
    address = where[family] if family == 4 else f"[{where[family]}]"
    scheme = "https" if port == 443 else "http"
    out = subprocess.run(net.inside("near", [
        "curl", "-sk", "-o", "/dev/null", "--max-time", str(longest_s), "--resolve",
        f"{name}:{port}:{address}", "-w",
        "%{http_code} %{size_download} %{time_total} %{redirect_url}",
        f"{scheme}://{name}{path}"]), text=True, capture_output=True, check=False)
    words = out.stdout.split(" ")
    return out.returncode, int(words[0]), int(words[1]), float(words[2]), words[3]


def is_fine(family, name, port=443, where=AWAY):
    """Does a large page arrive whole and at once?"""
    return look.mostly(lambda: get(family, name, "/blob", port, where, 1)[:3] == (0, 200, BLOB))


def without_rules_everything_passes():
    with Box() as box:
        for family in (4, 6):
            check(f"IPv{family}: pages arrive, with and without TLS", all(
                is_fine(family, NAME, port) for port in (80, 443)))
            check(f"IPv{family}: names are answered once", answers(family, NAME, "A")
                  == answers(family, NAME, "A") == [AWAY[4]])
        sh(f"nsenter --net=/run/netns/near ping -n -c 1 -W 3 {AWAY[4]}")
    check("no rule did anything", not any(n for what, n in box.counts.items()
                                          if what != "passed"), f"({box.counts})")


def hello(name):
    """What OpenSSL sends first, and the end of TLS that sends it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(into, out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read(), tls, into, out


def wait_acked(s):
    """Until the other end's kernel has taken all that was sent."""
    end, left = time.monotonic() + 3, array.array("i", [1])
    while left[0] and time.monotonic() < end:
        fcntl.ioctl(s, termios.TIOCOUTQ, left)


def shake(family, name, cuts):
    """How a handshake ends, once TCP's own is done; the ClientHello cut into segments."""
    first, tls, into, out = hello(name)
    with socket_in("near", family) as s:
        s.settimeout(1.5)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.connect((AWAY[family], 443))
        for start, end in zip((0, *cuts), (*cuts, len(first))):
            s.sendall(first[start:end])
            if end < len(first):
                wait_acked(s)
        try:
            while True:
                into.write(s.recv(65536))
                try:
                    tls.do_handshake()
                    return "done"
                except ssl.SSLWantReadError:
                    s.sendall(out.read())
        except TimeoutError:
            return "silence"
        except ConnectionError:
            return "reset"


def only_listed_names_pass_after_their_hello():
    with Box("--hello-drop-unless", f"{OTHER},{NAME.upper()}") as box:
        for family in (4, 6):
            check(f"IPv{family}: a listed name passes", is_fine(family, NAME))
            code = get(family, "www.third.example", longest_s=1)[0]
            check(f"IPv{family}: another does not", code == TIMED_OUT, f"(curl {code})")
            for name, cuts in (("a.b", ()), (None, ()), ("a.b", (5, 90))):
                check(f"IPv{family}: {name} in {1 + len(cuts)} segments connects, and hears "
                      "nothing", shake(family, name, cuts) == "silence")
            check(f"IPv{family}: a listed name passes in three segments",
                  shake(family, NAME, (5, 90)) == "done")
            check(f"IPv{family}: plain HTTP is no matter of names",
                  is_fine(family, "www.third.example", 80))
    check("and it counts", box.counts["dropped after a ClientHello"] > 5, f"({box.counts})")


def serve_sink():
    """Swallows what comes; on the other port speaks first: a ClientHello, and a lot."""
    def swallow(one):
        while one.recv(65536):
            pass
        one.close()

    def speak(one):
        one.sendall(hello(NAME)[0] + bytes(BLOB))
        one.close()

    def accept(listener, serve):
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    for family in (4, 6):
        for port, serve in ((SINK, swallow), (FIRST, speak)):
            listener = socket_in("far", family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((AWAY[family], port))
            listener.listen()
            threading.Thread(target=accept, args=(listener, serve), daemon=True).start()


def upload_s(family, name):
    """Seconds until so many bytes behind a ClientHello are at the other end."""
    with socket_in("near", family) as s:
        s.connect((AWAY[family], SINK))
        begun = time.monotonic()
        s.sendall(hello(name)[0] + bytes(BLOB))
        s.shutdown(socket.SHUT_WR)
        s.settimeout(20)
        s.recv(1)
        return time.monotonic() - begun


def spoken_to_s(family):
    with socket_in("near", family) as s:
        s.settimeout(20)
        s.connect((AWAY[family], FIRST))
        begun = time.monotonic()
        while s.recv(65536):
            pass
        return time.monotonic() - begun


def a_part_of_a_name_is_metered():
    rate, burst = 200000, 20000
    least_s, most_s = (BLOB - burst) * 8 / rate, 2 * BLOB * 8 / rate
    with Box("--sni-police", f"wanted={rate},{burst}") as box:
        for family in (4, 6):
            # It contains the part by chance.
            code, _, size, took_s, _ = get(family, "unwanted.example", "/blob", longest_s=20)
            check(f"IPv{family}: down at the meter's rate after its bucket", code == 0
                  and size == BLOB and least_s < took_s < most_s, f"({took_s:.1f} s)")
            took_s = upload_s(family, NAME)
            check(f"IPv{family}: and up", least_s < took_s < most_s, f"({took_s:.1f} s)")
            took_s = spoken_to_s(family)
            check(f"IPv{family}: whoever of both says hello", least_s < took_s < most_s,
                  f"({took_s:.1f} s)")
            check(f"IPv{family}: another name, and the name without TLS, are not",
                  is_fine(family, OTHER) and is_fine(family, NAME, 80)
                  and upload_s(family, OTHER) < 1)
    check("and it counts", box.counts["over a meter"] > 10, f"({box.counts})")


def connections_abroad_freeze():
    limit = 16000
    for rule in (("--foreign", AWAY_NET), ("--not-home", NEAR_NET)):
        with Box("--freeze", str(limit), *rule) as box:
            for family in (4, 6):
                # Half a record of TLS, which holds 16 kB, is no byte of a page.
                for port, least in ((80, limit - 5000), (443, -1)):
                    code, _, size, _, _ = get(family, NAME, "/blob", port, longest_s=1)
                    check(f"IPv{family}: {rule[0]}: port {port} freezes after {limit} bytes and "
                          "is not reset", code == TIMED_OUT and least < size <= limit,
                          f"(curl {code}, {size})")
                    check(f"IPv{family}: {rule[0]}: a small page passes",
                          get(family, NAME, "/", port)[1] == 200)
                    check(f"IPv{family}: {rule[0]}: at home it does not",
                          is_fine(family, NAME, port, HOME))
                check(f"IPv{family}: {rule[0]}: what goes up does not count",
                      upload_s(family, NAME) < 1)
        check("and it counts", box.counts["of frozen connections"] > 5, f"({box.counts})")


def answers(family, name, kind, wait_s=0.3, stamps=None):
    """The addresses that are told, in order, and when."""
    asked, size = servers.question(name, servers.TYPES[kind]), {"A": 4, "AAAA": 16}[kind]
    with socket_in("near", family, socket.SOCK_DGRAM) as s:
        s.connect((AWAY[family], 53))  # only its own words, and only whole ones, are taken
        begun, found = time.monotonic(), []
        s.send(asked)
        while select.select([s], [], [], 2 if not found else wait_s)[0]:
            answer = s.recv(4096)
            at = len(asked) + 12
            found.append(socket.inet_ntop(FAMILY[4 if size == 4 else 6], answer[at:at + size]))
            if stamps is not None:
                stamps.append(time.monotonic() - begun)
        return found


def a_forged_answer_comes_first():
    delay_s = 0.15
    stamps = []
    with Box("--dns-race", f"{NAME}={LIE[4]}/{LIE[6]}", "--dns-delay",
             str(int(1000 * delay_s))) as box:
        for family in (4, 6):
            for kind, value in (("A", 4), ("AAAA", 6)):
                stamps.append([])
                found = answers(family, NAME.upper(), kind, stamps=stamps[-1])
                check(f"IPv{family}: {kind}: the lie, and then the truth",
                      found == [LIE[value], AWAY[value]], f"({found})")
                check(f"IPv{family}: {kind}: another name is answered once",
                      answers(family, OTHER, kind) == [AWAY[value]])
    # How soon: the middle one of the four, as the machine may be busy; none is too early.
    lies, truths = zip(*stamps)
    check("the lie at once and the truth so much later", statistics.median(lies) < delay_s / 2
          and delay_s <= min(truths) and statistics.median(truths) < 2 * delay_s, f"({stamps})")
    check("and it counts", box.counts["questions raced"] == 4, f"({box.counts})")


def a_request_is_redirected():
    there = "http://192.0.2.200/blocked?x=1"
    seen = len(access())
    with Box("--http-redirect", f"{NAME}={there}") as box:
        for family in (4, 6):
            code, status, _, took_s, to = get(family, NAME, "/x", 80)
            check(f"IPv{family}: the name is redirected", (code, status, to)
                  == (0, 302, there) and took_s < 1, f"(curl {code}, {status} to {to})")
            check(f"IPv{family}: another name and the name under TLS are not",
                  is_fine(family, OTHER, 80) and is_fine(family, NAME, 443))
    check("the server has not seen the requests", not any(" /x " in line
          for line in access()[seen:]))
    check("and it counts", box.counts["of redirected requests"] >= 2, f"({box.counts})")


def access():
    with open(f"{FOLDER}/access.log", encoding="ascii") as log:
        return log.read().splitlines()


def a_hello_for_the_name_is_reset():
    with Box("--rst", NAME) as box:
        for family in (4, 6):
            code, _, _, took_s, _ = get(family, NAME)
            check(f"IPv{family}: the name is reset after its hello", code == RESET
                  and took_s < 1 and shake(family, NAME, ()) == "reset", f"(curl {code})")
            check(f"IPv{family}: another name passes, and plain HTTP",
                  is_fine(family, OTHER) and is_fine(family, NAME, 80))
    check("and it counts", box.counts["resets after a ClientHello"] == 4, f"({box.counts})")


def quic_is_never_looked_into():
    with Box("--hello-drop-unless", "a.b", "--sni-police", "wanted=1000,1000", "--rst", NAME,
             "--freeze", "10", "--foreign", AWAY_NET):
        for family in (4, 6):
            far, near = (socket_in(node, family, socket.SOCK_DGRAM) for node in ("far", "near"))
            with far, near:
                far.bind((AWAY[family], 443))
                far.settimeout(2)
                near.connect((AWAY[family], 443))
                near.send(hello(NAME)[0])
                check(f"IPv{family}: a datagram to 443 passes", far.recv(4096)[:1] == b"\x16")


def it_refuses_what_it_does_not_understand():
    for argv, code in ((["near"], 2), (["--sni-police", "a", "x", "y"], 2),
                       (["--sni-police", "a=1", "x", "y"], 2), (["--freeze", "9", "x", "y"], 2),
                       (["--freeze", "9", "--foreign", "1.2.3.4/33", "x", "y"], 2),
                       (["--freeze", "9", "--foreign", "1.2.3.4/8", "--not-home", "::/0", "x",
                         "y"], 2),
                       (["--dns-race", "a=1.2.3.4", "x", "y"], 2),
                       (["--dns-race", "a=::1/1.2.3.4", "x", "y"], 2),
                       (["--dns-delay", "5", "x", "y"], 2),
                       (["--http-redirect", "a", "x", "y"], 2), (["--rst", "", "x", "y"], 2),
                       (["/nowhere", "/nowhere"], 1)):
        done = subprocess.run([ONPATH, *argv], text=True, capture_output=True, check=False)
        check(f"'{' '.join(argv)}' is refused", done.returncode == code
              and done.stderr.count("\n") <= 3 and done.stderr)


def it_goes_with_its_namespace():
    with start(ONPATH, "/run/netns/near", "/run/netns/gone") as process:
        sh("ip netns del gone")
        said, _ = process.communicate(timeout=10)
        check("it ends when a namespace goes", process.returncode == 0
              and "a namespace is gone" in said)


FOLDER = os.environ.get("ONPATH_DIR", "")


def start_servers():
    unpacked = unpack.Unpacked(BUILD, ("nginx", "unbound"))
    os.makedirs(f"{FOLDER}/root")
    with open(f"{FOLDER}/root/index.html", "wb") as out:
        out.write(PAGE)
    with open(f"{FOLDER}/root/blob", "wb") as out:
        out.write(os.urandom(BLOB))
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
       f"-subj /CN={NAME} -keyout {FOLDER}/key.pem -out {FOLDER}/cert.pem")
    os.makedirs(f"{FOLDER}/unbound")
    data = "\n".join(f'    local-data: "{name}. 300 IN {kind} {AWAY[family]}"'
                     for name in (NAME, OTHER) for kind, family in (("A", 4), ("AAAA", 6)))
    servers.write(f"{FOLDER}/nginx.conf", servers.NGINX.format(
        dir=FOLDER, servers=SERVER.format(dir=FOLDER)))
    servers.write(f"{FOLDER}/unbound.conf", servers.UNBOUND.format(
        dir=f"{FOLDER}/unbound", address=AWAY[4], address6=AWAY[6], data=data))
    for argv in (["nginx", "-e", f"{FOLDER}/error.log", "-p", FOLDER, "-c",
                  f"{FOLDER}/nginx.conf"], ["unbound", "-d", "-c", f"{FOLDER}/unbound.conf"]):
        with open(f"{FOLDER}/{argv[0]}.log", "wb") as log:
            subprocess.Popen(net.inside("far", [unpacked.program(argv[0]), *argv[1:]]), stdout=log,
                             stderr=log, stdin=subprocess.DEVNULL, env=unpacked.environment())
    servers.wait_for("the servers", lambda: all(
        f":{port} " in sh("nsenter --net=/run/netns/far ss -Hltun").stdout
        for port in (53, 80, 443)), 15)


def inside():
    sh("mount -t tmpfs tmpfs /run && mkdir /run/netns")
    make("near", *NEAR.values())
    make("far", *HOME.values(), *AWAY.values())
    make("gone")
    it_refuses_what_it_does_not_understand()
    it_goes_with_its_namespace()
    start_servers()
    serve_sink()
    for test in (without_rules_everything_passes, only_listed_names_pass_after_their_hello,
                 a_part_of_a_name_is_metered, connections_abroad_freeze,
                 a_forged_answer_comes_first, a_request_is_redirected,
                 a_hello_for_the_name_is_reset, quic_is_never_looked_into):
        test()


def main():
    unpack.Unpacked(BUILD, ("nginx", "unbound")).prepare()
    with tempfile.TemporaryDirectory() as folder:
        enter({"ONPATH_DIR": folder})


if sys.argv[1:] == ["--inside"]:
    inside()
else:
    main()
