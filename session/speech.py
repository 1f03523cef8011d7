"""How a text is to be said: typed pieces of it, and the manner. What dialog asks for and the voice carries out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Reading = Literal["spell", "phone"]
Style = Literal["", "calm", "slow"]
"""`calm`: slower, a little lower, longer pauses; `slow`: for whoever asked for it."""


class SayAs(msgspec.Struct, kw_only=True, frozen=True):
    """`text[start:end]` is read character by character (`spell`) or as a telephone number, whatever it looks like."""

    start: int
    end: int
    kind: Reading


def shifted(pieces: Sequence[SayAs], by: int) -> list[SayAs]:
    """The same pieces of a text that begins `by` characters later (negative: more stands before it); cut ones are dropped."""
    return [SayAs(start=piece.start - by, end=piece.end - by, kind=piece.kind) for piece in pieces if piece.start >= by]
