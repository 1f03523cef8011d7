"""Comparing rates while they come in: intervals that hold at every look at once, and how many callers a test needs.

The mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh, "Always Valid Inference: Continuous
Monitoring of A/B Tests", Operations Research 70(3), 2022 (arXiv:1512.04922), section 5, with a normal mixture N(0, τ²) on the
difference θ. With the estimate θ̂ and its variance s² at a moment:

    Λ = sqrt(s² / (s² + τ²)) · exp(τ² θ̂² / (2 s² (s² + τ²)))

Under θ = 0, Λ is (about, by the normal approximation) a martingale that begins at 1, so by Ville's inequality it ever
reaches 1/α with probability at most α: whoever stops at the first time p = 1/Λ ≤ α is wrong at most that often, however
often they look. Solving Λ < 1/α for the true difference gives the confidence sequence

    θ̂ ± sqrt( 2 s² (s² + τ²) / τ² · ( ln(1/α) + ½ ln((s² + τ²) / s²) ) )

The approximation needs counts, so nothing is said before `LEAST` outcomes per variant, and variances are of rates
with one success and one failure added. Where few callers get a variant, its own rate says too little of how it varies: by
luck it is near 0 or 1 and seems certain (A/A of 80/10/10 at 2 %: 7 % false "different"). So s² is never less than what both
rates together would give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

LEAST = 100  # outcomes per variant before anything is said
TAU = 0.05  # differences that are expected; a wrong guess costs callers, never validity
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Counts:
    """Outcomes of one variant."""

    n: int = 0
    successes: int = 0

    @property
    def rate(self) -> float:
        """Share of successes; 0 before there is an outcome."""
        return self.successes / self.n if self.n else 0.0

    @property
    def variance(self) -> float:
        """Of the rate's estimate."""
        share = (self.successes + 1) / (self.n + 2)
        return share * (1 - share) / max(self.n, 1)


@dataclass(frozen=True, slots=True)
class Difference:
    """Variant less control: estimate, an interval that holds at all looks at once, and the p-value of this look."""

    estimate: float
    low: float
    high: float
    p: float

    @property
    def sure(self) -> bool:
        """There is a difference."""
        return self.low > 0 or self.high < 0


def difference(variant: Counts, control: Counts, *, alpha: float = ALPHA, tau: float = TAU) -> Difference:
    """Compare now. May be asked after every single outcome."""
    estimate = variant.rate - control.rate
    if min(variant.n, control.n) < LEAST:
        return Difference(estimate, -1.0, 1.0, 1.0)
    s2, t2 = max(variant.variance + control.variance, _pooled(variant, control)), tau * tau
    log_ratio = 0.5 * math.log(s2 / (s2 + t2)) + t2 * estimate**2 / (2 * s2 * (s2 + t2))
    half = math.sqrt(2 * s2 * (s2 + t2) / t2 * (math.log(1 / alpha) + 0.5 * math.log((s2 + t2) / s2)))
    return Difference(estimate, estimate - half, estimate + half, min(1.0, math.exp(-log_ratio)))


def _pooled(one: Counts, other: Counts) -> float:
    """Variance of the difference if both had one rate."""
    share = (one.successes + other.successes + 1) / (one.n + other.n + 2)
    return share * (1 - share) * (1 / one.n + 1 / other.n)


SMALLEST = 1e-6  # difference of two rates: for less, more callers than there are people


def sample_size(rate: float, lift: float, *, alpha: float = ALPHA, power: float = 0.8) -> int:
    """Callers per variant with which a fixed-size test finds `rate` → `rate + lift` (two-sided, pooled normal).

    Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd ed., formula 4.14. Looking all the time,
    as is done here, takes more when the difference is as small as this, and fewer when it is larger. Raises ValueError
    for rates outside 0…1 and for differences below `SMALLEST`.
    """
    other = rate + lift
    if not (0 < rate < 1 and 0 < other < 1) or lift == 0:
        raise ValueError("both rates lie between 0 and 1, and they differ")
    if abs(lift) < SMALLEST:
        raise ValueError(f"lift: a difference below {SMALLEST:g} is not to be found in any number of callers")
    normal = NormalDist()
    z_alpha, z_power = normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(power)
    mean = (rate + other) / 2
    spread = z_alpha * math.sqrt(2 * mean * (1 - mean)) + z_power * math.sqrt(rate * (1 - rate) + other * (1 - other))
    return math.ceil((spread / lift) ** 2)
