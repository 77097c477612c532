"""What several faults ask of the country, its target list and its servers."""

import country as country_module


def rows(country):
    """The target list's rows, as lists of fields."""
    return [line.split(",") for line in country_module.targets(country).splitlines()[1:]]


def each(world, hosts, ask):
    """What a proof says of each host, asked all at once."""
    found = world.together([lambda p=h.probe: ask(world, p) for h in hosts])
    return [said for some in found for said in some]


def none_serves(world, node, sites, timeout_s=1):
    """Does no page arrive, over either family?"""
    return not any(page["ok"] for page in world.together(
        [lambda s=s, x=six: world.get(node, s, timeout_s, six=x)
         for s in sites for six in (False, True)]))
