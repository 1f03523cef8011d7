"""Which factor comes next, and when it is enough. Of a run's state: `proven`, `carried`, and in `memo` what was set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dialog.state import RunState
from dialog.verification.factors import Factor
from dialog.verification.levels import WEAK, level_of
from dialog.verification.lockout import customer_key, number_key

Policy = Mapping[int, Sequence[Sequence[str]]]


def enough(state: RunState, level: int, levels: Policy) -> bool:
    """Does what is proven give the level? What was proven before a call dropped is not enough by itself."""
    if level_of(levels, state.proven) < level:
        return False
    return not state.carried


def following(state: RunState, factors: Sequence[Factor], level: int, levels: Policy) -> int | None:
    """The next factor that helps; one that was proven before a call dropped is asked again when nothing else is left."""
    aside = state.memo.get("aside", [])
    left = [index for index in range(len(factors)) if index not in aside]
    new = [index for index in left if factors[index].name not in state.proven]
    if not state.carried:
        left = new
    could = [*state.proven, *(factors[index].name for index in left)]
    if level_of(levels, could) < level:
        return None
    again = [index for index in left if index not in new and factors[index].name not in WEAK]
    return next(iter([*new, *again]), None)


def set_aside(state: RunState) -> None:
    """The factor that is asked now is not asked again."""
    state.memo["aside"] = [*state.memo.get("aside", []), state.memo["at"]]


def lock_keys(state: RunState) -> list[str]:
    """Customer and calling number, as far as they are known."""
    keys = [customer_key(state.claimed)] if state.claimed else []
    return [*keys, number_key(state.caller.number)] if state.caller.number else keys
