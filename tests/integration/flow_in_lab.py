#!/usr/bin/python3
"""Transfers of real kernels, captured at either end in namespaces of their own (unshare), are
judged by what their line was: two of each kind. The long form is ./dev bench flow."""
import os
import pathlib
import sys

TRANSFERS = pathlib.Path(__file__).resolve().parents[1] / "lab/transfers.py"

os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(sys.executable, [sys.executable, TRANSFERS, "--quick", "--each", "2", "--at-once", "7"])
