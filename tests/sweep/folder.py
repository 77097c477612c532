"""A world folder and an analyzer's folder, and the programs between them."""

import datetime
import json
import os
import struct
import subprocess


class Failed(Exception):
    """A program said so, in a sentence."""


def run(*words, timeout_s=None):
    """What it printed; Failed with what it said when it did not end well, or in time."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(f"{words[0]}: {error.strerror}; ./dev build makes it") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise Failed(f"{os.path.basename(words[0])} {' '.join(words[1:4])}: exit "
                     f"{done.returncode}: {said[-1][:300]}")
    return done.stdout.decode()


def utc(seconds):
    """RFC 3339, as the programs take it."""
    at = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Analyzer:
    """One folder of faultline-analyzer."""

    def __init__(self, build, path):
        self.build, self.path = build, str(path)
        self.key_name = run(f"{build}/faultline-analyzer", "init", path).splitlines()[0]

    @classmethod
    def open(cls, build, path):
        """A folder that is there already, to be read and analyzed."""
        self = cls.__new__(cls)
        self.build, self.path, self.key_name = build, str(path), None
        return self

    def __call__(self, *words):
        return run(f"{self.build}/faultline-analyzer", "--dir", self.path, *words)

    def where_key(self, path):
        """What the world program signs where notes with: name and seed of this folder's key."""
        with open(f"{self.path}/key", encoding="ascii") as key:
            seed = key.read()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="ascii") as out:
            out.write(f"{self.key_name}\n{seed}")
        return path

    def simulate(self, world, *words):
        """A world whose machines ask this analyzer where they are; its program takes ${words}."""
        key = self.where_key(f"{self.path}/where-key")
        try:
            return run(f"{self.build}/tests/world", *words, "--where-key", key, "--out", world)
        finally:
            os.unlink(key)

    def feed(self, world, until_s=None, bare=False):
        """(probes, segments, lines) that went in."""
        words = [] if until_s is None else ["--until", int(until_s * 1e6)]
        said = run(f"{self.build}/tests/feed", self.path, world, *words,
                   *["--bare"][:bare])
        return tuple(int(part.split()[0]) for part in said.split(","))

    def take_routes(self, world):
        """The routes that the world saw, where there are any."""
        path = f"{world}/routes.csv"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = sum(1 for _, line in zip(range(2), file))
            if lines > 1:
                self("import", "--from", "series", path)

    def analyze(self, until_s):
        self("analyze", "--until", utc(until_s))

    def events(self):
        return [json.loads(line) for line in self("events", "--format", "json").splitlines()]

    def score(self, labels):
        """One object a row; the last is the summary."""
        return [json.loads(line) for line in
                self("score", "--labels", labels, "--format", "json").splitlines()]


def arrivals_s(world):
    """When each delivery came, in order."""
    with open(f"{world}/segments.bin", "rb") as file:
        while head := file.read(12):
            at_us, n = struct.unpack("<qI", head)
            yield at_us / 1e6
            file.seek(n, os.SEEK_CUR)


def end_s(world):
    """When all of it had come."""
    last_s = max(arrivals_s(world), default=None)
    if last_s is None:
        raise Failed("no machine ever delivered anything; more --probes, or more --alive")
    return 1 + last_s
