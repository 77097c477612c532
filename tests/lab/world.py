"""The country, standing: what a fault may touch and what a proof may ask."""

import concurrent.futures
import os
import subprocess

import collector
import core
import country as country_module
import emulate
import hosts
import net
import routing
import servers
import topology


class World:
    def __init__(self, seed, directory, unpacked):
        self.country = country_module.draw(seed)
        self.dir = directory
        self.scale = None  # what the programs divide durations by, where there are any
        self.topology = topology.build(self.country)
        net.build(self.topology)
        for probe in self.country.everyone():
            self.carry(probe)
        self.servers = servers.bring_up(self.country, f"{directory}/servers", unpacked)
        self.hints = core.bring_up(self.servers, self.country)
        routing.bring_up(self.servers, self.topology, self.country)
        public = self.country.public_resolvers[0][1]
        self.hosts = [
            hosts.Host(p, self.country.resolver if p.role == "field" else public,
                       f"{directory}/hosts", seed, emulate.program(self, "modemd"))
            for p in self.country.everyone()]

    def wait_ready(self):
        """Every site, every resolver and every server of the core answers somebody."""
        site = self.country.foreign_sites[1]
        for s in self.country.sites():
            servers.wait_for(f"the server of {s.host}",
                             lambda s=s: self.serves("w", s, 0.3), 15)
            servers.wait_for(f"the server of {s.host}, under TLS",
                             lambda s=s: self.get("w", s, 0.5, tls=True)["ok"], 15)
        for address in [self.country.resolver] + [a for _, a in self.country.public_resolvers]:
            for asked, kind, value in ((address, "A", site.address),
                                       (self.country.twin(address), "AAAA", site.address6)):
                servers.wait_for(f"unbound on {asked}", lambda a=asked, k=kind, v=value:
                                 servers.resolve("w", a, site.host, k, 0.3) == v, 15)
        for server in self.country.roots + self.country.tld_servers:
            servers.wait_for(f"nsd on {server.address}", lambda s=server: self.names("w", s), 15)
        servers.wait_for("chrony", lambda: self.tells_time("w"), 15)

    def collect(self, seconds):
        """A collector's view of the country's routes from now on; the path of its file."""
        path, registry = f"{self.dir}/routes.csv", f"{self.dir}/registry.csv"
        with open(registry, "w", encoding="ascii") as out:
            out.write(origins(self.country))
        self.collector = self.servers.start("w", [
            "/usr/bin/python3", collector.__file__, self.servers.unpacked.program("birdcl"),
            routing.socket(self.servers, "w"), registry, path, str(seconds)])
        servers.wait_for("the collector", lambda: os.path.exists(path), 15)
        return path

    def stop_collecting(self):
        self.servers.end(self.collector)

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

    def get(self, node, site, timeout_s=2, path="/", six=False, tls=False):
        """One page by curl, over IPv4 or IPv6: {ok, status, time_s, bytes,
        rate_bps}."""
        address = f"[{site.address6}]" if six else site.address
        where = ["-H", f"Host: {site.host}", f"http://{address}{path}"]
        if tls:
            where = ["--cacert", self.servers.authority.certificate, "--resolve",
                     f"{site.host}:443:{address}", f"https://{site.host}{path}"]
        done = subprocess.run(net.inside(node, [
            "curl", "-s", "-o", "/dev/null", "--max-time", str(timeout_s), "-w",
            "%{http_code} %{time_total} %{size_download}", *where]), text=True,
            capture_output=True)
        words = (done.stdout or "0 0 0").split()
        took_s, size = float(words[1]), int(words[2])
        return {"ok": done.returncode == 0 and words[0] == "200", "status": int(words[0]),
                "time_s": took_s, "bytes": size, "rate_bps": size * 8 / max(took_s, 1e-6)}

    def serves(self, node, site, timeout_s=2):
        """Does the page arrive over both families?"""
        return all(page["ok"] for page in self.together(
            [lambda x=six: self.get(node, site, timeout_s, six=x) for six in (False, True)]))

    def names(self, node, server):
        """Does the name server know itself, over both families?"""
        six = self.country.twin(server.address)
        return (servers.resolve(node, server.address, server.name, "A", 0.5) == server.address
                and servers.resolve(node, six, server.name, "AAAA", 0.5) == six)

    def tells_time(self, node):
        """Does the clock abroad answer, over both families?"""
        address = self.country.clock.address
        return all(core.tells_time(node, a) for a in (address, self.country.twin(address)))

    def answers(self, node, *addresses):
        """Does each of the addresses answer a ping itself?"""
        return all(self.ping(node, address) == address for address in addresses)

    def silent(self, node, *addresses):
        """Does none of the addresses get a ping answered, by whomever?"""
        return all(who is None for who in self.together(
            [lambda a=a: self.ping(node, a) for a in addresses]))

    def ping(self, node, address, count=1, ttl=None, timeout_s=1):
        """Who answered: an address, or None."""
        argv = ["ping", "-n", "-c", str(count), "-W", str(timeout_s), "-i", "0.2"]
        argv += ["-t", str(ttl)] if ttl else []
        done = subprocess.run(net.inside(node, argv + [address]), text=True,
                              capture_output=True)
        for line in done.stdout.splitlines():
            words = line.split()
            if ("bytes from" in line or "exceeded" in line) and "rom" in line:
                who = words[words.index("from" if "from" in words else "From") + 1]
                return who.removesuffix(":")
        return None

    def carrier(self, node, interface):
        out = net.call([net.IP, "-n", node, "link", "show", "dev", interface]).stdout
        return "LOWER_UP" in out

    def together(self, calls):
        """Runs independent questions at once, in order of the calls."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=24) as pool:
            return [f.result() for f in [pool.submit(c) for c in calls]]

    def check_everything(self):
        """All hosts reach all rungs: list of (true, sentence)."""
        answers = []
        for host in self.hosts:
            answers += self.check_host(host.probe)
        return answers

    def check_host(self, probe):
        c, node = self.country, probe.node
        asked = [(f"{node}: router", lambda: self.answers(node, probe.gateway,
                                                          probe.gateway6))]
        if probe.role == "field":
            for to, prefix in ((c.listed.address, probe.network.prefix),
                               (c.listed.address6, probe.network.prefix6)):
                for ttl in (2, 3):
                    asked.append((f"{node}: hop {ttl} to {to} is its operator's",
                                  lambda a=to, p=prefix, t=ttl: in_prefix(
                                      self.ping(node, a, ttl=t), p)))
        for s in c.sites():
            asked.append((f"{node}: page of {s.host}, both families",
                          lambda s=s: self.serves(node, s)))
        for s in (c.domestic_sites[0], c.listed, c.quic_site):
            asked.append((f"{node}: page of {s.host} under TLS, both families", lambda s=s: all(
                self.get(node, s, six=six, tls=True)["ok"] for six in (False, True))))
        for server in (c.roots[0], c.tld_servers[0]):
            asked.append((f"{node}: name server {server.name}",
                          lambda s=server: self.names(node, s)))
        asked.append((f"{node}: the clock", lambda: self.tells_time(node)))
        found = self.together([a for _, a in asked])
        return [(bool(ok), what) for (what, _), ok in zip(asked, found)]

    def close(self):
        for host in self.hosts:
            host.end()
        self.servers.stop()
        for node in self.topology.nodes:
            subprocess.run([net.IP, "netns", "del", node], capture_output=True)


def in_prefix(address, prefix):
    import ipaddress
    return address is not None and ipaddress.ip_address(address) in prefix


def origins(country):
    return "".join(f"{p},{a},{c}\n" for p, a, c in country_module.origins(country))


def write_mmdb(country, directory, root):
    """asn.mmdb and country.mmdb of this world, or RuntimeError with a sentence."""
    os.makedirs(directory, exist_ok=True)
    done = subprocess.run(["perl", f"{root}/tests/tools/mmdb.pl", directory],
                          input=origins(country), text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or "mmdb.pl failed")
