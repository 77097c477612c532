"""A way round: one gateway's traffic over the other one, long, lossy and crowded.

What is left when a gateway's own link abroad is cut. The two are neighbours from now on,
by a link of their own, and bird alone decides who goes by it: the direct way is shorter.
"""

import emulate
import net
import routing
import servers
import topology

NAME = "detour"
# Each way; the two gateways' subscribers share it.
WAY = "delay=70,jitter=10,loss=80000,rate=2500000,queue=200"
EASY = "delay=0"  # for the proof that must fail
LIMIT_S = 15


class Detour:
    def __init__(self, world, lost, kept, breakage=True):
        self.world, self.gateways = world, (lost, kept)
        way = WAY if breakage else EASY
        self.link = emulate.Link(world, lost.node, kept.node, "--up", way, "--down", way,
                                 "--seed", str(world.country.seed), name=NAME)
        ends = self.number(lost, kept)
        for own, other, far in zip(ends, reversed(ends), (kept, lost)):
            net.ip(own.node, [net.added(own.address, own.length, NAME),
                              net.added(own.address6, own.length6, NAME)])
            self.configure(own.node, (own, other, far.network.asn))
        servers.wait_for("the neighbours' sessions", self.both, LIMIT_S)

    def number(self, lost, kept):
        network = lost.network
        left, right = network.pair()
        return [topology.End(gateway.node, NAME, a, 31, network.twin(a), 127)
                for gateway, a in ((lost, left), (kept, right))]

    def configure(self, node, detour):
        gateway = next(g for g in self.gateways if g.node == node)
        routing.change(self.world.servers, node, routing.gateway_conf(
            gateway, self.world.country.transit, detour))

    def ways(self):
        """The paths that w knows to each prefix behind the gateway, and the gateway abroad."""
        lost, _ = self.gateways
        asked = [("w", prefix) for network, _ in lost.homes for prefix in network.prefixes]
        asked += [(lost.node, default) for _, _, default in routing.FAMILIES]
        return [routing.paths(self.world.servers, node, prefix) for node, prefix in asked]

    def both(self):
        return all(len(paths) == 2 for paths in self.ways())

    def direct(self):
        other = self.gateways[1].network.asn
        return all(paths and other not in paths[0] for paths in self.ways())

    def taken(self):
        """Does w go by it to all that hangs on the gateway, and the gateway abroad?"""
        other = self.gateways[1].network.asn
        return all(paths and other in paths[0] for paths in self.ways())

    def end(self):
        """When the direct way is there again, so that nobody falls between the two."""
        servers.wait_for("the direct way", self.direct, LIMIT_S)
        for gateway in self.gateways:
            self.configure(gateway.node, None)
        return self.link.end()
