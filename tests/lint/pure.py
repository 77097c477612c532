#!/usr/bin/python3
"""A pure object has no clock, file, socket, process, log or random number, and no floating
point: it calls other pure objects and what pure-symbols.txt lists, it was compiled with
-mgeneral-regs-only, and its machine code touches no register of the other kind."""
import re

from kit import Report, table
from kit.objects import compiled, exported, tell, undefined

FOLDERS = ("probe/plan/", "analyzer/analysis/")
# They read and write the store.
NOT_PURE = {f"analyzer/analysis/{name}.c"
            for name in ("analyze", "describe", "imported", "judge", "keep", "known",
                         "leaves", "load", "load_probe", "load_segment", "naming", "shelf",
                         "times")}
COMMON = {f"common/{name}.c" for name in
          "address buf utc measurement schema ladder merkle note targets mandate err invite "
          "packet radio flow flow_trips flow_sender flow_receiver flow_measure flow_meter "
          "flow_queue".split()}
FLAG = "-mgeneral-regs-only"
# x86: SSE, AVX and the x87 stack. On other machines the flag and the symbols tell.
FLOATING = re.compile(r"%[xyz]mm\d|%st\b|\tf(ld|st|add|sub|mul|div)[a-z]*\s")


def is_pure(path):
    return path in COMMON or path.startswith(FOLDERS) and path not in NOT_PURE


def is_allowed(symbol, allowed):
    return any(symbol == name or name.endswith("*") and symbol.startswith(name[:-1])
               for name in allowed)


def main():
    report = Report()
    allowed = set()
    for number, (name, *why) in table("pure-symbols.txt"):
        allowed.add(name)
        if not why:
            report.says("tests/lint/pure-symbols.txt", number, f"no reason for {name}")
    pure = [row for row in compiled() if is_pure(row[0])]
    ours = {name for _, _, thing in pure for _, name in exported(thing)}
    for path, command, thing in pure:
        report.saw()
        if FLAG not in command:
            report.says(path, 1, f"is compiled without {FLAG}: put it on a pure floor")
        for symbol in sorted(undefined(thing) - ours):
            if not is_allowed(symbol, allowed):
                report.says(path, 1, f"calls {symbol}, which is not in pure-symbols.txt")
        code = FLOATING.search(tell("objdump", "-d", "--no-show-raw-insn", thing))
        if code:
            report.says(path, 1, f"holds floating point ({code[0].strip()})")
    report.end()


main()
