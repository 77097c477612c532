"""A district loses its mains: every machine of one region dies and later boots anew."""

import random

import mains

SENTENCE = "every machine of one region loses power and later boots again"
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.power"
OBSERVABLE = ("all three operators' probes of one region have a gap without samples that "
              "begins without a stop and ends with a new boot")
VANTAGE = "three probes of three operators in the region; the other regions as reference"
TRAP = "a probe that is only cut off goes on measuring; its gap is filled in afterwards"
ROUNDS, WINDOWS, SECONDS = 0, 2, 0  # a shorter gap is no more than a restart
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   off    off   off     off     off       off            off   off    off        off      off
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""


def victims(world):
    region = random.Random(f"power {world.country.seed}").choice(world.country.regions)
    return [h for h in world.field() if h.probe.region == region]


def on(world, breakage):
    for host in victims(world):
        host.before = boot_of(host)
    if breakage:
        for host in victims(world):
            host.cut_power()


def off(world):
    for host in victims(world):
        if not host.on:
            host.restore_power()


def boot_of(host):
    """(boot id, uptime in seconds) as a program on that machine sees them."""
    out = host.run(["cat", "/proc/sys/kernel/random/boot_id", "/proc/uptime"]).stdout.split()
    return (out[0], float(out[1])) if len(out) >= 2 else (None, 0.0)


def proof(world):
    dark = victims(world)
    said = mains.dead(world, dark)
    for host in world.field():
        p, router = host.probe, world.router_of(host.probe)
        if host in dark:
            said.append((world.silent(router, p.address, p.address6),
                         f"{p.node}: does not answer its own router"))
        else:
            said.append((world.carrier(router, p.node) and world.answers(
                router, p.address, p.address6), f"{p.node}: lives"))
    return said


def healed(world):
    said = []
    for host in victims(world):
        boot_id, up_s = boot_of(host)
        said += [(boot_id is not None and boot_id != host.before[0],
                  f"{host.probe.node}: another boot id"),
                 (0 < up_s < 120, f"{host.probe.node}: up for {up_s:.0f} s"),
                 (world.serves(host.probe.node, world.country.foreign_sites[1]),
                  f"{host.probe.node}: is back")]
    return said
