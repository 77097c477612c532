"""One mobile operator gives each subscriber a rate, by a queue or by a meter without one."""

import random
import subprocess

import emulate
import look
import net


def operator(world, name):
    mobile = [i for i, m in enumerate(world.country.media) if m == "mobile"]
    return random.Random(f"{name} {world.country.seed}").choice(mobile)


def victims(world, name):
    i = operator(world, name)
    return [h for h in world.field() if h.probe.operator == i]


def link(world, name, down):
    """Between the operator's first two routers, towards the subscribers; uplinks stay."""
    i = operator(world, name)
    return emulate.Emulated(world, f"acc{i}", f"agg{i}", "--down", down, "--seed",
                            str(world.country.seed))


def fetch(node, site, six, times, limit_s=30):
    """Rates in bit/s of transfers of 48 KiB each, one after the other on a connection."""
    address = f"[{site.address6}]" if six else site.address
    done = subprocess.run(net.inside(node, [
        "curl", "-s", "-o", "/dev/null", "--max-time", str(limit_s), "-H", f"Host: {site.host}",
        "-w", "%{size_download} %{time_total}\\n", f"http://{address}/blob?[1-{times}]"]),
        text=True, capture_output=True)
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [float(size) * 8 / max(float(s), 1e-6) for size, s in pairs]


def loaded(world, node, site, six, times):
    """(the last rates but the first one's, the middle round trip in ms meanwhile)"""
    address = site.address6 if six else site.address
    rates, (ms, _) = world.together([
        lambda: fetch(node, site, six, times), lambda: look.echoes(node, address, 15)])
    return rates, ms


def prove(world, name, times, is_slow):
    """Each of the operator's lines under load over both families, and the others' rates."""
    site, hit, said = world.country.foreign_sites[1], victims(world, name), []
    nodes = [h.probe.node for h in hit]
    for six in (False, True):
        found = world.together([lambda n=n: loaded(world, n, site, six, times) for n in nodes])
        for node, (rates, ms) in zip(nodes, found):
            last = rates[-1] if len(rates) == times else 0
            said.append((is_slow(rates, ms), f"{node}: {rates[0] / 1000 if rates else 0:.0f} and "
                         f"in the end {last / 1000:.0f} kbit/s, {ms:.0f} ms, over "
                         f"IPv{6 if six else 4}"))
    others = [h for h in world.field() if h not in hit]
    return said + look.each(world, others, lambda world, p: [
        (min(fetch(p.node, site, six, 2), default=0) > 1000000,
         f"{p.node}: is as fast as ever over IPv{6 if six else 4}") for six in (False, True)])


def healed(world, name):
    site = world.country.foreign_sites[1]
    return [(look.soon(lambda n=h.probe.node, x=six: max(fetch(n, site, x, 2), default=0)
                       > 1000000, 10), f"{h.probe.node}: is fast again") for h in victims(world, name)
            for six in (False, True)]
