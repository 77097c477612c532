#!/usr/bin/python3
"""Every library comes in by the doors of doors.txt and no other. What is neither the C
library's, the kernel's, nor in the list is refused."""
import re

from kit import PRODUCT, Report, files, includes, table

# Headers of the C library and of Linux.
ORDINARY = re.compile(r"""(sys|net|netinet|netpacket|arpa|linux|asm)/[a-z0-9_/]+\.h$|
    (argp|assert|byteswap|ctype|dirent|endian|err|errno|fcntl|fnmatch|getopt|glob|grp|
    ifaddrs|inttypes|langinfo|limits|locale|malloc|netdb|poll|pthread|pwd|sched|
    semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|
    stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|unistd|wchar)\.h$""",
                      re.VERBOSE)


def door_of(header, doors):
    for name, row in doors.items():
        if header == name or header.startswith(name) and (
                name.endswith("/") or header[len(name):][:1] in "./"):
            return row
    return None


def main():
    report = Report()
    doors = {}
    for number, (name, where, *why) in table("doors.txt"):
        doors[name] = where.split(",")
        if not why:
            report.says("tests/lint/doors.txt", number, f"no reason is given for {name}")
    used = set()
    for path in files(".c", ".h", under=PRODUCT):
        report.saw()
        for line, kind, header in includes(path):
            if kind == '"':
                continue
            row = door_of(header, doors)
            used.add((path, id(row)))
            if row is None and not ORDINARY.match(header):
                report.says(path, line, f"<{header}> has no row in tests/lint/doors.txt")
            elif row is not None and path not in row:
                report.says(path, line, f"<{header}> comes in only by {' and '.join(row)}")
    for name, row in doors.items():
        for path in row:
            if (path, id(row)) not in used:
                report.says("tests/lint/doors.txt", 1, f"{path} does not include {name} any more")
    report.end()


main()
