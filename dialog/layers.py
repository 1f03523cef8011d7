"""What a decision rests on: how the caller's words were understood, business data since, the rule; each with its ms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialog.events import Performed
from dialog.ports import Understood

if TYPE_CHECKING:
    from dialog.turn import Turn

DATA_KEPT = 12  # answers of business systems that one decision's record names


async def classify(turn: Turn, words: str) -> Understood:
    """What the words ask for, and how long that took."""
    began = turn.ports.stopwatch()
    meaning = await turn.ports.understanding.classify(words)
    turn.classified_ms = round((turn.ports.stopwatch() - began) * 1000, 1)
    return meaning


def intend(turn: Turn, meaning: Understood, words: str) -> None:
    """The caller's request is understood: a decision that follows begins here."""
    state = turn.state
    state.query, state.intent, state.last_answer = words, meaning.intent, ""
    state.intent_level = turn.ports.levels.get(meaning.intent, 0)
    state.layers = {
        "since": turn.now_ms,
        "intent": {
            "name": meaning.intent,
            "confidence": round(meaning.confidence, 3),
            "ms": turn.classified_ms,
        },
        "data": [],
    }


def add_data(turn: Turn, block: str, outcome: str, ms: float) -> None:
    """Business data came (or did not)."""
    data = turn.state.layers.setdefault("data", [])
    data.append({"block": block, "outcome": outcome, "ms": round(ms, 1)})
    del data[:-DATA_KEPT]


def record(turn: Turn, result: Performed) -> dict[str, Any]:
    """The record of a decision by rule: intent, data, rule, each with its ms, and ms from the words to here."""
    layers = turn.state.layers
    return {
        "block": turn.state.block,
        "intent": layers.get("intent"),
        "data": layers.get("data", []),
        "rule": {**result.detail, "outcome": result.outcome, "ms": round(result.ms, 1)},
        "total_ms": max(0, turn.now_ms - layers["since"]) if "since" in layers else None,
    }
