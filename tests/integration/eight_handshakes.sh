#!/bin/sh
# Memory of the probe with eight TLS handshakes under way.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/handshakes.py"
