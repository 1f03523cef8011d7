"""Whether the machine has processor to spare, by Linux' pressure stall information (Documentation/accounting/psi.rst)."""

from __future__ import annotations

from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")
WANTED = 10.0  # % of the last 10 s in which somebody waited for a core; on an idle machine it stays below 2


def cores_are_wanted(pressure: Path = PRESSURE) -> bool:
    """Whether somebody has been waiting for a core lately. False where the kernel does not tell."""
    try:
        share = pressure.read_text(encoding="ascii").partition("avg10=")[2].partition(" ")[0]
        return float(share) >= WANTED
    except (OSError, ValueError):
        return False
