"""Who hears whom. Pure: from what each party of a contact is, per leg the legs that it hears.

| listener ↓ / speaker → | customer, outside | agent | bot | supervisor: monitor | whisper | barge |
| --- | --- | --- | --- | --- | --- | --- |
| customer, outside | yes | yes | (at their own leg) | no | no | yes |
| agent | yes | yes | no | no | yes | yes |
| supervisor | yes | yes | yes | no | no | yes |

Whoever is held neither hears nor is heard, by supervisors neither: what a held customer says is nobody's. A muted one
hears. That is all there is to hold, consultation, conference, whisper and taking over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from session import wire

Role = Literal["customer", "agent", "outside", "supervisor", "bot"]
Mode = Literal["active", "monitor", "whisper", "barge"]
Mix = Mapping[str, frozenset[str]]
"""Leg → the legs it hears."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A party whose leg is up. `mode` is `active` for all but supervisors. The bot's leg is what is played to the customer's."""

    leg_id: str
    role: Role
    mode: Mode = "active"
    held: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What a leg is to be told: whole sets."""

    leg_id: str
    hears: frozenset[str]
    sends_to: frozenset[str]
    plays_to: frozenset[str] = frozenset()


Told = tuple[frozenset[str], frozenset[str], frozenset[str]]
"""What a leg was told last: whom it hears, who hears it, who hears what is played to it."""


def reaches(speaker: Voice, listener: Voice) -> bool:
    """Is the speaker heard by the listener?"""
    if speaker.leg_id == listener.leg_id or speaker.held or listener.held or speaker.muted:
        return False
    if speaker.role == "bot":
        return listener.role == "supervisor"
    if speaker.role != "supervisor":
        return True
    if speaker.mode == "whisper":
        return listener.role == "agent"
    return speaker.mode in ("active", "barge")


def mix_of(voices: Iterable[Voice]) -> dict[str, frozenset[str]]:
    """Every leg, with those it hears."""
    present = list(voices)
    return {
        listener.leg_id: frozenset(speaker.leg_id for speaker in present if reaches(speaker, listener))
        for listener in present
        if listener.role != "bot"
    }


def orders(told: Mapping[str, Told | None], mix: Mix) -> list[Order]:
    """What must be ordered for `mix`, where `told` says what each leg was told last (None: nobody knows).

    A leg that was told nothing is alone. Those that hear or send more come first, so that nobody is parted before the
    others are together.
    """
    alone: frozenset[str] = frozenset()
    found = []
    for leg_id in sorted({*told, *mix}):
        hears = mix.get(leg_id, alone)
        sends_to = frozenset(listener for listener, heard in mix.items() if leg_id in heard)
        plays_to = frozenset(listener for listener, heard in mix.items() if wire.played(leg_id) in heard)
        wanted: Told = (hears, sends_to, plays_to)
        before = told.get(leg_id, (alone, alone, alone))
        if before != wanted:
            had = 0 if before is None else sum(map(len, before))
            found.append((had - sum(map(len, wanted)), Order(leg_id, *wanted)))
    return [order for _, order in sorted(found, key=lambda pair: (pair[0], pair[1].leg_id))]
