"""Other people: subscribers of an operator who load its lines, and senders who flood one."""

import ipaddress
import subprocess

import emulate
import net
import topology

SUBNET, MACHINE = 210, 77  # of the operator's network; no probe lives there
FOREVER = "[1-1000000]"  # curl asks for one after the other on the same connection
FLOOD = """
import random, socket, sys, time
address, bits_s, seed = sys.argv[1], float(sys.argv[2]), sys.argv[3]
chance = random.Random(seed)
family = socket.AF_INET6 if ":" in address else socket.AF_INET
out, payload = socket.socket(family, socket.SOCK_DGRAM), bytes(1200)
due = time.monotonic()
while True:
    try:
        out.sendto(payload, (address, 9))
    except OSError:
        pass
    # As many senders come: in step they would leave gaps for everybody else.
    due = max(due + chance.expovariate(bits_s / len(payload) / 8), time.monotonic() - 1)
    time.sleep(max(0, due - time.monotonic()))
"""


def line_of(network, subnet):
    """(IPv4 prefix, IPv6 prefix) of a line of the network."""
    first = network.address(subnet, 0)
    return f"{first}/24", f"{network.twin(first)}/64"


def line_of_probe(p):
    subnet = int(ipaddress.IPv4Address(p.address)) >> 8 & 255
    return line_of(p.network, subnet)


class Crowd:
    """A machine of many subscribers on an operator's access router, idle until load()."""

    def __init__(self, world, i):
        self.world, self.node, self.running = world, f"many{i}", []
        network, router = world.country.operators[i], f"acc{i}"
        self.line = line_of(network, SUBNET)
        self.address, gateway = (network.address(SUBNET, n) for n in (MACHINE, 1))
        own = topology.Topology()
        own.node(self.node)
        own.links.append((
            topology.End(self.node, "eth0", self.address, 24, network.twin(self.address), 64),
            topology.End(router, self.node, gateway, 24, network.twin(gateway), 64)))
        own.route(self.node, topology.DEFAULT, own.links[-1][1])
        net.build(own)

    def load(self, transfers):
        """So many transfers at a time from now on, from sites abroad and at home, of both families."""
        c = self.world.country
        sites = [s for s in c.foreign_sites[1:] + c.domestic_sites if s is not c.quic_site]
        for n in range(len(self.running), transfers):
            site = sites[n % len(sites)]
            address = site.address if n % 2 else f"[{site.address6}]"
            self.running.append(subprocess.Popen(net.inside(self.node, [
                "curl", "-s", "-o", "/dev/null", "--retry", "1000", "-H", f"Host: {site.host}",
                f"http://{address}/blob?{FOREVER}"]), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def rest(self):
        end(self.running)

    def leave(self):
        self.rest()
        net.call([net.IP, "netns", "del", self.node])


class Backhaul(Crowd):
    """What all of an operator's subscribers share on their way to it, and a crowd of them. Three
    probes are far from filling it."""

    LINE = "delay=10,jitter=1,queue=250"

    def __init__(self, world, i):
        super().__init__(world, i)
        self.link = emulate.Emulated(
            world, f"acc{i}", f"agg{i}", "--down", f"{self.LINE},rate=6000000", "--up",
            f"{self.LINE},rate=3000000", "--seed", str(world.country.seed), shared=True)

    def leave(self):
        self.link.end()
        super().leave()


class Flood:
    """Datagrams towards an address, so many bits a second from all of the nodes together."""

    def __init__(self, nodes, addresses, bits_s):
        pairs = [(node, address) for node in nodes for address in addresses]
        self.running = [subprocess.Popen(net.inside(node, [
            "/usr/bin/python3", "-c", FLOOD, address, str(bits_s / len(pairs)), f"{node} {address}"]),
            stdin=subprocess.DEVNULL) for node, address in pairs]

    def rest(self):
        end(self.running)


def end(running):
    for child in running:
        child.kill()
    for child in running:
        child.wait()
    running.clear()
