#!/usr/bin/python3
"""The check of the modem, against the lab's double on a bus of its own: from the lines alone an
ordered fall to 2G and a mast that died are told apart, 20 of 20 each; what the network refuses
is said with its cause; and a bus that is not there, silent or closed holds up nothing."""
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import modem

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
DOUBLE, CHECK = f"{BUILD}/tests/modemd", f"{BUILD}/tests/check_once"
PROBE = f"{BUILD}/faultline-probe"
INVITE = ("faultline/invite\ncode " + "0" * 32 + "\nendpoint https://127.0.0.1:1\n"
          "pin sha256//" + "A" * 43 + "=\nkey " + "0" * 64 + "\nrole field\n")
SEEDS = 20
ANY_2G = 2 | 4 | 8 | 16
DEADLINE_US = 5_000_000  # as checks.def has it


def that(holds, what, figures=""):
    if not holds:
        raise SystemExit(f"not so: {what}\n{figures}")


def look(address, *words, uplink="none0"):
    """One run of the check: its line. Without an uplink of this machine's, as there is none
    by that name."""
    done = subprocess.run([CHECK, "modem", f"uplink={uplink}", *words], text=True,
                          capture_output=True, timeout=60,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address})
    that(done.returncode == 0, "the check says a line", done.stderr)
    line, bytes_sent, ended = done.stdout.splitlines()
    that(bytes_sent == "0" and ended == "finished", "it sends nothing and ends by itself",
         done.stdout)
    return json.loads(line)


def expect(line, **facts):
    wrong = {k: line.get(k) for k, v in facts.items() if line.get(k) != v}
    that(not wrong, f"the line says {facts}", line)


class Fall:
    """One modem that goes from LTE to EDGE, as both faults of the lab have it."""

    def __init__(self, seed, directory):
        chance = random.Random(seed)
        self.memory = f"{directory}/memory"
        self.air = {"quality": chance.randint(35, 100), "dbm": -chance.randint(75, 112),
                    "cell": chance.randint(1, 2**28 - 1), "neighbours": chance.randint(0, 8),
                    "operator": f"{chance.randint(200, 799)}{chance.randint(0, 99):02}"}
        self.far = {"quality": self.air["quality"] * chance.randint(10, 45) // 100,
                    "dbm": self.air["dbm"] - chance.randint(12, 25),
                    "cell": self.air["cell"] ^ chance.randint(1, 4095), "neighbours": 0}

    def lines(self, double, address, far):
        """Three rounds before, one after."""
        if os.path.exists(self.memory):
            os.remove(self.memory)
        double.tell(technologies=modem.LTE, **self.air)
        seen = [look(address, f"memory={self.memory}") for _ in range(3)]
        double.tell(technologies=modem.EDGE, **(self.far if far else {}))
        return [*seen, look(address, f"memory={self.memory}")]


def told(before, after):
    """What two lines alone say of a fall to 2G, in the words of the faults' tables."""
    fell = (before["access_tech"] & modem.LTE and after["access_tech"] & ANY_2G
            and not after["access_tech"] & ~ANY_2G)
    stays = (after["registration"] == "home" and after["bearer"] == 1
             and after["plmn"] == before["plmn"] and after["outcome"] == "ok")
    if not fell or not stays:
        return "no fall"
    if after["signal_percent"] == before["signal_percent"] and after["cell_changed"] == 0:
        return "ordered"
    if (after["signal_percent"] < before["signal_percent"] / 2
            and after["signal_dbm"] < before["signal_dbm"] and after["cell_changed"] == 1):
        return "a mast died"
    return "neither"


def falls(double, address, directory):
    for far, truth in ((False, "ordered"), (True, "a mast died")):
        right = 0
        for seed in range(SEEDS):
            fall = Fall(seed, directory)
            *_, before, after = fall.lines(double, address, far)
            that(fall.air["operator"] == before["plmn"], "the operator is told", before)
            that(before["cell_changed"] == 0, "the cell is known again", before)
            right += told(before, after) == truth
        print(f"{truth}: {right} of {SEEDS} falls to 2G are told by the lines alone")
        that(right == SEEDS, f"{truth}: every one")


def no_identity_leaves(double, address, directory):
    """Neither in the line nor in what the next run is left."""
    memory = f"{directory}/identity"
    double.tell(cell=0xABCDEF1, technologies=modem.LTE)
    text = json.dumps([look(address, f"memory={memory}") for _ in range(2)]).upper()
    with open(memory, "rb") as kept:
        text += repr(kept.read()).upper()
    that("ABCDEF1" not in text and str(0xABCDEF1) not in text, "the cell's name stays here", text)


def refusals(double, address):
    double.tell(state=6, technologies=0, registration=3, connected=0)
    expect(look(address), outcome="registration_denied", stage="register",
           registration="denied", bearer=0)
    double.tell(state=8, technologies=modem.LTE, registration=1, reject="PlmnNotAllowed")
    expect(look(address), outcome="bearer_rejected", stage="bearer", reject_cause=11,
           registration="home", bearer=0)
    double.tell(reject="-")
    expect(look(address), outcome="link_down", stage="bearer", bearer=0, reject_cause=None)
    double.tell(state=7, technologies=0, quality=0, registration=2)
    expect(look(address), outcome="link_down", stage="register", registration="searching",
           signal_percent=0)
    double.tell(state=3, registration=4)
    expect(look(address), outcome="link_down", stage="read", registration="unknown")
    double.tell(state=11, technologies=modem.LTE, registration=5, connected=1)
    expect(look(address), outcome="ok", stage="done", registration="roaming", bearer=1)


