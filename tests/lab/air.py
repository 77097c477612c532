"""What faults do to the air and what proofs ask of modems."""

import threading

import emulate
import look
import modem
import net

# Each way: a round trip of 300 ms, 100 more or less, the least of what EDGE has. A whole round
# over it takes a dozen seconds, as deadlines of jobs are not scaled.
BEARER = "delay=150,jitter=50,loss=10000"
DOWN, UP = f"{BEARER},rate=100000,queue=1500", f"{BEARER},rate=50000,queue=1500"
EASY = "delay=0"  # for the proof that must fail
LATER_S = 1.5  # a round of the lab
NOTHING = {"state": 7, "technologies": 0, "quality": 0, "registration": 2, "connected": 0,
           "neighbours": 0}
SOMETHING = {"state": modem.CONNECTED, "technologies": modem.LTE, "registration": 1,
             "connected": 1}


def bearer(world, operator, breakage, lines=()):
    """2G for all of the operator's subscribers, or for these lines of it alone."""
    down, up = (DOWN, UP) if breakage else (EASY, EASY)
    return emulate.Emulated(world, f"acc{operator}", f"agg{operator}", "--down", down, "--up",
                            up, "--seed", str(world.country.seed + operator), lines=lines,
                            name=f"edge{operator}")


def fall(world, breakage, also=lambda operator: None):
    """2G at both mobile operators, one a round after the other, and what else befalls each."""
    world.bearers = []
    for operator in look.mobile(world):
        threading.Event().wait(LATER_S if world.bearers else 0)
        world.bearers.append(bearer(world, operator, breakage))
        also(operator)


def lift(world):
    for one in world.bearers:
        one.end()
    world.bearers = []


def set_port(world, host, how):
    net.ip(world.router_of(host.probe), [f"link set {host.probe.node} {how}"])


def lose(world, host):
    """Its line is dead: no carrier, and if it has a modem, no network on the air."""
    set_port(world, host, "down")
    if host.modem:
        host.modem.tell(**NOTHING)


def regain(world, host):
    set_port(world, host, "up")
    if host.modem:
        host.modem.tell(**SOMETHING, **host.air)


def with_modem(hosts):
    return [h for h in hosts if h.modem]


def said(host):
    """What a program on that machine reads of its modem."""
    return modem.seen(host.run)


def hears(host, **air):
    """Says that the modem says this: {word of modem.seen(): text}, and is told once."""
    found = said(host)
    return [(all(found[k] == str(v) for k, v in air.items()),
             f"{host.probe.node}: its modem says " + ", ".join(
                 f"{k} {found[k]}" for k in air))]


def as_ever(host):
    """What it said when the machine was started."""
    return {"technologies": modem.LTE, "registration": 1, "connected": "true",
            "operator": host.air["operator"], "quality": host.air["quality"]}
