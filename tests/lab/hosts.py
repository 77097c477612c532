"""The machines on which probes run: a plug, a cable, a clock, a boot.

Each lives in a network, a mount, a pid and a time namespace of its own. A boot is what a
boot is to any program: another /proc/sys/kernel/random/boot_id and a boottime near zero.
"""

import os
import random
import signal
import subprocess
import time
import uuid

import net

START = """
mount -t sysfs sysfs /sys 2>/dev/null
mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id || exit 125
mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 125
[ -d /sys/class/power_supply ] && mount --bind "$1/supply" /sys/class/power_supply
shift
exec "$@"
"""


class Host:
    def __init__(self, probe, resolver, directory, seed):
        self.probe, self.dir = probe, f"{directory}/{probe.node}"
        self.random = random.Random(f"host {seed} {probe.node}")
        self.daemon, self.command, self.on = None, None, True
        self.state = f"{self.dir}/state"
        os.makedirs(f"{self.dir}/supply")
        self.resolve_at(resolver)
        if probe.mains_sensor:
            self.make_sensor()
        self.boot(probe.age_s)

    def resolve_at(self, resolver):
        """What the line hands out, from the next start of the daemon on."""
        with open(f"{self.dir}/resolv.conf", "w", encoding="ascii") as out:
            out.write(f"nameserver {resolver}\noptions timeout:2 attempts:1\n")

    def make_sensor(self):
        os.makedirs(f"{self.dir}/supply/AC")
        for name, value in (("type", "Mains"), ("online", "1")):
            with open(f"{self.dir}/supply/AC/{name}", "w", encoding="ascii") as out:
                out.write(value + "\n")

    def boot(self, age_s):
        """A new boot, ${age_s} seconds ago."""
        now = int(time.clock_gettime(time.CLOCK_BOOTTIME))
        monotonic = int(time.clock_gettime(time.CLOCK_MONOTONIC))
        self.offset_boot, self.offset_monotonic = age_s - now, age_s - monotonic
        self.boot_id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        with open(f"{self.dir}/boot_id", "w", encoding="ascii") as out:
            out.write(self.boot_id + "\n")

    def argv(self, argv):
        return net.inside(self.probe.node, [
            "unshare", "-m", "-p", "-T", "-f", "--kill-child", "--mount-proc",
            "--boottime", str(self.offset_boot), "--monotonic", str(self.offset_monotonic),
            "sh", "-c", START, "sh", self.dir, *argv])

    def run(self, argv, timeout_s=60):
        """Runs a program on this machine and waits for it."""
        return subprocess.run(self.argv(argv), text=True, capture_output=True,
                              timeout=timeout_s, stdin=subprocess.DEVNULL)

    def start(self, argv):
        """Starts the machine's daemon, now and after every boot."""
        self.command = argv
        with open(f"{self.dir}/daemon.log", "ab") as log:
            self.daemon = subprocess.Popen(self.argv(argv), stdout=log, stderr=log,
                                           stdin=subprocess.DEVNULL)

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self, how=signal.SIGKILL):
        """Ends the daemon: unshare passes its own end on to the pid namespace."""
        if self.daemon is not None:
            self.daemon.send_signal(how)
            self.daemon.wait()
            self.daemon = None

    def cut_power(self):
        """Everything on the machine is gone at once; its port goes dark."""
        self.stop(signal.SIGKILL)
        self.on = False
        net.ip(self.probe.node, ["link set eth0 down"])

    def restore_power(self):
        self.on = True
        self.boot(age_s=2)
        net.ip(self.probe.node, ["link set eth0 up",
                                 f"route replace default via {self.probe.gateway}",
                                 f"route replace default via {self.probe.gateway6}"])
        if self.command:
            self.start(self.command)
