#!/usr/bin/python3
"""The timing-only naive Bayes finds on real outages what was published of it: so what it
finds on a simulated world may be compared."""
import sys

sys.dont_write_bytecode = True
import bayes
import investigated

# What a second program, written apart from this one, found on the same half of the rows.
PUBLISHED = (
    ("ranks shutdowns over outages of another known cause by timing, scope and signals",
     "known", True, bayes.auc, 0.959),
    ("ranks shutdowns over outages of another known cause by timing alone",
     "known", False, bayes.auc, 0.919),
    ("is right on all rows, at recall .8, as often as was published",
     "all", True, lambda scores, truth: bayes.precision_at(scores, truth, 0.8), 0.636),
    ("is not carried by the one country that has most of the shutdowns",
     "but Syria", True, bayes.auc, 0.913),
)
WITHIN = 0.012


def main():
    if not investigated.there():
        print(f"no list of investigated outages here ({investigated.LIST})")
        return 77
    everything, known = investigated.read()
    rows = {"all": everything, "known": known,
            "but Syria": [o for o in known if o.country != "Syria"]}
    bad = 0
    for says, which, with_scope, figure, expected in PUBLISHED:
        outages = rows[which]
        found = figure(bayes.judge(outages, with_scope), [o.positive for o in outages])
        ok = abs(found - expected) <= WITHIN
        bad += not ok
        print(f"{'ok' if ok else 'not so'}: it {says}: {found:.3f} of {len(outages)} rows, "
              f"published {expected}")
    low, high = bayes.bootstrap(known, bayes.judge(known, True))
    ok = abs(low - 0.76) <= 0.04 and abs(high - 0.99) <= 0.01
    print(f"{'ok' if ok else 'not so'}: drawing countries moves it from {low:.2f} to "
          f"{high:.2f}, published .76 to .99")
    return 1 if bad or not ok else 0


sys.exit(main())
