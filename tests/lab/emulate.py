"""Puts the link emulator, or the box that forges and drops, into a link of the country, and
takes it out again."""

import os
import subprocess

import net

LINES = 77  # the table of routes for what some lines below send


class Link:
    """A device of one name in each of two nodes, joined as slow, late and lossy as told."""

    def __init__(self, world, left, right, *options, name="emu0", by="linkemu"):
        self.process = subprocess.Popen(
            [program(world, by), "--name", name, *options, f"/run/netns/{left}",
             f"/run/netns/{right}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            said = self.process.stderr.read().strip()
            self.process.wait()
            raise RuntimeError(f"{by} did not start: {said}")
        for node in (left, right):
            net.ip(node, [f"link set {name} addrgenmode none up"])

    def end(self):
        """Returns what the emulator says of its packets."""
        self.process.terminate()
        return self.process.communicate()[0]


class Emulated(Link):
    """The link between two neighbouring routers, slow, late and lossy from now on; each
    address below has rate and queue of its own, or all share one. With lines, (IPv4 prefix,
    IPv6 prefix) pairs below it, only what goes to and from these passes it. Two that meet
    at one router need names apart."""

    def __init__(self, world, below, above, *options, shared=False, lines=(), name="emu0"):
        self.back = []  # how the routes are given back: what ip() of net.py takes
        apart = [] if shared else ["--subscribers"]
        super().__init__(world, below, above, *apart, *options, name=name)
        if lines:
            self.lead(below, above, lines, name)
        else:
            self.lead_all(routes_between(world.topology, below, above), name)

    def lead_all(self, routes, name):
        for node, prefix, via in routes:
            net.ip(node, [f"route replace {of_family(prefix, via)} dev {name}"])
            self.back.append((node, [f"route replace {prefix} via {via}"]))

    def lead(self, below, above, lines, name):
        """Down by routes that are closer than the network's, up by who sends."""
        for pair in lines:
            for prefix in pair:
                six = ":" in prefix
                net.ip(above, [f"route replace {prefix} dev {name}"])
                # What lies below itself is still reached straight.
                rules = (f"from {prefix} lookup main suppress_prefixlength 0 priority {LINES}",
                         f"from {prefix} lookup {LINES} priority {LINES + 1}")
                net.ip(below, [f"route replace default dev {name} table {LINES}",
                               *(f"rule add {rule}" for rule in rules)], six)
                self.back.append((above, [f"route del {prefix} dev {name}"]))
                self.back.append((below, [f"rule del {rule}" for rule in rules], six))

    def end(self):
        """Gives the routes back; returns what the emulator says of its packets."""
        for what in self.back:
            net.ip(*what)
        return super().end()


class OnPath(Emulated):
    """A box (onpath.c) in the link between two neighbouring routers, with these rules."""

    def __init__(self, world, below, above, *rules):
        self.back = []
        Link.__init__(self, world, below, above, *rules, name="onp0", by="onpath")
        self.lead_all(routes_between(world.topology, below, above), "onp0")


def routes_between(topology, below, above):
    """The routes by which either of two neighbours sends to the other."""
    for a, b in topology.links:
        if {a.node, b.node} == {below, above}:
            for node, prefix, via in topology.routes:
                if (node == a.node and via in b.addresses
                        or node == b.node and via in a.addresses):
                    yield node, prefix, via


def of_family(prefix, via):
    if prefix != "default":
        return prefix
    return "::/0" if ":" in via else "0.0.0.0/0"


def program(world, name="linkemu"):
    return os.path.join(world.servers.unpacked.root, "../tests", name)
