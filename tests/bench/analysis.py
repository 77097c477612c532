#!/usr/bin/python3
"""How long an analysis takes: ten million lines of a thousand probes from nothing, and one
new round of all of them.

The world makes a country where nothing happens but what happens in every home; `feed` puts
it into a store. Time is processor time of the analyzer, user and system, on one core (it has
one thread); memory is what it holds itself at the most (RssAnon: what the kernel keeps of
files it gives back when it is asked), and beside it all that it had mapped. A round is what
comes until each probe has shipped once more.

    analysis.py [PROBES [DAYS]]    1000 probes, 16 days: ten million lines, five minutes to make

Exit 1 where a promise is not kept: 60 s, 50 ms, memory that does not grow with the lines."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.abspath(os.environ.get("BUILD", f"{ROOT}/build/release"))
sys.path.insert(0, f"{ROOT}/tests")

from sweep import folder  # noqa: E402

WHOLE_S, WHOLE_LINES, ROUND_MS = 60, 10_000_000, 50
# In fifty minutes each probe of the profile has shipped once.
ROUNDS, ROUND_S, GROWS = 5, 50 * 60, 1.5
TICK = os.sysconf("SC_CLK_TCK")


class GoesOn:
    """analyze_on, one time after the other."""

    def __init__(self, path):
        self.process = subprocess.Popen([f"{BUILD}/tests/analyze_on", path], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            words = stat.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICK

    def mapped_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status
                        if line.startswith("VmHWM")) / 1024

    def until(self, at_s):
        """(seconds, processor seconds, MiB of its own)."""
        before_s = self.cpu_s()
        self.process.stdin.write(f"{int(at_s * 1e6)}\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().split()
        if not said:
            raise folder.Failed("analyze_on ended")
        return int(said[0]) / 1e6, self.cpu_s() - before_s, int(said[1]) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(analyzer, world, until_s):
    goes_on = GoesOn(analyzer.path)
    took_s, cpu_s, own_mib = goes_on.until(until_s)
    mapped_mib = goes_on.mapped_mib()
    goes_on.end()
    return took_s, cpu_s, own_mib, mapped_mib


def rounds(analyzer, world, end_s):
    """(ms, segments, lines) of each new round."""
    goes_on = GoesOn(analyzer.path)
    goes_on.until(end_s - ROUNDS * ROUND_S)
    for i in reversed(range(ROUNDS)):
        at_s = end_s - i * ROUND_S
        _, segments, lines = analyzer.feed(world, at_s)
        took_s, _, _ = goes_on.until(at_s)
        yield took_s * 1e3, segments, lines
    goes_on.end()


def main():
    probes, days = (int(word) for word in (*sys.argv[1:], "1000", "16")[:2]) \
        if len(sys.argv) != 2 else (int(sys.argv[1]), 16)
    out = tempfile.mkdtemp(prefix="bench-analysis-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    try:
        os.makedirs(f"{out}/world")
        analyzer = folder.Analyzer(BUILD, f"{out}/store")
        analyzer.simulate(f"{out}/world", "--quiet", days, "--probes", probes, "--seed", 1)
        end_s = folder.end_s(f"{out}/world")
        begin_s = end_s - days * 86400
        _, _, tenth = analyzer.feed(f"{out}/world", begin_s + days * 8640)
        _, _, tenth_mib, _ = measure(analyzer, f"{out}/world", begin_s + days * 8640)
        _, _, most = analyzer.feed(f"{out}/world", end_s - ROUNDS * ROUND_S)
        new = list(rounds(analyzer, f"{out}/world", end_s))
        lines = tenth + most + sum(n for _, _, n in new)
        took_s, cpu_s, own_mib, mapped_mib = measure(analyzer, f"{out}/world", end_s)
    except folder.Failed as error:
        print(f"analysis: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(out)
    round_ms = statistics.median(ms for ms, _, _ in new)
    share = lines / WHOLE_LINES
    print(f"{lines} lines of {probes} probes from nothing: {cpu_s:.1f} s of one processor "
          f"({took_s:.1f} s on the clock): {cpu_s / share / WHOLE_S:.2f} of the promised "
          f"{WHOLE_S} s for {WHOLE_LINES}\n"
          f"memory of its own: {own_mib:.0f} MiB, of the first {tenth} lines "
          f"{tenth_mib:.0f} MiB: {own_mib / tenth_mib:.2f} times as much; mapped at the most "
          f"{mapped_mib:.0f} MiB\n"
          f"one new round ({statistics.median(n for _, n, _ in new)} segments, "
          f"{statistics.median(n for _, _, n in new)} lines): {round_ms:.0f} ms, "
          f"{round_ms / ROUND_MS:.2f} of the promised {ROUND_MS} ms "
          f"(each: {', '.join(f'{ms:.0f}' for ms, _, _ in new)})")
    return int(cpu_s > WHOLE_S * share or round_ms > ROUND_MS or own_mib > GROWS * tenth_mib)


if __name__ == "__main__":
    sys.exit(main())
