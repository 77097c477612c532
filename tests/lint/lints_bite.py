#!/usr/bin/python3
"""Every rule of the house refuses a breach of it: each is put into a copy of the tree, and
the rule must fail there and name the file. A rule without a breach here fails too."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COPIED = ("common", "probe", "analyzer", "tests/lint", "tests/world", "dev", ".clang-format")
PURE = ["-mgeneral-regs-only"]

# rule: [(file, what is added behind it, None) or (file, all it holds, compiler's flags)]
BREACHES = {
    "floors.py": [
        ("common/err.c", '#include "probe/check.h"\n', None),
        ("probe/checks/zz.c", '#include "probe/steps.h"\n', None),
        ("probe/checks/zz.c", '#include "probe/checks/dns.h"\n', None),
        ("probe/zz.c", '#include "analyzer/steps.h"\n', None),
        ("probe/plan/zz.c", '#include "probe/doors/fetch.h"\n', None),
        ("analyzer/zz.c", '#include "probe/check.h"\n', None),
        ("analyzer/analysis/zz.c", '#include "analyzer/store/store.h"\n', None),
        ("analyzer/ingest/http.c", '#include "common/measurement.h"\n', None),
        ("common/err.c", '#include "err.h"\n', None),
        ("common/err.c", '#include "common/buf.c"\n', None),
        ("tests/world/zz.c", '#include "analyzer/steps.h"\n', None),
        ("tests/world/zz.c", '#include "probe/steps.h"\n', None),
    ],
    "doors.py": [
        ("analyzer/zz.c", "#include <curl/curl.h>\n", None),
        ("common/err.c", "#include <sodium.h>\n", None),
        ("probe/zz.c", "#include <zstd.h>\n", None),
        ("tests/lint/doors.txt", "zstd.h common/seal.c\n", None),
        ("tests/lint/doors.txt", "zstd.h common/err.c to make it smaller\n", None),
    ],
    "headers.py": [
        ("common/zz.h", "#pragma once\nuint32_t zz_count(void);\n", None),
        ("probe/zz.h", "struct zz {\n\tint a;\n};\n", None),
    ],
    "format.py": [("common/zz.c", "int zz( void ){return 1;}\n", None)],
    "shell.py": [
        ("tests/zz.sh", "#!/bin/sh\necho $1\n", None),
        ("tests/zz.sh", "#!/usr/bin/env bash\necho ok\n", None),
    ],
    "words.py": [
        ("common/zz.c", "/* FIX" "ME: later */\n", None),
        ("tests/zz.sh", "cd /wo" "rk/main\n", None),
        ("common/zz.c", "\t// zz_count = zz_next(3);\n", None),
    ],
    "lengths.py": [
        ("common/zz.c", "int\nzz_long(void)\n{\n" + "\t;\n" * 61 + "}\n", None),
        ("common/zz.c", "\n" * 801, None),
    ],
    "constants.py": [
        ("analyzer/zz.c", 'const char *zz = "192.0.2.1";\n', None),
        ("analyzer/zz.c", 'const char *zz = "AS64500";\n', None),
        ("analyzer/zz.c", "const int zz = 64500;\n", None),
        ("analyzer/zz.c", 'const char *zz = "QX";\n', None),
        ("analyzer/zz.c", 'const char *zz = "2001:db8::/32";\n', None),
    ],
    "python.py": [
        ("tests/zz.py", "import requests\n", None),
        ("tests/zz.py", "def broken(:\n", None),
    ],
    "pure.py": [
        ("analyzer/analysis/zz.c",
         "#include <time.h>\nlong zz_now(void);\nlong\nzz_now(void)\n{\n"
         "\treturn time(NULL);\n}\n", PURE),
        ("probe/plan/zz.c",
         "#include <stdio.h>\nvoid zz_say(void);\nvoid\nzz_say(void)\n{\n"
         '\tputs("");\n}\n', PURE),
        ("probe/plan/zz.c", "int zz = 1;\n", []),
        ("probe/plan/zz.c",
         "double zz_half(double a);\ndouble\nzz_half(double a)\n{\n\treturn a / 2;\n}\n",
         []),
        ("tests/lint/pure-symbols.txt", "time\n", None),
    ],
    "objects.py": [
        ("common/zz.c", "int zz_count;\n", []),
        ("common/zz.c", "int *zz_at(void);\nint *\nzz_at(void)\n{\n"
         "\tstatic int count = 3;\n\treturn &count;\n}\n", []),
        ("analyzer/ingest/http.c", "void store_open(void);\nvoid http_zz(void);\n"
         "void\nhttp_zz(void)\n{\n\tstore_open();\n}\n", []),
        ("common/zz.c", "int other(void);\nint\nother(void)\n{\n\treturn 1;\n}\n", []),
    ],
    "sockets.py": [
        ("probe/checks/zz.c", "\tfd = socket(AF_INET, SOCK_DGRAM, 0);\n", None),
        ("probe/doors/zz.c", "\tif (socket(to->any.sa_family, type, 0) < 0)\n", None),
    ],
    "world_frozen.py": [
        ("tests/world/weather.h", "\n", None),
        ("tests/world/zz.c", "int zz;\n", None),
        ("tests/world.sha256", "0" * 64 + "  tests/world/zz.c\n", None),
    ],
}


def copy_tree(to):
    root = HERE.parents[1]
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(root / name, to / name)
    subprocess.run([HERE / "world_frozen.py", "--freeze", to], check=True)


def compile_one(to, path, flags):
    """A build folder that holds this one object beside those of the real build."""
    build = to / "built"
    build.mkdir(exist_ok=True)
    command = ["gcc", "-std=gnu17", *flags, "-c", path, "-o", str(build / "zz.o")]
    subprocess.run(command, cwd=to, check=True)
    (build / "compile_commands.json").write_text(json.dumps(
        [{"file": str(to / path), "command": " ".join(command)}]))
    return build


def bites(to, rule, path, added, flags):
    file = to / path
    before = file.read_bytes() if file.exists() else None
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a" if flags is None else "w", encoding="utf-8") as out:
        out.write(added)
    env = dict(os.environ)
    env["BUILD"] = str(compile_one(to, path, flags)) if flags is not None else env.get(
        "BUILD", str(HERE.parents[1] / "build/dev"))
    done = subprocess.run([HERE / rule, to], env=env, capture_output=True, text=True)
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)
    if done.returncode == 77:
        print(f"not tried: {rule}: {done.stdout.strip()}")
        return True
    named = any(line.startswith(path + ":") for line in done.stdout.splitlines())
    if done.returncode != 1 or not named:
        print(f"{rule}: does not refuse {added.strip()[:60]!r} in {path}:"
              f" exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode == 1 and named


def main():
    bad = 0
    for rule in sorted(p.name for p in HERE.iterdir() if p.suffix in (".py", ".sh")):
        if not BREACHES.get(rule) and rule != pathlib.Path(__file__).name:
            print(f"{rule}: no breach of this rule is tried here")
            bad += 1
    with tempfile.TemporaryDirectory() as folder:
        to = pathlib.Path(folder)
        copy_tree(to)
        for rule, rows in BREACHES.items():
            bad += sum(not bites(to, rule, *row) for row in rows)
    print(f"{sum(map(len, BREACHES.values()))} breaches tried, {bad} not refused")
    sys.exit(1 if bad else 0)


main()
