#!/usr/bin/python3
"""The lab's modem speaks as ModemManager does: the same names and types as the service's own
description of itself, changes told as signals, nothing told that was not asked for."""
import os
import re
import select
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

import modem as modem_module

PROGRAM = os.path.abspath(os.environ.get("BUILD", "build")) + "/tests/modemd"
REAL = "/usr/share/dbus-1/interfaces"
SERVICE, MODEM, BEARER = modem_module.SERVICE, modem_module.MODEM, modem_module.BEARER
PROPERTIES = "org.freedesktop.DBus.Properties"


def check(what, holds, figures=""):
    print("ok:" if holds else "NOT SO:", what, figures if not holds else "", flush=True)
    if not holds:
        sys.exit(1)


def on(address):
    """run(argv) of a program whose system bus is that one."""
    return lambda argv: subprocess.run(
        argv, text=True, capture_output=True, env={**os.environ,
                                                   "DBUS_SYSTEM_BUS_ADDRESS": address})


def call(run, path, method, *words):
    done = run(["dbus-send", "--system", "--print-reply", f"--dest={SERVICE}", path, method,
                *words])
    check(f"{method} on {path} is answered", done.returncode == 0, done.stderr)
    return done.stdout


def described(text):
    """{interface: {(kind, name): types}} of an introspection document."""
    found = {}
    for interface in tree.fromstring(text).iter("interface"):
        members = found.setdefault(interface.get("name"), {})
        for member in interface:
            if member.tag == "property":
                members["property", member.get("name")] = member.get("type")
            elif member.tag in ("method", "signal"):
                members[member.tag, member.get("name")] = [
                    (a.get("direction", "out"), a.get("type")) for a in member.iter("arg")]
    return found


def holds_to_its_description(run):
    said = {}
    for path in (MODEM, BEARER):
        out = call(run, path, "org.freedesktop.DBus.Introspectable.Introspect")
        said |= described(re.search(r'string "(.*)"\s*$', out, re.S).group(1))
    ours = {name: members for name, members in said.items() if name.startswith(SERVICE)}
    check("it has the modem, its network, its signal and its bearer", set(ours) == {
        f"{SERVICE}.{part}" for part in ("Modem", "Modem.Modem3gpp", "Modem.Signal", "Bearer")},
        set(ours))
    for name, members in ours.items():
        with open(f"{REAL}/{name}.xml", encoding="utf-8") as source:
            real = described(source.read())[name]
        for member, types in members.items():
            check(f"{name}: {' '.join(member)} is of the type that the service's is",
                  real.get(member) == types, (types, real.get(member)))


