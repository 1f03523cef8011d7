"""Waiting for what happens, never for a time: cues of a caller's script, and asking until there is an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

PATIENCE = 4  # times as long is waited as an idle machine needs, before it counts as not happening
T = TypeVar("T")


@dataclass(frozen=True)
class Cue:
    """What a caller waits for before the next step: the next such event of the conversation, however long it takes.

    Silence is no cue: a slow machine is silent where a quick one speaks.
    """

    kind: str
    payload: dict[str, Any]


def asked(block: str) -> Cue:
    """The bot said something of this block to its end; it listens."""
    return Cue("bot.said", {"block": block, "outcome": "done"})


def happens(kind: str, **payload: Any) -> Cue:
    """An event with this in it."""
    return Cue(kind, payload)


def fits(event: dict[str, Any], kind: str, payload: dict[str, Any]) -> bool:
    """Whether an event is of a type and holds this; text fields match when they contain what is given."""

    def same(have: Any, want: Any) -> bool:
        return want.lower() in have.lower() if isinstance(want, str) and isinstance(have, str) else bool(have == want)

    return kind in ("", event["type"]) and all(same(event["payload"].get(key), want) for key, want in payload.items())


def until(what: str, ask: Callable[[], T | None], timeout_s: float = 20.0, log: Callable[[], str] | None = None) -> T:
    """The first answer that is not empty. Fails naming `what`, with the end of the log, after `PATIENCE` times `timeout_s`."""
    timeout_s *= PATIENCE
    deadline = time.monotonic() + timeout_s
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s:g} s\n{log() if log else ''}")
        time.sleep(0.25)
