"""What several faults ask of the country, its target list and its servers."""

import re
import shutil
import subprocess
import threading
import time

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


def pings(node, address, count):
    """The round trips in ms of those pings that are answered, the shortest first."""
    done = subprocess.run(net.inside(node, ["ping", "-n", "-c", str(count), "-i", "0.1", "-W",
                                            "3", address]), text=True, capture_output=True)
    return sorted(float(ms) for ms in re.findall(r"time=([\d.]+)", done.stdout))


def round_trip(node, address, count=7):
    """The middle one of some pings in ms; a very long one where most are lost."""
    found = pings(node, address, count)
    return (found + [1e6] * (count - len(found)))[count // 2]


def echoes(node, address, count):
    """(the middle round trip in ms, the share that was lost) of many pings."""
    found = pings(node, address, count)
    return found[len(found) // 2] if found else 1e6, 1 - len(found) / count


def mostly(test):
    """Does it hold in two of three tries? On a busy machine what is quick is late now and
    then; what is slow is not quick twice."""
    return sum(bool(test()) for _ in range(3)) >= 2


def quick(world, node, site, six, within_s=1):
    """Is a large page there so soon, whole?"""
    return mostly(lambda: world.get(node, site, within_s, "/blob", six)["ok"])


def fast(world, node, how="is as fast as ever"):
    """Says that large pages from abroad are quick over both families."""
    site = world.country.foreign_sites[1]
    return [(quick(world, node, site, six), f"{node}: {how} over IPv{6 if six else 4}")
            for six in (False, True)]


def fast_again(world, hosts):
    return each(world, hosts, lambda world, p: fast(world, p.node, "is fast again"))


def full_hour(world):
    """Waits for the next full hour of the lab's time; without a lab's time at once."""
    if world.scale:
        hour_s = 3600 / world.scale
        threading.Event().wait(hour_s - time.time() % hour_s)


def status(node, url, timeout_s=2):
    """The status of a page, redirects not followed; 0 where none came."""
    done = subprocess.run(net.inside(node, ["curl", "-s", "-o", "/dev/null", "--max-time",
                                            str(timeout_s), "-w", "%{http_code}", url]),
                          text=True, capture_output=True)
    return int(done.stdout or 0)


def route_again(world, node):
    """The node's routes as they were: what a port that was down took along."""
    net.ip(node, [f"route replace {prefix} via {via}"
                  for at, prefix, via in world.topology.routes if at == node])


def soon(test, limit_s):
    """Does the test hold within the limit?"""
    try:
        return servers.wait_for("it", test, limit_s)
    except RuntimeError:
        return False


def child(world, node, program):
    """The server's process."""
    return next(c for c in world.servers.running if f"/{program}-{node}/" in " ".join(c.args))


def restart(world, node, program):
    """The same server anew, which reads its settings again."""
    old = child(world, node, program)
    world.servers.end(old)
    world.servers.start(node, old.args[len(net.inside(node, [])):])


def end(world, node, program):
    """Ends a server that a fault had started, and takes its files away."""
    world.servers.end(child(world, node, program))
    shutil.rmtree(f"{world.servers.dir}/{program}-{node}")


def everything(world, node):
    """Says that all servers serve the node, at home and abroad."""
    return [(all(world.together([lambda s=s: world.serves(node, s)
                                 for s in world.country.sites()])),
             f"{node}: everything is as ever")]


def home_alone(world, node):
    """Says that the country serves the node and nothing abroad does."""
    c = world.country
    return [(all(world.serves(node, s) for s in c.domestic_sites),
             f"{node}: the country itself is as ever"),
            (none_serves(world, node, c.foreign_sites), f"{node}: nothing abroad answers")]


def abroad_alone(world, node):
    """Says that the world abroad serves the node and nothing of the country does."""
    c = world.country
    return [(all(world.serves(node, s) for s in c.foreign_sites),
             f"{node}: the world abroad is as ever"),
            (none_serves(world, node, c.domestic_sites),
             f"{node}: nothing of the country answers")]


def nothing(world, node):
    """Says that nobody serves the node, at home or abroad."""
    return [(none_serves(world, node, world.country.sites()),
             f"{node}: nothing at home or abroad answers")]


def router_lives(world, p):
    """Says that the probe's line and its first router are there."""
    return [(world.carrier(p.node, "eth0"), f"{p.node}: has a carrier"),
            (world.answers(p.node, p.gateway, p.gateway6), f"{p.node}: its router answers")]


def routed(world, networks, there=True):
    """Says that w has, or has not, the routes of these networks."""
    said = []
    for network in networks:
        for prefix in network.prefixes:
            family = "-6" if ":" in prefix else "-4"
            routes = net.call([net.IP, family, "-n", "w", "route", "show", prefix]).stdout
            said.append(((prefix in routes) == there,
                         f"w: {'a' if there else 'no'} route to {prefix}"))
    return said


def behind(world, gateway):
    """The operators that hang on the gateway of this number, by theirs."""
    return [i for i, g in enumerate(world.country.gateway_of) if g == gateway]


def cores(world):
    """The router of each operator that leads out of its network."""
    return [f"core{i}" for i in range(len(world.country.operators))]


def mobile(world):
    """The mobile operators, by their numbers."""
    return [i for i, medium in enumerate(world.country.media) if medium == "mobile"]


def of_operators(world, operators):
    return [h for h in world.field() if h.probe.operator in operators]


def back(world, hosts, limit_s=15):
    """Says that these hosts are served from abroad again, soon."""
    site = world.country.foreign_sites[1]
    return each(world, hosts, lambda world, p: [
        (soon(lambda: world.serves(p.node, site, 1), limit_s), f"{p.node}: is back")])
