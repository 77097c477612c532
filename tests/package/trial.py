#!/usr/bin/python3
"""trial.py [--booted] [DIR]: the packages in DIR (else: made now) on a fresh Debian in a
folder, without a network and, unless --booted, without systemd running. Installed, configured, enrolled and used by what
README.md prints for an operator and a volunteer; a round is measured, shipped and read at
the analyzer; both are purged, and what is left is compared with what was there before."""

import glob
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import time

from machine import ANALYZER, PERSON, SITES, Machine, MachineError, missing
from screens import screen

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 120

# What the operator and the volunteer of this trial change: an editor. The list has three
# networks of each role, as `targets check` wants it, and all of them on one machine.
EDITOR = f"""#!/bin/sh
set -e
case $1 in
*.csv)
	head -n 1 "$1" >"$1.new"
	for role in domestic essential international control; do
		for n in 1 2 3; do
			echo "$role,-,{SITES}.$n,80,6450$n,readers of a trial,no"
		done
	done >>"$1.new"
	for n in 1 2 3; do
		echo "core,-,{SITES}.$n,123,6450$n,clocks of a trial,no"
	done >>"$1.new"
	mv "$1.new" "$1"
	;;
*)
	sed -i -e 's|^public_endpoint =.*|public_endpoint = https://{ANALYZER}:8443|' \\
		-e 's|^ingest =.*|ingest = {ANALYZER}:8443|' \\
		-e 's|^time_scale =.*|time_scale = 60|' "$1"
	;;
esac
"""

# Left by a purge, and why.
EXPECTED = (
    (r"etc/(passwd|group|shadow|gshadow|subuid|subgid)-?", "the locked accounts"),
    (r"var/lib/faultline-analyzer(/.*)?", "the keys and the evidence of the analyzer"),
    (r"var/lib/systemd/(random-seed|timers/.*|timesync/.*)", "systemd's own records"),
)


class NotSo(Exception):
    """What should be so and is not."""


def that(truth, sentence, seen=""):
    if not truth:
        raise NotSo(f"{sentence}\n{seen}")
    print(f"ok: {sentence}", flush=True)


