#!/bin/sh
# The lab's gateways withdraw what is cut off, and nothing that is only filtered.
exec env PYTHONDONTWRITEBYTECODE=1 "$(dirname "$0")/../lab/routes.py"
