#!/usr/bin/python3
"""A check's socket comes from socket_open() alone: what is opened beside it would leave by
another uplink than its line says. Sockets of the kernel's own (netlink) go nowhere."""
import re

from kit import Report, files, lines

OPENED_BY = "probe/doors/socket.c"
OPENS = re.compile(r"(?<![\w.>])socket\(")
HARMLESS = re.compile(r"socket\(AF_(NETLINK|UNIX)\b")


def main():
    report = Report()
    for path in files(".c", ".h", under=("probe",)):
        report.saw()
        for number, line in lines(path):
            if (path != OPENED_BY and OPENS.search(line) and not HARMLESS.search(line)
                    and not line.lstrip().startswith(("/*", "*"))):
                report.says(path, number, f"a socket is opened by {OPENED_BY}'s socket_open()")
    report.end()


main()
