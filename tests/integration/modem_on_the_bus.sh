#!/bin/sh
# What the probe's check of the modem says, beside the lab's modem; one look is taken inside a
# network of its own (unshare --net).
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/check_modem_facts.py"
