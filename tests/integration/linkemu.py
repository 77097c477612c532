#!/usr/bin/python3
"""The lab's link emulator is as late, lossy and slow as it is told to be, for both families
and for each subscriber apart: two namespaces of this test's own (unshare), near - linkemu - far."""
import concurrent.futures
import ctypes
import os
import re
import resource
import select
import socket
import statistics
import subprocess
import sys
import time

from checks_on_the_wire import enter

LINKEMU = os.path.abspath(os.environ.get("BUILD", "build")) + "/tests/linkemu"
NEAR = {4: ["192.0.2.1", "192.0.2.2"], 6: ["2001:db8:1::1", "2001:db8:1::2"]}
FAR = {4: "198.51.100.1", 6: "2001:db8:2::1"}
OWN = {"near": NEAR[4] + NEAR[6], "far": list(FAR.values())}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
MTU = 1500
CHUNK = 200  # datagrams
DATA_SEGS_IN = slice(152, 156)  # tcpi_data_segs_in in struct tcp_info of linux/tcp.h
NOW = "/proc/self/ns/net"


def sh(command, check=True):
    return subprocess.run(command, shell=True, check=check, text=True, capture_output=True)


def check(what, holds, figures=""):
    print("ok:" if holds else "NOT SO:", what, figures, flush=True)
    if not holds:
        sys.exit(1)


def socket_in(node, family, kind=socket.SOCK_STREAM):
    """A socket stays in the namespace it was made in."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(NOW, "rb") as home, open(f"/run/netns/{node}", "rb") as there:
        if libc.setns(there.fileno(), 0):
            raise OSError(ctypes.get_errno(), node)
        try:
            return socket.socket(FAMILY[family], kind)
        finally:
            libc.setns(home.fileno(), 0)


def start(*argv):
    """A program that opens devices, once they are there; where this machine lets us open none
    the test ends."""
    process = subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if process.stdout.readline() != "ready\n":
        said = process.stderr.read().strip()
        if "/dev/net/tun" in said:
            print(f"this machine lets us open no TUN device: {said}")
            sys.exit(77)
        check("it starts", False, said)
    return process


class Between:
    """A program between near and far, with a device of its own in each, up and routed to these
    addresses behind it."""

    def __init__(self, argv, device, behind_near, behind_far, more=""):
        self.process = start(*argv, "/run/netns/near", "/run/netns/far")
        for node, others in (("near", behind_far), ("far", behind_near)):
            sh(f"ip -n {node} link set {device} addrgenmode none {more} up")
            for address in others:
                sh(f"ip -n {node} route add {address} dev {device}")

    def stop(self):
        """What it said of its packets."""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=10)
        check("told to stop, it ends", self.process.returncode == 0
              and "told to stop" in said)
        return said


class Link(Between):
    def __init__(self, *options):
        super().__init__([LINKEMU, *options], "emu0", OWN["near"], OWN["far"],
                         "txqueuelen 5000")

    def end(self):
        """{way: [passed, lost, over the queue]}"""
        said = self.stop()
        return {line.split(":")[0]: [int(n) for n in re.findall(r"\d+", line)]
                for line in said.splitlines() if "passed" in line}


def pings(family, count, interval_s):
    """Round trips in ms."""
    out = sh(f"nsenter --net=/run/netns/near ping -n -c {count} -i {interval_s} "
             f"-I {NEAR[family][0]} -W 3 {FAR[family]}").stdout
    return [float(t) for t in re.findall(r"time=([\d.]+)", out)]


def it_is_as_late_as_it_is_told():
    link = Link("--up", "delay=80", "--down", "delay=40")
    for family in (4, 6):
        found = pings(family, 100, 0.01)
        middle = statistics.median(found)
        check(f"IPv{family}: a round trip of 80 + 40 ms", len(found) == 100
              and 120 <= min(found) and abs(middle - 120) < 5,
              f"(median {middle:.2f} ms of {len(found)})")
    link.end()


def jitter_is_even_to_both_sides():
    link = Link("--up", "delay=60,jitter=20", "--subscribers")
    # Further apart than two jitters: a packet held back for another would be late itself.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda family: pings(family, 120, 0.042), (4, 6)))
    for family, found in zip((4, 6), both):
        deciles = statistics.quantiles(found, n=10)
        check(f"IPv{family}: 60 ms, 20 more or less", len(found) == 120
              and 40 <= min(found) and abs(statistics.median(found) - 60) < 5
              and abs(deciles[0] - 44) < 5 and abs(deciles[-1] - 76) < 5,
              f"(median {statistics.median(found):.1f}, a tenth each beyond {deciles[0]:.0f} "
              f"and {deciles[-1]:.0f} ms, of {len(found)})")
    link.end()


def datagrams(family, count, size=64, wait_ms=20, share=0.5):
    """Numbers of the datagrams that came from far to near, in their order. A chunk of them
    fits into the receiver's buffer; the next waits until ${share} of it has come."""
    near = socket_in("near", family, socket.SOCK_DGRAM)
    far = socket_in("far", family, socket.SOCK_DGRAM)
    near.bind((NEAR[family][0], 5000))
    near.setblocking(False)
    arrived = []

    def drain(timeout_ms):
        while select.select([near], [], [], timeout_ms / 1000)[0]:
            arrived.append(int.from_bytes(near.recv(2048)[:4]))

    for start in range(0, count, CHUNK):
        chunk, before = min(CHUNK, count - start), len(arrived)
        for number in range(start, start + chunk):
            far.sendto(number.to_bytes(4).ljust(size), (NEAR[family][0], 5000))
        end = time.monotonic() + 2
        drain(1)
        while len(arrived) - before < share * chunk and time.monotonic() < end:
            drain(10)
    drain(wait_ms)
    near.close()
    far.close()
    return arrived


