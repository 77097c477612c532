"""Captures read back: packets of one device, its flows, and whom it contacted when. Pure but
for the file."""

import dataclasses
import ipaddress
import struct

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
SYN, ACK = 2, 16
OPTIONS = {0: "end", 1: "nop", 2: "mss", 3: "scale", 4: "sack", 8: "time"}
ECHOES = {ICMP: 8, ICMP6: 128}


@dataclasses.dataclass
class Packet:
    at_s: float
    out: bool
    kind: str  # "udp", "tcp", "icmp"
    port: int  # of the other end; 0 for icmp
    own: int  # our port, or the echo's identifier
    peer: str
    ttl: int
    tos: int
    payload: bytes  # as far as it was kept
    size: int  # of the payload on the wire
    flags: int = 0
    syn: str = ""  # the options of a SYN


@dataclasses.dataclass
class Flow:
    kind: str
    port: int
    peer: str
    packets: list
    name: str = ""  # of the host of the list that it says it wants

    @property
    def at_s(self):
        return self.packets[0].at_s

    def sent(self):
        return [p for p in self.packets if p.out and p.size]

    def bytes(self, out):
        return sum(p.size for p in self.packets if p.out == out)


def read(path, own):
    """The packets of a device that has these addresses, as tests/lab/capture.c kept them on its
    router's port; what is not IP, and what only the link needs, left out."""
    with open(path, "rb") as source:
        data = source.read()
    packets, at = [], 24
    nano = data[:4] == b"\x4d\x3c\xb2\xa1"
    while at + 16 <= len(data):
        s, part, kept, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + kept]
        at += 16 + kept
        packet = parse(s + part / (1e9 if nano else 1e6), frame, own)
        if packet:
            packets.append(packet)
    return packets


def parse(at_s, frame, own):
    kind, ip = frame[12:14], frame[14:]
    if kind == b"\x08\x00":
        n = (ip[0] & 15) * 4
        source, target = ip[12:16], ip[16:20]
        protocol, ttl, tos = ip[9], ip[8], ip[1]
        whole = int.from_bytes(ip[2:4], "big") - n
    elif kind == b"\x86\xdd":
        n, source, target = 40, ip[8:24], ip[24:40]
        protocol, ttl = ip[6], ip[7]
        tos = (ip[0] & 15) << 4 | ip[1] >> 4
        whole = int.from_bytes(ip[4:6], "big")
    else:
        return None
    source, target = (str(ipaddress.ip_address(a)) for a in (source, target))
    if (source in own) == (target in own):
        return None
    out = source in own
    body = ip[n:n + whole]
    return inner(Packet(at_s, out, "", 0, 0, target if out else source, ttl, tos, b"", 0),
                 protocol, body, whole)


def inner(p, protocol, body, whole):
    if protocol in ECHOES:
        if body[0] not in (ECHOES[protocol], ECHOES[protocol] + (1 if protocol == ICMP6 else -8)):
            return None
        p.kind, p.own, p.payload, p.size = "icmp", int.from_bytes(body[4:6], "big"), body, whole
        return p
    if protocol not in (TCP, UDP):
        return None
    source, target = struct.unpack_from(">HH", body)
    p.own, p.port = (source, target) if p.out else (target, source)
    p.kind, head = "udp", 8
    if protocol == TCP:
        p.kind, head, p.flags = "tcp", (body[12] >> 4) * 4, body[13]
        if p.flags & SYN:
            p.syn = options(body[20:head])
    p.payload, p.size = body[head:], whole - head
    return p


def options(data):
    names, at = [], 0
    while at < len(data):
        names.append(OPTIONS.get(data[at], str(data[at])))
        if data[at] == 0:
            break
        at += 1 if data[at] == 1 else max(data[at + 1], 2)
    return ",".join(names)


def flows(packets):
    """By both ends; a port that is used again much later begins a new one."""
    open_flows, found = {}, []
    for p in packets:
        key = (p.kind, p.own, p.peer, p.port)
        flow = open_flows.get(key)
        if p.out and (not flow or p.flags & (SYN | ACK) == SYN and flow.sent()
                      or p.kind != "tcp" and p.at_s - flow.packets[-1].at_s > 5):
            flow = open_flows[key] = Flow(p.kind, p.port, p.peer, [])
            found.append(flow)
        if flow:
            flow.packets.append(p)
    return found
