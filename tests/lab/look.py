"""What several faults ask of the country, its target list and its servers."""

import re
import shutil
import subprocess

import country as country_module
import net
import servers


def rows(country):
    """The target list's rows, as lists of fields."""
    return [line.split(",") for line in country_module.targets(country).splitlines()[1:]]


def ids(country, fits):
    """The ids of the list's rows that fit."""
    return [country_module.target_id(row) for row in rows(country) if fits(row)]


def each(world, hosts, ask):
    """What a proof says of each host, asked all at once."""
    found = world.together([lambda p=h.probe: ask(world, p) for h in hosts])
    return [said for some in found for said in some]


def none_serves(world, node, sites, timeout_s=1):
    """Does no page arrive, over either family?"""
    return not any(page["ok"] for page in world.together(
        [lambda s=s, x=six: world.get(node, s, timeout_s, six=x)
         for s in sites for six in (False, True)]))


def round_trip(world, node, address, count=3):
    """The middle one of some pings in ms; a very long one where most are lost."""
    done = subprocess.run(net.inside(node, ["ping", "-n", "-c", str(count), "-i", "0.2", "-W",
                                            "3", address]), text=True, capture_output=True)
    found = [float(ms) for ms in re.findall(r"time=([\d.]+)", done.stdout)]
    return sorted(found + [1e6] * (count - len(found)))[count // 2]


def soon(test, limit_s):
    """Does the test hold within the limit?"""
    try:
        return servers.wait_for("it", test, limit_s)
    except RuntimeError:
        return False


def child(world, node, program):
    """The server's process."""
    return next(c for c in world.servers.running if f"/{program}-{node}/" in " ".join(c.args))


def end(world, node, program):
    """Ends a server that a fault had started, and takes its files away."""
    world.servers.end(child(world, node, program))
    shutil.rmtree(f"{world.servers.dir}/{program}-{node}")