def it_loses_as_much_as_it_is_told():
    for family in (4, 6):
        link = Link("--down", "loss=200000", "--seed", "5")
        count = 20000
        lost = 1 - len(datagrams(family, count)) / count
        check(f"IPv{family}: a fifth of the packets is lost", abs(lost - 0.2) < 0.05 * 0.2,
              f"({100 * lost:.2f}% of {count})")
        passed, dropped, over = link.end()["down"]
        check("and it counts them", passed + dropped == count and over == 0
              and dropped == round(lost * count), f"({passed} passed, {dropped} lost)")


def the_same_seed_loses_the_same_packets():
    runs = []
    for seed in ("7", "7", "8"):
        link = Link("--down", "loss=300000", "--seed", seed)
        runs.append(datagrams(4, 400))
        link.end()
    check("the same seed loses the same packets", runs[0] == runs[1] != runs[2])


def nothing_overtakes_unless_it_is_asked_to():
    for options, may in (((), False), (("--reorder",), True)):
        link = Link("--down", "delay=40,jitter=30", *options)
        for family in (4, 6):
            order = datagrams(family, 400, wait_ms=150, share=1)
            swapped = sum(a > b for a, b in zip(order, order[1:]))
            check(f"IPv{family}: {'some overtake' if may else 'none overtakes'}",
                  len(order) == 400 and (swapped > 0) == may, f"({swapped} of 400)")
        link.end()


class Transfer:
    """TCP one way, as fast as the link lets it."""

    def __init__(self, family, near, down):
        listener = socket_in("near" if down else "far", family)
        listener.bind((near if down else FAR[family], 0))
        listener.listen()
        self.sender = socket_in("far" if down else "near", family)
        self.sender.bind((FAR[family] if down else near, 0))
        self.sender.connect(listener.getsockname())
        self.receiver, _ = listener.accept()
        listener.close()
        self.sender.setblocking(False)
        self.receiver.setblocking(False)

    def step(self):
        for move in (lambda: self.sender.send(bytes(65536)),
                     lambda: self.receiver.recv(1 << 20)):
            try:
                move()
            except BlockingIOError:
                pass

    def packets(self):
        """That arrived, in order or not; all are full ones."""
        info = self.receiver.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return int.from_bytes(info[DATA_SEGS_IN], sys.byteorder)

    def close(self):
        self.sender.close()
        self.receiver.close()


