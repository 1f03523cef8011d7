"""Which proofs add up to which level. Pure; the policy is a setting, and is checked before it is used.

0  nobody knows who calls            2  private matters: balance, order, address
1  likely this customer: greet, ask  3  what cannot be undone: payments, a new PIN
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

FactorName = Literal[
    "known_number", "pin", "birth_date", "last_four", "postcode", "name", "totp", "sent_code", "voiceprint"
]
FACTORS: tuple[FactorName, ...] = get_args(FactorName)
WEAK: frozenset[str] = frozenset({"known_number", "voiceprint"})
"""What can be forged by who has never met the customer: a calling number, a voice. Never more than level 1 alone."""
HIGHEST = 3

Combination = list[FactorName]
Levels = dict[int, list[Combination]]

DEFAULT_LEVELS: Levels = {
    1: [["known_number"], ["voiceprint"], ["birth_date"], ["last_four"], ["name", "postcode"]],
    2: [
        ["pin"],
        ["totp"],
        ["sent_code"],
        ["birth_date", "last_four"],
        ["birth_date", "postcode", "name"],
        ["voiceprint", "birth_date"],
        ["voiceprint", "last_four"],
    ],
    3: [["pin", "totp"], ["pin", "sent_code"], ["pin", "voiceprint"], ["sent_code", "birth_date", "last_four"]],
}


def check_levels(levels: Mapping[int, Sequence[Sequence[str]]]) -> None:
    """Raises ValueError naming the level and the mend."""
    if unknown := sorted(set(levels) - set(range(1, HIGHEST + 1))):
        raise ValueError(f"level {unknown[0]} is none of 1 to {HIGHEST}")
    for level, combinations in sorted(levels.items()):
        for combination in combinations:
            told = f"level {level}: [{', '.join(combination)}]"
            if not combination:
                raise ValueError(f"level {level}: an empty combination would let everybody in; remove it")
            if wrong := sorted(set(combination) - set(FACTORS)):
                raise ValueError(f"{told}: {wrong[0]!r} is no factor; there are {', '.join(FACTORS)}")
            if level > 1 and set(combination) <= WEAK:
                raise ValueError(
                    f"{told}: {' and '.join(combination)} can be forged and gives level 1 at most; "
                    "add a factor that the customer knows or has"
                )


def level_of(levels: Mapping[int, Sequence[Sequence[str]]], proven: Collection[str]) -> int:
    """The highest level that these proofs give; whatever the policy says, weak ones alone give no more than 1."""
    have = set(proven)
    reached = [level for level, options in levels.items() if any(have >= set(option) for option in options)]
    best = max(reached, default=0)
    return min(best, 1) if have <= WEAK else best
