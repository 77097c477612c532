"""A box that forges, drops and meters (onpath.c) at every operator, and what proofs of several
faults ask about names on one address."""

import random
import subprocess

import emulate
import look
import net

CURL_TIMED_OUT = 28


def place(world, *rules):
    """Between aggregation and core; without rules everything passes."""
    world.boxes = [emulate.OnPath(world, f"agg{i}", f"core{i}", *rules)
                   for i in range(len(world.country.operators))]


def lift(world):
    for box in world.boxes:
        box.end()
    world.boxes = []


def away(world):
    """The site abroad that is measured under TLS."""
    c = world.country
    asked = {r[1] for r in look.rows(c) if r[0] == "international" and r[3] == "443"}
    return next(s for s in c.foreign_sites if s.host in asked)


def pick(world, fault, fits):
    """One of the sites that have a row in the target list that fits."""
    c = world.country
    asked = {r[1] for r in look.rows(c) if fits(r)}
    return random.Random(f"{fault} {c.seed}").choice([s for s in c.sites() if s.host in asked])


def secret(node, address, name, path="/", timeout_s=3):
    """A page under TLS from the address, by that name (None: without one), whoever signed:
    {code: curl's, rate_bps}."""
    there = f"[{address}]" if ":" in address else address
    where = ["--resolve", f"{name}:443:{there}", f"https://{name}{path}"]
    if name is None:
        where = [f"https://{there}{path}"]
    done = subprocess.run(net.inside(node, [
        "curl", "-sk", "-o", "/dev/null", "--max-time", str(timeout_s), "-w",
        "%{time_total} %{size_download}", *where]), text=True, capture_output=True)
    took_s, size = map(float, (done.stdout or "0 0").split())
    return {"code": done.returncode, "rate_bps": size * 8 / max(took_s, 1e-6)}
