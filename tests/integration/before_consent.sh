#!/bin/sh
# Before consent an nft counter on the router reads 0; the same counter is above 0 after.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/before_consent.py"
