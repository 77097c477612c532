"""Two cables are cut, the second while the first one's traffic still goes round over it.

After the second everything abroad is dead and withdrawn, as after a total cut or an order
(SCIENCE 8.1). What came before decides: an order does not begin with a longer way.
"""

import filters
import look
import net

from faults import cable_partial

SENTENCE = ("first one gateway's link abroad is cut and its traffic goes round over the other; "
            "then the other's is cut, too")
EXPECTED_CLASS = "infrastructure"
EXPECTED_CAUSE = "infrastructure.cable"
OBSERVABLE = ("before all went dark one gateway's operators had gone round over the other, "
              "late and lossy, on longer paths; then the rest of the routes was withdrawn")
VANTAGE = "probes behind both gateways through both phases; the world's tables, with their paths"
TRAP = ("the second phase alone is that of a total cut or of an order, and carries no verdict; "
        "two steps of two operators read as an order that is obeyed one after the other")
ROUNDS, WINDOWS, SECONDS = 1, 2, 0  # of each phase

TABLE = {
    "first": cable_partial.TABLE.replace("victims", "detour ").replace("others  ", "straight"),
    "both": """
who       power link router access domestic international core names   transport service quality
victims   up    up   up     up     up       down          down partial partial   partial -
controls  up    up   up     up     down     up            up   up      up        up      up
"""}
FACTS = {"first": cable_partial.FACTS.replace("victims", "detour ").replace(
    "others  ", "straight")}


ROUTERS = ("w", "gw0", "gw1")


def groups(world):
    around = cable_partial.victims(world)
    return {"detour": around, "straight": [h for h in world.field() if h not in around]}


def victims(world):
    return world.field()


def cut_first(world, breakage):
    cable_partial.on(world, breakage)
    filters.say_no_route("cable_double", ROUTERS)


def cut_second(world, breakage):
    """Of whoever was well off until now."""
    if breakage:
        net.ip("w", [f"link set {cable_partial.gateways(world)[1].node} down"])


PHASES = (("first", cut_first), ("both", cut_second))


def off(world):
    net.ip("w", [f"link set {cable_partial.gateways(world)[1].node} up"])
    cable_partial.off(world)
    filters.lift("cable_double", ROUTERS)


def proof(world):
    c = world.country
    said = look.each(world, world.field(), lambda world, p: look.home_alone(world, p.node))
    said += [(not world.carrier(g.node, "w"), f"{g.node}: its link abroad is dark")
             for g in world.topology.gateways]
    return said + look.routed(world, c.operators + c.domestic, False)


def healed(world):
    return look.back(world, world.field())
