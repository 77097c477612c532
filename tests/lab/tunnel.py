"""A VPN: WireGuard (wireguard-go, over UDP) from a machine to a router abroad that hides who
speaks behind an address of its own."""

import base64
import subprocess

import net
import servers

PORT = 51820
NEAR, FAR = ("10.66.0.2", "fd66::2"), ("10.66.0.1", "fd66::1")
METRIC = 50  # before any line's
HIDE = """
table inet vpn {{
    chain hide {{
        type nat hook postrouting priority srcnat;
        iifname "wgfar" ip saddr {} counter masquerade
        iifname "wgfar" ip6 saddr {} counter masquerade
    }}
}}
"""


class End:
    """One end of the tunnel: its key, drawn, and its device in a node."""

    def __init__(self, world, node, device, chance):
        self.world, self.node, self.device = world, node, device
        self.key = base64.b64encode(chance.randbytes(32)).decode()
        self.process = world.servers.start(node, [
            world.servers.unpacked.program("wireguard-go"), "-f", device])
        servers.wait_for(f"the tunnel's device in {node}", self.is_there, 10)

    def is_there(self):
        return subprocess.run([net.IP, "-n", self.node, "link", "show", self.device],
                              capture_output=True).returncode == 0

    def wg(self, *words, text=None):
        return net.call(net.inside(self.node, [self.world.servers.unpacked.program("wg"),
                                               *words]), text).stdout.strip()

    def join(self, other, settings, addresses):
        public = self.wg("pubkey", text=f"{other.key}\n")
        self.wg("setconf", self.device, "/dev/stdin", text=(
            f"[Interface]\nPrivateKey = {self.key}\n[Peer]\nPublicKey = {public}\n{settings}"))
        net.ip(self.node, [net.added(a, 128 if ":" in a else 32, self.device)
                           for a in addresses] + [f"link set {self.device} addrgenmode none up"])

    def end(self):
        self.world.servers.end(self.process)


class Tunnel:
    """From now on both default routes of the machine lead to a router abroad."""

    def __init__(self, world, probe, server, chance):
        self.probe, self.site, self.leads = probe, server, False
        self.far = End(world, server.node, "wgfar", chance)
        self.near = End(world, probe.node, "wg0", chance)
        self.far.join(self.near, f"AllowedIPs = {NEAR[0]}/32, {NEAR[1]}/128\n", FAR)
        self.far.wg("set", "wgfar", "listen-port", str(PORT))
        net.ip(server.node, [f"route add {a} dev wgfar" for a in NEAR])
        net.nft(server.node, HIDE.format(*NEAR))
        self.near.join(self.far, f"Endpoint = {server.address}:{PORT}\n"
                       "AllowedIPs = 0.0.0.0/0, ::/0\nPersistentKeepalive = 1\n", NEAR)

    def lead(self):
        """Only what carries the tunnel itself still goes by the line."""
        p, self.leads = self.probe, True
        net.ip(p.node, [f"route add {self.site.address}/32 via {p.gateway}",
                        f"route del default via {p.gateway}",
                        f"route del default via {p.gateway6}",
                        f"route add default via {p.gateway} metric 600",
                        f"route add default via {p.gateway6} metric 2048",
                        f"route add default dev wg0 metric {METRIC}",
                        f"route add ::/0 dev wg0 metric {METRIC}"])

    def end(self):
        p = self.probe
        self.near.end()
        self.far.end()
        net.nft(self.site.node, "delete table inet vpn\n")
        if not self.leads:
            return
        net.ip(p.node, [f"route del default via {p.gateway} metric 600",
                        f"route del default via {p.gateway6} metric 2048",
                        f"route del {self.site.address}/32 via {p.gateway}",
                        f"route add default via {p.gateway}",
                        f"route add default via {p.gateway6}"])
