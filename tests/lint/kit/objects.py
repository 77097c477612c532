"""The objects of a build, as compile_commands.json and binutils tell them."""
import json
import os
import pathlib
import shlex
import subprocess

from kit import PRODUCT, ROOT, skip


def build_folder():
    build = pathlib.Path(os.environ.get("BUILD") or ROOT / "build/dev").resolve()
    if not (build / "compile_commands.json").is_file():
        skip(f"nothing is built in {build}: ./dev build")
    return build


def compiled():
    """(path from the root, compiler's arguments, object file) of every product source."""
    build = build_folder()
    for row in json.loads((build / "compile_commands.json").read_text()):
        path = os.path.relpath(os.path.realpath(row["file"]), ROOT)
        if path.startswith(tuple(p + "/" for p in PRODUCT)):
            command = shlex.split(row["command"])
            yield path, command, build / command[command.index("-o") + 1]


def tell(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def undefined(thing):
    return {line.split()[-1] for line in tell("nm", "-u", thing).splitlines() if line.strip()}


def exported(thing):
    """(type letter, name) of what the linker sees."""
    for line in tell("nm", "-g", "--defined-only", thing).splitlines():
        if len(line.split()) == 3:
            yield line.split()[1], line.split()[2]


def variables(thing):
    """(section, name) of every variable, static ones too."""
    for line in tell("objdump", "-t", thing).splitlines():
        flags, _, rest = line[17:].partition("\t")
        if flags[6:7] == "O":
            yield flags[8:].strip(), rest.split()[-1]
