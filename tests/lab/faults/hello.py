"""TLS is let through for listed names only: a ClientHello for any other is dropped.

SYN and SYN-ACK pass, so that a connection stands and then hears nothing more, whatever the
address; listed are the country's own names and one that phones contact by themselves. Names
are all it reads: plain HTTP and QUIC pass. SCIENCE rows 13 to 15, E7 ("TCP handshake
completes, data does not").
"""

import boxes
import look

SENTENCE = ("every operator drops a ClientHello unless its name is on a list: the country's own "
            "and one from abroad")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.allowlist"
OBSERVABLE = ("connections to port 443 stand and time out in the TLS handshake for a name that is "
              "not listed and for none, while a listed name passes on the same address, at "
              "every operator")
VANTAGE = "nine probes of three operators; control probes abroad that reach every name"
TRAP = ("a server that hangs leaves the same silence after the ClientHello, but minds no name and "
        "hangs for the controls as well; one blocked name would leave the others alone")
ROUNDS, WINDOWS, SECONDS = 2, 2, 0

# One handshake of those abroad is for a name that is not listed.
TABLE = """
who       power link router access domestic international            core names transport                service quality
victims   up    up   up     up     up       up:generic_timeout_error up   up    up:generic_timeout_error up      up
controls  up    up   up     up     up       up                       up   up    up                       up      up
"""
FACTS = """
who       check  of        fact             is
victims   tls    unlisted  outcome          = generic_timeout_error
victims   tls    unlisted  stage            = tls_handshake
victims   tls    unlisted  control_outcome  = ok
victims   tls    unlisted  bare_outcome     = generic_timeout_error
victims   tls    listed    outcome          = ok
victims   tcp    unlisted  outcome          = ok
victims   quic   control   outcome          = ok
victims   http   -         outcome          = ok
controls  tls    unlisted  outcome          = ok
"""


def victims(world):
    return world.field()


def listed(world):
    return [s.host for s in world.country.domestic_sites] + [world.country.quic_site.host]


def targets(world):
    names = listed(world)
    return {what: look.ids(world.country, lambda r, wanted=wanted: r[3] == "443"
                           and (r[1] in names) == wanted)
            for what, wanted in (("listed", True), ("unlisted", False))}


def on(world, breakage):
    boxes.place(world, *(["--hello-drop-unless", ",".join(listed(world))] if breakage else []))


def off(world):
    boxes.lift(world)


def proof(world):
    return look.each(world, world.hosts, prove_host)


def prove_host(world, p):
    site, names = boxes.away(world), listed(world)
    asked = [(a, n) for a in (site.address, site.address6) for n in (site.host, None, names[0],
                                                                     names[-1])]
    codes = [x["code"] for x in world.together(
        [lambda a=a, n=n: boxes.secret(p.node, a, n, timeout_s=2) for a, n in asked])]
    wanted = boxes.CURL_TIMED_OUT if p.role == "field" else 0
    return [(codes == [wanted, wanted, 0, 0] * 2, f"{p.node}: {site.host} and no name are "
             f"{'silent' if wanted else 'served'}, listed names pass, over both families"),
            (world.get(p.node, world.country.quic_site, tls=True)["ok"],
             f"{p.node}: a listed site is served under TLS")] + look.everything(world, p.node)


def healed(world):
    site = boxes.away(world)
    return look.each(world, victims(world), lambda world, p: [
        (boxes.secret(p.node, a, site.host)["code"] == 0, f"{p.node}: {a} is served again")
        for a in (site.address, site.address6)])
