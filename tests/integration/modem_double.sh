#!/bin/sh
# The lab's modem speaks as ModemManager does.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/check_modem.py"
