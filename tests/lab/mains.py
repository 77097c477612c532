"""What proofs ask of mains and batteries, on the machines and at their routers' ports."""


def supply(host):
    """What the kernel says on that machine: (mains are there, state of the battery)."""
    out = host.run(["cat", "/sys/class/power_supply/AC/online",
                    "/sys/class/power_supply/BAT0/status"]).stdout.split()
    return tuple(out)


def on_battery(hosts):
    """Says that each of these machines lives on, and on its battery."""
    seen = [(h.probe.node, supply(h)) for h in hosts]
    return [(said == ("0", "Discharging"), f"{node}: lives on its battery: {' '.join(said)}")
            for node, said in seen]


def dead(world, hosts):
    """Says that each of these machines is off."""
    return [said for host in hosts for said in (
        (not world.carrier(world.router_of(host.probe), host.probe.node),
         f"{host.probe.node}: its port on the router is dark"),
        (not host.on and not host.alive(), f"{host.probe.node}: nothing runs on it"))]
