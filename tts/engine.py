"""What an engine is, and how it says that it cannot speak."""

from __future__ import annotations

from typing import Protocol

from tts.sound import Wave
from tts.style import NORMAL, Manner


class EngineError(Exception):
    """An engine could not speak; the sentence says why and, where possible, the mend."""


class Engine(Protocol):
    """One voice maker. Calls may come from any thread; an engine guards what is not thread-safe."""

    name: str
    version: str

    def why_missing(self) -> str:
        """Empty when the engine can be used, else what is missing and how to get it. Cheap: loads nothing."""
        ...

    def voice(self, wanted: str) -> str:
        """The voice that will be used when `wanted` (may be empty) is asked for."""
        ...

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[Wave, int]:
        """Wave (n,) in −1…1 and its rate. Raises `EngineError`."""
        ...
