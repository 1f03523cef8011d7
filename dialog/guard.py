"""Private matters are for verified callers only, whatever a flow's drawing says (R20).

What needs which level is declared where the matter is: `auth_level` of an intent, of an article, of a block. Three
places enforce it, so that no path leads around it (a digression, a sub-flow, a shortcut, a wording that lands
elsewhere, a claim to be verified already):

* the engine asks `refuses` before it enters any block, however the run came to it;
* the knowledge base is searched at the run's level (`Turn.search`) and does not look at articles above it;
* facts of a customer are not among the values of prompts and conditions below `PRIVATE_LEVEL` (`known_of`).

The level itself is `RunState.auth_level`, which nothing but `verify` changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialog import handlers
from dialog.text import variables

if TYPE_CHECKING:
    from dialog.blocks.base import Block
    from dialog.turn import Turn

PRIVATE_LEVEL = 2
"""From here on a caller is told what is known of the customer; below it, at level 1, only the name."""
_PUBLIC = frozenset({"company", "customer.name", "locale", "channel"})


def level_needed(turn: Turn, block: Block) -> int:
    """The block's own level, and, where it tells or does something, that of the request."""
    asked = max(turn.state.intent_level, turn.ports.levels.get(turn.state.intent, 0))
    return max(block.auth_level, asked if asked and _tells(block) else 0)


def refuses(turn: Turn, block: Block) -> bool:
    """Send a caller who is not sure enough elsewhere: to be verified, else to a person. Raises RuntimeError if nowhere."""
    needed = level_needed(turn, block)
    if turn.state.auth_level >= needed:
        return False
    why = f"level {needed} is needed, and the caller has {turn.state.auth_level}"
    if not handlers.lead(turn, "on_unverified", why) and not handlers.lead(turn, "on_human_request", why):
        raise RuntimeError(f"block {turn.state.block}: {why}; add handlers.on_unverified")
    return True


def known_of(customer: Any, level: int) -> Any:
    """What of the customer's facts may be said at this level."""
    if level >= PRIVATE_LEVEL or not isinstance(customer, Mapping):
        return customer
    return {"name": customer["name"]} if level and "name" in customer else {}


def _tells(block: Block) -> bool:
    if block.tells or block.hears or block.apart:
        return block.tells
    said = (name for wording in block.wordings().values() for text in wording.values() for name in variables(text))
    return any(name not in _PUBLIC for name in said)
