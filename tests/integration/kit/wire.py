"""One check against servers, in network namespaces of the test's own: what it said, and the
tests that look at it."""
import importlib.util
import json
import os
import subprocess
import sys
import time

BUILD = os.environ.get("BUILD", "build")
ABSENT = None
TESTS = []


def from_lab(name):
    """A module of the lab, which is a folder of its own."""
    path = os.path.join(os.path.dirname(__file__), "../../lab", name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sh(command):
    subprocess.run(command, shell=True, check=True)


class Ended:
    """What one check said: fields of the line, and what went with it."""

    def __init__(self, out):
        line, self.bytes, self.how = out.splitlines()
        self.bytes = int(self.bytes)
        self.fields = json.loads(line)

    def __getitem__(self, name):
        return self.fields.get(name)


def run(check, **words):
    done = subprocess.run([BUILD + "/tests/check_once", check] +
                          [f"{name}={value}" for name, value in words.items()],
                          stdout=subprocess.PIPE, text=True, check=True)
    return Ended(done.stdout)


def expect(ended, **fields):
    for name, value in fields.items():
        has = ended[name]
        fits = value(has) if callable(value) else has == value
        assert fits, f"{name} is {has!r} in {ended.fields}"


def between(low, high):
    return lambda has: has is not None and low <= has <= high


def test(function):
    TESTS.append(function)
    return function


def wait_until(what, holds, limit_s=15):
    end = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {limit_s} s")
        time.sleep(0.05)  # nothing tells when a server is ready but its answer


def run_tests():
    """Runs them in the order in which they stand; returns how many failed."""
    failed = 0
    for function in TESTS:
        try:
            function()
            print("ok", function.__name__, flush=True)
        except AssertionError as error:
            failed += 1
            print("FAILED", function.__name__, error, flush=True)
    return failed


def enter(script, words, **environment):
    """Runs the script again in namespaces of its own; all that it started ends with it."""
    unshare = ["unshare", "--map-root-user", "--net", "--mount", "--pid", "--fork",
               "--kill-child", "--mount-proc"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        unshare.remove("--map-root-user")
        if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("this machine lets us make no network namespaces")
            return 77
    return subprocess.run(unshare + [os.path.abspath(script), *words], check=False,
                          env={**os.environ, **environment}).returncode
