#!/usr/bin/python3
"""Each address of the worked examples in config/targets/ lies in the AS that its row says,
and in the country that its role asks for: by real address databases, where there are some."""
import os
import pathlib
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
GEO = pathlib.Path("..").resolve() / "shared/data/geo"


def check(conf, path):
    return subprocess.run([f"{BUILD}/faultline-analyzer", "--config", conf, "targets", "check", path],
                          text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def main():
    if not all((GEO / name).is_file() for name in ("asn.mmdb", "country.mmdb")):
        print(f"no address databases here ({GEO})")
        return 77
    with tempfile.TemporaryDirectory() as name:
        conf = pathlib.Path(name) / "analyzer.conf"
        conf.write_text(f"asn_db = {GEO}/asn.mmdb\ncountry_db = {GEO}/country.mmdb\n")
        bad = 0
        for path in sorted(pathlib.Path("config/targets").glob("[A-Z][A-Z].csv")):
            done = check(conf, path)
            bad += done.returncode != 0
            print(done.stdout + done.stderr, end="")
        # One row in the wrong AS: the databases were asked.
        wrong = pathlib.Path(name) / path.name
        wrong.write_text(path.read_text().replace(",8.8.4.4,-,15169,", ",8.8.4.4,-,64500,"))
        if check(conf, wrong).returncode != 1:
            print("not so: a wrong AS number is found")
            bad += 1
    return 1 if bad else 0


sys.exit(main())
