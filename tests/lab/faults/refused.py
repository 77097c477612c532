"""Two sites abroad refuse this country: 403 from the one, 451 from the other.

Their own servers say so, by the address that asks (nginx's geo); the same sites serve the
rest of the world. Nothing on the way is touched: SCIENCE section 2.3, scenario 46.
"""

import random

import look

SENTENCE = "two sites abroad refuse addresses of this country with 403 and 451, and nobody else"
EXPECTED_CLASS = "ordinary"
EXPECTED_CAUSE = "ordinary.geoblocked"
OBSERVABLE = ("the sites themselves answer 403 and 451, from their usual distance, to every "
              "operator of the country, and 200 to controls in two other countries")
VANTAGE = "nine probes of three operators; two control probes in two other countries"
TRAP = ("from inside it looks as if every operator blocked two services; but two sites of two "
        "networks refuse in two ways, by a status that no block page of one filter has")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

# An answer is an answer: the ladder does not ask which.
TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of          fact         is
victims   http   forbidding  outcome      = ok
victims   http   forbidding  status       = 403
victims   http   forbidding  body_sha256  != before
victims   http   legal       status       = 451
victims   http   rest        status       = 200
victims   http   domestic    status       = 200
victims   tls    -           outcome      = ok
controls  http   forbidding  status       = 200
controls  http   legal       status       = 200
"""

GEO = "\n    geo $refused {{\n        default 0;\n{rows}    }}\n"
SERVER = "server_name {host};"
REFUSE = " if ($refused) {{ return {status}; }}"


def victims(world):
    return world.field()


def sites(world):
    """{status: the site that answers it}, each in a network of its own and measured by page."""
    c = world.country
    asked = {row[2] for row in look.rows(c) if row[3] == "80"}
    fit = [s for s in c.foreign_sites[1:-1] if s.address in asked]
    return dict(zip((403, 451), random.Random(f"refused {c.seed}").sample(fit, 2)))


def targets(world):
    c = world.country
    there = {status: (s.address, s.address6) for status, s in sites(world).items()}
    both = there[403] + there[451]
    return {"forbidding": look.ids(c, lambda r: r[3] == "80" and r[2] in there[403]),
            "legal": look.ids(c, lambda r: r[3] == "80" and r[2] in there[451]),
            "rest": look.ids(c, lambda r: r[0] == "international" and r[3] == "80"
                             and r[2] not in both)}


def settings(world, site):
    return f"{world.servers.dir}/nginx-{site.node}/nginx.conf"


def serve_by(world, site, text):
    with open(settings(world, site), "w", encoding="utf-8") as out:
        out.write(text)
    # It is one process, which cannot take settings over while it serves.
    look.restart(world, site.node, "nginx")


def on(world, breakage):
    rows = "".join(f"        {prefix} 1;\n" for prefix in world.country.prefixes if breakage)
    world.before_refusal = {}
    for status, site in sites(world).items():
        with open(settings(world, site), encoding="utf-8") as text:
            before = world.before_refusal[status] = text.read()
        asks = SERVER.format(host=site.host)
        serve_by(world, site, before.replace("http {", "http {" + GEO.format(rows=rows)).replace(
            asks, asks + REFUSE.format(status=status)))
        if breakage:
            look.soon(lambda s=site, n=status: said_to(world, world.country.probes[0].node, s)
                      == [n, n], LIMIT_S)


LIMIT_S = 10


def said_to(world, node, site, tls=False):
    """The status over both families."""
    return [world.get(node, site, six=six, tls=tls)["status"] for six in (False, True)]


def off(world):
    for status, site in sites(world).items():
        serve_by(world, site, world.before_refusal[status])


def proof(world):
    return look.each(world, world.hosts, prove_host)


def prove_host(world, p):
    said = []
    for status, site in sites(world).items():
        wanted = status if p.role == "field" else 200
        for tls in (False, True):
            heard = said_to(world, p.node, site, tls)
            said.append((heard == [wanted] * 2, f"{p.node}: {site.host} says {wanted} "
                         f"{'under TLS' if tls else 'in the clear'}"))
    refusing = list(sites(world).values())
    rest = [s for s in world.country.sites() if s not in refusing]
    return said + [(all(world.together([lambda s=s: world.serves(p.node, s) for s in rest])),
                    f"{p.node}: everything else serves it")]


def healed(world):
    return look.each(world, world.field(), lambda world, p: [
        (look.soon(lambda s=s: world.serves(p.node, s), LIMIT_S), f"{p.node}: {s.host} serves it")
        for s in sites(world).values()])
