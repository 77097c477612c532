#!/usr/bin/python3
"""The tree that the world is tried with learns what can be learnt, and no more."""
import random
import sys

sys.dont_write_bytecode = True
import tree


def learns(rows, classes, leaf=1):
    nodes = tree.grow(rows, classes, leaf)
    return [tree.say(nodes, row) for row in rows]


def it_splits_where_the_gini_index_falls_most():
    rows, classes = [[0, 5], [1, 5], [2, 5], [3, 9]], ["a", "a", "b", "b"]
    root = tree.grow(rows, classes, 1)[0]
    assert (root.column, root.bar) == (0, 1)
    # Four of six impurity is left by the second column's only split, 3 - 5/3; none by this.
    assert tree.best_of_column(rows, classes, range(4), 0, 1) == (0, 1)
    after, bar = tree.best_of_column(rows, classes, range(4), 1, 1)
    assert abs(after - (3 - 5 / 3)) < 1e-9 and bar == 5


def it_learns_what_two_columns_say_together():
    rows = [[a, b] for a in range(4) for b in range(3)]
    classes = ["in" if a < 2 and b == 1 else "out" for a, b in rows]
    assert learns(rows, classes) == classes


def it_learns_nothing_from_noise_but_its_leaves():
    draw = random.Random(1)
    rows = [[draw.random() for _ in range(5)] for _ in range(400)]
    classes = [draw.choice("ab") for _ in rows]
    nodes = tree.grow(rows[:200], classes[:200], 5)
    right = sum(tree.say(nodes, r) == c for r, c in zip(rows[200:], classes[200:]))
    assert 70 <= right <= 130, right


def a_leaf_is_never_too_small():
    rows, classes = [[n] for n in range(10)], ["a"] + ["b"] * 9
    assert len(tree.grow(rows, classes, 6)) == 1
    assert learns(rows, classes, 5) == ["b"] * 10, "five and five: b leads in both"
    assert learns(rows, classes, 1) == classes


def what_was_not_counted_is_less_than_any_number():
    rows, classes = [[tree.NOTHING], [-5.0], [3.0]], ["a", "b", "b"]
    assert learns(rows, classes) == classes


for test in (it_splits_where_the_gini_index_falls_most,
             it_learns_what_two_columns_say_together,
             it_learns_nothing_from_noise_but_its_leaves, a_leaf_is_never_too_small,
             what_was_not_counted_is_less_than_any_number):
    test()
    print("ok:", test.__name__.replace("_", " "))
