#!/usr/bin/python3
"""A second reader of segments, written from common/FORMAT.md and common/SCHEMA.md alone.

usage: verify.py [--opaque-lines] [--schema SCHEMA.md] FILE.seg|FOLDER...

Prints one line a check, "ok" or "FAIL"; exit 0 only if every check of every segment holds.
Nothing but the standard library, and openssl for the signature. --opaque-lines leaves out
what the schema says of the lines: form, tree and signature do not depend on it.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile

LINES_MAX = 1024
LINE_MAX = 4096
PLAIN_MAX = 15360
NUMBER_MAX = 2**53 - 1
HEADERS = ["clock", "network", "where", "software", "targets", "gaps"]
SECTIONS = {
    "line": "Kinds of line", "check": "Checks", "rung": "Rungs", "stage": "Stages",
    "outcome": "Outcomes", "reason": "Reasons", "medium": "Media", "supply": "Supplies",
    "protocol": "Protocols", "direction": "Directions", "carriage": "Carriages",
    "registration": "Registrations", "operstate": "Operational states",
    "exhibit_kind": "Kinds of exhibit",
}


class Refused(Exception):
    """A check that does not hold; its text says why."""


def refuse_unless(holds, why):
    if not holds:
        raise Refused(why)


# --- the schema, as its page tells it ---


class Schema:
    def __init__(self, path):
        self.names, self.fields, section = {}, {}, None
        with open(path, encoding="ascii") as page:
            for row in page:
                if row.startswith("## "):
                    section = row[3:].strip()
                cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
                if not row.startswith("| `"):
                    continue
                name = cells[0].strip("`")
                if section == "Fields":
                    self.fields[name] = (cells[1], cells[2], cells[3])
                else:
                    self.names.setdefault(section, []).append(name)
        kinds = self.names["Kinds of line"]
        for name, (value, needed, allowed) in self.fields.items():
            needed = kinds if needed == "every" else set(filter(None, needed.split(", ")))
            allowed = kinds if allowed == "every" else set(filter(None, allowed.split(", ")))
            self.fields[name] = (self.reader(value), set(needed), set(needed) | set(allowed))

    def reader(self, value):
        """What a cell of the column "value" says, as (type, arguments)."""
        if found := re.fullmatch(r"integer, (-?\d+) to (-?\d+)", value):
            return "integer", int(found[1]), int(found[2])
        if found := re.fullmatch(r"string, at most (\d+) bytes", value):
            return "string", int(found[1])
        if found := re.fullmatch(r"name \((\w+)\)", value):
            return "name", self.names.get(SECTIONS[found[1]]) or found[1]
        if found := re.fullmatch(r"list of at most (\d+) integers, (-?\d+) to (-?\d+)", value):
            return "list", int(found[1]), int(found[2]), int(found[3])
        raise SystemExit(f"verify.py: the schema page says {value!r}, which nobody understands")

    def resolve(self):
        """Names of the sections that stand behind the table of fields."""
        for name, (value, needed, allowed) in self.fields.items():
            if value[0] == "name" and isinstance(value[1], str):
                value = ("name", self.names[SECTIONS[value[1]]])
                self.fields[name] = (value, needed, allowed)


def is_integer(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_plain(text):
    return all(" " <= c <= "~" and c not in '"\\' for c in text)


def value_holds(kind, value):
    if kind[0] == "integer":
        return is_integer(value, kind[1], kind[2])
    if kind[0] == "string":
        return isinstance(value, str) and is_plain(value) and len(value) <= kind[1]
    if kind[0] == "name":
        return isinstance(value, str) and value in kind[1]
    return (isinstance(value, list) and len(value) <= kind[1]
            and all(is_integer(item, kind[2], kind[3]) for item in value))


def text_of(value):
    if isinstance(value, list):
        return "[" + ",".join(str(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def read_line(schema, line):
    """The fields of a line, which must be the one canonical form of its values."""
    refuse_unless(len(line) <= LINE_MAX, "is longer than 4,096 bytes")
    try:
        pairs = json.loads(line.decode("ascii"), object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise Refused("is not JSON in ASCII") from None
    refuse_unless(line[:1] == b"{" and pairs, "is not an object with fields")
    for pair in pairs:
        name, value = pair
        refuse_unless(name in schema.fields, f"has a field {name!r} that the schema does not know")
        # An object inside is a list of pairs by now; value_holds takes it for no list of integers,
        # an empty one is caught below, where it is written as [].
        refuse_unless(value_holds(schema.fields[name][0], value), f"has a bad value in {name}")
    fields = dict(pairs)
    again = "{" + ",".join(f'"{k}":{text_of(fields[k])}' for k in sorted(fields)) + "}"
    refuse_unless(again.encode() == line, "is not in its canonical form")
    refuse_unless("kind" in fields, "has no kind")
    for name, (_, needed, allowed) in schema.fields.items():
        if fields["kind"] in needed:
            refuse_unless(name in fields, f"lacks {name}")
        if name in fields:
            refuse_unless(fields["kind"] in allowed, f"may not have {name}")
    return fields


WHERE = re.compile(
    rb"faultline/where\nnonce [0-9a-f]{32}\nasn (0|[1-9]\d{0,9})\ncountry [A-Z]{2}\n"
    rb"prefix [0-9a-f.:]+/(24|48)\ntime \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z\n")


def check_lines(schema, lines):
    kinds = []
    for i, line in enumerate(lines):
        try:
            fields = read_line(schema, line)
            if fields["kind"] == "where":
                text, name, _ = read_note(from_base64(fields["note"].encode(), None, "its note"))
                refuse_unless(WHERE.fullmatch(text), "holds no where note")
                refuse_unless(re.fullmatch(r"faultline-analyzer-[0-9a-f]{16}", name),
                              "holds a note that no analyzer signed")
        except Refused as why:
            raise Refused(f"line {i} {why}") from None
        kinds.append(fields["kind"])
    headers = [kind for kind in HEADERS if kind != "where" or "where" in kinds]
    refuse_unless(kinds[:len(headers)] == headers, "the header lines are not " + ", ".join(headers))
    refuse_unless(set(kinds[len(headers):]) <= {"measurement", "exhibit"},
                  "a line behind the header lines is no measurement and no exhibit")


# --- notes, trees, keys ---


def from_base64(text, length, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused(f"{what} is not base64") from None
    refuse_unless(base64.b64encode(data) == text, f"{what} is not base64 in its one form")
    refuse_unless(length in (None, len(data)), f"{what} has not {length} bytes")
    return data


def read_note(data):
    """Text, key name, and the 68 bytes of a note with exactly one signature."""
    text, mark, tail = data.partition(b"\n\n")
    found = re.fullmatch(rb"\xe2\x80\x94 ([!-*,-~]{1,63}) ([^ \n]+)\n", tail)
    refuse_unless(mark and found, "the note has not one text and one signature")
    refuse_unless(re.fullmatch(rb"[ -~]+(\n[ -~]+)*", text), "the note's text is not printable ASCII")
    return text + b"\n", found[1].decode(), from_base64(found[2], 68, "the signature")


def tree_root(leaves):
    """RFC 9162 section 2.1.1: level by level, an odd node goes up as it is."""
    while len(leaves) > 1:
        pairs = [hashlib.sha256(b"\x01" + leaves[i] + leaves[i + 1]).digest()
                 for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[len(pairs) * 2:]
    return leaves[0]


def salt_of(seed, i):
    return hmac.new(seed, i.to_bytes(8, "big"), hashlib.sha256).digest()[:16]


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def check_point(data, what):
    """Canonical, and of more than the eight points whose order divides 8."""
    y = int.from_bytes(data, "little") & (2**255 - 1)
    refuse_unless(y < P, f"{what} is not in its canonical form")
    # y of order 1, 2, 4; and of 8: where doubling gives y = 0, x^2 = -y^2.
    small = y in (0, 1, P - 1) or (D * pow(y, 4, P) + 2 * y * y - 1) % P == 0
    refuse_unless(not small, f"{what} is of small order")


def check_signature(key, text, sig):
    check_point(key, "the key")
    check_point(sig[:32], "R of the signature")
    refuse_unless(int.from_bytes(sig[32:], "little") < L, "S of the signature is not below L")
    # SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) is this and the key.
    der = bytes.fromhex("302a300506032b6570032100") + key
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "text", "sig")]
        for path, data in zip(paths, (der, text, sig)):
            with open(path, "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0],
             "-rawin", "-in", paths[1], "-sigfile", paths[2]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    refuse_unless(done.returncode == 0, "openssl does not verify it")


# --- segments ---


class Segment:
    def __init__(self, data):
        plain, mark, tail = data.partition(b"\n\n")
        refuse_unless(mark, "no empty line ends the lines")
        self.lines = plain.split(b"\n")
        refuse_unless(all(self.lines), "there is no line")
        refuse_unless(len(self.lines) <= LINES_MAX, "more than 1,024 lines")
        refuse_unless(len(plain) + 1 <= PLAIN_MAX, "more than 15,360 bytes of lines")
        refuse_unless(max(map(len, self.lines)) <= LINE_MAX, "a line of more than 4,096 bytes")
        found = re.fullmatch(rb"(.*\n)seed ([^\n]*)\n", tail, re.DOTALL)
        refuse_unless(found, "no seed line ends the file")
        self.seed = from_base64(found[2], 32, "the seed")
        self.note = found[1]
        self.text, self.key_name, signature = read_note(self.note)
        self.key_hash, self.sig = signature[:4], signature[4:]
        found = re.fullmatch(
            rb"faultline/segment/([0-9a-f]{64})/([1-9]\d{0,15})\n([1-9]\d{0,3})\n([^\n]*)\n", self.text)
        refuse_unless(found, "the note's text is not origin, number of lines and root")
        self.epoch, self.seq, self.n = found[1].decode(), int(found[2]), int(found[3])
        refuse_unless(self.seq <= NUMBER_MAX, "the segment's number is above 2^53-1")
        self.root = from_base64(found[4], 32, "the root")
        self.id = hashlib.sha256(self.note).hexdigest()

    def check_tree(self):
        refuse_unless(self.n == len(self.lines), "the note counts another number of lines")
        leaves = [hashlib.sha256(b"\x00" + salt_of(self.seed, i) + line).digest()
                  for i, line in enumerate(self.lines)]
        refuse_unless(tree_root(leaves) == self.root, "the lines give another root")

    def check_key(self):
        refuse_unless(self.key_name == "epoch-" + self.epoch[:16], "the key name is not the epoch's")
        data = self.key_name.encode() + b"\x0a\x01" + bytes.fromhex(self.epoch)
        refuse_unless(hashlib.sha256(data).digest()[:4] == self.key_hash, "the key hash is not the key's")

    def check_signature(self):
        check_signature(bytes.fromhex(self.epoch), self.text, self.sig)


def say(path, check, why=None):
    print(f"FAIL {path}: {check}: {why}" if why else f"ok {path}: {check}")
    return why is None


def verify(path, schema):
    """The segment, or None when any check failed."""
    try:
        with open(path, "rb") as file:
            segment = Segment(file.read(PLAIN_MAX + 1024))
    except OSError as error:
        return say(path, "read", error.strerror) or None
    except Refused as why:
        return say(path, "form", why) or None
    say(path, f"form: {segment.n} lines, number {segment.seq} of epoch {segment.epoch[:16]}")
    checks = [("salts, leaves and root", segment.check_tree),
              ("key name and key hash", segment.check_key),
              ("signature", segment.check_signature)]
    if schema:
        checks.append(("lines", lambda: check_lines(schema, segment.lines)))
    good = True
    for check, run in checks:
        try:
            run()
            say(path, check)
        except Refused as why:
            good = say(path, check, why)
    if good:
        say(path, "id " + segment.id)
    return segment if good else None


def check_numbers(segments):
    """Two different segments with one number prove that the key's holder lied."""
    good, seen = True, {}
    for path, segment in segments:
        first = seen.setdefault((segment.epoch, segment.seq), (path, segment.id))
        if first[1] != segment.id:
            good = say(path, "one segment a number", f"{first[0]} has number {segment.seq} too")
    return good


def paths_of(argument):
    if not os.path.isdir(argument):
        return [argument]
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(argument)
                  for name in names if name.endswith(".seg"))


def load_schema(path):
    schema = Schema(path)
    schema.resolve()
    return schema


def main(arguments):
    opaque, page = False, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common/SCHEMA.md")
    while arguments and arguments[0].startswith("--"):
        option = arguments.pop(0)
        if option == "--opaque-lines":
            opaque = True
        elif option == "--schema" and arguments:
            page = arguments.pop(0)
        else:
            print(__doc__, file=sys.stderr)
            return 2
    paths = [path for argument in arguments for path in paths_of(argument)]
    if not paths:
        print("verify.py: name at least one segment, or a folder that holds some", file=sys.stderr)
        return 2 if not arguments else 1
    schema = None if opaque else load_schema(page)
    segments = [(path, verify(path, schema)) for path in paths]
    numbers = check_numbers([pair for pair in segments if pair[1]])
    return 0 if numbers and all(segment for _, segment in segments) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
