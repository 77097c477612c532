"""TLS for one name is reset at all three operators: RST as soon as a ClientHello says it.

The filter reads the name in the clear (SNI, RFC 6066 section 3) and minds nothing else:
another name passes on the same address, and so does plain HTTP.
"""

import random
import subprocess

import look
import net

SENTENCE = "all three operators answer a ClientHello for one name with a reset"
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("a reset right after the ClientHello for one name, at every operator, while a "
              "control name and no name pass on the same address")
VANTAGE = "nine probes of three operators; control probes abroad that reach the name"
TRAP = ("a server that is broken or overloaded resets too, but for everybody and whatever it "
        "is called")
ROUNDS, WINDOWS, SECONDS = 4, 4, 0
# One name of many: no rung breaks.
TABLE = """
who       power  link  router  access  domestic  international  core  names  transport  service  quality
victims   up     up    up      up      up        up             up    up     up         up       up
controls  up     up    up      up      up        up             up    up     up         up       up
"""
FACTS = """
who       check  of     fact             is
victims   tls    named  outcome          = connection_reset
victims   tls    named  control_outcome  = ok
victims   tls    named  bare_outcome     = ok
victims   http   -      outcome          = ok
controls  tls    named  outcome          = ok
"""

# It drops the ClientHello and answers in the server's place: the server sees nothing.
RULE = ("FORWARD", "-p", "tcp", "--dport", "443", "-m", "string", "--algo", "bm", "--string")
RESET = ("-j", "REJECT", "--reject-with", "tcp-reset")
PASS = ("-j", "ACCEPT")
TABLES = {4: "iptables", 6: "ip6tables"}
CURL_RESET = 35  # "SSL connect error"


def victims(world):
    return world.field()


def name(world):
    """One that is measured under TLS; its site."""
    c = world.country
    asked = {r[1] for r in look.rows(c) if r[3] == "443" and r[0] != "control"}
    fit = [s for s in c.sites() if s.host in asked]
    return random.Random(f"reset {c.seed}").choice(fit)


def targets(world):
    host = name(world).host
    return {"named": look.ids(world.country, lambda r: r[1] == host and r[3] == "443")}


def every_table(world, *words):
    for router in look.cores(world):
        for table in TABLES.values():
            net.call(net.inside(router, [table, *words]))


def on(world, breakage):
    every_table(world, "-A", *RULE, name(world).host, *(RESET if breakage else PASS))


def off(world):
    every_table(world, "-F", "FORWARD")


def handshake(node, address, host):
    """curl's exit code for a page under TLS; who signed the certificate is not its matter."""
    there = f"[{address}]" if ":" in address else address
    return subprocess.run(net.inside(node, [
        "curl", "-sk", "-o", "/dev/null", "--max-time", "3", "--resolve",
        f"{host}:443:{there}", f"https://{host}/"])).returncode


def proof(world):
    said = look.each(world, world.hosts, prove_host)
    for router in look.cores(world):
        for family, table in TABLES.items():
            out = net.call(net.inside(router, [table, "-nvxL", "FORWARD"])).stdout
            rule = next(line for line in out.splitlines() if "STRING" in line)
            said.append((int(rule.split()[0]) > 0, f"{router}: the IPv{family} rule was met"))
    return said


def prove_host(world, p):
    site, control = name(world), world.country.quic_site.host
    dead, alive = world.together([lambda h=h: [
        handshake(p.node, a, h) for a in (site.address, site.address6)]
        for h in (site.host, control)])
    wanted = CURL_RESET if p.role == "field" else 0
    return [(dead == [wanted, wanted],
             f"{p.node}: {site.host} is {'reset' if wanted else 'served'}, over both families"),
            (alive == [0, 0], f"{p.node}: {control} passes on the same addresses"),
            (world.serves(p.node, site), f"{p.node}: plain HTTP passes")]


def healed(world):
    site = name(world)
    return look.each(world, world.field(), lambda world, p: [
        (handshake(p.node, a, site.host) == 0, f"{p.node}: {a} is served again")
        for a in (site.address, site.address6)])
