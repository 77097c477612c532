"""One machine and one router with an analyzer behind it: the smallest network there is."""

import os
import subprocess

import country
import hosts
import net
import servers
import topology

PORT = 8443
METER = """
table netdev lab {{
 counter from_host {{
 }}
 chain inward {{
  type filter hook ingress device "{port}" priority 0;
  counter name "from_host"
 }}
}}
"""


class Pair:
    """Host "host" on port "host" of router "router", which is also the world: all addresses of it."""

    def __init__(self, directory, build, seed):
        self.dir, self.build = directory, build
        draw = country.Draw(seed)
        near, far = draw.network(draw.code()), draw.network(draw.code())
        self.analyzer, self.site = far.address(1, 1), far.address(2, 2)
        t = topology.Topology()
        t.node("host")
        t.node("router", router=True)
        t.owned += [("router", self.analyzer), ("router", self.site)]
        address, gateway = near.address(20, 20), near.address(20, 1)
        t.links.append((topology.End("host", "eth0", address, 24),
                        topology.End("router", "host", gateway, 24)))
        t.route("host", topology.DEFAULT, t.links[-1][1])
        net.build(t)
        net.nft("router", METER.format(port="host"))
        probe = country.Probe(
            node="host", network=near, address=address, gateway=gateway, region=f"{near.country}-01",
            medium="fixed", operator=0, role="field", mains_sensor=False, age_s=86400,
            line_kbps=4000)
        self.host = hosts.Host(probe, self.site, f"{directory}/hosts", seed)
        self.targets = f"{directory}/targets.csv"
        with open(self.targets, "w", encoding="ascii") as out:
            out.write(f"{country.HEADER}\n"
                      f"international,www.one.test,{self.site},443,-,everyone,no\n")
        self.conf = f"{directory}/probe.conf"
        with open(self.conf, "w", encoding="ascii") as out:
            out.write(f"targets = {self.targets}\n")
        self.server = None

    def packets(self):
        """Frames of any kind that the router has seen from the host."""
        out = net.call(net.inside("router", [net.NFT, "list", "counters"])).stdout
        return int(out.split("packets")[1].split()[0])

    def probe(self, command, *words, timeout_s=120):
        return self.host.run([f"{self.build}/faultline-probe", command, "--config",
                              self.conf, "--state", self.host.state, *words], timeout_s)

    def serve(self):
        """An analyzer on the router; returns the path of an invite."""
        home, conf, out = f"{self.dir}/analyzer", f"{self.dir}/analyzer.conf", f"{self.dir}/invites"
        with open(conf, "w", encoding="ascii") as text:
            text.write(f"targets = {self.targets}\n"
                       f"public_endpoint = https://{self.analyzer}:{PORT}\n")
        os.makedirs(out)
        program = f"{self.build}/faultline-analyzer"
        common = ["--config", conf, "--dir", home]
        net.call(net.inside("router", [program, "init", "--config", conf, home]))
        net.call(net.inside("router", [program, "invite", *common, "--out", out]))
        with open(f"{self.dir}/analyzer.log", "wb") as log:
            self.server = subprocess.Popen(
                net.inside("router", [program, "serve", *common, "--ingest",
                                 f"{self.analyzer}:{PORT}", "--pages", "127.0.0.1:8080"]),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        servers.wait_for("the analyzer's ingest", lambda: f":{PORT}" in net.call(
            net.inside("router", ["ss", "-Hltn"])).stdout, 30)
        return f"{out}/{os.listdir(out)[0]}"

    def close(self):
        self.host.stop()
        if self.server is not None:
            self.server.terminate()
            self.server.wait()
