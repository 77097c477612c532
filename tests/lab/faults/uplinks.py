"""Mobile data goes off at both mobile operators, and one machine has a fixed line as well.

What mobile.py does, seen twice in one round from one place: the same machine, the same power,
the same minute, one ladder dark and the other whole. Scenario 54, the strongest single proof.
"""

import random
import subprocess

import filters
import ladder
import look
import net
from faults import mobile

SENTENCE = ("both mobile operators stop forwarding; one machine with a mobile and a fixed uplink "
            "sees both sides")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.mobile"
OBSERVABLE = ("one machine's two ladders of the same round: dark beyond the first router over "
              "mobile, whole over the fixed line; with every mobile probe dark and every fixed "
              "one normal")
VANTAGE = "one probe with two uplinks; five mobile and three fixed ones"
TRAP = ("a machine whose mobile line is dead still reaches everything by the other: its ladders "
        "must not be added up, nor either be taken for the other's network")
# One that is dark as a whole: it takes 40 s, as deadlines of jobs are not scaled.
ROUNDS, WINDOWS, SECONDS = 1, 2, 0
# Of each machine's first uplink, over which its default route leads.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      down    down      down           down  down   down       down     -
others    up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who      check  of  fact           is
victims  link   -   carrier        = 1
hearing  modem  -   registration   = home
hearing  modem  -   signal_percent = before
"""
# Of the second uplink of the machine that has one: the ladder of its lines with uplink 1.
SECOND = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
both      -      up    up      up      up        up             up    up     up         up       up
"""

SUBNET = 230  # of the fixed operator's network, where it has no other line

victims, on, off = mobile.victims, mobile.on, mobile.off


def both(world):
    return random.Random(f"uplinks {world.country.seed}").choice(
        [h for h in victims(world) if h.modem])


def groups(world):
    return {"both": [both(world)], "hearing": [h for h in victims(world) if h.modem]}


def before(world):
    c = world.country
    fixed = c.media.index("fixed")
    both(world).plug_second(c.operators[fixed], f"acc{fixed}", SUBNET, both(world).probe.line_kbps)


def after(world):
    both(world).unplug_second()


def serves_over(node, interface, site, six):
    """Does the page arrive over this uplink?"""
    address = f"[{site.address6}]" if six else site.address
    done = subprocess.run(net.inside(node, [
        "curl", "-s", "-o", "/dev/null", "--interface", interface, "--max-time", "2", "-w",
        "%{http_code}", "-H", f"Host: {site.host}", f"http://{address}/"]), text=True,
        capture_output=True)
    return done.stdout == "200"


def proof(world):
    c, node = world.country, both(world).probe.node
    sites = [c.domestic_sites[0], c.listed, c.foreign_sites[1]]
    said = look.each(world, world.field(), prove_host)
    for site in sites:
        for six in (False, True):
            over = world.together([lambda i=i: serves_over(node, i, site, six)
                                   for i in ("eth0", "eth1")])
            said.append((over == [False, True], f"{node}: {site.host} answers over the fixed "
                         f"uplink alone, IPv{6 if six else 4}"))
    return said + filters.met("mobile", mobile.routers(world))


def prove_host(world, p):
    said = look.router_lives(world, p)
    if p.medium == "mobile":
        return said + look.nothing(world, p.node)
    return said + look.everything(world, p.node)


def healed(world):
    node, site = both(world).probe.node, world.country.foreign_sites[1]
    return look.back(world, victims(world)) + [
        (serves_over(node, i, site, six), f"{node}: {i} serves it") for i in ("eth0", "eth1")
        for six in (False, True)]


def afterwards(stage, start_s, end_s):
    """The second ladder, wherever the probe climbed it."""
    host = both(stage.world)
    epoch = next(p for p in stage.probes if p.host is host).epoch()
    rows = [m for m in stage.analyzer.measurements()
            if m["epoch"] == epoch and m.get("uplink") == 1]
    if not rows:
        return []
    return ladder.judge_probe(ladder.read_table(SECOND)["both"], ladder.rounds_of(rows),
                              (start_s, end_s), f"second uplink of {host.probe.node}")