def another_way_out(double, address):
    """Whoever has one by cable asks nothing of the modem."""
    double.tell(state=7, technologies=0, registration=2, connected=0)
    setup = "; ".join((
        "set -e", "ip link add cable0 type veth peer name far0", "ip link set far0 up",
        "ip link set cable0 up", "ip addr add 45.20.0.1/24 dev cable0",
        "ip route add default via 45.20.0.2", f"exec {CHECK} modem"))
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", setup], text=True, capture_output=True, timeout=60,
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address})
    if done.returncode != 0:
        print("namespaces are refused here: a second way out was not tried")
        return
    expect(json.loads(done.stdout.splitlines()[0]), outcome="ok", stage="done",
           registration="searching", bearer=0)


def a_person_sees_it(double, address, directory):
    """A round for a person, and what the status of a probe at work says."""
    double.tell(technologies=modem.EDGE, state=11, quality=60, connected=1, registration=1)
    state, invite = f"{directory}/state", f"{directory}/invite"
    with open(invite, "w", encoding="ascii") as out:
        out.write(INVITE)

    def probe(*words):
        return subprocess.run(
            [PROBE, *words, "--state", state, "--config", "/dev/null"], text=True,
            capture_output=True, timeout=60,
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}).stdout

    probe("enroll", "--from", invite, "--accept-risks")  # nobody is there; consent is kept
    said = probe("once", "--checks", "power,modem")
    that("\nmobile: 2G (EDGE), signal 60%\n" in said, "once names the technology", said)
    said = probe("once", "--checks", "modem", "--format", "json")
    expect(json.loads(said.splitlines()[0]), check="modem", rung="link", access_tech=modem.EDGE)
    with open(f"{state}/health", "w", encoding="ascii") as out:
        out.write(f"modem = 1\naccess_tech = {modem.EDGE}\naccess_tech_before = {modem.LTE}\n"
                  "signal_percent = 60\n")
    said = probe("status")
    that("mobile         LTE -> 2G (EDGE), signal 60%\n" in said, "status names the fall", said)
    said = json.loads(probe("status", "--format", "json"))
    that(said["modem"] == {"access_tech": modem.EDGE, "access_tech_before": modem.LTE,
                           "signal_percent": 60}, "and says it to programs", said)


def nobody_there(directory):
    expect(look(f"unix:path={directory}/nothing"), outcome="unmeasured", reason="no_modem",
           os_error=None)


def a_service_that_hangs(double, address):
    double.modem.send_signal(signal.SIGSTOP)
    line = look(address)
    double.modem.send_signal(signal.SIGCONT)
    expect(line, outcome="unmeasured", reason="no_modem", os_error=errno.ETIMEDOUT)
    that(line["took_us"] < DEADLINE_US // 2, "a service that hangs holds up nothing", line)


def as_a_service_user(directory):
    """Under the policy that Debian's ModemManager comes with, seen by somebody who is not root:
    what needs a right is left out, and everything else is there."""
    os.makedirs(f"{directory}/strict")
    strict = modem.Modem(f"{directory}/strict", DOUBLE)
    with open(strict.config, encoding="ascii") as out:
        policy = out.read()
    allowed = "".join(f'<allow send_destination="{modem.SERVICE}" send_interface="{name}"/>'
                      for name in ("org.freedesktop.DBus.Introspectable",
                                   "org.freedesktop.DBus.Properties",
                                   "org.freedesktop.DBus.ObjectManager"))
    denied = f'<deny send_destination="{modem.SERVICE}" send_type="method_call"/>'
    with open(strict.config, "w", encoding="ascii") as out:
        out.write(policy.replace("</policy>", f"{denied}{allowed}</policy>"))
    strict.start(technologies=modem.EDGE, quality=60)
    try:
        memory = f"{directory}/strict/memory"
        lines = [look(f"unix:path={strict.socket}", f"memory={memory}") for _ in range(3)]
    finally:
        strict.stop()
    expect(lines[-1], outcome="ok", access_tech=modem.EDGE, signal_percent=60, bearer=1,
           registration="home", plmn="00101", signal_dbm=None, cell_changed=None)


def without_service(double, address):
    """The bus runs, the service does not, and is not started for us."""
    double.modem.kill()
    double.modem.wait()
    expect(look(address), outcome="unmeasured", reason="no_modem", os_error=None)


def a_silent_bus(directory):
    """Somebody takes the connection and never says a word; then one who hangs up, then one
    who speaks another language."""
    answers = {"silent": None, "closed": b"", "strange": b"HTTP/1.1 200 OK\r\n\r\n" * 20}
    for name, answer in answers.items():
        path = f"{directory}/{name}"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen(4)
            kept = []

            def serve(server=server, answer=answer, kept=kept):
                peer, _ = server.accept()
                kept.append(peer)
                if answer is not None:
                    peer.sendall(answer)
                    peer.close()

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            line = look(f"unix:path={path}")
            thread.join(5)
            expect(line, outcome="unmeasured", stage="read")
            # Whoever answers anything but "OK" has refused us; who is faster is not certain.
            that(line["reason"] == "no_modem" or (answer and line["reason"] == "no_permission"),
                 f"a {name} bus shows no modem", line)
            that(line["took_us"] < DEADLINE_US // 2, f"a {name} bus holds up nothing", line)
            for peer in kept:
                peer.close()


def main():
    if not os.access(DOUBLE, os.X_OK):
        print("the modem double was not built: it needs libsystemd-dev")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        double = modem.Modem(directory, DOUBLE)
        address = f"unix:path={double.socket}"
        double.start()
        try:
            falls(double, address, directory)
            no_identity_leaves(double, address, directory)
            refusals(double, address)
            another_way_out(double, address)
            a_person_sees_it(double, address, directory)
            nobody_there(directory)
            a_silent_bus(directory)
            a_service_that_hangs(double, address)
            as_a_service_user(directory)
            without_service(double, address)
        finally:
            double.stop()


main()
