"""Puts the link emulator into a link of the country, and takes it out again."""

import os
import subprocess

import net


class Link:
    """A device of one name in each of two nodes, joined as slow, late and lossy as told."""

    def __init__(self, world, left, right, *options, name="emu0"):
        self.process = subprocess.Popen(
            [program(world), "--name", name, *options, f"/run/netns/{left}",
             f"/run/netns/{right}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            said = self.process.stderr.read().strip()
            self.process.wait()
            raise RuntimeError(f"the link emulator did not start: {said}")
        for node in (left, right):
            net.ip(node, [f"link set {name} addrgenmode none up"])

    def end(self):
        """Returns what the emulator says of its packets."""
        self.process.terminate()
        return self.process.communicate()[0]


class Emulated(Link):
    """The link between two neighbouring routers, slow, late and lossy from now on."""

    def __init__(self, world, below, above, *options):
        self.routes = list(routes_between(world.topology, below, above))
        super().__init__(world, below, above, "--subscribers", *options)
        for node, prefix, via in self.routes:
            net.ip(node, [f"route replace {of_family(prefix, via)} dev emu0"])

    def end(self):
        """Gives the routes back; returns what the emulator says of its packets."""
        for node, prefix, via in self.routes:
            net.ip(node, [f"route replace {prefix} via {via}"])
        return super().end()


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


def program(world):
    return os.path.join(world.servers.unpacked.root, "../tests/linkemu")
