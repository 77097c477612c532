#!/usr/bin/python3
"""A check is one file and one line: the commands of probe/checks/README.md, as they stand there and
in a copy of the tree, make a check that is planned, run, written down and refused where it should be."""
import json
import os
import pathlib
import pty
import re
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = "probe/checks/README.md"
OPEN, SHUT = "45.20.1.1", "45.20.1.2"
HEAD = "role,host,address,port,asn,who_else,verified\n"
NOT_COPIED = shutil.ignore_patterns("build", ".git", "__pycache__")


def blocks(text):
    """What the page indents by four spaces, as one script."""
    found = re.findall(r"(?m)^(?: {4}.*\n|\n)+", text)
    return "".join(re.sub(r"(?m)^ {4}", "", block) for block in found)


def follow(tree):
    script = blocks((tree / PAGE).read_text(encoding="utf-8"))
    if "check_toy" not in script or "ninja" not in script:
        raise SystemExit(f"{PAGE} holds no commands")
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=tree, text=True,
                          capture_output=True)
    print(done.stdout[-2000:] + done.stderr[-4000:])
    if done.returncode != 0:
        raise SystemExit(f"{PAGE}: its commands end with {done.returncode}")
    if not re.search(r"^toy\s+normal", done.stdout, re.M):
        raise SystemExit("`checks` does not list it")


def on_a_terminal(argv):
    """Where it can ask for consent; what it wrote."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(argv[0], argv)
    os.write(fd, b"yes\n")
    said = b""
    while True:
        try:
            said += os.read(fd, 4096)
        except OSError:  # how a terminal ends
            break
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit(said.decode())
    return said.decode()


def once(folder, level):
    conf = folder / f"{level}.conf"
    conf.write_text(f"targets = {folder}/targets.csv\nlevel = {level}\nca_file =\n",
                    encoding="ascii")
    said = on_a_terminal([f"{folder}/tree/build/toy/faultline-probe", "once", "--checks", "toy",
                          "--format", "json", "--config", str(conf), "--state",
                          f"{folder}/state"])
    lines = [json.loads(line[line.index('{"'):]) for line in said.splitlines() if '{"' in line]
    return {line["target"]: line for line in lines[:-1]}, lines[-1]


def inside(folder):
    for command in ("link set lo up", f"addr add {OPEN}/32 dev lo", f"addr add {SHUT}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    server = socket.create_server((OPEN, 80))
    (folder / "targets.csv").write_text(
        f"{HEAD}domestic,a.example,{OPEN},80,-,everyone,no\n"
        f"domestic,b.example,{SHUT},80,-,everyone,no\n", encoding="ascii")
    lines, ladder = once(folder, "normal")
    server.close()
    outcomes = sorted((m["check"], m["rung"], m["stage"], m["outcome"], "connect_us" in m)
                      for m in lines.values())
    if outcomes != [("toy", "domestic", "connect", "connection_refused", False),
                    ("toy", "domestic", "done", "ok", True)]:
        raise SystemExit(f"it wrote {outcomes}")
    if ladder["ladder"]["domestic"] != {"state": "partial", "succeeded": 1, "tried": 2}:
        raise SystemExit(f"the ladder says {ladder['ladder']['domestic']}")
    lines, _ = once(folder, "low")
    if lines:
        raise SystemExit("it ran below its level")
    print("toy: planned, run and written down; refused below its level")


def main():
    if sys.argv[1:2] == ["--inside"]:
        inside(pathlib.Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=NOT_COPIED, symlinks=True)
        follow(tree)
        user = ["unshare", "-rn"] if os.geteuid() else ["unshare", "-n"]
        if subprocess.run([*user, "true"], capture_output=True).returncode != 0:
            print("this machine gives no network namespace: the check was built, and not run")
            sys.exit(77)
        sys.exit(subprocess.run([*user, sys.executable, __file__, "--inside", folder]).returncode)


main()
