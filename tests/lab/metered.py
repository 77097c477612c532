"""Metering of one name by a part of it, for the faults that do so: 140 kbit/s both ways with a
bucket of 20 kB, by dropping (SCIENCE E36; Xue et al., IMC 2021: *t.co* hit reddit.com)."""

import boxes
import look

RATE_BPS, BURST_BYTES = 140000, 20000


def part(world):
    """The middle of the name of the site abroad that is measured under TLS."""
    return boxes.away(world).host.split(".")[1]


def on(world, breakage):
    rule = ["--sni-police", f"{part(world)}={RATE_BPS},{BURST_BYTES}"]
    boxes.place(world, *(rule if breakage else []))


def lift(world):
    boxes.lift(world)


def targets(world):
    host = boxes.away(world).host
    return {"metered": look.ids(world.country, lambda r: r[1] == host and r[3] == "443")}


def prove_host(world, p):
    """A large page under three names from one address, over both families; up it is tried in
    tests/integration/onpath.py."""
    site = boxes.away(world)
    names = (site.host, f"in{part(world)}nocent.example")
    said, slow = [], p.role == "field"
    for address in (site.address, site.address6):
        pages = [boxes.secret(p.node, address, name, "/blob", 12) for name in names]
        figures = ", ".join(f"{page['rate_bps'] / 1000:.0f}" for page in pages)
        # The bucket is two fifths of the page.
        said += [(all(page["code"] == 0 for page in pages), f"{p.node}: both arrive"),
                 (all((page["rate_bps"] < 2 * RATE_BPS) == slow for page in pages),
                  f"{p.node}: its name and an innocent one that contains it are "
                  f"{'metered' if slow else 'as fast as ever'}: {figures} kbit/s"),
                 (look.mostly(lambda a=address: is_fast(p.node, a, world.country.quic_site.host,
                                                        4 * RATE_BPS)),
                  f"{p.node}: another name on {address} is not")]
    return said + [(look.quick(world, p.node, site, six, 1.5),
                    f"{p.node}: nor is it without TLS") for six in (False, True)]


def is_fast(node, address, name, least_bps):
    page = boxes.secret(node, address, name, "/blob")
    return page["code"] == 0 and page["rate_bps"] > least_bps


def healed(world, hosts):
    site = boxes.away(world)
    return look.each(world, hosts, lambda world, p: [
        (look.mostly(lambda a=a: is_fast(p.node, a, site.host, 2 * RATE_BPS)),
         f"{p.node}: {a} is fast again") for a in (site.address, site.address6)])
