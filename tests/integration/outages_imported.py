#!/usr/bin/python3
"""Imported outages are ranked by published ratios no worse than by a naive Bayes that learns."""
import os
import sys

os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
os.execv(sys.executable, [sys.executable, "tests/sweep/check_imported.py"])
