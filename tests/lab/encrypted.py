"""Questions to a resolver inside TLS (RFC 7858) and inside HTTPS (RFC 8484), for proofs."""

import base64
import socket
import subprocess

import net
import servers

TLS_PORT, HTTPS_PORT = 853, 443
ASK = """
import socket, ssl, sys
address, name, authority, asked = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
with socket.create_connection((address, 853), 2) as plain:
    with context.wrap_socket(plain, server_hostname=name) as wrapped:
        asked = bytes.fromhex(asked)
        # As over TCP, each message comes behind its length (RFC 1035 section 4.2.2).
        wrapped.sendall(len(asked).to_bytes(2, "big") + asked)
        answer = wrapped.recv(4096)
        while len(answer) < 2 or len(answer) < 2 + int.from_bytes(answer[:2], "big"):
            more = wrapped.recv(4096)
            if not more:
                sys.exit(1)
            answer += more
sys.stdout.write(answer[2:].hex())
"""


def over_tls(world, node, address, name, host):
    """The IPv4 address that the resolver says for the host, or None."""
    asked = servers.question(host, servers.TYPES["A"])
    done = subprocess.run(net.inside(node, [
        "/usr/bin/python3", "-c", ASK, address, name, world.servers.authority.certificate,
        asked.hex()]), text=True, capture_output=True)
    return first_address(bytes.fromhex(done.stdout), asked) if done.returncode == 0 else None


def over_https(world, node, address, name, host):
    asked = servers.question(host, servers.TYPES["A"])
    text = base64.urlsafe_b64encode(asked).decode().rstrip("=")
    there = f"[{address}]" if ":" in address else address
    done = subprocess.run(net.inside(node, [
        "curl", "-sf", "--http2", "--max-time", "2", "--cacert",
        world.servers.authority.certificate, "--resolve", f"{name}:{HTTPS_PORT}:{there}",
        "-H", "Accept: application/dns-message", f"https://{name}/dns-query?dns={text}"]),
        capture_output=True)
    return first_address(done.stdout, asked) if done.returncode == 0 else None


def first_address(answer, asked):
    """Of the first record, which stands behind the question, its owner a pointer there."""
    at = len(asked) + 12
    if len(answer) < at + 4 or not answer[7]:
        return None
    return socket.inet_ntop(socket.AF_INET, answer[at:at + 4])
