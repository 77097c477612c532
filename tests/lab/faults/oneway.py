"""What the country sends arrives abroad, and no reply comes back.

Both gateways drop what comes from abroad; the routes stay, and questions from inside are
seen out there in ever greater number: Syria's exams (SCIENCE row 14, E12).
"""

import filters
import look
import net

SENTENCE = "both gateways drop whatever comes from abroad, and pass on what goes there"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.international"
OBSERVABLE = ("the analyzer hears datagrams of every probe that itself hears nothing back; "
              "everything abroad is silent to it, the country lives and its routes stay")
VANTAGE = "nine probes of three operators, and the analyzer abroad that counts what arrives"
TRAP = ("to the probes alone it is a cut of all that is abroad; a broken cable carries nothing "
        "in either direction")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # as where both links are dark

# As where both links are dark: half of the questions and four of ten pages are for the country
# itself, and no transfer is tried where all abroad is dead. Who asks from abroad is not heard.
TABLE = """
who       power  link  router  access  domestic  international               core                        names    transport  service  quality
victims   up     up    up      up      up        down:generic_timeout_error  down:generic_timeout_error  partial  partial    partial  -
controls  up     up    up      up      down      up                          up                          up       up         up       up
"""
FACTS = """
who       check   of             fact          is
victims   oneway  -              far_received  > 0
victims   oneway  -              received      = 0
victims   ping    international  outcome       = generic_timeout_error
victims   ping    domestic       outcome       = ok
controls  ping    domestic       outcome       = generic_timeout_error
"""
GATEWAYS = ("gw0", "gw1")
SEEN = """
table inet arrived {{
    counter from4 {{}}
    counter from6 {{}}
    chain forward {{
        type filter hook forward priority 0;
        {rules}
    }}
}}
"""


def victims(world):
    return world.field()


def on(world, breakage):
    filters.place("oneway", GATEWAYS, breakage, ('iifname "w"',))
    rules = [f"{'ip6' if ':' in prefix else 'ip'} saddr {prefix} "
             f"counter name from{6 if ':' in prefix else 4}"
             for n in world.country.operators for prefix in n.prefixes]
    net.nft("w", SEEN.format(rules="\n        ".join(rules)))


def off(world):
    filters.lift("oneway", GATEWAYS)
    filters.lift("arrived", ["w"])


def proof(world):
    c = world.country
    said = look.each(world, world.hosts, prove_host)
    seen = net.counters("w", "arrived")
    said += [(seen[f"from{family}"][0] > 0, f"w: IPv{family} packets of the country arrive")
             for family in (4, 6)]
    return said + filters.met("oneway", GATEWAYS) + look.routed(world, c.operators + c.domestic)


def prove_host(world, p):
    c, node = world.country, p.node
    if p.role == "control":
        return look.abroad_alone(world, node)
    return look.home_alone(world, node) + [
        (world.silent(node, c.listed.address, c.listed.address6),
         f"{node}: its echoes abroad are not answered")]


def healed(world):
    return look.back(world, victims(world))
