"""What two devices' captures share and an ordinary device's profile (common/ORDINARY.md) does
not explain: ports, bytes, headers, times, sizes. Pure.

Each comparison yields Finding: whether the profile explains it, what was looked at and how much
of it, and what stood out the most, so that a test which finds nothing says how it looked.
"""

import cmath
import collections
import dataclasses
import re
import statistics

GRAM = 8  # bytes: two devices that draw them at random never have eight in common
FIELD_SHARE, FIELD_LEAST = .2, 8  # a value in so many of a field's, of so many flows
PERIOD_LEAST, PERIOD_BAND, PERIOD_SHARE = 10, .04, .5
ABOUT_SPREAD = .25  # of the middle: more is no rhythm
SAME_PERIOD = .03  # two devices' periods are one
GAP_LEAST, GAP_BAND, GAP_SHARE = 30, .1, 1 / 3
ORDER_LEAST, ORDER_SHARE = 8, .9
SIZE_LEAST_BYTES, SIZE_BAND_BYTES, SIZE_LEAST = 8000, 64, 2
RECORD_LEAST = 10
PROTOCOLS = (b"\0\x0c\x02h2\x08http/1.1", b"\0\x09\x08http/1.1")
PHASE_LEAST, PHASE_LENGTH = 20, .5


@dataclasses.dataclass
class Finding:
    good: bool
    sentence: str
    # What two clocks of one period show for an hour by chance: bad where another stretch has it too.
    doubtful: frozenset = frozenset()


# ---- the profile ----

class Profile:
    def __init__(self, text):
        self.blocks = {}
        for name, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
            self.blocks[name] = [line.split() for line in body.splitlines() if line.strip()]
        self.lines = {name: [line for line in body.splitlines() if line.strip()]
                      for name, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)}
        sources = set(re.findall(r"^    (\w+) +\S", text, re.M))
        missing = {s for row in self.blocks["ports"] for s in row[3].split(",")} - sources
        missing |= {row[3] for row in self.blocks["shapes"]} - sources
        missing |= {s for row in self.blocks["times"] for s in row[-1].split(",")} - sources
        if missing:
            raise ValueError(f"the profile names sources that it does not list: {sorted(missing)}")

    def has_port(self, kind, port):
        return any(row[:2] == [kind, str(port)] for row in self.blocks["ports"])

    def shapes(self, kind, port):
        """(program, pattern) of each shape; the pattern None is the ClientHello."""
        found = []
        for line in self.lines["shapes"]:
            words = line.split(maxsplit=4)
            if words[:2] == [kind, str(port)]:
                found.append((words[2], None if words[4] == "hello" else compiled(words[4])))
        return found

    def exact(self, kind, port):
        return [(float(row[3]), row[4]) for row in self.blocks["times"]
                if row[:3] == [kind, str(port), "exactly"]]

    def about(self, kind, port):
        return [(float(row[3]), float(row[4]), row[5]) for row in self.blocks["times"]
                if row[:3] == [kind, str(port), "about"]]

    def header(self, name, value, kind):
        return any(row[0] == name and value in ((row[1],) if name == "syn" else row[1].split(","))
                   and (len(row) < 3 or row[2] == kind) for row in self.blocks["headers"])

    def size(self, name):
        return {int(row[1]) for row in self.blocks["sizes"] if row[0] == name}


def compiled(text):
    """A shape of the profile as a regular expression; what is free is a group of its own."""
    parts, frees = [], 0
    for word in re.findall(r"'[^']*'|\S+", text):
        if word[0] == "'":
            parts.append(re.escape(word[1:-1].encode()))
        elif word[0] == "?":
            parts.append(b"(?P<free%d>.{%d})" % (frees, int(word[1:])))
            frees += 1
        elif word[0] == "=":
            parts.append(b".{%d}" % int(word[1:]))
        elif word == "name":
            parts.append(rb"(?P<name>(?:[\x01-\x3f][a-zA-Z0-9_-]+)+\x00)")
        elif word == "host":
            parts.append(rb"(?P<host>[a-zA-Z0-9.:\[\]-]+)")
        elif word == "version":
            parts.append(rb"[0-9.]+")
        elif "x" in word:
            byte, times = word.split("x")
            parts.append(re.escape(bytes.fromhex(byte)) + b"{%d}" % int(times))
        else:
            parts.append(b"(?:" + b"|".join(re.escape(bytes.fromhex(w))
                                            for w in word.split("/")) + b")")
    return re.compile(b"".join(parts), re.S)


