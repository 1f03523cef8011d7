"""Postcodes: letters and figures, said in any alphabet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialog.verification.matching.letters import likeness, written


def like_postcode(heard: Sequence[str], true: str) -> float:
    """Of all that was understood (best first, several attempts), what comes closest: 0…1."""
    wanted = plain_postcode(true)
    if not wanted:
        return 0.0
    parts = [written(text) for text in heard]
    best = max((likeness(part, wanted) for part in parts if part), default=0.0)
    # A caller who stops in the middle and goes on in the next breath.
    joined = [parts[at] + parts[at + 1] for at in range(len(parts) - 1) if parts[at] and len(parts[at]) < len(wanted)]
    return max([best, *(likeness(both, wanted) for both in joined)])


def plain_postcode(postcode: str) -> str:
    """Lower case, letters and figures only."""
    return re.sub(r"[^a-z0-9]", "", postcode.lower())
