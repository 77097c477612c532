"""A fresh Debian in a folder, entered by namespaces of its own: a machine with a person who
may use sudo, and a network that ends at its own interfaces; with systemd running, or not."""

import hashlib
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import time

PERSON = "person"
# An address of its own, and on lo web sites and the analyzer as the world would see it.
ADDRESS, ROUTER, SITES, ANALYZER = "45.20.0.2", "45.20.0.1", "45.20.1", "45.20.2.9"

BOOT_LIMIT_S = 60

# Not lasting, or the records of the package manager itself.
PASSING = ("proc", "sys", "dev", "run", "tmp", f"home/{PERSON}", "root", "var/log",
           "var/cache", "var/lib/apt", "var/lib/dpkg", "var/tmp")

ENTER = """
set -eu
mount --bind "$dir" "$dir"
mount -t proc proc "$dir/proc"
mount -t sysfs sys "$dir/sys"
mount --rbind /dev "$dir/dev"
echo ready
exec sleep infinity
"""
NETWORK = f"""
set -eu
ip link set lo up
ip link add e0 type veth peer name e1
ip link set e0 up
ip link set e1 up
ip addr add {ADDRESS}/24 dev e0
ip route add default via {ROUTER}
ip addr add {SITES}.1/24 dev lo
ip addr add {ANALYZER}/32 dev lo
"""


class MachineError(Exception):
    """The machine could not be made; the text says why."""


def missing():
    """Why no machine can be made here; None when it can."""
    if os.geteuid() != 0:
        return "a fresh Debian in a folder is made by root"
    for program in ("debootstrap", "unshare", "nsenter", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not on this machine"
    return None


def child_of(process):
    """The pid, as a word, of its child; "" while it has none."""
    pid = process.pid
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children[-1] if children else ""


def codename():
    with open("/etc/os-release", encoding="utf-8") as release:
        rows = dict(line.strip().split("=", 1) for line in release if "=" in line)
    return rows["VERSION_CODENAME"]


class Machine:
    def __init__(self, needs, booted=False):
        """${needs}: what packages depend on, as control files write it."""
        self.dir = tempfile.mkdtemp(prefix="faultline-machine-")
        self.booted, self.holder = booted, None
        os.chmod(self.dir, 0o755)
        try:
            self.make(needs)
            if booted:
                self.boot()
            else:
                self.enter()
        except BaseException:
            self.close()
            raise

    def make(self, needs):
        mirror = [os.environ["MIRROR"]] if "MIRROR" in os.environ else []
        said("debootstrap", ["debootstrap", "--variant=minbase", "--include",
                             "ca-certificates,sudo", codename(), self.dir, *mirror])
        for script in (f"useradd --create-home --shell /bin/bash {PERSON}",
                       f"echo '{PERSON} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{PERSON}",
                       f"echo 127.0.0.1 localhost {socket.gethostname()} >/etc/hosts",
                       "apt-get -q update",
                       f"apt-get -q -y satisfy --no-install-recommends '{needs}'"):
            said(script, ["chroot", self.dir, "env", "-i", "DEBIAN_FRONTEND=noninteractive",
                          "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c",
                          script])

    def enter(self):
        """Without systemd: nothing runs there but what is started."""
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child",
             "--propagation", "private", "sh", "-c", ENTER],
            env={**os.environ, "dir": self.dir}, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise MachineError("no namespaces here")
        self.within = ["nsenter", "--target", child_of(self.holder), "--net", "--pid",
                       "--mount"]
        self.root = ["chroot", self.dir]
        said("network", [*self.within[:4], "sh", "-c", NETWORK])

    def boot(self):
        """With systemd, as a container."""
        self.holder = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", "--private-network", "--register=no",
             "--keep-unit", "--console=pipe", "--directory", self.dir],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + BOOT_LIMIT_S
        state = ""
        while state not in ("running", "degraded"):
            if time.monotonic() > end or self.holder.poll() is not None:
                raise MachineError(f"systemd does not boot in a container here ({state})")
            time.sleep(0.2)  # nothing tells outside when it is up
            pid = child_of(self.holder)
            self.within = ["nsenter", "--target", pid, "--net", "--pid", "--mount"]
            self.root = []
            state = subprocess.run([*self.within, "systemctl", "is-system-running"], text=True,
                                   capture_output=True).stdout.strip()
        said("network", [*self.within[:4], "sh", "-c", NETWORK])

    def argv(self, command, user=PERSON):
        """To run a line of bash there, in that user's own folder."""
        home = "/root" if user == "root" else f"/home/{user}"
        shell = ["env", "-i", f"HOME={home}", "TERM=dumb", "LC_ALL=C.UTF-8", "NO_COLOR=1",
                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                 "setpriv", "--reuid", user, "--regid", user, "--init-groups",
                 "sh", "-c", 'cd 2>/dev/null || cd /; exec bash -c "$1"', "sh", command]
        return [*self.within, *self.root, *shell]

    def path(self, *parts):
        return pathlib.Path(self.dir, *parts)

    def site(self):
        """Web sites for the probe to find: argv of a server of this host's, in there."""
        return [*self.within[:4], "/usr/bin/python3", "-m", "http.server", "--directory",
                self.dir + "/usr/share/doc/base-files", "80"]

    def listing(self):
        """{path: what it is} of everything that lasts."""
        found = {}
        for at, folders, files in os.walk(self.dir):
            here = os.path.relpath(at, self.dir)
            folders[:] = [n for n in folders if os.path.normpath(f"{here}/{n}") not in PASSING]
            for name in folders + files:
                path = os.path.normpath(f"{here}/{name}")
                found[path] = describe(f"{at}/{name}")
        return found

    def shut_down(self):
        if self.booted:
            self.holder.terminate()
        else:
            self.holder.kill()
        try:
            self.holder.wait(BOOT_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.holder.kill()
            self.holder.wait()
        if self.holder.stdout is not None:
            self.holder.stdout.close()

    def close(self):
        if self.holder is not None:
            self.shut_down()
        subprocess.run(["rm", "-rf", "--one-file-system", self.dir], check=False)


def describe(path):
    found = os.lstat(path)
    what = f"{stat.filemode(found.st_mode)} {found.st_uid}:{found.st_gid}"
    if stat.S_ISREG(found.st_mode):
        with open(path, "rb") as file:
            what += " " + hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return what


def said(what, argv):
    done = subprocess.run(argv, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise MachineError(f"{what}: exit {done.returncode}\n"
                           f"{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
