"""The country's resolver hangs: the machine is there, its program answers nobody.

It is the resolver that every operator here hands out; resolvers abroad answer as ever.
"""

import signal

import look
import servers

SENTENCE = "the resolver that every operator hands out hangs; resolvers abroad answer"
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.upstream"
OBSERVABLE = ("questions to the configured resolver time out for every name, while the same "
              "questions to a resolver abroad are answered, and addresses answer as before")
VANTAGE = "nine probes of three operators, each with its resolver and one abroad"
TRAP = ("to a user nothing works any more, as in a shutdown; but no name is chosen, nothing "
        "is forged and every address still answers")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0
# Half of the questions are put to the resolver; targets have addresses and need no answer.
TABLE = """
who       power  link  router  access  domestic  international  core  names                          transport  service  quality
victims   up     up    up      up      up        up             up    partial:generic_timeout_error  up         up       up
controls  up     up    up      up      up        up             up    up                             up         up       up
"""
FACTS = """
who       check  of             fact     is
victims   dns    names          outcome  = generic_timeout_error
victims   dns    international  outcome  = ok
controls  dns    names          outcome  = ok
"""


def victims(world):
    return world.field()


def on(world, breakage):
    if breakage:
        look.child(world, "dr", "unbound").send_signal(signal.SIGSTOP)


def off(world):
    look.child(world, "dr", "unbound").send_signal(signal.SIGCONT)


def answers(world, node, resolver, site):
    """Are both families' questions answered rightly, asked over both families?"""
    asked = [(a, kind, value) for a in (resolver, world.country.twin(resolver))
             for kind, value in (("A", site.address), ("AAAA", site.address6))]
    return [value == said for (_, _, value), said in zip(asked, world.together(
        [lambda a=a, k=k: servers.resolve(node, a, site.host, k, 1) for a, k, _ in asked]))]


def proof(world):
    return look.each(world, world.field(), prove_host)


def prove_host(world, p):
    c, node = world.country, p.node
    site = c.foreign_sites[1]
    return [
        (not any(answers(world, node, c.resolver, site)), f"{node}: no answer at home"),
        (all(answers(world, node, c.public_resolvers[0][1], site)),
         f"{node}: a resolver abroad answers"),
        (world.answers(node, c.resolver, c.twin(c.resolver)),
         f"{node}: the resolver's machine is there"),
        (world.serves(node, site), f"{node}: pages arrive")]


def healed(world):
    c = world.country
    return [(all(answers(world, h.probe.node, c.resolver, c.listed)),
             f"{h.probe.node}: the resolver answers again") for h in world.field()]
