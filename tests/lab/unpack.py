"""The servers: Debian's own packages, unpacked under build/, never installed."""

import glob
import os
import subprocess
import sys

# Of each server: Debian's package and the path in it.
PROGRAMS = {
    "nginx": ("nginx", "usr/sbin/nginx"),
    "unbound": ("unbound", "usr/sbin/unbound"),
    "bird": ("bird2", "usr/sbin/bird"),
    "birdcl": ("bird2", "usr/sbin/birdcl"),
    "nsd": ("nsd", "usr/sbin/nsd"),
    "chronyd": ("chrony", "usr/sbin/chronyd"),
    "caddy": ("caddy", "usr/bin/caddy"),
    "wireguard-go": ("wireguard-go", "usr/bin/wireguard-go"),
    "wg": ("wireguard-tools", "usr/bin/wg"),
}
LAB = tuple(PROGRAMS)
# What tests/bench runs beside ours.
PROGRAMS["scamper"] = ("scamper", "usr/bin/scamper")
# What only tests of their own want.
PROGRAMS |= {name: ("ldnsutils", f"usr/bin/{name}") for name in ("ldns-keygen", "ldns-signzone")}
# Of what is loaded into another program: the package and where it lies in it.
LIBRARIES = {"libfaketime.so.1": ("libfaketime", "usr/lib/*/faketime/libfaketime.so.1")}


class Unpacked:
    def __init__(self, build, names=LAB):
        self.root, self.names = os.path.join(os.path.abspath(build), "lab-root"), names

    def program(self, name):
        """The server's path: the host's own where it has one."""
        for d in ("/usr/sbin", "/usr/bin"):
            if os.access(f"{d}/{name}", os.X_OK):
                return f"{d}/{name}"
        return os.path.join(self.root, PROGRAMS[name][1])

    def shared_object(self, name):
        """The path of a library that is to be loaded, or None."""
        for root in ("/", self.root):
            found = glob.glob(os.path.join(root, LIBRARIES[name][1]))
            if found:
                return found[0]
        return None

    def environment(self):
        lib = os.path.join(self.root, "usr/lib")
        paths = [lib] + [os.path.join(lib, d) for d in sorted(os.listdir(lib))
                         if "linux-gnu" in d] if os.path.isdir(lib) else []
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(paths)}

    def missing_libraries(self, program):
        out = subprocess.run(["ldd", program], env=self.environment(), text=True,
                             capture_output=True).stdout
        return [line.split()[0] for line in out.splitlines() if "not found" in line]

    def ready(self):
        return all(os.access(self.program(n), os.X_OK)
                   and not self.missing_libraries(self.program(n)) for n in self.names)

    def fetch(self, packages):
        """Downloads and unpacks; packages that are here already are left alone."""
        debs = os.path.join(self.root, "debs")
        os.makedirs(debs, exist_ok=True)
        have = {name.split("_")[0] for name in os.listdir(debs)}
        want = [p for p in packages if p not in have]
        if not want:
            return
        print("lab: unpacking", " ".join(want), "under", self.root, file=sys.stderr)
        done = subprocess.run(["apt-get", "download", "-q", *want], cwd=debs, text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"apt-get download: {done.stderr.strip()}")
        for name in os.listdir(debs):
            if name.split("_")[0] in want:
                subprocess.run(["dpkg", "-x", os.path.join(debs, name), self.root],
                               check=True)

    def prepare(self):
        """Makes every server runnable, or raises RuntimeError with a sentence."""
        missing = {PROGRAMS[name][0] for name in self.names
                   if not os.access(self.program(name), os.X_OK)}
        missing |= {package for name, (package, _) in LIBRARIES.items()
                    if self.shared_object(name) is None}
        self.fetch(sorted(missing))
        for name in self.names:
            if self.missing_libraries(self.program(name)):
                self.fetch(library_packages(PROGRAMS[name][0]))
            left = self.missing_libraries(self.program(name))
            if left:
                raise RuntimeError(f"{name} needs {' '.join(left)}, which no package it "
                                   "depends on holds")


def prepare(build):
    """Every server of the lab, under that build."""
    Unpacked(build).prepare()


def library_packages(package):
    out = subprocess.run(["apt-cache", "depends", "--important", package], text=True,
                         capture_output=True).stdout
    found = [line.split()[-1] for line in out.splitlines() if "Depends:" in line]
    return sorted({p for p in found if p.startswith("lib")} - {"libc6"})
