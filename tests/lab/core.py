"""The core of the lab's Internet: root and country-code name servers (nsd), a clock (chrony)."""

import os
import subprocess

import net

NSD = """
server:
  ip-address: {address}
  ip-address: {address6}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{dir}"
  pidfile: "{dir}/pid"
  xfrdfile: "{dir}/xfrd"
  xfrdir: "{dir}"
  zonelistfile: "{dir}/list"
  nsid: "ascii_{name}"
  server-count: 1
zone:
  name: "{zone}"
  zonefile: "{dir}/zone"
remote-control:
  control-enable: no
"""
CHRONY = """
local stratum 2
allow all
bindaddress {address}
bindaddress {address6}
cmdport 0
pidfile {dir}/pid
"""
ASK_TIME = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(0.5)
s.sendto(bytes([0x23]) + bytes(47), (sys.argv[1], 123))
sys.exit(len(s.recv(512)) != 48)
"""


def addresses(country, servers):
    return "".join(f"{s.name}. 300 IN A {s.address}\n"
                   f"{s.name}. 300 IN AAAA {country.twin(s.address)}\n" for s in servers)


def zone(name, servers, serial):
    first = servers[0].name
    return (f"{name} 300 IN SOA {first}. nobody.{first}. {serial} 1800 900 604800 300\n"
            + "".join(f"{name} 300 IN NS {s.name}.\n" for s in servers))


def root_zone(country):
    tld = "".join(f"{country.tld}. 300 IN NS {s.name}.\n" for s in country.tld_servers)
    return (zone(".", country.roots, country.serial) + addresses(country, country.roots)
            + tld + addresses(country, country.tld_servers))


def tld_zone(country):
    hosts = "".join(f"{s.host}. 300 IN A {s.address}\n{s.host}. 300 IN AAAA {s.address6}\n"
                    for s in country.domestic_sites)
    return (zone(f"{country.tld}.", country.tld_servers, country.serial + 1)
            + addresses(country, country.tld_servers) + hosts)


def hints(country):
    """What a resolver, and a probe, is told of the roots."""
    return ("".join(f". 3600000 NS {s.name}.\n" for s in country.roots)
            + addresses(country, country.roots).replace(" 300 IN ", " 3600000 "))


def home_of(servers, kind, server):
    home = f"{servers.dir}/{kind}-{server.node}"
    os.makedirs(home)
    return home


def write(path, text):
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def bring_up(servers, country):
    """Starts them; the path of a file of hints."""
    for name, text, where in ((".", root_zone(country), country.roots),
                              (country.tld, tld_zone(country), country.tld_servers)):
        for server in where:
            home = home_of(servers, "nsd", server)
            write(f"{home}/zone", text)
            servers.start(server.node, [servers.unpacked.program("nsd"), "-d", "-c", write(
                f"{home}/nsd.conf", NSD.format(
                    address=server.address, address6=country.twin(server.address), dir=home,
                    name=server.name.replace(".", "-"), zone=name))])
    clock, home = country.clock, home_of(servers, "chrony", country.clock)
    servers.start(clock.node, [
        servers.unpacked.program("chronyd"), "-d", "-x", "-u", "root", "-f", write(
            f"{home}/chrony.conf", CHRONY.format(
                address=clock.address, address6=country.twin(clock.address), dir=home))])
    return write(f"{servers.dir}/root.hints", hints(country))


def tells_time(node, address):
    return subprocess.run(net.inside(node, ["/usr/bin/python3", "-c", ASK_TIME, address]),
                          capture_output=True).returncode == 0
