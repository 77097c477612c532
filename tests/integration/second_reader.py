#!/usr/bin/python3
"""tests/verify.py and tests/verify.sh accept what the code writes, and nothing else."""

import base64
import hashlib
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

TOOL = pathlib.Path(os.environ["BUILD"], "tests/segment")
VECTORS = sorted(pathlib.Path("tests/vectors").glob("*.seg"))
GOLDEN = pathlib.Path("tests/golden")
KEY_SEED = bytes(range(32)).hex()
failures = []


def expect(holds, sentence):
    print(("ok " if holds else "FAIL ") + sentence)
    if not holds:
        failures.append(sentence)


def run(*command, data=None):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def reader():
    spec = importlib.util.spec_from_file_location("verify", "tests/verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def canonical(**fields):
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def measurements(n):
    return [canonical(kind="measurement", check="ping", outcome="ok", round=i, rung="domestic",
                      stage="done", t_us=1000 * i, took_us=900 + i, target=f"host-{i}",
                      chunks=list(range(i % 5)))
            for i in range(n)]


def headers():
    note = ("faultline/where\nnonce " + 32 * "0" + "\nasn 64500\ncountry ZZ\nprefix 192.0.2.0/24\n"
            "time 2026-01-08T16:30:00Z\n\n— faultline-analyzer-0123456789abcdef "
            + base64.b64encode(bytes(68)).decode() + "\n")
    return [
        canonical(kind="clock", boot=0, clock_state=1, clock_steps=0, raw_us=5, t_us=5, wall_utc_us=7),
        canonical(kind="network", country="ZZ", medium="fixed"),
        canonical(kind="where", note=base64.b64encode(note.encode()).decode()),
        canonical(kind="software", version="faultline-probe 0.1.0"),
        canonical(kind="targets", list_sha256=64 * "0", rows=3),
        canonical(kind="gaps", dropped=0, next_contact_us=9, promised_us=9),
    ]


def write(folder, name, lines, seq=1, seed=bytes(32)):
    done = subprocess.run([TOOL, "write", KEY_SEED, str(seq), seed.hex()],
                          input="".join(line + "\n" for line in lines).encode(),
                          stdout=subprocess.PIPE, check=True)
    path = pathlib.Path(folder, name)
    path.write_bytes(done.stdout)
    return path


def test_vectors():
    rc, said = run("tests/verify.py", "--opaque-lines", "tests/vectors")
    expect(rc == 0 and said.count("signature") == 6, "verify.py accepts the six vectors")
    for path in VECTORS:
        vector = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        expect(f"{path}: id {vector['segment_id']}\n" in said, f"verify.py has the id of {path}")
        rc, said_sh = run("tests/verify.sh", str(path))
        expect(rc == 0 and f"{path}: id {vector['segment_id']}\n" in said_sh,
               f"verify.sh accepts {path} and has its id")


def test_written(folder):
    for n in (0, 1, 40):
        path = write(folder, f"{n}.seg", headers() + measurements(n), seq=n + 1)
        expect(run("tests/verify.py", path)[0] == 0, f"verify.py accepts headers and {n} measurements")
        expect(run("tests/verify.sh", path)[0] == 0, f"verify.sh accepts headers and {n} measurements")
    most = ["x" * 14 for _ in range(1024)]
    expect(run("tests/verify.py", "--opaque-lines", write(folder, "most.seg", most, seq=99))[0] == 0,
           "verify.py accepts 1,024 lines in 15,360 bytes")
    without = headers()
    del without[2]
    expect(run("tests/verify.py", write(folder, "w.seg", without, seq=77))[0] == 0,
           "verify.py accepts a segment without a where note")


def test_wrong_lines(folder):
    good = headers() + measurements(2)
    wrong = {
        "no clock": good[1:],
        "headers in another order": [good[1], good[0]] + good[2:],
        "two clocks": good[:1] + good,
        "a header behind the measurements": good + good[:1],
        "a space in a line": good[:6] + [good[6].replace(",", ", ", 1)] + good[7:],
        "a field out of order": good[:6] + ['{"kind":"measurement","check":"dns"}'] + good[7:],
        "a where note in a second form of base64": good[:2] + [canonical(kind="where", note="Zh==")] + good[3:],
    }
    for what, lines in wrong.items():
        rc, said = run("tests/verify.py", write(folder, "wrong.seg", lines))
        expect(rc == 1 and "FAIL" in said and ": lines: " in said, f"verify.py refuses {what}")


def mutations(data):
    """(name, bytes): every byte with one bit turned, cuts, additions, a swap."""
    for i in range(len(data)):
        changed = bytearray(data)
        changed[i] ^= 1 << i % 8
        yield f"bit-{i:04}", bytes(changed)
    for i in range(0, len(data), 9):
        yield f"cut-{i:04}", data[:i]
    lines = data.split(b"\n")
    yield "swapped", b"\n".join([lines[1], lines[0]] + lines[2:])
    yield "added", lines[0] + b"\n" + data
    yield "more", data + b"\n"
    yield "twice", data + data
    yield "nul", data.replace(b"\n\n\xe2", b"\n\0\n\xe2")
    yield "crlf", data.replace(b"\n", b"\r\n")


def test_mutations(folder):
    data = pathlib.Path("tests/vectors/3.seg").read_bytes()
    some = list(mutations(data))
    for name, changed in some:
        pathlib.Path(folder, name + ".seg").write_bytes(changed)
    rc, said = run("tests/verify.py", "--opaque-lines", folder)
    refused = {row.split(": ")[0] for row in said.splitlines() if row.startswith("FAIL ")}
    accepted = [name for name, _ in some if f"FAIL {folder}/{name}.seg" not in refused]
    expect(rc == 1 and not accepted, f"verify.py refuses {len(some)} changed segments {accepted}")
    sample = [name for i, (name, _) in enumerate(some) if i % 12 == 5 or not name[-1].isdigit()]
    accepted = [name for name in sample if run("tests/verify.sh", f"{folder}/{name}.seg")[0] == 0]
    expect(not accepted, f"verify.sh refuses {len(sample)} of them {accepted}")


def test_one_number(folder):
    write(folder, "a.seg", ["x"], seq=5)
    write(folder, "b.seg", ["y"], seq=5)
    rc, said = run("tests/verify.py", "--opaque-lines", folder)
    expect(rc == 1 and "one segment a number" in said, "verify.py refuses two segments of one number")


def test_key_of_small_order(folder):
    """A key that lets one signature stand under every text: openssl takes it, nobody else may."""
    module, line, seed = reader(), b"anything", bytes(32)
    root = hashlib.sha256(b"\0" + module.salt_of(seed, 0) + line).digest()
    for key, name in ((b"\1" + bytes(31), "the neutral point"), (bytes(32), "a point of order 4"),
                      (bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                       "a point of order 8"),
                      (bytes.fromhex("ee" + 30 * "ff" + "7f"), "a second form of the neutral point")):
        epoch = key.hex()
        text = f"faultline/segment/{epoch}/1\n1\n{base64.b64encode(root).decode()}\n".encode()
        key_name = b"epoch-" + epoch[:16].encode()
        key_hash = hashlib.sha256(key_name + b"\n\1" + key).digest()[:4]
        sig = base64.b64encode(key_hash + b"\1" + bytes(63))
        path = pathlib.Path(folder, "small.seg")
        path.write_bytes(line + b"\n\n" + text + b"\n\xe2\x80\x94 " + key_name + b" " + sig
                         + b"\nseed " + base64.b64encode(seed) + b"\n")
        rc, said = run("tests/verify.py", "--opaque-lines", path)
        fails = [row for row in said.splitlines() if row.startswith("FAIL")]
        expect(rc == 1 and len(fails) == 1 and "signature: the key" in fails[0],
               f"verify.py refuses {name} as a key, and only for that")
        rc, said = run(TOOL, "read", data=path.read_bytes())
        expect(rc == 1 and "signature" in said, f"the code refuses {name} as a key")
        if name == "the neutral point":
            expect(run("tests/verify.sh", path)[0] == 0, "openssl would take the neutral point")


def changed_lines(lines):
    """Lines near the right ones: one edit each, from a fixed seed."""
    rng = random.Random(1)
    parts = [b"0", b"-", b"1", b",", b'"', b"\\", b" ", b"{", b"}", b"[", b"]", b":", b".5", b"e1",
             b"null", b"true", b'"a":1,', b'"kind":"clock",', b"9" * 18, b"\x7f", b"\xc3\xa9", b""]
    for line in lines:
        for _ in range(400):
            at, to = rng.randrange(len(line) + 1), rng.choice((0, 0, 1, 1, 2, 12))
            yield line[:at] + rng.choice(parts) + line[at + to:]


def test_lines_agree():
    """The codec in C and this reader of SCHEMA.md draw the same line between good and bad."""
    module = reader()
    schema = module.load_schema("common/SCHEMA.md")
    golden = [line for path in sorted(GOLDEN.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    lines = golden + [line.encode() for line in headers() + measurements(3)]
    lines += [line for line in changed_lines(lines) if b"\n" not in line]
    verdicts = run(TOOL, "decode", data=b"".join(line + b"\n" for line in lines))[1].splitlines()
    differ = []
    for line, verdict in zip(lines, verdicts):
        try:
            module.read_line(schema, line)
            mine = "ok"
        except module.Refused:
            mine = "no"
        if mine != verdict:
            differ.append((line, mine))
    for line, mine in differ[:5]:
        print(f"verify.py says {mine}: {line!r}")
    good = verdicts.count("ok")
    expect(len(verdicts) == len(lines) and not differ and len(golden) < good < len(lines),
           f"both readers agree on {len(lines)} lines, {good} of them good")


for test in (test_vectors, test_lines_agree):
    test()
for test in (test_written, test_wrong_lines, test_mutations, test_one_number,
             test_key_of_small_order):
    with tempfile.TemporaryDirectory() as place:
        test(place)
sys.exit(1 if failures else 0)
