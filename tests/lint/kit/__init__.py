"""What the rules of the house share: the tree as files and include lines, and a report of
sentences with file and line. A rule is a script; its first argument, if any, is another
root (that is how lints_bite.py tries them on a broken copy)."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if len(sys.argv) < 2:
    ROOT = ROOT.parents[3]
PRODUCT = ("common", "probe", "analyzer")
LEFT_OUT = {".git", "build", "__pycache__"}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def files(*ends, under=(".",)):
    """Paths relative to ROOT, sorted, of files whose name ends so."""
    found = set()
    for folder in under:
        for here, folders, names in os.walk(ROOT / folder):
            folders[:] = [f for f in folders if f not in LEFT_OUT]
            for name in set(names) - LEFT_OUT:
                if name.endswith(ends or ("",)):
                    found.add(os.path.relpath(os.path.join(here, name), ROOT))
    return sorted(found)


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def lines(path):
    return enumerate(text(path).splitlines(), 1)


def includes(path):
    """(line number, '<' or '"', name) of every include line."""
    for number, line in lines(path):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def table(name):
    """Rows of tests/lint/NAME: words in front of the reason, without comments."""
    for number, line in lines("tests/lint/" + name):
        if line.strip() and not line.startswith("#"):
            yield number, line.split()


class Report:
    def __init__(self):
        self.broken = 0
        self.looked_at = 0

    def saw(self):
        self.looked_at += 1

    def says(self, path, line, sentence):
        self.broken += 1
        print(f"{path}:{line}: {sentence}")

    def end(self):
        """A rule that looked at nothing has not been kept, it has been missed."""
        if not self.looked_at:
            print("this rule found nothing to look at")
        else:
            print(f"{self.looked_at} looked at, {self.broken} broken")
        sys.exit(1 if self.broken or not self.looked_at else 0)


def skip(sentence):
    print(sentence)
    sys.exit(77)
