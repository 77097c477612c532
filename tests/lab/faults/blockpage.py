"""Requests for one name are answered with a redirect to a block page.

Every operator's box answers plain HTTP in the server's place, which hears nothing of it;
other names on the same address, and the same name under TLS, are served as ever.
"""

import boxes
import look
import net
import subprocess

SENTENCE = ("every operator answers plain requests for one name with a redirect to a page of its "
            "own")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("one name's page is a redirect to the same place at every operator, which no control "
              "gets, while other names of the same network are served")
VANTAGE = "nine probes of three operators; control probes abroad to which the page is as ever"
TRAP = ("everything connects and everything is answered: by rungs alone nothing is wrong; a captive "
        "portal redirects too, but one probe and every name, and a site that moved redirects all")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

# A redirect is an answer: the page arrived, and it is another one.
TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of       fact         is
victims   http   blocked  status       = 302
victims   http   blocked  body_sha256  != before
victims   http   rest     status       = 200
victims   tcp    blocked  outcome      = ok
controls  http   blocked  status       = 200
"""


def victims(world):
    return world.field()


def site(world):
    return boxes.pick(world, "blockpage", lambda r: r[0] == "international" and r[3] == "80")


def page(world):
    """An address of the country's first operator."""
    return f"http://{world.country.operators[0].address(253, 80)}/blocked"


def targets(world):
    host = site(world).host
    return {what: look.ids(world.country, lambda r, wanted=wanted: r[3] == "80"
                           and (r[1] == host) == wanted)
            for what, wanted in (("blocked", True), ("rest", False))}


def on(world, breakage):
    boxes.place(world, *(["--http-redirect", f"{site(world).host}={page(world)}"]
                         if breakage else []))


def off(world):
    boxes.lift(world)


def proof(world):
    return look.each(world, world.hosts, prove_host)


def leads(node, address, host):
    """(status, where a redirect leads) of a request for the host."""
    there = f"[{address}]" if ":" in address else address
    out = subprocess.run(net.inside(node, [
        "curl", "-s", "-o", "/dev/null", "--max-time", "3", "-H", f"Host: {host}", "-w",
        "%{http_code} %{redirect_url}", f"http://{there}/"]), text=True, capture_output=True)
    status, _, to = out.stdout.partition(" ")
    return status, to


def prove_host(world, p):
    s, node = site(world), p.node
    rest = [x for x in world.country.sites() if x is not s]
    wanted = ("302", page(world)) if p.role == "field" else ("200", "")
    said = [(all(world.together([lambda x=x: world.serves(node, x) for x in rest])),
             f"{node}: every other name is served")]
    for address in (s.address, s.address6):
        found = leads(node, address, s.host)
        said += [(found == wanted, f"{node}: {s.host} on {address} says {found}"),
                 (leads(node, address, "another.example")[0] == "200",
                  f"{node}: another name on {address} is served"),
                 (boxes.secret(node, address, s.host)["code"] == 0,
                  f"{node}: and {s.host} under TLS")]
    return said


def healed(world):
    return look.each(world, victims(world), lambda world, p: [
        (world.serves(p.node, site(world)), f"{p.node}: is served again")])
