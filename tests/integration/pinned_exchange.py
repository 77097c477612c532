#!/usr/bin/python3
"""Uploads trust one key and nothing else: against TLS servers of this test's own, on
loopback."""
import http.server
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

BUILD = os.environ.get("BUILD", "build")
CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
NO_PIN = "sha256//" + "A" * 43 + "="


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Handler.seen.append((self.command, self.path, self.client_address[1], body,
                             self.headers.get("Authorization")))
        if self.path == "/moved":
            self.send_response(307)
            self.send_header("Location", "/v1/elsewhere")
            text = b"moved"
        else:
            self.send_response(503 if self.path == "/full" else 200)
            text = b"x" * 1001 if self.path == "/long" else b"taken"
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


def serve(folder, newest):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = newest
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def exchange(url, pin, method="PUT", token="token", body="segment", times=1):
    done = subprocess.run([BUILD + "/tests/exchange_once", method, url, pin, token, body,
                           str(times)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=True, timeout=20)
    return [line.split("|") for line in done.stdout.splitlines()], done.stderr


def make_key(folder):
    # A certificate of nobody, good for not a second: a machine without a clock must get through all the same.
    subprocess.run(f"""set -e; cd {folder}
        openssl genpkey -algorithm ed25519 -out key.pem
        openssl req -new -key key.pem -subj /CN=nobody -out request.pem
        openssl x509 -req -in request.pem -signkey key.pem -days 0 -out cert.pem 2>/dev/null
        openssl x509 -in cert.pem -pubkey -noout | openssl pkey -pubin -outform der |
            openssl dgst -sha256 -binary | openssl base64 > pin""", shell=True, check=True, timeout=60)
    with open(folder + "/pin", encoding="ascii") as pin:
        return "sha256//" + pin.read().strip()


def must(promise, holds, seen=""):
    print("ok" if holds else "FAILED", promise, "" if holds else seen)
    return bool(holds)


def test(folder, pin, store_is_pipe):
    port = serve(folder, ssl.TLSVersion.TLSv1_3)
    old_port = serve(folder, ssl.TLSVersion.TLSv1_2)
    base = f"https://127.0.0.1:{port}"
    good = []

    lines, _ = exchange(base + "/v1/segments/1", pin, times=3)
    good.append(must("an upload arrives whole, with its token, and its answer comes back",
                     lines == [["done", "200", "taken"]] * 3 and Handler.seen[0][:2] == (
                         "PUT", "/v1/segments/1") and Handler.seen[0][3:] == (
                         b"segment", "Bearer token"), (lines, Handler.seen)))
    good.append(must("one connection carries one upload after the other",
                     len({seen[2] for seen in Handler.seen}) == 1, Handler.seen))
    lines, _ = exchange(base + "/v1/where", pin, "GET", "", "")
    good.append(must("without a token none is sent", Handler.seen[-1][4] is None and
                     lines == [["done", "200", "taken"]], Handler.seen[-1]))
    lines, _ = exchange(base + "/full", pin)
    good.append(must("a refusal is an answer, too", lines[0][:2] == ["done", "503"], lines))
    Handler.seen.clear()
    lines, _ = exchange(base + "/moved", pin)
    good.append(must("a redirect is not followed", lines[0][1] == "307" and
                     len(Handler.seen) == 1, Handler.seen))
    lines, said = exchange(base + "/long", pin)
    good.append(must("an answer over the limit is dropped and said", lines[0][0] != "done" and
                     "longer than 1000 bytes" in said, (lines, said)))

    Handler.seen.clear()
    for promise, url, key, sentence in (
            ("another key than the pinned one gets nothing", base, NO_PIN, "another key"),
            ("no pin, no upload", base, "", "no key is pinned"),
            ("plain HTTP is refused", f"http://127.0.0.1:{port}", pin, "https://ADDRESS:PORT"),
            ("a name instead of an address is refused", f"https://localhost:{port}", pin,
             "https://ADDRESS:PORT"),
            ("TLS 1.2 is not enough", f"https://127.0.0.1:{old_port}", pin, "")):
        lines, said = exchange(url + "/v1/segments/1", key)
        good.append(must(promise, lines[0][0] != "done" and sentence in said and
                         "127.0.0.1" not in said and not Handler.seen, (lines, said)))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    lines, _ = exchange(f"https://127.0.0.1:{gone}/", pin)
    good.append(must("an analyzer that is away is an error and no more",
                     lines[0][0] != "done" and lines[0][1] == "0", lines))
    if store_is_pipe:
        lines, _ = exchange(base + "/v1/segments/1", pin)
        good.append(must("the store of authorities is never opened: it would block here",
                         lines[0][0] == "done", lines))
    sys.exit(0 if all(good) else 1)


def main():
    if sys.argv[1:] == ["--inside"]:
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(folder + "/pipe")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            pin = make_key(folder)
            there = os.path.exists(CA_FILE)
            if there:
                # Whoever opens the store from here on waits for ever.
                subprocess.run(["mount", "--bind", folder + "/pipe", CA_FILE], check=True)
            test(folder, pin, there)
    for more in ["--map-root-user"], []:
        enter = ["unshare", *more, "--net", "--mount", "--fork", "--kill-child"]
        if subprocess.run(enter + ["true"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            sys.exit(subprocess.run(enter + [os.path.abspath(sys.argv[0]), "--inside"],
                                    check=False).returncode)
    print("this machine lets us make no network namespaces")
    sys.exit(77)


main()
