"""The screens of README.md: what a reader of each kind types, as printed there."""

import pathlib
import re

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def screen(heading):
    """The commands of the first block under this heading, in order, as they are printed."""
    text = README.read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not section:
        raise SystemExit(f"README.md has no section \"{heading}\"")
    block = re.search(r"(?:^    .*\n)+", section[1], re.M)
    if not block:
        raise SystemExit(f"README.md shows no commands under \"{heading}\"")
    return [line[4:] for line in block[0].splitlines()]