# ---- bytes ----

def hello_of(data):
    """(what is fixed, what is free, the name) of a ClientHello, or None (RFC 8446 section 4.1.2)."""
    try:
        if data[0] != 22 or data[5] != 1:
            return None
        at, end = 9, 9 + int.from_bytes(data[6:9], "big")
        version, random = data[at:at + 2], data[at + 2:at + 34]
        at += 34
        session, at = take(data, at, 1)
        suites, at = take(data, at, 2)
        compression, at = take(data, at, 1)
        extensions, at = take(data, at, 2)
        if at != end or len(data) != end:
            return None
        fixed, free, name = [data[:3], version, len(session), suites, compression], \
            [random, session], ""
        at = 0
        while at < len(extensions):
            number = int.from_bytes(extensions[at:at + 2], "big")
            body, at = take(extensions, at + 2, 2)
            if number == 0:  # its presence depends on there being a name
                name = body[5:].decode("ascii", "replace")
                continue
            if number == 51:
                fixed.append((number, body[:6]))
                free.append(body[6:])
            elif number == 21:
                fixed.append((number, not any(body)))
            elif number == 16:  # of curl, or of curl --http1.1
                fixed.append((number, body in PROTOCOLS))
            else:
                fixed.append((number, body))
        return fixed, free, name
    except IndexError:
        return None


def take(data, at, width):
    n = int.from_bytes(data[at:at + width], "big")
    at += width
    if at + n > len(data):
        raise IndexError
    return data[at:at + n], at + n


def sealed(data):
    """The bodies of the records that carry data, without the eight bytes of a counter that TLS
    1.2 puts before them."""
    bodies, at = [], 0
    while at + 5 <= len(data) and data[at] in (20, 21, 22, 23):
        n = int.from_bytes(data[at + 3:at + 5], "big")
        if data[at] == 23:
            bodies.append(data[at + 13:at + 5 + n])
        at += 5 + n
    return bodies


def labels(wire):
    names, at = [], 0
    while wire[at]:
        names.append(wire[at + 1:at + 1 + wire[at]].decode("ascii"))
        at += 1 + wire[at]
    return ".".join(names)


class Device:
    """What one device said: its flows, and of their first words what is free."""

    def __init__(self, flows, profile, names, reference, home):
        self.flows = [f for f in flows if f.peer not in home]
        self.inside = [f for f in flows if f.peer in home]
        self.odd, self.frees, self.told = [], collections.defaultdict(list), 0
        self.names, self.reference, self.hellos = names, reference, 0
        for flow in flows:
            self.judge(flow, profile)

    def judge(self, flow, profile):
        shapes = profile.shapes(flow.kind, flow.port)
        said = flow.sent()
        if flow.kind == "tcp":
            said = said[:1]
        for packet in said:
            self.told += 1
            if not any(self.fits(flow, shape, packet) for _, shape in shapes):
                self.odd.append((f"{flow.kind} {flow.port}", packet.payload))

    def fits(self, flow, shape, packet):
        where = f"{flow.kind} {flow.port}"
        if shape is None:
            hello = hello_of(packet.payload[:packet.size])
            if not hello or hello[0] != self.reference or hello[2] and hello[2] not in self.names:
                return False
            self.hellos += 1
            flow.name = hello[2]
            for i, free in enumerate(hello[1]):
                self.frees[f"{where} hello {i}"].append(free)
            self.frees[f"{where} records"] += [b for p in flow.sent()[1:4] for b in sealed(p.payload)]
            return True
        match = shape.fullmatch(packet.payload[:packet.size])
        if not match:
            return False
        found = match.groupdict()
        name = labels(found["name"]) if "name" in found else \
            found.get("host", b"").decode("ascii").strip("[]")
        if ("name" in found or "host" in found) and name not in self.names:
            return False
        flow.name = name
        for group, value in found.items():
            if group.startswith("free"):
                self.frees[f"{where} {group}"].append(value)
        return True


