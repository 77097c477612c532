"""TLS to everywhere is intercepted: another authority's certificates, made for every name.

Each operator's core turns connections to port 443 over to a server of its own that shows a
certificate with the right names, signed by an authority that no machine here knows
(Kazakhstan in 2019): connections finish, and who checks sees that it is not them.
"""

import os
import subprocess

import boxes
import certificates
import look
import net
import servers

SENTENCE = ("every operator answers TLS for every name itself, with certificates of an authority "
            "that nobody here trusts")
EXPECTED_CLASS = "shutdown"
EXPECTED_CAUSE = "shutdown.service"
OBSERVABLE = ("handshakes finish with chains that do not verify and are not those of before, for "
              "several names of several networks at every operator, while controls abroad see "
              "the usual chain")
VANTAGE = "nine probes of three operators; control probes abroad that see the usual chain"
TRAP = ("no rung breaks; a site that renewed its certificate shows another chain too, but a good "
        "one, and to the controls as well, and a wrong clock fails a chain that is unchanged")
ROUNDS, WINDOWS, SECONDS = 3, 4, 0

TABLE = """
who       power link router access domestic international core names transport service quality
victims   up    up   up     up     up       up            up   up    up        up      up
controls  up    up   up     up     up       up            up   up    up        up      up
"""
FACTS = """
who       check  of             fact          is
victims   tls    international  verified      = 0
victims   tls    international  chain_sha256  != before
victims   tls    domestic       verified      = 0
victims   tls    control        verified      = 0
victims   tls    control        chain_sha256  != before
victims   quic   control        outcome       = ok
controls  tls    control        verified      = 1
controls  tls    control        chain_sha256  = before
"""
NGINX = """
    server {{ listen {address}:443 ssl; listen [{address6}]:443 ssl; root {root};
             ssl_certificate {certificate}; ssl_certificate_key {key}; }}
"""
RULES = """
table inet intercept {{
    counter taken {{}}
    chain turn {{
        type nat hook prerouting priority dstnat;
        iifname "{below}" meta nfproto ipv4 tcp dport 443 counter name taken {four}
        iifname "{below}" meta nfproto ipv6 tcp dport 443 counter name taken {six}
    }}
}}
"""
UNTRUSTED = 60  # curl: the certificate does not verify
STARTS_S = 15


def victims(world):
    return world.field()


def place(world, i):
    """(node, its addresses) of the server at an operator's core."""
    network = world.country.operators[i]
    address = network.address(251, 43)
    return f"core{i}", address, network.twin(address)


def certify(world):
    """(certificate, key) of another authority for every name of this world."""
    home = f"{world.servers.dir}/interception"
    names = ",".join(f"DNS:{s.host}" for s in world.country.sites())
    if not os.path.exists(home):
        other = certificates.Authority(home, "somebody else")
        certificates.request("-CA", other.certificate, "-CAkey", other.key, "-subj", "/CN=any",
                             "-addext", f"subjectAltName={names}", "-addext",
                             "basicConstraints=critical,CA:FALSE", "-keyout", f"{home}/any.key",
                             "-out", f"{home}/any.pem")
    return f"{home}/any.pem", f"{home}/any.key"


def on(world, breakage):
    certificate, key = certify(world)
    for i in range(len(world.country.operators)):
        node, address, address6 = place(world, i)
        net.ip(node, [net.added(address, 32, "lo"), net.added(address6, 128, "lo")])
        home = f"{world.servers.dir}/nginx-{node}"
        os.makedirs(home)
        servers.write(f"{home}/index.html", "")
        servers.write(f"{home}/nginx.conf", servers.NGINX.format(dir=home, servers=NGINX.format(
            address=address, address6=address6, root=home, certificate=certificate, key=key)))
        world.servers.start(node, [world.servers.unpacked.program("nginx"), "-e",
                                   f"{home}/error.log", "-p", home, "-c", f"{home}/nginx.conf"])
        servers.wait_for(f"the server of {node}", lambda n=node, a=address, b=address6: all(
            boxes.secret(n, x, None)["code"] == 0 for x in (a, b)), STARTS_S)
        turn = (f"dnat ip to {address}", f"dnat ip6 to {address6}") if breakage else ("accept",) * 2
        net.nft(node, RULES.format(below=f"agg{i}", four=turn[0], six=turn[1]))


def off(world):
    for i in range(len(world.country.operators)):
        node, address, address6 = place(world, i)
        net.nft(node, "delete table inet intercept\n")
        look.end(world, node, "nginx")
        net.ip(node, [f"address delete {address}/32 dev lo", f"address delete {address6}/128 dev lo"])


def proof(world):
    said = look.each(world, world.hosts, prove_host)
    for i in range(len(world.country.operators)):
        said.append((net.counters(f"core{i}", "intercept")["taken"][0] > 0,
                     f"core{i}: took connections"))
    return said


def signed(world, node, site, six):
    """curl's exit code where the certificate is held against the country's own authority."""
    there = f"[{site.address6}]" if six else site.address
    return subprocess.run(net.inside(node, [
        "curl", "-s", "-o", "/dev/null", "--max-time", "3", "--cacert",
        world.servers.authority.certificate, "--resolve", f"{site.host}:443:{there}",
        f"https://{site.host}/"])).returncode


def prove_host(world, p):
    c = world.country
    asked = [(s, six) for s in (c.domestic_sites[0], c.listed, c.quic_site)
             for six in (False, True)]
    wanted = UNTRUSTED if p.role == "field" else 0
    codes = world.together([lambda s=s, x=six: signed(world, p.node, s, x) for s, six in asked])
    shaken = world.together([lambda s=s, x=six: boxes.secret(
        p.node, s.address6 if x else s.address, s.host)["code"] for s, six in asked])
    return [(codes == [wanted] * len(asked), f"{p.node}: three sites show certificates that "
             f"{'do not verify' if wanted else 'verify'}: {codes}"),
            (shaken == [0] * len(asked), f"{p.node}: and their handshakes finish")
            ] + look.everything(world, p.node)


def healed(world):
    c = world.country
    return look.each(world, victims(world), lambda world, p: [
        (signed(world, p.node, c.listed, six) == 0, f"{p.node}: the usual certificate is back")
        for six in (False, True)])
