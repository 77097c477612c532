#!/usr/bin/python3
"""manual.py FRAME PROGRAM...: a manual page for scdoc. The line @COMMANDS@ of the frame
becomes every command with its options and example, as PROGRAM (a command line) itself
tells them with --help."""
import os
import re
import subprocess
import sys

COMMON = {"help", "usage", "config", "state", "verbose"}


def told(program, *words):
    # So wide that no line is broken.
    wide = {**os.environ, "ARGP_HELP_FMT": "rmargin=2000,opt-doc-col=80"}
    return subprocess.run([*program, *words, "--help"], env=wide, check=True, text=True,
                          capture_output=True).stdout


def escaped(text):
    return re.sub(r"([\\*_#\[\]|~])", r"\\\1", text)


def option(line):
    """One line of argp's help -> an entry; None: no option, or one of all commands."""
    match = re.match(r"\s+(?:-(.), )?--([a-z-]+)(?:=(\S+))?\s*(.*)", line)
    if not match or match[2] in COMMON:
        return None
    short, name, value, sentence = match.groups()
    head = (f"*-{short}*, " if short else "") + f"*--{name}*"
    head += f" _{escaped(value)}_" if value else ""
    return f"{head}\n\t{escaped(sentence)}\n\n"


def command(program, name):
    text = told(program, name)
    usage = re.findall(r"^(?:Usage:|  or: ) *\S+ (.*)$", text, re.M)
    body = text.split("\n")[len(usage):]
    sentence = next(line for line in body if line.strip())
    example = re.search(r"^For example:\n((?:  .*\n)+)", text, re.M)
    out = "".join(f"*{name}*{escaped(line.removeprefix(name))}\n\n" for line in usage)
    out += escaped(sentence) + "\n\n"
    out += "".join(filter(None, map(option, body)))
    if example:
        lines = "".join(line[2:] + "\n" for line in example[1].splitlines())
        out += f"For example:\n\n```\n{lines}```\n\n"
    return out


def main():
    frame, program = sys.argv[1], sys.argv[2:]
    names = re.findall(r"^  ([a-z]+)(?: .*)?$", told(program), re.M)
    if not names:
        raise SystemExit(f"{program[-1]} --help names no command")
    pages = "".join(f"## {name}\n\n{command(program, name)}" for name in names)
    with open(frame, encoding="utf-8") as text:
        sys.stdout.write(text.read().replace("@COMMANDS@\n", pages))


main()