def compare_ports(a, b, profile):
    both = {(f.kind, f.port) for f in a.flows + b.flows + a.inside + b.inside}
    odd = sorted(p for p in both if not profile.has_port(*p))
    names = ", ".join(f"{kind} {port}" if port else kind for kind, port in sorted(both))
    yield Finding(not odd, f"ports: {names} of {len(a.flows)} and {len(b.flows)} flows"
                  + (f"; not in the profile: {odd}" if odd else "; all in the profile"))


def compare_shapes(a, b, _):
    for device, which in ((a, "first"), (b, "second")):
        odd = collections.Counter(where for where, _ in device.odd)
        example = f"; {dict(odd)}, for example {device.odd[0][1][:96]!r}" if odd else ""
        yield Finding(not odd, f"first words of the {which}: {device.told}, {device.hellos} of "
                      f"them a ClientHello; {len(device.odd)} have no shape of the profile{example}")


def grams(values):
    return {value[i:i + GRAM] for value in values for i in range(len(value) - GRAM + 1)}


def compare_grams(a, b, _):
    mine, theirs = ({g for values in d.frees.values() for g in grams(values)} for d in (a, b))
    looked = len(mine) + len(theirs)
    shared = sorted(mine & theirs)
    yield Finding(not shared, f"bytes: {looked} different runs of {GRAM} in what is free; "
                  f"{len(shared)} in both" + (f", {shared[0].hex()}" if shared else ""))


def common_value(values):
    """The value that stands at one offset the most often, and its share."""
    best = (0, 0, b"")
    width = min(4, min(len(v) for v in values))
    for at in range(min(len(v) for v in values) - width + 1):
        value, n = collections.Counter(v[at:at + width] for v in values).most_common(1)[0]
        best = max(best, (n / len(values), at, value))
    return best


def compare_fields(a, b, _):
    """A value that returns at one place of a free field, in each device by itself, too: what is
    drawn once and kept is no less a mark."""
    strongest, bad = (0, "none"), []
    for key in sorted(set(a.frees) & set(b.frees)):
        if key.endswith("records"):
            continue
        pair = [[v for v in d.frees[key] if v] for d in (a, b)]
        if min(map(len, pair)) < FIELD_LEAST:
            continue
        found = [common_value(values) for values in pair]
        share = min(f[0] for f in found)
        strongest = max(strongest, (share, f"{key}, in {share:.0%} of {len(pair[0])} and "
                                    f"{len(pair[1])}"))
        if share >= FIELD_SHARE:
            bad.append(f"{key}: {found[0][2].hex()} and {found[1][2].hex()}")
    yield Finding(not bad, f"fields: the value that returns most: {strongest[1]}"
                  + (f"; not so in what is random: {bad}" if bad else ""))


def compare_headers(a, b, profile):
    seen, odd = collections.Counter(), set()
    for device in (a, b):
        for flow in device.flows + device.inside:
            for p in flow.packets:
                if not p.out:
                    continue
                told = [("ttl", str(p.ttl)), ("class", str(p.tos))]
                told += [("syn", p.syn)] if p.syn else []
                for name, value in told:
                    seen[f"{name} {value}"] += 1
                    if not profile.header(name, value, p.kind):
                        odd.add(f"{name} {value} ({p.kind} {p.port})")
    yield Finding(not odd, f"headers: {dict(seen)}"
                  + (f"; not in the profile: {sorted(odd)}" if odd else ""))


# ---- times ----

def streams(device, scale):
    """When each host was contacted for each purpose, in the device's own seconds."""
    found = collections.defaultdict(list)
    for flow in device.flows:
        small = ", small TTL" if flow.packets[0].ttl < 32 else ""
        name = ""
        if flow.kind == "udp" and flow.port == 53:
            name = f" {flow.name}"
        found[flow.kind, flow.port, flow.peer + name + small].append(flow.at_s * scale)
    return {key: sorted(times) for key, times in found.items()}


def intervals(times):
    return [b - a for a, b in zip(times, times[1:])]


def densest(values, band):
    """(share, where): the band, so wide in proportion, that holds the most of the values."""
    values, best, right = sorted(values), (0, 0), 0
    for left, low in enumerate(values):
        right = max(right, left)
        while right < len(values) and values[right] <= low * (1 + band):
            right += 1
        best = max(best, ((right - left) / len(values), low))
    return best


