"""The lab's own certificate authority, and a certificate for every site."""

import concurrent.futures
import os
import subprocess

DAYS = "30"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def request(*words):
    done = subprocess.run(["openssl", "req", "-x509", *KEY, "-days", DAYS, *words], text=True,
                          capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl req: {done.stderr.strip()}")


class Authority:
    def __init__(self, directory, name):
        os.makedirs(directory)
        self.dir, self.certificate, self.key = directory, f"{directory}/ca.pem", f"{directory}/ca.key"
        request("-subj", f"/CN=The authority of {name}", "-keyout", self.key,
                "-out", self.certificate)

    def of(self, host):
        """(certificate, key) of a host, as paths."""
        return f"{self.dir}/{host}.pem", f"{self.dir}/{host}.key"

    def certify(self, hosts):
        def one(host):
            certificate, key = self.of(host)
            request("-CA", self.certificate, "-CAkey", self.key, "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=DNS:{host}",
                    "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", key, "-out", certificate)

        with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(one, hosts))