def rates(transfers, settle_s, measure_s):
    """Bits a second on the wire of each, all at once."""
    def pump(until):
        while time.monotonic() < until:
            select.select([t.receiver for t in transfers], [], [], 0.05)
            for t in transfers:
                t.step()

    pump(time.monotonic() + settle_s)
    before, begun = [t.packets() for t in transfers], time.monotonic()
    pump(begun + measure_s)
    took_s = time.monotonic() - begun
    found = [(t.packets() - b) * MTU * 8 / took_s for t, b in zip(transfers, before)]
    for t in transfers:
        t.close()
    return found


def each_subscriber_has_its_rate():
    link = Link("--down", "rate=2000000,queue=300", "--up", "rate=1000000,queue=300",
                "--subscribers")
    found = rates([Transfer(4, NEAR[4][0], True), Transfer(6, NEAR[6][1], True),
                   Transfer(4, NEAR[4][1], False), Transfer(6, NEAR[6][0], False)], 1, 5)
    for what, told, rate in zip(("IPv4 down", "IPv6 down", "IPv4 up", "IPv6 up"),
                                (2e6, 2e6, 1e6, 1e6), found):
        check(f"{what}: {told / 1e6:.0f} Mbit/s", abs(rate - told) < 0.05 * told,
              f"({rate / 1e6:.3f} Mbit/s, {rate * 5 / 8 / MTU:.0f} packets)")
    link.end()


def without_subscribers_all_share_one_rate():
    link = Link("--down", "rate=2000000,queue=300")
    found = rates([Transfer(4, NEAR[4][0], True), Transfer(6, NEAR[6][1], True)], 1, 4)
    check("two share 2 Mbit/s", abs(sum(found) - 2e6) < 0.05 * 2e6,
          f"({sum(found) / 1e6:.3f} Mbit/s)")
    link.end()


def a_full_queue_drops():
    link = Link("--down", "rate=100000,queue=200")
    arrived = datagrams(4, 100, size=1000, wait_ms=400, share=0.03)
    # 200 ms of 100 kbit/s are two and a half packets; a few more leave meanwhile.
    check("a full queue drops", arrived[0] == 0 and 3 <= len(arrived) <= 12,
          f"({len(arrived)} of 100 came)")
    said = link.end()["down"]
    check("and says so", said == [len(arrived), 0, 100 - len(arrived)], f"({said})")


def flood(family, near, seconds, size=1000):
    """Datagrams from far to near, many more than a meter lets pass: [how late each came, s]."""
    receiver = socket_in("near", family, socket.SOCK_DGRAM)
    receiver.bind((near, 0))
    receiver.setblocking(False)
    sender, late = socket_in("far", family, socket.SOCK_DGRAM), []
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        sender.sendto(str(time.monotonic()).encode().ljust(size), receiver.getsockname())
        while select.select([receiver], [], [], 0.001)[0]:
            late.append(time.monotonic() - float(receiver.recv(2048)))
    took_s = time.monotonic() - begun
    receiver.close()
    sender.close()
    return late, took_s


def a_meter_lets_a_burst_pass_and_then_its_rate():
    rate, burst, size = 400000, 20000, 1000
    for family, near, wire in ((4, NEAR[4][0], size + 28), (6, NEAR[6][1], size + 48)):
        link = Link("--down", f"rate={rate},burst={burst}", "--subscribers")
        at_once, most = datagrams(family, 100, size, share=0.1), burst // wire
        check(f"IPv{family}: the first {burst} bytes pass at once and in order",
              at_once[:most] == list(range(most)) and len(at_once) <= most + 2,
              f"({len(at_once)} of 100)")
        # The other subscriber's bucket is still full.
        late, took_s = flood(family, near, 4, size)
        told = rate * took_s / 8 + (burst if near == NEAR[6][1] else 0)
        check(f"IPv{family}: then its rate, nothing more", abs(len(late) * wire - told)
              < 0.05 * told, f"({len(late) * wire} of {told:.0f} bytes)")
        slow = statistics.quantiles(late, n=10)[-1]
        check(f"IPv{family}: and nothing is held back", slow < 0.02,
              f"(a tenth came more than {1000 * slow:.1f} ms late)")
        link.end()