class Listener:
    """Whoever waits for what the bus is told."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            ["dbus-monitor", "--address", address, f"type='signal',path_namespace='{MODEM[:-8]}'"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = self.heard = ""

    def hears(self, *words):
        """All of these words in what was told since the last time."""
        while not all(re.search(word, self.text, re.S) for word in words):
            ready, _, _ = select.select([self.process.stdout], [], [], 5)
            if not ready:
                return False
            self.text += os.read(self.process.stdout.fileno(), 65536).decode()
        self.heard, self.text = self.text, ""
        return True

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def tells_what_it_is_told(run, address, double):
    check("from the start it is on LTE, at home, and carries data",
          modem_module.seen(run) == {"state": "11", "technologies": "16384", "quality": "70",
                                     "registration": "1", "operator": "00101",
                                     "connected": "true"}, modem_module.seen(run))
    listener = Listener(address)
    check("the listener listens", listener.hears("NameAcquired|signal"), listener.text)
    double.tell(technologies=modem_module.EDGE)
    check("a change of technology is told, and it alone",
          listener.hears(r'PropertiesChanged.*AccessTechnologies"\s+variant\s+uint32 16\b')
          and listener.heard.count("dict entry") == 1, listener.heard)
    double.tell(state=modem_module.REGISTERED, connected=0, reject="ServiceOptionNotSubscribed")
    check("a bearer that was refused is told with its cause, and the modem's state with it",
          listener.hears("ConnectionError.*MobileEquipment.ServiceOptionNotSubscribed",
                         r"StateChanged\s+int32 11\s+int32 8\s+uint32 0",
                         r'"Connected"\s+variant\s+boolean false'))
    check("who looks later sees the same", {
        k: v for k, v in modem_module.seen(run).items() if k in ("state", "technologies",
                                                                 "connected")}
        == {"state": "8", "technologies": "16", "connected": "false"})
    double.tell(quality=double.said.get("quality", 70))
    double.tell(quality=12)
    check("what stayed as it was is not told again",
          listener.hears(r"SignalQuality.*uint32 12") and "uint32 70" not in listener.heard,
          listener.heard)
    listener.end()


def tells_signal_only_when_asked(run, double):
    double.tell(technologies=modem_module.LTE, dbm=-101)
    ask = [f"string:{SERVICE}.Modem.Signal"]
    before = call(run, MODEM, f"{PROPERTIES}.GetAll", *ask)
    check("before Setup no signal is told", "rsrp" not in before and "rssi" not in before, before)
    call(run, MODEM, f"{SERVICE}.Modem.Signal.Setup", "uint32:5")
    after = call(run, MODEM, f"{PROPERTIES}.GetAll", *ask)
    check("after it the one of the technology in use",
          re.search(r'"rsrp"\s+variant\s+double -101\b', after) and "rscp" not in after, after)
    double.tell(technologies=modem_module.EDGE)
    after = call(run, MODEM, f"{PROPERTIES}.GetAll", *ask)
    check("and no other's", re.search(r'"rssi"\s+variant\s+double -101\b', after)
          and "rsrp" not in after, after)


def tells_cells(run, double):
    double.tell(technologies=modem_module.LTE, cell=0xD301, neighbours=3)
    cells = call(run, MODEM, f"{SERVICE}.Modem.GetCellInfo")
    check("the serving cell and its neighbours are told when asked for",
          cells.count('"cell-type"') == 4 and cells.count("boolean true") == 1
          and 'string "D301"' in cells, cells)
    double.tell(technologies=0, neighbours=0)
    cells = call(run, MODEM, f"{SERVICE}.Modem.GetCellInfo")
    check("no cell where no network is heard", '"cell-type"' not in cells, cells)


def is_managed(run):
    objects = call(run, "/org/freedesktop/ModemManager1",
                   "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
    check("the service's object manager knows the modem and its bearer, and nothing of who "
          "owns them", f'"{MODEM}"' in objects and f'"{BEARER}"' in objects
          and not re.search("Imei|OwnNumbers|EquipmentIdentifier", objects), objects)


def refuses_nonsense(address):
    for line, says in (("colour=3\n", "nothing that this modem has"),
                       ("state=many\n", "no number that fits"), ("state\n", "no NAME=VALUE"),
                       ("neighbours=-1\n", "no number that fits"),
                       ("quality=101\n", "no number that fits"),
                       (f"operator={'1' * 40}\n", "too long")):
        done = subprocess.run([PROGRAM], input=line, text=True, capture_output=True, timeout=10,
                              env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address})
        check(f"'{line.strip()[:12]}' ends it in one sentence", done.returncode == 2
              and says in done.stderr and done.stderr.count("\n") == 1, done.stderr)


def ends(address, what, says, do=lambda: None):
    """One more on the bus, what is done to it then, and its one sentence."""
    with subprocess.Popen([PROGRAM], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}) as one:
        one.stdout.readline()
        do()
        code, said = one.wait(10), one.stderr.read()
        check(what, code == 1 and says in said and said.count("\n") == 1, said)


def main():
    if not os.access(PROGRAM, os.X_OK) or not os.path.isdir(REAL):
        print("the modem double was not built: it needs libsystemd-dev and modemmanager-dev")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        double = modem_module.Modem(directory, PROGRAM)
        address = f"unix:path={double.socket}"
        run = on(address)
        double.start()
        try:
            is_managed(run)
            holds_to_its_description(run)
            tells_what_it_is_told(run, address, double)
            tells_signal_only_when_asked(run, double)
            tells_cells(run, double)
            ends(address, "a second one on its bus is refused", f"{SERVICE} cannot be had")
            double.modem.stdin.close()
            check("it ends with its input", double.modem.wait(10) == 0)
            refuses_nonsense(address)
            ends(address, "it ends with its bus", "the bus is gone", double.bus.kill)
        finally:
            double.stop()


main()
