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


def ip(node, lines, six=False):
    """Lines for ip(8); six where they do not say by themselves that they are about IPv6."""
    call([IP, *(["-6"] if six else []), "-n", node, "-batch", "-"], "\n".join(lines) + "\n")


def nft(node, text):
    call(inside(node, [NFT, "-f", "-"]), text)


def tc(node, *words):
    call([TC, "-n", node, *words])


def build(topology):
    """All of it, or what comes new to a country that stands: nodes, and their links to old ones."""
    call([IP, "-batch", "-"], "".join(f"netns add {node}\n" for node in topology.nodes))
    six = {end.node for ends in topology.links for end in ends if end.address6}
    for node in topology.nodes:
        settle(node, node in topology.routers, node in six)
    lines = []
    for a, b in topology.links:
        # One segment a packet: a policer and a packet counter see what a wire carries.
        lines.append(f"link add {a.interface} netns {a.node} gso_max_segs 1 type veth "
                     f"peer name {b.interface} netns {b.node} gso_max_segs 1")
    call([IP, "-batch", "-"], "\n".join(lines) + "\n")
    todo = {node: ["link set lo up"] for node in topology.nodes}
    for ends in topology.links:
        for end in ends:
            lengths = (end.length, end.length6)
            todo.setdefault(end.node, [])
            todo[end.node] += [added(address, length, end.interface)
                               for address, length in zip(end.addresses, lengths)]
            todo[end.node].append(f"link set dev {end.interface} up")
    for node, address in topology.owned:
        todo[node].append(added(address, 128 if ":" in address else 32, "lo"))
    for node, prefix, via in topology.routes:
        source = preferred(topology, node, via)
        todo[node].append(f"route add {prefix} via {via}{source}")
    for node, batch in todo.items():
        ip(node, batch)


def added(address, length, interface):
    """Nobody else can have it: what waits for duplicates is no source yet."""
    once = " nodad" if ":" in address else ""
    return f"address add {address}/{length} dev {interface}{once}"


def preferred(topology, node, via):
    """A host speaks from the address it is known by, not from its link's."""
    if node in topology.routers:
        return ""
    own = [address for owner, address in topology.owned
           if owner == node and (":" in address) == (":" in via)]
    return f" src {own[0]}" if own else ""


def settle(node, router, six):
    """Before the node has any interface: these are born with what is the default then."""
    settings = {
        "net/ipv4/ip_forward": "1" if router else "0",
        # A router of the lab answers every packet whose TTL ran out.
        "net/ipv4/icmp_ratelimit": "0",
        "net/ipv4/icmp_ratemask": "0",
        "net/ipv4/icmp_msgs_per_sec": "100000",
        "net/ipv6/icmp/ratelimit": "0",
        "net/ipv6/conf/all/forwarding": "1" if router else "0",
        # A neighbour asked before its port was up is asked again within a round.
        "net/ipv6/neigh/default/retrans_time_ms": "250",
    }
    for which in ("all", "default"):
        settings |= {f"net/ipv6/conf/{which}/{name}": value for name, value in (
            ("disable_ipv6", "0" if six else "1"),
            # Addresses and routes are the topology's, and hold from the first packet on.
            ("accept_ra", "0"), ("autoconf", "0"), ("router_solicitations", "0"),
            ("accept_dad", "0"),
            # As IPv4's do: a cable that is pulled takes no address off.
            ("keep_addr_on_down", "1"))}
    # Unprivileged echo for every group, or in a user namespace for the one it knows.
    groups = "/proc/sys/net/ipv4/ping_group_range"
    script = [f"echo 0 2147483647 2>/dev/null >{groups} || echo 0 0 >{groups}"]
    for name, value in settings.items():
        script.append(f"echo {value} 2>/dev/null >/proc/sys/{name}")
    call(inside(node, ["sh", "-c", "\n".join(script)]), check=False)


def counters(node, table="lab"):
    """Packets seen by each named counter of the table."""
    out = call(inside(node, [NFT, "list", "counters", "table", "inet", table])).stdout
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
