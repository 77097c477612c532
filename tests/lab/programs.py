"""The programs under test, as a stranger uses them: their commands and nothing else."""

import json
import os
import subprocess

import country as country_module
import net
import servers

INGEST_PORT, PAGES = 8443, "127.0.0.1:8080"

# Speed with every round, and little of it, so that a round stays short on a slow line; what is
# dearer every few rounds, as it is to be seen while a fault lasts. Nothing else differs from
# production.
PROBE_CONF = """time_scale = {scale}
profile = home
targets = {targets}
home_speed = 0s
root_hints = {hints}
ca_file = {authority}
home_speed_bytes = 32KiB
home_full_bytes = 0
home_compare = 15min
home_compare_bytes = 48KiB
home_compare_pairs = 4
home_large = 15min
"""
ANALYZER_CONF = """time_scale = {scale}
analyze = 5min
asn_db = {mmdb}/asn.mmdb
country_db = {mmdb}/country.mmdb
targets = {targets}
public_endpoint = https://{address}:{port}
"""
# What stands before the seed in a private key of Ed25519 (RFC 8410 section 7).
ED25519 = bytes.fromhex("302e020100300506032b657004220420")


class ProgramError(Exception):
    """A program under test did not do its work; the text is what it said."""


def said(done, what):
    if done.returncode != 0:
        raise ProgramError(f"{what}: exit {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


class Analyzer:
    def __init__(self, world, build, scale, root):
        self.world, self.dir = world, f"{world.dir}/analyzer"
        self.program = f"{build}/faultline-analyzer"
        self.server = None
        self.address = world.country.analyzer_address
        targets = f"{world.dir}/targets.csv"
        with open(targets, "w", encoding="ascii") as out:
            out.write(country_module.targets(world.country))
        mmdb = f"{world.dir}/mmdb"
        __import__("world").write_mmdb(world.country, mmdb, root)
        self.conf = f"{world.dir}/analyzer.conf"
        with open(self.conf, "w", encoding="ascii") as out:
            out.write(ANALYZER_CONF.format(scale=scale, mmdb=mmdb, targets=targets,
                                           address=self.address, port=INGEST_PORT))
        with open(f"{world.dir}/probe.conf", "w", encoding="ascii") as out:
            out.write(PROBE_CONF.format(scale=scale, targets=targets, hints=world.hints,
                                        authority=world.servers.authority.certificate))
        said(self.call("init", self.dir, timeout_s=60), "init")

    def call(self, command, *words, timeout_s=120):
        common = ["--config", self.conf]
        common += [] if command == "init" else ["--dir", self.dir]
        return subprocess.run(
            net.inside("an", [self.program, command, *common, *words]), text=True,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_s)

    def serve(self):
        with open(f"{self.world.dir}/analyzer.log", "ab") as log:
            self.server = subprocess.Popen(net.inside("an", [
                self.program, "serve", "--config", self.conf, "--dir", self.dir,
                "--ingest", f"{self.address}:{INGEST_PORT}", "--pages", PAGES]),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        servers.wait_for("the analyzer's ingest", self.listens, 30)

    def listens(self):
        if self.server.poll() is not None:
            raise ProgramError(f"serve ended: {tail(f'{self.world.dir}/analyzer.log')}")
        out = net.call(net.inside("an", ["ss", "-Hltn"])).stdout
        return f":{INGEST_PORT}" in out

    def invites(self, role, count):
        """Paths of fresh invite files."""
        out = f"{self.world.dir}/invites-{role}"
        os.makedirs(out)
        said(self.call("invite", "--role", role, "--count", str(count), "--out", out),
             "invite")
        files = sorted(f"{out}/{name}" for name in os.listdir(out))
        if len(files) != count:
            raise ProgramError(f"invite: wanted {count} files, got {len(files)}")
        return files

    def events(self):
        return lines(said(self.call("events", "--format", "json"), "events"))

    def measurements(self):
        return lines(said(self.call("query", "measurements", "--format", "json"), "query"))

    def take_series(self, metric, path):
        said(self.call("import", "--from", "series", "--metric", metric, path), "import")

    def analyze(self):
        said(self.call("analyze"), "analyze")

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
            self.server = None


class Probe:
    """faultline-probe on one host."""

    def __init__(self, host, build, conf):
        self.host, self.conf = host, conf
        self.program = f"{build}/faultline-probe"
        self.written, self.said = None, {}

    def argv(self, command, *words):
        return [self.program, command, "--config", self.conf, "--state", self.host.state,
                *words]

    def enroll(self, invite, level="normal", profile="home"):
        p = self.host.probe
        said(self.host.run(self.argv(
            "enroll", "--from", invite, "--accept-risks", "--medium", p.medium,
            "--region", p.region, "--profile", profile, "--level", level), timeout_s=90),
             f"enroll {p.node}")

    def run(self):
        self.host.start(self.argv("run"))

    def status(self):
        """What the probe says of itself; {} while it says nothing. It is asked again only
        when what it read has been written anew: eleven programs a second are not for free."""
        try:
            written = os.stat(f"{self.host.state}/health").st_mtime_ns
        except FileNotFoundError:
            return {}
        if written != self.written:
            self.written, self.said = written, self.ask_status()
        return self.said

    def ask_status(self):
        done = subprocess.run(self.argv("status", "--format", "json"), text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
        found = lines(done.stdout) if done.returncode == 0 else []
        return found[0] if found else {}

    def epoch(self):
        """By what the analyzer knows it: the public key of the identity on this machine."""
        with open(f"{self.host.state}/keys", encoding="ascii") as keys:
            seed = next(line.split()[1] for line in keys if line.startswith("seed "))
        done = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
                              input=ED25519 + bytes.fromhex(seed), capture_output=True)
        if done.returncode != 0:
            raise ProgramError(f"openssl pkey: {done.stderr.decode().strip()}")
        return done.stdout[-32:].hex()

    def check_alive(self):
        if self.host.on and self.host.command and not self.host.alive():
            raise ProgramError(f"{self.host.probe.node}: run ended: "
                               f"{tail(f'{self.host.dir}/daemon.log')}")


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def tail(path, most=800):
    with open(path, encoding="utf-8", errors="replace") as source:
        return source.read()[-most:].strip()
