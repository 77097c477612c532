"""One mobile operator gives each subscriber a rate, by a queue or by a meter without one."""

import random
import subprocess

import emulate
import look
import net

EASY = "delay=0"  # for the proof that must fail
FAST_BPS = 1000000
ECHOES = 6  # beside each transfer


def victims(world, name):
    """The subscribers of the mobile operator that this fault has drawn."""
    chance = random.Random(f"{name} {world.country.seed}")
    return look.of_operators(world, [chance.choice(look.mobile(world))])


class Shaper:
    """What a fault file names as its own: victims, on, off, proof and healed.

    down: what the emulator is told of what goes to the subscribers; uplinks stay. A proof
    makes so many transfers on each line, one after the other, and is_slow(their rates in
    bit/s, the round trip in ms meanwhile) says whether the line is what was meant."""

    def __init__(self, name, down, transfers, is_slow):
        self.name, self.down, self.transfers, self.is_slow = name, down, transfers, is_slow

    def victims(self, world):
        return victims(world, self.name)

    def on(self, world, breakage):
        i = self.victims(world)[0].probe.operator
        world.shaped = emulate.Emulated(world, f"acc{i}", f"agg{i}", "--down",
                                        self.down if breakage else EASY, "--seed",
                                        str(world.country.seed))

    def off(self, world):
        world.shaped.end()

    def proof(self, world):
        """Each of the operator's lines under load over both families, and the others' rates."""
        hit = self.victims(world)
        said = [one for six in (False, True)
                for one in look.each(world, hit, lambda world, p, x=six: self.loaded(world, p, x))]
        others = [h for h in world.field() if h not in hit]
        return said + look.each(world, others, lambda world, p: [
            (sum(rate > FAST_BPS for rate in fetch(world, p.node, six, 3)) >= 2,
             f"{p.node}: is as fast as ever over IPv{6 if six else 4}") for six in (False, True)])

    def loaded(self, world, p, six):
        site = world.country.foreign_sites[1]
        address = site.address6 if six else site.address
        rates, (ms, _) = world.together([
            lambda: fetch(world, p.node, six, self.transfers),
            lambda: look.echoes(p.node, address, ECHOES * self.transfers)])
        whole = len(rates) == self.transfers
        figures = " and in the end ".join(f"{rate / 1000:.0f}" for rate in rates[:1] + rates[-1:])
        return [(whole and self.is_slow(rates, ms),
                 f"{p.node}: {figures or 'no'} kbit/s, {ms:.0f} ms, over IPv{6 if six else 4}")]

    def healed(self, world):
        return look.each(world, self.victims(world), lambda world, p: [
            (look.soon(lambda x=six: max(fetch(world, p.node, x, 2), default=0) > FAST_BPS, 10),
             f"{p.node}: is fast again over IPv{6 if six else 4}") for six in (False, True)])


def fetch(world, node, six, times):
    """Rates in bit/s of transfers of 48 KiB each, one after the other on a connection."""
    site = world.country.foreign_sites[1]
    address = f"[{site.address6}]" if six else site.address
    done = subprocess.run(net.inside(node, [
        "curl", "-s", "-o", "/dev/null", "--max-time", "30", "-H", f"Host: {site.host}",
        "-w", "%{size_download} %{time_total}\\n", f"http://{address}/blob?[1-{times}]"]),
        text=True, capture_output=True)
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [float(size) * 8 / max(float(s), 1e-6) for size, s in pairs]
