#!/usr/bin/python3
"""The timing-only naive Bayes finds on real outages what was published of it."""
import os
import sys

os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(sys.executable, [sys.executable, "tests/sweep/check_outages.py"])