def run(machine, command, user=PERSON, code=0):
    done = subprocess.run(machine.argv(command, user), text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    said = done.stdout + done.stderr
    if code is not None and done.returncode != code:
        raise NotSo(f"{command}: exit {done.returncode}, not {code}\n{said}")
    return said


def agree(machine, command):
    """On a terminal, where the risks are shown and "yes" is typed."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(machine.argv(command), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    answered = False
    while True:
        try:
            said += os.read(ours, 4096)
        except OSError:
            break
        if not answered and b'Type "yes"' in said:
            os.write(ours, b"yes\n")
            answered = True
    os.close(ours)
    that(answered and child.wait() == 0, f"as printed: {command}", said.decode())
    return said.decode()


def type_screen(machine, heading, children):
    for command in screen(heading):
        if "enroll" in command:
            agree(machine, command)
            continue
        run(machine, command)
        print(f"ok: as printed: {command}", flush=True)
        unit = re.search(r"systemctl start (\S+)", command)
        if unit:
            if not machine.booted:
                children.append(start(machine, unit[1]))
            wait_for(f"{unit[1]} works", lambda: WORKS[unit[1]](machine))


def start(machine, unit):
    """What systemd would do, were it running: the unit's command as the unit's user."""
    text = machine.path("lib/systemd/system", unit + ".service").read_text()
    rows = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return subprocess.Popen(machine.argv("exec " + rows["ExecStart"], rows["User"]),
                            stdin=subprocess.DEVNULL)


def listens(machine):
    return f"{ANALYZER}:8443" in subprocess.run([*machine.within[:4], "ss", "-Hltn"], text=True,
                                                capture_output=True).stdout


WORKS = {"faultline-analyzer": listens,
         "faultline-probe": lambda m: m.path("var/lib/faultline-probe/health").exists()}


def wait_for(what, true):
    end = time.monotonic() + LIMIT_S
    while not true():
        if time.monotonic() > end:
            raise NotSo(f"{what}: not within {LIMIT_S} s")
        time.sleep(0.2)
    print(f"ok: {what}", flush=True)


def rows(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def before_anything(machine):
    said = run(machine, "sudo faultline-analyzer serve", code=1)
    that("faultline-analyzer init" in said, "serve without keys says how to make them", said)
    said = run(machine, "faultline-analyzer events", code=1)
    that("sudo" in said, "without sudo it says that the folder is another user's", said)


def installed(machine):
    said = run(machine, "cat /proc/sys/net/ipv4/ping_group_range; id -g _faultline-probe")
    low, high, group = said.split()
    that(low == high == group, "only the probe's group may ping", said)
    units = run(machine, "sudo systemctl is-enabled faultline-probe", code=None)
    that("disabled" in units, "the probe is not enabled by its installation", units)
    that(not list(machine.path("var/lib/faultline-probe").iterdir()), "and kept nothing yet")
    if machine.booted:
        run(machine, "sudo systemctl start faultline-probe")
        that(states(machine)["faultline-probe"] == "inactive", "nor does it start when told to")
    said = run(machine, "faultline-probe checks; faultline-probe status", code=1)
    that("packets" in said and "sudo" in said, "checks needs no sudo, status says it does", said)
    said = run(machine, "zcat /usr/share/man/man1/faultline-probe.1.gz "
               "/usr/share/man/man1/faultline-analyzer.1.gz")
    that("accept" in said and "invite" in said, "both have manual pages")
    for program, words, expected in (
            ("faultline-probe", "enroll --medium m", "mobile"),
            ("faultline-probe", "st", "status"), ("faultline-analyzer", "ex", "explain export"),
            ("faultline-analyzer", "events --format j", "json"),
            ("faultline-analyzer", "events --min", "--min-probability")):
        completes(machine, program, words, expected)


def states(machine):
    """{unit: state}, as systemd tells them."""
    units = ("faultline-analyzer", "faultline-probe")
    said = run(machine, "sudo systemctl is-active " + " ".join(units), code=None)
    return dict(zip(units, said.split()))


def completes(machine, program, words, expected):
    words = [program, *words.split()]
    said = run(machine, f"source /usr/share/bash-completion/completions/{program}; "
               f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
               f"_faultline {program} {words[-1]} {words[-2]}; echo ${{COMPREPLY[@]}}")
    that(said.split() == expected.split(), f"{' '.join(words)}<TAB>: {expected}", said)


def settings_are_true(machine):
    for name in ("probe", "analyzer"):
        path = f"/etc/faultline/{name}.conf"
        said = run(machine, f"faultline-{name} --config {path} --print-config")
        that(said == machine.path(path[1:]).read_text(), f"{path} is what --print-config prints")


def owned(machine, name):
    folder = machine.path("var/lib", name)
    owner = folder.stat().st_uid
    others = [str(p) for p in folder.rglob("*") if p.stat().st_uid != owner]
    that(owner != 0 and not others, f"all in /var/lib/{name} is the service's user's", others)


def use(machine, children):
    settings_are_true(machine)
    before_anything(machine)
    type_screen(machine, "For whoever runs an analyzer", children)
    run(machine, "cp invites/invite-1.txt . && sudo editor /etc/faultline/probe.conf")
    type_screen(machine, "For a volunteer with a probe", children)
    wait_for("the round was shipped", lambda: any(
        row["segments"] > 1 for row in rows(
            run(machine, "sudo faultline-analyzer probes --format json"))))
    said = run(machine, "sudo faultline-analyzer query measurements --format json")
    that(any(row.get("check") == "http" and row.get("outcome") == "ok" for row in rows(said)),
         "the page that the probe fetched is read at the analyzer", said[-2000:])
    that(any(row.get("check") == "ping" and row.get("outcome") == "ok" for row in rows(said)),
         "and so is the echo", said[-2000:])
    said = run(machine, "sudo faultline-probe status --format json")
    that(rows(said)[0]["accepted"] > 0, "the probe knows that it was signed for", said)
    owned(machine, "faultline-analyzer")
    owned(machine, "faultline-probe")
    if machine.booted:
        that(set(states(machine).values()) == {"active"}, "both services run")
        said = run(machine, "sudo systemctl show -p NRestarts faultline-probe faultline-analyzer")
        that(said.split() == ["NRestarts=0", "NRestarts=0"], "and never fell over", said)


def stop(children):
    for child in children:
        child.terminate()
    for child in children:
        child.wait(timeout=30)


def purge(machine, before):
    run(machine, "sudo apt-get -y purge faultline-probe faultline-analyzer")
    if machine.booted:
        that(set(states(machine).values()) == {"inactive"}, "the purge ended both services")
    after = machine.listing()
    changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    unexpected = []
    print("left after the purge:")
    for path in changed:
        why = next((w for pattern, w in EXPECTED if re.fullmatch(pattern, path)), None)
        sign = "-" if path not in after else "+" if path not in before else "~"
        print(f"  {sign} /{path}: {why or 'NOT EXPECTED'}")
        if why is None:
            unexpected.append(path)
    that(not unexpected, "nothing else is left or changed", "\n".join(unexpected))
    that("var/lib/faultline-probe" not in after, "the probe's key and consent are gone")


def trial(debs, booted):
    depends = [subprocess.run(["dpkg-deb", "-f", deb, "Depends"], check=True, text=True,
                              capture_output=True).stdout.strip() for deb in debs]
    print("making a fresh Debian", flush=True)
    machine = Machine(", ".join(depends), booted)
    children = []
    try:
        machine.path("usr/local/bin/editor").write_text(EDITOR)
        machine.path("usr/local/bin/editor").chmod(0o755)
        run(machine, "sudo true")
        before = machine.listing()
        for deb in debs:
            target = machine.path("home", PERSON, os.path.basename(deb))
            target.write_bytes(pathlib.Path(deb).read_bytes())
        children.append(subprocess.Popen(machine.site(), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL))
        for command in dict.fromkeys(c for h in ("For whoever runs an analyzer",
                                                 "For a volunteer with a probe")
                                     for c in screen(h) if "apt install" in c):
            run(machine, command)
        installed(machine)
        use(machine, children)
        stop(children)
        children = []
        purge(machine, before)
    finally:
        stop(children)
        machine.close()


def packages(folder):
    """Paths of the two packages; made first where no folder is named."""
    if folder is None:
        for program in ("dh", "lintian", "scdoc"):
            if subprocess.run(["which", program], capture_output=True).returncode:
                print(f"{program} is not on this machine; ./dev package installs it")
                sys.exit(77)
        subprocess.run([ROOT / "config/packaging/package.sh"], check=True)
        folder = ROOT / "build/package"
    found = [p for name in ("probe", "analyzer")
             for p in glob.glob(f"{folder}/faultline-{name}_*.deb")]
    if len(found) != 2:
        raise SystemExit(f"{folder} does not hold one package of each program")
    return found


def main():
    words = [word for word in sys.argv[1:] if word != "--booted"]
    why = missing()
    if why:
        print(why)
        return 77
    try:
        trial(packages(words[0] if words else None), "--booted" in sys.argv)
    except MachineError as error:
        print(f"no fresh Debian could be made: {error}")
        return 77
    except NotSo as error:
        print(f"not so: {error}")
        return 1
    return 0


sys.exit(main())
