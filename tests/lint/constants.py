#!/usr/bin/python3
"""The analyzer knows no country, network or address by name: a verdict comes from what was
measured, wherever that was. The lab draws its names from a seed for the same reason."""
import re

from kit import Report, files, lines, table

IPV4 = re.compile(r"(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])")
IPV4_FINE = {"127.0.0.1", "0.0.0.0"}
SECTION = re.compile(r"(\bsections? |\bRFC \d+ )[\d.]+")
AS_NAME = re.compile(r"\bAS\d{2,}\b")
# RFC 5398 and RFC 6996: numbers for examples and private use.
AS_NUMBER = re.compile(r"(?<![\w.])(\d{5,10})(?![\w.])")
COUNTRY = re.compile(r'"([A-Z]{2})"')
# ISO 3166-1 keeps these for users: "unknown" and "not a country".
COUNTRY_FINE = {"ZZ", "XX"}
IPV6 = re.compile(r'"[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f:/]*"')


def is_private_as(number):
    return (64496 <= number <= 64511 or 64512 <= number <= 65534
            or 65537 <= number <= 65551 or 4200000000 <= number <= 4294967294)


def main():
    report = Report()
    fine = {(path, literal) for _, (path, literal, *_) in table("constants.txt")}
    for path in files(".c", ".h", ".def", under=("analyzer",)):
        report.saw()
        for number, line in lines(path):
            line = SECTION.sub("", line)
            for match in IPV4.finditer(line):
                if match[0] not in IPV4_FINE:
                    report.says(path, number, f"the address {match[0]}")
            if IPV6.search(line):
                report.says(path, number, "an IPv6 address")
            for match in AS_NAME.finditer(line):
                report.says(path, number, f"the network {match[0]}")
            for match in AS_NUMBER.finditer(line):
                if is_private_as(int(match[1])) and not line.lstrip().startswith("*"):
                    report.says(path, number, f"the AS number {match[1]}")
            for match in COUNTRY.finditer(line):
                if match[1] not in COUNTRY_FINE and (path, match[1]) not in fine:
                    report.says(path, number, f'the country "{match[1]}"')
    report.end()


main()
