"""How often sequential tests are wrong when one looks after every caller, and how soon they find real differences.

    python -m benchmarks.experiments [--runs 2000] [--callers 20000] [--json FILE]

A/A: both variants have the same rate; a look after every pair of callers; a "winner" is an error. Beside it the usual test
of two proportions, looked at as often. A/B: how many callers per variant until the difference is found. Then A/A again with
unequal shares, a look after every caller: "different" of any variant, and the guardrail stopping one, which counts as well.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialog.experiment.stats import ALPHA, LEAST, TAU, sample_size

Rates = NDArray[np.float64]
Counts = NDArray[np.int64]


def first_stop(rng: np.random.Generator, rate: float, other: float, callers: int) -> tuple[int, int]:
    """Callers per variant at which the sequential and the usual test first say "different"; 0 = never."""
    n: Counts = np.arange(1, callers + 1, dtype=np.int64)
    a, b = (np.cumsum(rng.random(callers) < share, dtype=np.int64) for share in (rate, other))
    estimate, ratio = _compared(b, n, a, n, ALPHA)
    pooled = (a + b) / (2 * n)
    z = np.abs(estimate) / np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-12))
    found = []
    for hits in (ratio >= 0, z >= 1.959964):
        hits[: LEAST - 1] = False
        found.append(int(n[np.argmax(hits)]) if hits.any() else 0)
    return found[0], found[1]


def _compared(x: Counts, n: Counts, x0: Counts, n0: Counts, alpha: float) -> tuple[Rates, Rates]:
    """`difference` of stats.py for many looks at once: estimates, and ln(Λα), which from 0 on says "different"."""
    estimate: Rates = x / n - x0 / n0
    share, share0 = (x + 1) / (n + 2), (x0 + 1) / (n0 + 2)
    own: Rates = share * (1 - share) / n + share0 * (1 - share0) / n0
    both = (x + x0 + 1) / (n + n0 + 2)
    s2 = np.maximum(own, both * (1 - both) * (1 / n + 1 / n0))
    t2 = TAU * TAU
    ratio = 0.5 * np.log(s2 / (s2 + t2)) + t2 * estimate**2 / (2 * s2 * (s2 + t2))
    return estimate, ratio + np.log(alpha)


def unequal(rng: np.random.Generator, shares: list[float], rate: float, callers: int) -> tuple[bool, bool]:
    """One A/A run: did any look say "different" of successes, and did the guardrail stop a variant for its transfers?

    Transfers are the calls without success, as where no success is written in the flow. `callers`: in all.
    """
    dealt = rng.choice(len(shares), size=callers, p=shares)
    good = rng.random(callers) < rate
    counts = [np.cumsum(dealt == one, dtype=np.int64) for one in range(len(shares))]
    sums = [np.cumsum(good & (dealt == one), dtype=np.int64) for one in range(len(shares))]
    different = stopped = False
    for one in range(1, len(shares)):
        told = np.minimum(counts[one], counts[0]) >= LEAST
        n, n0 = np.maximum(counts[one], 1), np.maximum(counts[0], 1)
        estimate, over = _compared(sums[one], n, sums[0], n0, ALPHA / (len(shares) - 1))
        different |= bool((told & (over > 0)).any())
        stopped |= bool((told & (over > 0) & (estimate < 0)).any())
    return different, stopped


def main() -> None:
    """Print the table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--callers", type=int, default=20_000, help="per variant")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng = np.random.default_rng(20_261_121)
    rows = []
    print(
        f"{'rate':>6} {'other':>6} {'sequential says so':>19} {'usual test, peeked at':>22} {'median callers':>15} {'fixed size':>11}"
    )
    for rate, other in (
        (0.02, 0.02),
        (0.1, 0.1),
        (0.5, 0.5),
        (0.9, 0.9),
        (0.5, 0.53),
        (0.5, 0.55),
        (0.8, 0.85),
        (0.1, 0.15),
    ):
        stops = [first_stop(rng, rate, other, given.callers) for _ in range(given.runs)]
        said = [sum(stop[which] > 0 for stop in stops) / given.runs for which in (0, 1)]
        when = sorted(stop[0] or given.callers for stop in stops)[given.runs // 2]
        fixed = sample_size(rate, other - rate) if other != rate else None
        rows.append(
            {"rate": rate, "other": other, "sequential": said[0], "usual": said[1], "median": when, "fixed": fixed}
        )
        middle = f"{when:>15}" if fixed else f"{'–':>15}"
        print(f"{rate:>6} {other:>6} {said[0]:>18.1%} {said[1]:>21.1%} {middle} {fixed or '–':>11}")
    print(f"\n{'shares':>14} {'rate':>6} {'different':>10} {'stopped':>10}")
    dealt = []
    for shares in ([0.9, 0.1], [0.1, 0.9], [0.99, 0.01], [0.8, 0.1, 0.1]):
        for rate in (0.02, 0.1, 0.5, 0.9, 0.98):
            runs = [unequal(rng, shares, rate, given.callers) for _ in range(given.runs)]
            different, stopped = (sum(run[which] for run in runs) / given.runs for which in (0, 1))
            dealt.append({"shares": shares, "rate": rate, "different": different, "stopped": stopped})
            print(
                f"{'/'.join(f'{share:.0%}'[:-1] for share in shares):>14} {rate:>6} {different:>10.1%} {stopped:>10.1%}"
            )
    if given.json:
        given.json.write_text(
            json.dumps({"runs": given.runs, "callers": given.callers, "rows": rows, "unequal": dealt}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
