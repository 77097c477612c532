"""A way from this machine's loopback to the pages inside the demo's own network.

The lab's namespaces have no link to the machine. A socket file is seen from both sides:
outside, a port of the loopback leads to the file; inside, the file leads to the pages.
"""

import os
import shutil
import socket
import sys
import tempfile
import threading

PORT, PATH = "FAULTLINE_LAB_PAGES", "FAULTLINE_LAB_BRIDGE"


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(one, connect):
    """Carries bytes both ways between a socket and what connect() gives."""
    try:
        with one, connect() as other:
            back = threading.Thread(target=pump, args=(other, one), daemon=True)
            back.start()
            pump(one, other)
            back.join()
    except OSError:
        pass


def carry(listener, connect):
    while True:
        one, _ = listener.accept()
        threading.Thread(target=join, args=(one, connect), daemon=True).start()


def to_file(path):
    def connect():
        other = socket.socket(socket.AF_UNIX)
        other.connect(path)
        return other

    return connect


class Outside:
    """The port on the loopback; its number and the file's path go on in the environment."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="faultline-")
        listener = socket.create_server(("127.0.0.1", 0))
        os.environ[PORT] = str(listener.getsockname()[1])
        os.environ[PATH] = f"{self.folder}/pages"
        threading.Thread(target=carry, args=(listener, to_file(os.environ[PATH])),
                         daemon=True).start()
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    """bridge.py FILE ADDR PORT, run where ADDR:PORT can be reached."""
    path, address, port = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    carry(listener, lambda: socket.create_connection((address, int(port))))


if __name__ == "__main__":
    main()
