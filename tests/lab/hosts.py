"""The machines on which probes run: a plug, a battery, cables, a modem, a clock, a boot.

Each lives in a network, a mount, a pid and a time namespace of its own. A boot is what a
boot is to any program: another /proc/sys/kernel/random/boot_id and a boottime near zero.
The kernel gives no namespace a wall clock of its own, so a clock that is wrong is
libfaketime, loaded into the daemon.
"""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
import uuid

import modem
import net

START = """
mount -t sysfs sysfs /sys 2>/dev/null
mount --bind "$1/boot_id" /proc/sys/kernel/random/boot_id || exit 125
mount --bind "$1/resolv.conf" /etc/resolv.conf || exit 125
[ -d /sys/class/power_supply ] && mount --bind "$1/supply" /sys/class/power_supply
[ -d "$1/bus" ] && mkdir -p /run/dbus && mount --bind "$1/bus" /run/dbus
[ -d /dev/shm ] && mount -t tmpfs -o mode=1777 shm /dev/shm
shift
exec "$@"
"""


class Host:
    def __init__(self, probe, resolver, directory, seed, modemd=None):
        self.probe, self.dir = probe, f"{directory}/{probe.node}"
        self.random = random.Random(f"host {seed} {probe.node}")
        self.daemon, self.command, self.on = None, None, True
        self.battery, self.death, self.around, self.cables = None, None, [], []
        self.lock = threading.Lock()
        self.state = f"{self.dir}/state"
        os.makedirs(f"{self.dir}/supply")
        self.resolve_at(resolver)
        if probe.mains_sensor:
            self.make_sensor()
        self.modem = None
        if probe.plmn and modemd:
            self.modem = modem.Modem(self.dir, modemd)
            self.air = {"operator": probe.plmn, "cell": self.random.randrange(1 << 16),
                        "neighbours": self.random.randrange(3, 7),
                        "quality": self.random.randrange(60, 90),
                        "dbm": -self.random.randrange(80, 100)}
        self.plug_modem()
        self.boot(probe.age_s)

    def resolve_at(self, resolver):
        """What the line hands out, from the next start of the daemon on."""
        with open(f"{self.dir}/resolv.conf", "w", encoding="ascii") as out:
            out.write(f"nameserver {resolver}\noptions timeout:2 attempts:1\n")

    def supply(self, device, **values):
        """Files as the kernel shows a supply (sysfs-class-power)."""
        os.makedirs(f"{self.dir}/supply/{device}", exist_ok=True)
        for name, value in values.items():
            with open(f"{self.dir}/supply/{device}/{name}", "w", encoding="ascii") as out:
                out.write(f"{value}\n")

    def make_sensor(self):
        self.supply("AC", type="Mains", online=1)

    def give_battery(self, lasts_s):
        """From now on the machine outlives its mains by so long."""
        self.battery = lasts_s
        self.make_sensor()
        self.supply("BAT0", type="Battery", scope="System", present=1, status="Full",
                    capacity=100)

    def take_battery(self):
        self.battery = None
        shutil.rmtree(f"{self.dir}/supply/BAT0")
        if not self.probe.mains_sensor:
            shutil.rmtree(f"{self.dir}/supply/AC")

    def lose_mains(self):
        """The socket is dead. A machine with a battery lives on until that is empty."""
        if self.battery is None:
            self.cut_power()
            return
        self.supply("AC", online=0)
        self.supply("BAT0", status="Discharging", capacity=90)
        self.death = threading.Timer(self.battery, self.run_dry)
        self.death.daemon = True
        self.death.start()

    def run_dry(self):
        with self.lock:
            if self.death is not None:
                self.supply("BAT0", capacity=0)
                self.cut_power()

    def regain_mains(self):
        with self.lock:
            if self.death is not None:
                self.death.cancel()
                self.death = None
        if self.battery is not None:
            self.supply("AC", online=1)
            self.supply("BAT0", status="Charging", capacity=20)
        if not self.on:
            self.restore_power()

    def fake_clock(self, library):
        """The daemon's wall clock is ours from its next start on; boottime and the monotonic
        clocks stay what they are."""
        self.set_clock(0)
        self.around = ["env", f"LD_PRELOAD={library}", "FAKETIME_DONT_FAKE_MONOTONIC=1",
                       "DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1", "NO_FAKE_STAT=1",
                       f"FAKETIME_TIMESTAMP_FILE={self.dir}/clock"]

    def set_clock(self, wrong_by_s):
        """At once: whoever reads sees the one or the other."""
        with open(f"{self.dir}/clock.new", "w", encoding="ascii") as out:
            out.write(f"{wrong_by_s:+d}\n")
        os.replace(f"{self.dir}/clock.new", f"{self.dir}/clock")

    def plug_second(self, network, router, subnet, line_kbps):
        """A second uplink in another operator's network, behind the first in rank."""
        p, port = self.probe, f"{self.probe.node}b"
        self.second, self.second_gateway = network.address(subnet, 77), network.address(subnet, 1)
        self.second6, gateway6 = network.twin(self.second), network.twin(self.second_gateway)
        pairs = [(self.second, self.second_gateway, 24, "metric 600"),
                 (self.second6, gateway6, 64, "metric 2048")]
        net.call([net.IP, "link", "add", "eth1", "netns", p.node, "gso_max_segs", "1", "type",
                  "veth", "peer", "name", port, "netns", router, "gso_max_segs", "1"])
        net.ip(router, [net.added(gate, size, port) for _, gate, size, _ in pairs]
               + [f"link set {port} up"])
        net.tc(router, "qdisc", "replace", "dev", port, "root", "tbf", "rate",
               f"{line_kbps}kbit", "burst", "4000", "latency", "200ms")
        net.ip(p.node, [net.added(own, size, "eth1") for own, _, size, _ in pairs]
               + ["link set eth1 up"])
        self.cables = [f"route replace default via {gate} dev eth1 {metric}"
                       for _, gate, _, metric in pairs]
        # What comes in over it is answered over it.
        rules = [line for own, gate, _, _ in pairs for line in (
            f"route replace default via {gate} dev eth1 table 2",
            f"rule add from {own} table 2")]
        net.ip(p.node, self.cables)
        for line in rules:
            six = ["-6"] if ":" in line else []
            net.call([net.IP, "-n", p.node, *six, *line.split()])

    def unplug_second(self):
        self.cables = []
        net.ip(self.probe.node, ["link del eth1", f"rule del from {self.second} table 2"])
        net.call([net.IP, "-n", self.probe.node, "-6", "rule", "del", "from", self.second6,
                  "table", "2"])

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
            self.daemon = subprocess.Popen(self.argv([*self.around, *argv]), stdout=log,
                                           stderr=log, stdin=subprocess.DEVNULL)

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self, how=signal.SIGKILL):
        """Ends the daemon: unshare passes its own end on to the pid namespace."""
        if self.daemon is not None:
            self.daemon.send_signal(how)
            self.daemon.wait()
            self.daemon = None

    def end(self):
        """The machine is no more."""
        with self.lock:
            if self.death is not None:
                self.death.cancel()
                self.death = None
        self.stop()
        self.unplug_modem()

    def unplug_modem(self):
        """Nothing on the bus of its machine is a modem, if it had one."""
        if self.modem:
            self.modem.stop()

    def plug_modem(self):
        if self.modem and not self.modem.runs():
            self.modem.start(**self.air)

    def cut_power(self):
        """Everything on the machine is gone at once; its port goes dark."""
        self.on = False
        self.stop(signal.SIGKILL)
        self.unplug_modem()
        net.ip(self.probe.node, [f"link set {cable} down" for cable in self.interfaces()])

    def interfaces(self):
        return ["eth0", "eth1"] if self.cables else ["eth0"]

    def restore_power(self):
        self.on = True
        self.boot(age_s=2)
        self.plug_modem()
        net.ip(self.probe.node, [f"link set {cable} up" for cable in self.interfaces()]
               + [f"route replace default via {self.probe.gateway}",
                  f"route replace default via {self.probe.gateway6}", *self.cables])
        if self.command:
            self.start(self.command)
