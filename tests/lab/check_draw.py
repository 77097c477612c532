#!/usr/bin/python3
"""The lab's countries are drawn: public addresses only, no two networks alike, nothing
that is the same in every country, and a target list that tells nothing."""
import collections
import ipaddress

import country
import topology

SEEDS = range(1, 121)
ALWAYS_SPECIAL = [ipaddress.ip_network(n) for n in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3")]
GIVEN_OUT6 = ipaddress.ip_network("2000::/3")
SPECIAL6 = [ipaddress.ip_network(n) for n in (
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")]


def the_same_seed_gives_the_same_country():
    assert country.draw(7) == country.draw(7)
    assert country.draw(7) != country.draw(8)


def every_prefix_is_public_and_stands_alone():
    for seed in SEEDS:
        networks = country.draw(seed).networks()
        for n in networks:
            assert not any(n.prefix.overlaps(s) for s in ALWAYS_SPECIAL), (seed, n)
            assert n.prefix6.subnet_of(GIVEN_OUT6), (seed, n)
            assert not any(n.prefix6.overlaps(s) for s in SPECIAL6), (seed, n)
            assert 0 < n.asn < 4200000000 and not 64496 <= n.asn <= 65551, (seed, n)
        assert len({n.prefix for n in networks}) == len(networks), seed
        assert len({n.prefix6 for n in networks}) == len(networks), seed
        assert len({n.asn for n in networks}) == len(networks), seed


def every_address_lies_in_its_own_network_and_no_two_are_alike():
    for seed in SEEDS:
        c = country.draw(seed)
        t = topology.build(c)
        used = [a for ends in t.links for e in ends for a in e.addresses]
        used += [a for _, a in t.owned]
        assert len(set(used)) == len(used), seed
        assert sum(":" in a for a in used) * 2 == len(used), "as many of either family"
        prefixes = [p for n in c.networks() for p in (n.prefix, n.prefix6)]
        for a in used:
            assert sum(ipaddress.ip_address(a) in p for p in prefixes) == 1, (seed, a)


def each_region_has_one_probe_of_each_operator():
    for seed in SEEDS:
        c = country.draw(seed)
        places = collections.Counter((p.region, p.operator) for p in c.probes)
        assert len(places) == 9 and set(places.values()) == {1}, seed
        assert all(r.startswith(c.code + "-") and len(r) == 5 for r in c.regions)
        assert len(set(c.gateway_of)) == 2 and sorted(c.media) == ["fixed", "mobile", "mobile"]


def nothing_is_the_same_in_every_country():
    countries = [country.draw(seed) for seed in SEEDS]
    for what in (lambda c: c.code, lambda c: c.media[0], lambda c: c.gateway_of[0],
                 lambda c: c.operators[0].asn, lambda c: c.operators[0].prefix,
                 lambda c: c.operators[0].prefix6,
                 lambda c: c.listed.host, lambda c: c.listed.address,
                 lambda c: c.listed.address < c.listed_control.address,
                 lambda c: sum(p.mains_sensor for p in c.probes)):
        assert len({what(c) for c in countries}) > 1


def the_target_list_does_not_tell_who_is_listed():
    at = collections.Counter()
    for seed in SEEDS:
        c = country.draw(seed)
        rows = [r.split(",") for r in country.targets(c).splitlines()[1:]]
        six = [r for r in rows if ":" in r[2]]
        rows = [r for r in rows if r not in six]
        assert [r[0] for r in six].count("domestic") == 1, seed
        assert [r[0] for r in six].count("international") == 2, seed
        at["six"] += any(r[2] == c.listed.address6 for r in six)
        under_tls = [r for r in rows if r[3] == "443"]
        assert [r[0] for r in under_tls].count("international") == 1, seed
        at["tls"] += any(r[1] == c.listed.host for r in under_tls)
        rows = [r for r in rows if r not in under_tls]
        abroad = [r for r in rows if r[0] == "international" and r[3] != "53"]
        ids = [country.target_id(r) for r in abroad]
        hosts = [r[1] for r in abroad]
        assert ids == sorted(ids) and len(abroad) == 4, seed
        at[hosts.index(c.listed.host)] += 1
        both = {r[2].rsplit(".", 1)[0] for r in abroad
                if r[1] in (c.listed.host, c.listed_control.host)}
        assert len(both) == 1, "the control host lives in the listed one's /24"
        assert sum(r[0] == "domestic" for r in rows) == 3
    for place in range(4):
        assert at[place] > len(SEEDS) / 8, at
    assert len(SEEDS) / 4 < at["six"] < len(SEEDS) * 3 / 4, at
    assert len(SEEDS) / 8 < at["tls"] < len(SEEDS) / 2, at


def the_core_stands_abroad_but_for_one_server_of_the_country():
    for seed in SEEDS:
        c = country.draw(seed)
        here = [s.node.startswith("d") for s in c.tld_servers]
        assert here == [True, False], seed
        abroad = [s.node for s in c.roots + c.tld_servers[1:] + [c.clock]]
        assert len(set(abroad)) == 4 and c.listed.node not in abroad, seed
        assert all(node.startswith("f") for node in abroad), seed


def main():
    tests = [f for name, f in globals().items() if callable(f)
             and getattr(f, "__module__", "") == "__main__" and "_" in name]
    for test in tests:
        test()
        print("ok:", test.__name__.replace("_", " "))


main()
