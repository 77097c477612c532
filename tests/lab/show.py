"""What a person sees: progress on a terminal and none in a pipe."""

import os
import sys

import score

COLOURS = {"shutdown": "31", "throttling": "33", "infrastructure": "35", "none": "32"}


class Screen:
    def __init__(self):
        self.live = sys.stderr.isatty()
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.shown = ""

    def progress(self, text):
        if self.live:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
            self.shown = text

    def clear(self):
        if self.live and self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.shown = ""

    def say(self, text=""):
        self.clear()
        print(text, flush=True)

    def note(self, text):
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def paint(self, text, name):
        code = COLOURS.get(name, "36")
        return f"\033[1;{code}m{text}\033[0m" if self.colour else text

    def row(self, x):
        mark = "right" if score.right(x) else "WRONG"
        delay = "" if x["delay_s"] is None else f", said after {x['delay_s']:.0f} s"
        self.say(f"{x['fault']} (seed {x['seed']}): {self.paint(x['class'], x['class'])}, "
                 f"{x['cause']}, probability {x['probability']:.2f}{delay}: {mark}; "
                 f"ladder held {x['ladder']['held']} of {x['ladder']['of']} cells")
        for what in x["ladder"]["wrong"]:
            self.note(f"    not so: {what}")

    def event(self, name, event):
        p = score.probability(event)
        kind = self.paint(event["class"], event["class"])
        self.say(f"{name}: {kind} ({event['cause']}), probability {p:.2f}, "
                 f"event {event['event']}")
        for row in event["evidence"][:3]:
            self.say(f"    - {row['says']}")
