"""A forged DNS answer races the true one for one name, and wins.

Every operator's box sees the question, whomever it is for, and answers first with an address
at home where nothing is served; the true answer comes after it: SCIENCE row 43.
"""

import random
import subprocess

import boxes
import look
import net
import servers

SENTENCE = ("every operator answers questions for one name itself, before the resolver that is "
            "asked, whose answer comes second")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("two different answers to one question, the first one the same at every operator "
              "and from every resolver and unknown to the controls, the second one theirs")
VANTAGE = "nine probes of three operators, two resolvers each; control probes abroad"
TRAP = ("a resolver at fault or a name that has moved gives one answer; whoever stops listening "
        "after the first cannot tell this from a forging resolver")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0
LATER_MS = 60  # how far away the resolvers seem

TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of     fact            is
victims   dns    raced  answer_sha256   != before
victims   dns    raced  outcome         = ok
victims   dns    raced  other_after_us  > 30000
victims   dns    true   answer_sha256   = before
controls  dns    raced  answer_sha256   = before
controls  dns    raced  other_after_us  none
"""
ASK = """
import select, socket, sys
server, asked, size = sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((server, 53))
s.send(asked)
found = []
while select.select([s], [], [], 0.5 if found else 2)[0]:
    at = len(asked) + 12
    found.append(socket.inet_ntop(socket.AF_INET if size == 4 else socket.AF_INET6,
                                  s.recv(4096)[at:at + size]))
print(*found)
"""


def victims(world):
    return world.field()


def site(world):
    return boxes.pick(world, "racing", lambda r: r[0] == "names")


def lie(world):
    """Public, in the country, and nobody's."""
    c = world.country
    address = c.domestic[1].address(252, random.Random(f"racing {c.seed}").randrange(10, 250))
    return address, c.twin(address)


def targets(world):
    host = site(world).host
    return {what: look.ids(world.country, lambda r, wanted=wanted: r[3] == "53"
                           and r[0] != "core" and (r[1] == host) == wanted)
            for what, wanted in (("raced", True), ("true", False))}


def on(world, breakage):
    boxes.place(world, *(["--dns-race", f"{site(world).host}={'/'.join(lie(world))}",
                          "--dns-delay", str(LATER_MS)] if breakage else []))


def off(world):
    boxes.lift(world)


def proof(world):
    return look.each(world, world.hosts, prove_host)


def told(node, server, host, kind):
    """All that is answered to one question, in its order."""
    asked = servers.question(host, servers.TYPES[kind])
    return subprocess.run(net.inside(node, [
        "/usr/bin/python3", "-c", ASK, server, asked.hex(), {"A": "4", "AAAA": "16"}[kind]]),
        text=True, capture_output=True).stdout.split()


def prove_host(world, p):
    c, s, lies = world.country, site(world), lie(world)
    other = c.listed
    said = []
    for resolver in (c.resolver, c.public_resolvers[0][1]):
        for server in (resolver, c.twin(resolver)):
            four, six, rest = world.together([
                lambda a=server, n=n, k=k: told(p.node, a, n, k)
                for n, k in ((s.host, "A"), (s.host, "AAAA"), (other.host, "A"))])
            forged = p.role == "field"
            said += [([four, six] == [[lies[0]] * forged + [s.address],
                                      [lies[1]] * forged + [s.address6]],
                      f"{p.node}: asks {server} and is told {four} and {six}"),
                     (rest == [other.address], f"{p.node}: another name is answered once")]
    return said


def healed(world):
    c, s = world.country, site(world)
    return look.each(world, victims(world), lambda world, p: [
        (told(p.node, a, s.host, "A") == [s.address], f"{p.node}: {a} is the only one to answer")
        for a in (c.resolver, c.twin(c.resolver))])