def periods(device, scale):
    """key -> (share of the densest band, its place, middle, spread, n)"""
    found = {}
    for key, times in streams(device, scale).items():
        gaps = [g for g in intervals(times) if g > 0]
        if len(gaps) >= PERIOD_LEAST:
            middle = statistics.median(gaps)
            spread = statistics.median(abs(g - middle) for g in gaps) / middle
            found[key] = (*densest(gaps, PERIOD_BAND), middle, spread, len(gaps))
    return found


def near(value, other, by=SAME_PERIOD):
    return abs(value - other) <= by * other


def compare_periods(a, b, profile, scale):
    mine, theirs = periods(a, scale), periods(b, scale)
    strongest, bad, rhythms = (0, "none"), [], 0
    for key in sorted(set(mine) & set(theirs)):
        kind, port, _ = key
        share = min(mine[key][0], theirs[key][0])
        at, other = mine[key][1], theirs[key][1]
        if near(at, other, .1):
            strongest = max(strongest, (share, f"{kind} {port}: {share:.0%} of {mine[key][4]} and "
                                        f"{theirs[key][4]} within 4% of {at:.1f} s"))
        if share >= PERIOD_SHARE and near(at, other):
            if not any(near(at * 1.02, period, .04) for period, _ in profile.exact(kind, port)):
                bad.append(f"{kind} {port} exactly every {at:.2f} s")
        elif max(mine[key][3], theirs[key][3]) <= ABOUT_SPREAD:
            rhythms += 1
            middle = mine[key][2]
            if not any(low <= middle <= high for low, high, _ in profile.about(kind, port)):
                bad.append(f"{kind} {port} about every {middle:.1f} s")
    yield Finding(not bad, f"periods: {len(set(mine) & set(theirs))} contacts that both return to, "
                  f"{rhythms} with a loose rhythm; the strictest: {strongest[1]}"
                  + (f"; not in the profile: {bad}" if bad else ""))


def compare_phases(a, b, _, scale):
    """On the second or, in the device's time, on the minute."""
    worst, bad = (0, ""), []
    for name, period in (("second", 1), ("minute", 60 / scale)):
        lengths = []
        for device in (a, b):
            times = [f.at_s for f in device.flows]
            lengths.append(direction([t / period for t in times]) if len(times) >= PHASE_LEAST
                           else 0)
        worst = max(worst, (min(lengths), name))
        if min(lengths) >= PHASE_LENGTH:
            bad.append(name)
    yield Finding(not bad, f"phases: nearest to one, the {worst[1]}, {worst[0]:.2f} of 1"
                  + (f"; bound to the {bad}" if bad else ""))


def direction(turns):
    """Length of the mean of so many unit vectors: 1 where all point the same way."""
    return abs(sum(cmath.exp(2j * cmath.pi * t) for t in turns)) / len(turns)


def compare_gaps(a, b, profile):
    """Of a real-time capture: between one start and the next, and between echoes."""
    found = []
    for device in (a, b):
        starts = sorted(f.at_s for f in device.flows)
        found.append([g for g in intervals(starts) if .02 < g < 5])
    if min(map(len, found)) < GAP_LEAST:
        yield Finding(False, f"gaps: only {[len(f) for f in found]} of them: too few to look at")
        return
    (share, at), (other, there) = (densest(f, GAP_BAND) for f in found)
    same = near(at, there, .1)
    bad = same and min(share, other) >= GAP_SHARE
    yield Finding(not bad, f"gaps: {len(found[0])} and {len(found[1])} between one start and the "
                  f"next; at most {share:.0%} within a tenth of {at:.2f} s, {other:.0%} of "
                  f"{there:.2f} s" + ("; the same in both" if bad else ""))


