"""Makes a topology real: namespaces, veth pairs, addresses and routes, in few batches."""

import os
import subprocess

IP, NFT, TC = "ip", "nft", "tc"


class NetError(Exception):
    """A tool refused; the text says which and why."""


def call(argv, text=None, check=True):
    done = subprocess.run(argv, input=text, text=True, capture_output=True)
    if check and done.returncode != 0:
        raise NetError(f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}")
    return done


def inside(node, argv):
    """The command line that runs ``argv`` in the node's network namespace."""
    return ["nsenter", f"--net=/run/netns/{node}", "--", *argv]


def ip(node, lines):
    call([IP, "-n", node, "-batch", "-"], "\n".join(lines) + "\n")


def nft(node, text):
    call(inside(node, [NFT, "-f", "-"]), text)


def tc(node, *words):
    call([TC, "-n", node, *words])


def build(topology):
    lines = [f"netns add {node}" for node in topology.nodes]
    for a, b in topology.links:
        # One segment a packet: a policer and a packet counter see what a wire carries.
        lines.append(f"link add {a.interface} netns {a.node} gso_max_segs 1 type veth "
                     f"peer name {b.interface} netns {b.node} gso_max_segs 1")
    call([IP, "-batch", "-"], "\n".join(lines) + "\n")
    todo = {node: ["link set lo up"] for node in topology.nodes}
    for ends in topology.links:
        for end in ends:
            todo[end.node] += [
                f"address add {end.address}/{end.length} dev {end.interface}",
                f"link set dev {end.interface} up"]
    for node, address in topology.owned:
        todo[node].append(f"address add {address}/32 dev lo")
    for node, prefix, via in topology.routes:
        source = preferred(topology, node)
        todo[node].append(f"route add {prefix} via {via}{source}")
    for node, batch in todo.items():
        ip(node, batch)
        settle(node, node in topology.routers)


def preferred(topology, node):
    """A host speaks from the address it is known by, not from its link's."""
    if node in topology.routers:
        return ""
    own = [address for owner, address in topology.owned if owner == node]
    return f" src {own[0]}" if own else ""


def settle(node, router):
    settings = {
        "net/ipv4/ip_forward": "1" if router else "0",
        # A router of the lab answers every packet whose TTL ran out.
        "net/ipv4/icmp_ratelimit": "0",
        "net/ipv4/icmp_ratemask": "0",
        "net/ipv4/icmp_msgs_per_sec": "100000",
        "net/ipv6/conf/all/disable_ipv6": "1",
    }
    # Unprivileged echo for every group, or in a user namespace for the one it knows.
    groups = "/proc/sys/net/ipv4/ping_group_range"
    script = [f"echo 0 2147483647 2>/dev/null >{groups} || echo 0 0 >{groups}"]
    for name, value in settings.items():
        script.append(f"echo {value} 2>/dev/null >/proc/sys/{name}")
    call(inside(node, ["sh", "-c", "\n".join(script)]), check=False)


def counters(node, table="lab"):
    """Packets seen by each named counter of the table."""
    out = call(inside(node, [NFT, "list", "counters", "table", "ip", table])).stdout
    found, name = {}, None
    for line in out.splitlines():
        words = line.split()
        if words[:1] == ["counter"]:
            name = words[1]
        elif words[:1] == ["packets"]:
            found[name] = (int(words[1]), int(words[3]))
    return found


def queue_drops(node, interface):
    """Packets that the queueing discipline of the interface dropped."""
    out = call([TC, "-n", node, "-s", "qdisc", "show", "dev", interface]).stdout
    for line in out.splitlines():
        if "dropped" in line:
            return int(line.split("dropped")[1].strip(" ,").split(",")[0])
    return 0


def has(program):
    path = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    return any(os.access(f"{d}/{program}", os.X_OK) for d in path.split(":"))
