"""What the probes' own status tells of the rounds they finished, and when."""

import time

import score

A_DAY_S = 86400
SECONDS_OF_A_WINDOW = 900  # as shipped; time_scale divides it
LONGEST_S = 90  # of a round where most is lost or dark, as deadlines of jobs are not scaled


class Seen:
    """The rounds of one probe, as a person would see them who asks it again and again."""

    def __init__(self, probe, scale):
        self.probe, self.window_s = probe, SECONDS_OF_A_WINDOW / scale
        self.rounds, self.ends, self.status, self.wanted = 0, [], {}, 0

    def look(self):
        self.status = self.probe.status()
        rounds = self.status.get("rounds", 0)
        if rounds != self.rounds and rounds > 0:
            said_s, now_s = score.utc_s(self.status["updated"]), time.time()
            # A machine's clock may be wrong by decades; then it ended when we saw it.
            self.ends.append(said_s if abs(said_s - now_s) < A_DAY_S else now_s)
        self.rounds = rounds

    def windows(self, since_s):
        """In how many windows rounds ended."""
        return len({int(end // self.window_s) for end in self.ends if end > since_s})

    def whole_rounds(self, since_s):
        """Rounds that began and ended since then: the first may have begun before, unless
        it ended later than any could that did."""
        ends = [end for end in self.ends if end > since_s]
        return len(ends) - bool(ends and min(ends) < since_s + LONGEST_S)

    def mark(self):
        """What is kept by now is what delivered() means."""
        self.look()
        self.wanted = self.status.get("accepted", 0) + self.status.get("spooled", 0)

    def delivered(self):
        """The analyzer has signed for as many segments as were wanted, and none waits but
        what the last two rounds were sealed in: it takes the newest first."""
        if not self.status.get("analyzer_reached"):
            return False
        rounds, segments = max(1, self.status["rounds"]), self.status["segments"]
        return (self.status["accepted"] >= self.wanted
                and self.status["spooled"] <= max(1, round(2 * segments / rounds)))
