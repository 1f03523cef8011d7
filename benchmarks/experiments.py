"""How often sequential tests are wrong when one looks after every caller, and how soon they find real differences.

    python -m benchmarks.experiments [--runs 2000] [--callers 20000] [--json FILE]

A/A: both variants have the same rate; a look after every pair of callers; a "winner" is an error. Beside it the usual test
of two proportions, looked at as often. A/B: how many callers per variant until the difference is found.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialog.experiment.stats import ALPHA, LEAST, TAU, sample_size

Rates = NDArray[np.float64]


def first_stop(rng: np.random.Generator, rate: float, other: float, callers: int) -> tuple[int, int]:
    """Callers per variant at which the sequential and the usual test first say "different"; 0 = never."""
    n = np.arange(1, callers + 1)
    a, b = (np.cumsum(rng.random(callers) < share) for share in (rate, other))
    estimate: Rates = b / n - a / n
    shares = [(total + 1) / (n + 2) for total in (a, b)]
    s2: Rates = sum(share * (1 - share) / n for share in shares)
    t2 = TAU * TAU
    ratio = 0.5 * np.log(s2 / (s2 + t2)) + t2 * estimate**2 / (2 * s2 * (s2 + t2))
    pooled = (a + b) / (2 * n)
    z = np.abs(estimate) / np.sqrt(np.maximum(2 * pooled * (1 - pooled) / n, 1e-12))
    found = []
    for hits in (ratio >= np.log(1 / ALPHA), z >= 1.959964):
        hits[: LEAST - 1] = False
        found.append(int(n[np.argmax(hits)]) if hits.any() else 0)
    return found[0], found[1]


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
    if given.json:
        given.json.write_text(json.dumps({"runs": given.runs, "callers": given.callers, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
