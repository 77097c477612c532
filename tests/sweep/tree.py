"""A plain decision tree (Breiman et al., "Classification and Regression Trees", 1984: splits
by the Gini index, grown until a leaf would be too small, not pruned).

It is no part of any verdict. If it can name every class from a handful of numbers counted
around each label, then the world that made the numbers is too easy to learn from.

features.csv, one row a label: its id, then any columns of numbers; an empty cell is a
number that nothing was counted for, and is less than any other.
"""

import collections
import csv
from typing import NamedTuple, Optional

LEAF = 5
NOTHING = float("-inf")


class Node(NamedTuple):
    says: str  # the class that most have here
    column: int
    bar: float  # up to it: below; else above
    below: Optional[int]  # index of a node; None: a leaf
    above: Optional[int]


def read(path):
    """(names of the columns, {a label's id: its numbers})."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)[1:]
        return names, {row[0]: [float(cell) if cell else NOTHING for cell in row[1:]]
                       for row in rows}


def impurity(counts, n):
    """n times the Gini index."""
    return n - sum(c * c for c in counts.values()) / n


def best_of_column(rows, classes, here, column, leaf):
    """(impurity after the best split of ${here}, bar), or None."""
    order = sorted((rows[i][column], classes[i]) for i in here)
    n, best = len(order), None
    if order[0][0] == order[-1][0]:
        return None
    below, above = collections.Counter(), collections.Counter(c for _, c in order)
    squares_below, squares_above = 0, sum(c * c for c in above.values())
    for at in range(n - 1):
        value, one = order[at]
        # (c + 1)^2 - c^2 and c^2 - (c - 1)^2
        squares_below += 2 * below[one] + 1
        squares_above -= 2 * above[one] - 1
        below[one] += 1
        above[one] -= 1
        if value == order[at + 1][0] or at + 1 < leaf or n - at - 1 < leaf:
            continue
        after = n - squares_below / (at + 1) - squares_above / (n - at - 1)
        if best is None or after < best[0]:
            best = after, value
    return best


def best_split(rows, classes, here, leaf):
    """(column, bar) that leaves the least impurity, or None where none lessens it."""
    counts = collections.Counter(classes[i] for i in here)
    least, found = impurity(counts, len(here)) - 1e-9, None
    if len(counts) == 1 or len(here) < 2 * leaf:
        return None
    for column in range(len(rows[0])):
        best = best_of_column(rows, classes, here, column, leaf)
        if best and best[0] < least:
            least, found = best[0], (column, best[1])
    return found


def grow(rows, classes, leaf=LEAF):
    """Nodes, the root first."""
    nodes, waiting = [None], [(0, range(len(rows)))]
    while waiting:
        at, here = waiting.pop()
        counts = collections.Counter(classes[i] for i in here)
        says = max(sorted(counts), key=counts.get)
        split = best_split(rows, classes, here, leaf)
        if split is None:
            nodes[at] = Node(says, 0, 0, None, None)
            continue
        column, bar = split
        nodes[at] = Node(says, column, bar, len(nodes), len(nodes) + 1)
        for below in (True, False):
            waiting.append((len(nodes), [i for i in here if (rows[i][column] <= bar) == below]))
            nodes.append(None)
    return nodes


def say(nodes, row):
    node = nodes[0]
    while node.below is not None:
        node = nodes[node.below if row[node.column] <= node.bar else node.above]
    return node.says
