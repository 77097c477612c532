"""The country, standing: what a fault may touch and what a proof may ask."""

import concurrent.futures
import os
import subprocess

import country as country_module
import hosts
import net
import servers
import topology


class World:
    def __init__(self, seed, directory, unpacked):
        self.country = country_module.draw(seed)
        self.dir = directory
        self.topology = topology.build(self.country)
        net.build(self.topology)
        for probe in self.country.everyone():
            self.carry(probe)
        self.servers = servers.bring_up(self.country, f"{directory}/servers", unpacked)
        public = self.country.public_resolvers[0][1]
        self.hosts = [
            hosts.Host(p, self.country.resolver if p.role == "field" else public,
                       f"{directory}/hosts", seed) for p in self.country.everyone()]

    def wait_ready(self):
        """Every site and every resolver answers somebody."""
        site = self.country.foreign_sites[1]
        for s in self.country.domestic_sites + self.country.foreign_sites:
            servers.wait_for(f"nginx on {s.address}",
                             lambda s=s: self.get("w", s, 1)["ok"], 15)
        for address in [self.country.resolver] + [a for _, a in self.country.public_resolvers]:
            servers.wait_for(
                f"unbound on {address}",
                lambda a=address: servers.resolve("w", a, site.host) == site.address, 15)

    def router_of(self, probe):
        """The probe's first router; its port there is named as the probe's node."""
        if probe.role == "control":
            return f"f{country_module.CONTROLS[self.country.controls.index(probe)]}"
        return f"acc{probe.operator}"

    def carry(self, probe):
        """The line: a rate and a queue of a fifth of a second, as lines have."""
        net.tc(self.router_of(probe), "qdisc", "replace", "dev", probe.node, "root", "tbf",
               "rate", f"{probe.line_kbps}kbit", "burst", "4000", "latency", "200ms")

    def field(self):
        return [h for h in self.hosts if h.probe.role == "field"]

    # What proofs ask, all from inside a node and without any program under test.

    def get(self, node, site, timeout_s=2, path="/"):
        """One page by curl: {ok, time_s, bytes}."""
        done = subprocess.run(net.inside(node, [
            "curl", "-s", "-o", "/dev/null", "--max-time", str(timeout_s), "-w",
            "%{http_code} %{time_total} %{size_download}", "-H", f"Host: {site.host}",
            f"http://{site.address}{path}"]), text=True, capture_output=True)
        words = (done.stdout or "0 0 0").split()
        return {"ok": done.returncode == 0 and words[0] == "200",
                "time_s": float(words[1]), "bytes": int(words[2])}

    def ping(self, node, address, count=1, ttl=None, timeout_s=1):
        """Who answered: an address, or None."""
        argv = ["ping", "-n", "-c", str(count), "-W", str(timeout_s), "-i", "0.2"]
        argv += ["-t", str(ttl)] if ttl else []
        done = subprocess.run(net.inside(node, argv + [address]), text=True,
                              capture_output=True)
        for line in done.stdout.splitlines():
            words = line.replace(":", " ").split()
            if ("bytes from" in line or "exceeded" in line) and "rom" in line:
                return words[words.index("from" if "from" in words else "From") + 1]
        return None

    def carrier(self, node, interface):
        out = net.call([net.IP, "-n", node, "link", "show", "dev", interface]).stdout
        return "LOWER_UP" in out

    def together(self, calls):
        """Runs independent questions at once, in order of the calls."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
            return [f.result() for f in [pool.submit(c) for c in calls]]

    def check_everything(self):
        """All hosts reach all rungs: list of (true, sentence)."""
        answers = []
        for host in self.hosts:
            answers += self.check_host(host.probe)
        return answers

    def check_host(self, probe):
        c, node = self.country, probe.node
        asked = [(f"{node}: router", lambda: self.ping(node, probe.gateway) == probe.gateway)]
        if probe.role == "field":
            prefix = probe.network.prefix
            for ttl in (2, 3):
                asked.append((f"{node}: hop {ttl} is its operator's", lambda t=ttl: in_prefix(
                    self.ping(node, c.listed.address, ttl=t), prefix)))
        for s in c.domestic_sites + c.foreign_sites:
            asked.append((f"{node}: page of {s.host}", lambda s=s: self.get(node, s)["ok"]))
        found = self.together([a for _, a in asked])
        return [(bool(ok), what) for (what, _), ok in zip(asked, found)]

    def close(self):
        for host in self.hosts:
            host.stop()
        self.servers.stop()
        for node in self.topology.nodes:
            subprocess.run([net.IP, "netns", "del", node], capture_output=True)


def in_prefix(address, prefix):
    import ipaddress
    return address is not None and ipaddress.ip_address(address) in prefix


def write_mmdb(country, directory, root):
    """asn.mmdb and country.mmdb of this world, or RuntimeError with a sentence."""
    os.makedirs(directory, exist_ok=True)
    rows = "".join(f"{p},{a},{c}\n" for p, a, c in country_module.origins(country))
    done = subprocess.run(["perl", f"{root}/tests/tools/mmdb.pl", directory], input=rows,
                          text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or "mmdb.pl failed")