def each_subscriber_has_a_bucket():
    for options, apart in ((("--subscribers",), True), ((), False)):
        link = Link("--down", "rate=10000,burst=20000", *options)
        flood(4, NEAR[4][1], 0.2)
        came = datagrams(4, 100, size=1000, share=0.01)
        check("an empty bucket is " + ("its subscriber's own" if apart else "everybody's"),
              len(came) >= 19 if apart else len(came) <= 1, f"({len(came)} of 100 came)")
        passed, lost, over = link.end()["down"]
        check("what finds no tokens is counted", lost == 0 and over > 0 and passed >= len(came),
              f"({passed} passed, {over} over the meter)")


def its_memory_is_bounded():
    link = Link("--down", "delay=60000")
    check("nothing comes before its time", datagrams(4, 20000, size=1400, share=0)
          == [])
    with open(f"/proc/{link.process.pid}/status", encoding="ascii") as status:
        kb = int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])
    over = link.end()["down"][2]
    check("20,000 packets on the way fit into 32 MB, or are dropped", over > 0
          and kb < (32 << 10) * sanitized(), f"({kb} kB, {over} dropped)")


def sanitized():
    """AddressSanitizer's own memory comes on top."""
    return 8 if "libasan" in sh(f"ldd {LINKEMU}").stdout else 1


def it_goes_with_its_devices():
    link = Link()
    link.end()
    check("its devices go with it", all(
        sh(f"ip -n {node} link show emu0", check=False).returncode for node in ("near", "far")))
    for node in ("near", "far"):
        link = Link()
        sh(f"ip netns del {node}")
        said, _ = link.process.communicate(timeout=10)
        check(f"it ends when {node} goes", link.process.returncode == 0
              and "a namespace is gone" in said)
        make(node, *OWN[node])


def it_refuses_what_it_does_not_understand():
    for argv, code in ((["near"], 2), (["--up", "delay=soon", "a", "b"], 2),
                       (["--up", "colour=red", "a", "b"], 2),
                       (["--up", "burst=9000", "a", "b"], 2),
                       (["--up", "rate=9000,queue=9,burst=9000", "a", "b"], 2),
                       (["--name", "sixteen_letters_", "/run/netns/near", "/run/netns/far"], 1),
                       (["/nowhere", "/nowhere"], 1)):
        done = subprocess.run([LINKEMU, *argv], text=True, capture_output=True, check=False,
                              timeout=10)
        check(f"'{' '.join(argv)}' is refused", done.returncode == code and done.stderr)


def make(node, *own):
    sh(f"ip netns add {node}")
    for address in own:
        sh(f"ip -n {node} address add {address} dev lo")
    sh(f"ip -n {node} link set lo up")


def inside():
    sh("mount -t tmpfs tmpfs /run && mkdir /run/netns")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for node, own in OWN.items():
        make(node, *own)
    for test in (it_refuses_what_it_does_not_understand, it_is_as_late_as_it_is_told,
                 jitter_is_even_to_both_sides, it_loses_as_much_as_it_is_told,
                 the_same_seed_loses_the_same_packets,
                 nothing_overtakes_unless_it_is_asked_to, a_full_queue_drops,
                 a_meter_lets_a_burst_pass_and_then_its_rate, each_subscriber_has_a_bucket,
                 # Behind these, what TCP still has to say passes over later links, too.
                 each_subscriber_has_its_rate, without_subscribers_all_share_one_rate,
                 its_memory_is_bounded, it_goes_with_its_devices):
        test()


if __name__ == "__main__":
    if sys.argv[1:] == ["--inside"]:
        inside()
    else:
        enter({})
