#!/usr/bin/python3
"""Into namespaces of our own: nothing of the host changes and nothing is left behind.

As anybody: a user, a mount, a pid and a network namespace. In a chroot the kernel refuses
a user namespace; there root takes the others alone. The pid namespace ends with its first
process, and everything in it with that: a lab that is told to stop leaves no process, and
one that is killed outright ends by its own limit of wall time.

Run as a script it only says whether this machine gives them: exit 0, or 77 and a sentence.
"""

import os
import signal
import subprocess
import sys

MARK = "FAULTLINE_LAB_INSIDE"
PRIVATE = "/run"  # our own tmpfs
SKIP = 77  # as ctest has it
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
REFUSED = ("this machine gives no namespaces; run as root, or allow user namespaces (sysctl "
           "kernel.unprivileged_userns_clone=1 user.max_user_namespaces=1000)")

# A chroot's root is no mount of its own, so it cannot be made private; a copy of it can,
# hung where only this namespace looks.
CHROOT = """
mount --make-private /proc && mount --rbind / /proc && mount --make-rprivate /proc &&
mount -t proc proc /proc/proc && exec chroot /proc "$@"
"""


def inside():
    return MARK in os.environ


def works(argv):
    return subprocess.run([*argv, "true"], capture_output=True).returncode == 0


def command():
    user = ["unshare", "-Urmnpf", "--kill-child", "--mount-proc"]
    if works(user):
        return user
    root = ["unshare", "-mnpf", "--kill-child", "--propagation", "unchanged",
            "sh", "-c", CHROOT, "sh"]
    if os.geteuid() == 0 and works(root):
        return root
    return None


def again(argv, prepare=lambda: None):
    """Runs this program once more, inside, after what can only be prepared outside;
    returns its exit code, SKIP where there is no inside."""
    into = command()
    if into is None:
        print(f"lab: {REFUSED}", file=sys.stderr)
        return SKIP
    prepare()
    child = subprocess.Popen([*into, sys.executable, *argv], env={**os.environ, MARK: "1"})
    # unshare holds SIGTERM back while it waits; killed, it takes what is inside along.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.kill())
    while True:
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            child.terminate()


def alone(work, program="faultline-probe", prepare=lambda build: None):
    """What a script that is run by itself does: work(build) inside, after prepare(build)
    outside; returns its exit code. BUILD names the folder that holds the program."""
    build = os.path.abspath(os.environ.get("BUILD", f"{ROOT}/build"))
    if not os.path.exists(f"{build}/{program}"):
        print(f"{build} holds no {program}: build first (BUILD names the folder)")
        return 1
    if inside():
        return work(build)
    return again([os.path.abspath(sys.argv[0]), *sys.argv[1:]], lambda: prepare(build))


def settle():
    """First thing inside: a private /run for the names of network namespaces."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", PRIVATE], check=True)
    os.makedirs(f"{PRIVATE}/netns")
    os.makedirs(f"{PRIVATE}/lab")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # What /etc/resolv.conf points to may lie under the /run that we have just hidden.
    resolv = os.path.realpath("/etc/resolv.conf")
    if not os.path.exists(resolv):
        os.makedirs(os.path.dirname(resolv), exist_ok=True)
        with open(resolv, "w", encoding="ascii"):
            pass
    return f"{PRIVATE}/lab"


if __name__ == "__main__":
    if command() is None:
        print(REFUSED)
        sys.exit(SKIP)
