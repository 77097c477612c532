#!/usr/bin/python3
"""How often captured transfers are judged by what their line was: twenty of each kind, over
lines that are drawn, captured at the receiver and at the sender (tests/lab/transfers.py)."""
import os
import pathlib
import sys

TRANSFERS = pathlib.Path(__file__).resolve().parents[1] / "lab/transfers.py"

os.environ.setdefault("BUILD", str(TRANSFERS.parents[2] / "build/release"))
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(sys.executable, [sys.executable, TRANSFERS, *sys.argv[1:]])
