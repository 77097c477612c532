"""A machine's modem: a bus of its own with the modem double (modemd.c) on it."""

import os
import subprocess

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow send_type="signal"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""
SERVICE = "org.freedesktop.ModemManager1"
MODEM, BEARER = "/org/freedesktop/ModemManager1/Modem/0", "/org/freedesktop/ModemManager1/Bearer/0"
# MMModemAccessTechnology and MMModemState.
LTE, HSPA, EDGE = 16384, 256, 16
REGISTERED, CONNECTED = 8, 11


class Modem:
    """Started and told what the air is like; whoever looks finds it on the bus in self.dir."""

    def __init__(self, directory, program):
        self.dir, self.program, self.said = f"{directory}/bus", program, {}
        self.bus = self.modem = None
        os.makedirs(self.dir)
        self.config, self.socket = f"{directory}/bus.conf", f"{self.dir}/system_bus_socket"
        with open(self.config, "w", encoding="ascii") as out:
            out.write(BUS.format(socket=self.socket))

    def start(self, **air):
        self.said = dict(air)
        with open(f"{self.dir}.log", "ab") as log:
            self.bus = subprocess.Popen(
                ["dbus-daemon", f"--config-file={self.config}", "--nofork", "--nopidfile",
                 "--nosyslog", "--print-address"], text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log)
        if not self.bus.stdout.readline():
            raise RuntimeError("a modem's bus did not start")
        self.modem = subprocess.Popen(
            [self.program], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"})
        self.expect("ready")
        self.tell(**air)

    def expect(self, word):
        if self.modem.stdout.readline() != f"{word}\n":
            raise RuntimeError(f"a modem ended: exit {self.modem.wait()}")

    def tell(self, **air):
        """What changes; returns when the bus has been told."""
        if self.modem is None or not air:
            return
        self.said |= air
        self.modem.stdin.write(" ".join(f"{k}={v}" for k, v in air.items()) + "\n")
        self.modem.stdin.flush()
        self.expect("told")

    def runs(self):
        return self.modem is not None

    def stop(self):
        for process in (self.modem, self.bus):
            if process is not None:
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe:
                        pipe.close()
        self.bus = self.modem = None
        if os.path.exists(self.socket):
            os.remove(self.socket)


def get(run, path, interface, name):
    """A property as dbus-send prints it, asked by run(argv) on the machine; None: none."""
    done = run(["dbus-send", "--system", "--print-reply=literal", f"--dest={SERVICE}", path,
                "org.freedesktop.DBus.Properties.Get", f"string:{interface}", f"string:{name}"])
    if done.returncode != 0:
        return None
    words = done.stdout.split()
    return words[-1] if words and words[0] == "variant" else None


def seen(run):
    """What a program on the machine reads of its modem."""
    asked = {"state": ("", "State"), "technologies": ("", "AccessTechnologies"),
             "registration": (".Modem3gpp", "RegistrationState"),
             "operator": (".Modem3gpp", "OperatorCode")}
    found = {key: get(run, MODEM, f"{SERVICE}.Modem{part}", name)
             for key, (part, name) in asked.items()}
    quality = run(["dbus-send", "--system", "--print-reply=literal", f"--dest={SERVICE}", MODEM,
                   "org.freedesktop.DBus.Properties.Get", f"string:{SERVICE}.Modem",
                   "string:SignalQuality"]).stdout.split()
    number = quality[quality.index("uint32") + 1] if "uint32" in quality else None
    found["quality"] = number
    found["connected"] = get(run, BEARER, f"{SERVICE}.Bearer", "Connected")
    return found
