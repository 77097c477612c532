#!/usr/bin/python3
"""The check of the supply, on machines whose /sys is one of tests/trees: what feeds it, how full
its batteries are, and a voltage that was too low once is told until the probe is started anew."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CHECK = os.path.abspath(os.environ.get("BUILD", "build")) + "/tests/check_once"
TREES = pathlib.Path("tests/trees").absolute()
ENTER = ["unshare", "-Urm", "sh", "-c", 'mount --bind "$0" /sys && exec "$@"']


def look(folder, supply="none", board="laptop", memory=None):
    """One run of the check where /sys is made of these two trees: its line."""
    with tempfile.TemporaryDirectory(dir=folder) as sys_dir:
        shutil.copytree(TREES / "undervoltage" / board, sys_dir, dirs_exist_ok=True)
        shutil.copytree(TREES / "power_supply" / supply, f"{sys_dir}/class/power_supply")
        words = [f"memory={memory}"] if memory else []
        done = subprocess.run([*ENTER, sys_dir, CHECK, "power", *words], text=True,
                              capture_output=True, timeout=60)
    if done.returncode != 0:
        raise SystemExit(f"the check says no line: {done.stderr}")
    return json.loads(done.stdout.splitlines()[0])


def expect(line, **facts):
    wrong = {k: line.get(k) for k, v in facts.items() if line.get(k) != v}
    if wrong:
        raise SystemExit(f"not so: {facts}\n{line}")


def main():
    if subprocess.run([*ENTER, "/tmp", "true"], capture_output=True).returncode != 0:
        print("this machine refuses namespaces")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        expect(look(folder), outcome="ok", supply="unknown", battery_percent=None,
               undervoltage=None)
        expect(look(folder, "laptop-mains"), supply="mains", battery_percent=71)
        expect(look(folder, "laptop-battery"), supply="battery", battery_percent=64)
        expect(look(folder, "two-batteries"), supply="battery", battery_percent=70)
        expect(look(folder, "ups"), supply="battery", battery_percent=77)
        memory = f"{folder}/memory"
        expect(look(folder, board="pi-fine", memory=memory), undervoltage=0)
        expect(look(folder, board="pi-low", memory=memory), undervoltage=1)
        expect(look(folder, board="pi-fine", memory=memory), undervoltage=1)
        expect(look(folder, board="pi-fine"), undervoltage=0)
        expect(look(folder, board="pi-old"), undervoltage=1)


main()
