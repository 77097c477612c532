#!/usr/bin/python3
"""What is fed past the network and what goes through it is the same: the segments of a small
simulated country, as its probes signed them, sent to the real server over TLS with its key
pinned and a token a probe. Neither another key nor another probe's token gets through."""
import os
import pathlib
import ssl
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["BUILD"]).resolve()

sys.dont_write_bytecode = True
import folder
import over_http


def that(truth, sentence, seen=None):
    if not truth:
        sys.exit(f"not so: {sentence} (seen: {seen!r})")


def strangers_are_refused(base, world, fed):
    """The right bytes with another probe's token; and a server that is not the pinned one."""
    store = over_http.twin(BUILD, world, fed, base / "strangers")
    rows, token_of = list(over_http.deliveries(world)), over_http.tokens(world)
    swapped = dict(zip(token_of, list(token_of.values())[1:] + list(token_of.values())[:1]))
    with over_http.Server(store) as server:
        for tokens, status in ((swapped, " 403 "), (dict.fromkeys(token_of, "none"), " 401 ")):
            try:
                over_http.put_all(server, rows[:1], tokens)
                that(False, "another token takes nothing")
            except folder.Failed as error:
                that(status in str(error), f"it is refused with{status}", error)
        server.certificate = f"{fed.path}/tls.crt"
        try:
            over_http.put_all(server, rows[:1], token_of)
            that(False, "another key is spoken to")
        except ssl.SSLError as error:
            that("CERTIFICATE_VERIFY_FAILED" in str(error), "another key ends it", error)


def main():
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        world = base / "world"
        world.mkdir()
        fed = folder.Analyzer(BUILD, base / "fed")
        fed.simulate(world, "--quiet", 1, "--probes", 4, "--seed", 1)
        probes, segments, _ = fed.feed(world)
        that(probes >= 4 and segments > 20, "there is something to send", (probes, segments))
        print(over_http.compare(BUILD, world, fed, base / "sent"))
        strangers_are_refused(base, world, fed)
    print("ok: what goes through the network is what is fed past it")


main()
