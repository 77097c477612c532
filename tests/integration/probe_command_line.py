#!/usr/bin/python3
"""What a person types at faultline-probe: each mistake gets one clear sentence and the right
exit code, the shipped settings are the presets, and without consent nothing starts."""
import json
import os
import pathlib
import subprocess
import tempfile

PROGRAM = os.path.join(os.environ.get("BUILD", "build"), "faultline-probe")
ROW = "international,-,198.51.100.1,80,-,everyone,no\n"
LIST = f"role,host,address,port,asn,who_else,verified\n{ROW}"
INVITE = ("faultline/invite\ncode " + "0" * 32 + "\nendpoint http://192.0.2.1:80\n"
          "pin sha256//" + "A" * 43 + "=\nkey " + "0" * 64 + "\nrole field\n")
# The schema names these since version 3, for the lines of the world, before a check fills them.
UNFILLED = set()


def probe(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30)


def expect(code, says, *words):
    done = probe(*words)
    if done.returncode != code or says not in done.stderr + done.stdout:
        raise SystemExit(f"{words}: wanted exit {code} and {says!r}, got exit "
                         f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done


def write(path, text):
    path.write_text(text, encoding="ascii")
    return str(path)


def usage():
    expect(2, 'there is no command "climb"', "climb")
    expect(2, "Name a command")
    for name in ("pong", *UNFILLED):
        expect(2, f'there is no check "{name}"', "once", "--checks", f"ping,{name}")
    expect(2, 'not "xml"', "once", "--format", "xml")
    expect(2, "give the CODE", "enroll")
    expect(2, "ISO 3166-2", "enroll", "x", "--region", "zz")
    expect(2, '"more" is not understood', "run", "more")
    for command in ("once", "run", "enroll", "status", "checks"):
        expect(0, "--state=DIR", command, "--help")
        expect(0, f"For example:\n  faultline-probe {command} ", command, "--help")
        expect(0, command, "--help")
    expect(0, "faultline-probe ", "--version")


def checks():
    rows = [json.loads(line) for line in probe("checks", "--format", "json").stdout.splitlines()]
    known = {row["check"] for row in rows}
    line = json.loads(pathlib.Path("tests/schema/line.schema.json").read_text(encoding="ascii"))
    named = set(line["properties"]["check"]["enum"])
    if known - named or named - known != UNFILLED:
        raise SystemExit(f"checks: lists {known}, line.schema.json names {named}")


def settings(folder):
    shipped = pathlib.Path("config/probe.conf").read_text(encoding="ascii")
    if probe("--config", "/dev/null", "--print-config").stdout != shipped:
        raise SystemExit("config/probe.conf is not what --print-config prints: write it anew")
    if probe("--config", "config/probe.conf", "--print-config").stdout != shipped:
        raise SystemExit("config/probe.conf does not say the presets")
    targets = write(folder / "targets.csv", LIST)
    good = write(folder / "good.conf", f"targets = {targets}\n")
    expect(0, "1 targets", "--config", good, "--check-config")
    bad = write(folder / "bad.conf", "# a comment\ncolour = red\n")
    expect(1, f"{bad}:2: ", "--config", bad, "--check-config")
    far = write(folder / "far.conf", "pace = 1ms\n")
    expect(1, f"{far}:1: ", "--config", far, "once")
    expect(1, "no such file", "--config", str(folder / "none.conf"), "--check-config")
    torn = write(folder / "torn.csv", LIST + ROW)
    other = write(folder / "other.conf", f"targets = {torn}\n")
    expect(1, f"{torn}:3: ", "--config", other, "--check-config")
    lost = write(folder / "lost.conf", "targets = /nowhere/targets.csv\n")
    expect(1, "no target list there", "--config", lost, "--check-config")
    return good


def consent(folder, conf):
    state = folder / "state"
    common = ["--config", conf, "--state", str(state)]
    expect(1, "nobody has agreed", "once", *common)
    expect(1, "not enrolled yet", "run", *common)
    expect(1, "nothing has run here", "status", *common)
    expect(1, "not https", "enroll", *common, "--from", write(folder / "invite", INVITE),
           "--accept-risks")
    expect(1, "cut or mistyped", "enroll", *common, "fl1-not*a*code", "--accept-risks")
    expect(1, "no such file", "enroll", *common, "--from", str(folder / "nothing"))
    good = write(folder / "good", INVITE.replace("http:", "https:"))
    expect(1, "nobody has agreed", "enroll", *common, "--from", good)
    if (state / "consent").exists() or (state / "keys").exists():
        raise SystemExit("something was kept before consent")
    state.mkdir(exist_ok=True)
    (state / "consent").write_text("yes\n", encoding="ascii")
    expect(1, "nobody has agreed", "once", *common)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        usage()
        checks()
        consent(folder, settings(folder))


main()