def compare_order(a, b, _, scale):
    """Is one contact always before another, in both?"""
    times = [streams(d, scale) for d in (a, b)]
    named_at = {(f.name, f.peer) for f in a.flows + b.flows if f.name and f.kind == "tcp"}
    keys = sorted(k for k in set(times[0]) & set(times[1])
                  if min(len(t[k]) for t in times) >= ORDER_LEAST)
    strongest, bad, pairs = (0, "none"), [], 0
    for i, one in enumerate(keys):
        for two in keys[i + 1:]:
            shares = [before(t[one], t[two]) for t in times]
            if None in shares:
                continue
            pairs += 1
            share = max(min(shares), 1 - max(shares))
            strongest = max(strongest, (share, f"{named(one)} and {named(two)}, {share:.0%}"))
            if share >= ORDER_SHARE and not led(one, two, named_at):
                bad.append((one, two))
    examples = [f"{named(one)} and {named(two)}" for one, two in bad[:3]]
    yield Finding(not bad, f"order: {pairs} pairs of contacts; the most steadfast: {strongest[1]}"
                  + (f"; {len(bad)} in the same order in both, for example {examples}"
                     if bad else ""), frozenset(bad))


def named(key):
    return f"{key[0]} {key[1]} of {key[2].split(' ')[0]}"


def led(one, two, named_at):
    """What the question for a name leads to is led by it."""
    asked = [key for key in (one, two) if key[:2] == ("udp", 53)]
    others = [key for key in (one, two) if key[:2] != ("udp", 53)]
    return bool(asked and others) and (asked[0][2].split(" ")[1],
                                       others[0][2].split(" ")[0]) in named_at


def before(ones, twos):
    """In which share of the times the nearest of the others comes later; None where they do not
    return together."""
    usual = statistics.median(intervals(ones))
    signs = []
    for t in ones:
        nearest = min(twos, key=lambda u: abs(u - t))
        if abs(nearest - t) < usual / 2:
            signs.append(nearest > t)
    if len(signs) < ORDER_LEAST:
        return None
    return sum(signs) / len(signs)


# ---- sizes ----

def compare_sizes(a, b, _):
    """What comes from a host of the list has the size that it gives it, to whoever asks."""
    big, bad = [0, 0], []
    for out in (True, False):
        sizes = []
        for i, device in enumerate((a, b)):
            mine = [f.bytes(out) for f in device.flows
                    if f.bytes(out) >= SIZE_LEAST_BYTES and (out or not f.name)]
            big[i] += len(mine)
            sizes.append(mine)
        for size in sizes[0]:
            same = [sum(abs(s - size) <= SIZE_BAND_BYTES for s in side) for side in sizes]
            if min(same) >= SIZE_LEAST:
                bad.append(f"{size} bytes {'out' if out else 'in'}")
    yield Finding(not bad, f"sizes: {big[0]} and {big[1]} transfers of more than "
                  f"{SIZE_LEAST_BYTES} bytes" + (f"; of one size in both: {sorted(set(bad))[:3]}"
                                                 if bad else "; none of one size in both"))


def modes(device, lengths_of):
    """The length that a transfer has the most often, of those that have many."""
    found = collections.Counter()
    for flow in device.flows:
        lengths = lengths_of(flow)
        if len(lengths) >= RECORD_LEAST:
            found[collections.Counter(lengths).most_common(1)[0][0]] += 1
    return found


def compare_lengths(a, b, profile):
    """Of packets, and of the records of TLS that begin them."""
    def packets(flow):
        return [p.size for p in flow.packets if p.size and (p.out or not flow.name)]

    def records(flow):
        return [int.from_bytes(p.payload[3:5], "big") for p in flow.packets
                if p.payload[:3] == b"\x17\x03\x03" and (p.out or not flow.name)]

    for name, lengths_of in (("packet", packets), ("record", records)):
        mine, theirs = modes(a, lengths_of), modes(b, lengths_of)
        bad = [n for n in mine if mine[n] >= SIZE_LEAST and theirs[n] >= SIZE_LEAST
               and n not in profile.size(name)]
        yield Finding(not bad, f"{name}s: {sum(mine.values())} and {sum(theirs.values())} transfers "
                      f"of {RECORD_LEAST} or more" + (f"; {bad} bytes are usual in both" if bad else
                                                      "; no length is usual in both"))


def compare(a, b, profile, scale):
    for one in (compare_ports, compare_shapes, compare_grams, compare_fields, compare_headers):
        yield from one(a, b, profile)
    for one in (compare_periods, compare_phases, compare_order):
        yield from one(a, b, profile, scale)
    for one in (compare_sizes, compare_lengths):
        yield from one(a, b, profile)
