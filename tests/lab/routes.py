#!/usr/bin/python3
"""A country that is cut off leaves the world's tables, and the series says so; one that is
filtered stays in them. Without probes."""

import csv
import signal
import sys

import enter
import faults
import net
import programs
import servers
import unpack
import world

LIMIT_S, SEED, LOOK_S = 180, 13, 1


class Country:
    """A standing country, and what the collector wrote of it."""

    def __init__(self, directory, build):
        self.world = world.World(SEED, directory, unpack.Unpacked(build))
        self.world.wait_ready()
        self.path = self.world.collect(LOOK_S)
        self.gateways = self.world.topology.gateways
        self.site = self.world.country.domestic_sites[0]

    def looks(self):
        """[{AS number: percent}], one a look."""
        found = {}
        with open(self.path, encoding="ascii") as rows:
            for row in csv.DictReader(rows):
                found.setdefault(row["time"], {})[int(row["asn"])] = float(row["value"])
        return list(found.values())

    def next_look(self):
        """One that began after this call."""
        seen = len(self.looks())
        # The one under way may have asked already.
        return servers.wait_for("a look at the routes", lambda: self.looks()[seen + 1:], 15)[0]

    def cut(self, gateway):
        net.ip(gateway.node, [f"link set {gateway.uplink[0].interface} down"])

    def mend(self, gateway):
        net.ip(gateway.node, [f"link set {gateway.uplink[0].interface} up"])

    def whole(self):
        look = self.next_look()
        return set(look.values()) == {100.0} and look

    def ways(self, gateway):
        """Prefixes of w's own tables that lead to the gateway, both families."""
        found = [net.call([net.IP, f"-{family}", "-n", "w", "route", "show", "via",
                           gateway.uplink[0].addresses[at]]).stdout
                 for at, family in enumerate((4, 6))]
        return sum(len(text.splitlines()) for text in found)


def homes(gateway):
    return {network.asn for network, _ in gateway.homes}


def expect(truth, sentence):
    print(("ok: " if truth else "NOT SO: ") + sentence, flush=True)
    return truth


def a_filter_leaves_the_routes(c):
    fault = faults.load("international")
    fault.on(c.world, True)
    dead = not any(c.world.get("w", c.site, six=six)["ok"] for six in (False, True))
    look = c.next_look()
    fault.off(c.world)
    return [expect(dead, "filtered: no page of the country over either family"),
            expect(set(look.values()) == {100.0},
                   "filtered: every network keeps all its routes")]


def a_cut_withdraws_them(c):
    good = []
    for gateway in c.gateways:
        c.cut(gateway)
    look = c.next_look()
    good.append(expect(look and set(look.values()) == {0.0}, "cut: no network has a route left"))
    good.append(expect(not any(map(c.ways, c.gateways)), "cut: w has no way to a gateway"))
    for gateway in c.gateways:
        c.mend(gateway)
    back = servers.wait_for("the routes", c.whole, 30)
    good.append(expect(bool(back), "mended: every network has all its routes"))
    good.append(expect(c.world.serves("w", c.site), "mended: the country's pages are back"))
    return good


def one_gateway_takes_its_own_along(c):
    lost, kept = c.gateways
    c.cut(lost)
    look = c.next_look()
    c.mend(lost)
    return [expect({asn for asn, value in look.items() if value == 0} == homes(lost),
                   "one gateway cut: the networks behind it are gone"),
            expect({asn for asn, value in look.items() if value == 100} == homes(kept),
                   "one gateway cut: those behind the other are not")]


def inside(build):
    signal.alarm(LIMIT_S)
    c = Country(f"{enter.settle()}/routes", build)
    everyone = set().union(*map(homes, c.gateways))
    look = c.whole()
    good = [expect(look and set(look) == everyone,
                   f"the routes of {len(everyone)} networks are seen"),
            expect(all(c.ways(g) == 2 * len(g.homes) for g in c.gateways),
                   "w goes by them: a prefix of each family a network")]
    for prove in (a_filter_leaves_the_routes, a_cut_withdraws_them,
                  one_gateway_takes_its_own_along):
        good += prove(c)
    c.world.stop_collecting()
    programs.Analyzer(c.world, build, 1, enter.ROOT).take_series("bgp", c.path)
    print(f"ok: the analyzer takes the series of {len(c.looks())} looks")
    c.world.close()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(enter.alone(inside, "faultline-analyzer", unpack.prepare))
