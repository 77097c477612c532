"""Real servers in the lab's namespaces: nginx or caddy on every site, unbound for every
resolver."""

import os
import socket
import subprocess
import time

import certificates
import country as country_module
import net

BLOB_BYTES = 49152  # what a proof fetches to feel a policer

NGINX = """
user root root; daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 256; }}
http {{
    access_log off; default_type text/html; server_tokens off; keepalive_timeout 5;
    client_body_temp_path {dir}/t; proxy_temp_path {dir}/t; fastcgi_temp_path {dir}/t;
    uwsgi_temp_path {dir}/t; scgi_temp_path {dir}/t;
    {servers}
}}
"""
NGINX_SERVER = """
    server {{ listen {address}:80; listen [{address6}]:80; server_name {host}; root {root};
             listen {address}:443 ssl; listen [{address6}]:443 ssl;
             ssl_certificate {certificate}; ssl_certificate_key {key};
             add_header Last-Modified ""; etag off; if_modified_since off; }}
"""
# For HTTP/3, which this nginx does not have.
CADDY = """
{{
    admin off
    auto_https off
    storage file_system {dir}
}}
http://{host} {{
    bind {address} {address6}
    root * {root}
    file_server
}}
https://{host} {{
    bind {address} {address6}
    tls {certificate} {key}
    root * {root}
    file_server
}}
"""
UNBOUND = """
server:
    directory: "{dir}"
    chroot: ""
    username: ""
    pidfile: "{dir}/pid"
    interface: {address}
    interface: {address6}
    access-control: 0.0.0.0/0 allow
    access-control: ::0/0 allow
    num-threads: 1
    msg-cache-size: 1m
    rrset-cache-size: 1m
    module-config: "iterator"
    use-syslog: no
    verbosity: 0
    local-zone: "." static
{data}
remote-control:
    control-enable: no
"""
UNBOUND_ENCRYPTED = """
    interface: {address}@853
    interface: {address6}@853
    interface: {address}@443
    interface: {address6}@443
    tls-service-key: "{key}"
    tls-service-pem: "{certificate}"
"""


class Servers:
    def __init__(self, directory, unpacked, authority):
        self.dir, self.unpacked, self.running = directory, unpacked, []
        self.authority = authority

    def start(self, node, argv):
        with open(f"{self.dir}/{node}.log", "ab") as log:
            child = subprocess.Popen(net.inside(node, argv), stdout=log, stderr=log,
                                     stdin=subprocess.DEVNULL,
                                     env=self.unpacked.environment())
        self.running.append(child)
        return child

    def nginx(self, node, sites):
        home = f"{self.dir}/nginx-{node}"
        blocks = []
        for site in sites:
            blocks.append(NGINX_SERVER.format(**self.described(site, home)))
        write(f"{home}/nginx.conf", NGINX.format(dir=home, servers="".join(blocks)))
        self.start(node, [self.unpacked.program("nginx"), "-e", f"{home}/error.log", "-p",
                          home, "-c", f"{home}/nginx.conf"])

    def caddy(self, site):
        home = f"{self.dir}/caddy-{site.node}"
        described = self.described(site, home)
        write(f"{home}/Caddyfile", CADDY.format(dir=home, **described))
        # It would keep what it was told under the caller's own home.
        self.start(site.node, ["env", f"XDG_CONFIG_HOME={home}", f"XDG_DATA_HOME={home}",
                               self.unpacked.program("caddy"), "run", "--config",
                               f"{home}/Caddyfile", "--adapter", "caddyfile"])

    def described(self, site, home):
        """A site's files, and what a server's settings say of it."""
        root = f"{home}/{site.folder}"
        os.makedirs(root)
        write(f"{root}/index.html", site.page)
        write(f"{root}/blob", (site.page * 100)[:BLOB_BYTES])
        certificate, key = self.authority.of(site.host)
        return {"address": site.address, "address6": site.address6, "host": site.host,
                "root": root, "certificate": certificate, "key": key}

    def unbound(self, node, address, address6, zone, name=None):
        """With a name it answers inside TLS and HTTPS, too, as those do that anybody may ask."""
        home = f"{self.dir}/unbound-{node}"
        os.makedirs(home)
        data = [f'    local-data: "{host}. 300 IN {kind} {value}"' for host, kind, value in zone]
        data += [self.encrypted(address, address6, name)] if name else []
        write(f"{home}/unbound.conf", UNBOUND.format(dir=home, address=address,
                                                     address6=address6,
                                                     data="\n".join(data)))
        self.start(node, [self.unpacked.program("unbound"), "-d", "-c",
                          f"{home}/unbound.conf"])

    def encrypted(self, address, address6, name):
        certificate, key = self.authority.of(name)
        return UNBOUND_ENCRYPTED.format(address=address, address6=address6, key=key,
                                        certificate=certificate)

    def end(self, child):
        self.running.remove(child)
        child.terminate()
        child.wait()

    def stop(self):
        for child in self.running:
            child.terminate()
        for child in self.running:
            child.wait()


def bring_up(country, directory, unpacked):
    os.makedirs(directory)
    authority = certificates.Authority(f"{directory}/certificates", country.code)
    authority.certify([site.host for site in country.sites()] + country.public_names)
    servers = Servers(directory, unpacked, authority)
    by_node = {}
    for site in country.sites():
        if site is not country.quic_site:
            by_node.setdefault(site.node, []).append(site)
    for node, sites in by_node.items():
        servers.nginx(node, sites)
    servers.caddy(country.quic_site)
    resolvers = [("dr", country.resolver)] + country.public_resolvers
    for (node, address), name in zip(resolvers, [None] + country.public_names):
        servers.unbound(node, address, country.twin(address), country_module.zone(country), name)
    return servers


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def question(name, kind):
    """A DNS question, enough to see that a resolver lives."""
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + bytes((0, 0, kind, 0, 1))


ASK = """
import socket, sys
families = {4: socket.AF_INET, 6: socket.AF_INET6}
server, asked, timeout_s, kind = sys.argv[1:]
s = socket.socket(families[6 if ":" in server else 4], socket.SOCK_DGRAM)
s.settimeout(float(timeout_s))
s.sendto(bytes.fromhex(asked), (server, 53))
answer = s.recv(4096)
size, family = {"A": (4, 4), "AAAA": (16, 6)}[kind]
# The first record stands behind the question, its owner a pointer there.
at = len(bytes.fromhex(asked)) + 12
print(socket.inet_ntop(families[family], answer[at:at + size]) if answer[7] else "none")
"""
TYPES = {"A": 1, "AAAA": 28}


def resolve(node, resolver, name, kind="A", timeout_s=2):
    """What the resolver says to the node, or None."""
    done = subprocess.run(
        net.inside(node, ["/usr/bin/python3", "-c", ASK, resolver,
                          question(name, TYPES[kind]).hex(), str(timeout_s), kind]),
        text=True, capture_output=True)
    return done.stdout.strip() if done.returncode == 0 else None


def wait_for(what, test, limit_s):
    """Polls until the test holds; raises RuntimeError with a sentence after the limit."""
    end = time.monotonic() + limit_s
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {limit_s} s")
        time.sleep(0.1)


def listening(address, port):
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
