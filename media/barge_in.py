"""The caller talks over the bot: lower the voice at once, make sure it is speech, then stop. Pure but for the times.

0 ms voice   60 ms: Duck   100 ms: Check (neural, ≤80 ms) ──speech──▶ Stop (≤200 ms after the voice began)
                                                  └─────noise───▶ Restore; asked again after 120 ms more voice
"""

from __future__ import annotations

from enum import Enum, auto

from media.frames import FRAME_MS

DUCK_MS = 60  # ms of voice; a click is shorter
CHECK_MS = 100  # ms of voice before the neural check, which needs ~100 ms to be right
AGAIN_MS = 120  # ms of further voice before a refused check is asked again
FORGET_MS = 120  # ms of silence after which the voice counts as ended


class Step(Enum):
    """What is to be done now."""

    DUCK = auto()
    CHECK = auto()
    RESTORE = auto()


class BargeIn:
    """Follows the voice while an interruptible prompt is audible."""

    def __init__(self) -> None:
        self.onset: float | None = None
        self._voiced_ms = 0
        self._silent_ms = 0
        self._next_check_ms = CHECK_MS
        self._ducked = False

    def push(self, voiced: bool, at: float) -> list[Step]:
        """One 20 ms frame that arrived at monotonic second `at` (its end)."""
        if voiced:
            if self.onset is None:
                self.onset = at - FRAME_MS / 1000
            self._voiced_ms += FRAME_MS
            self._silent_ms = 0
        elif self.onset is not None:
            self._silent_ms += FRAME_MS
            if self._silent_ms >= FORGET_MS:
                return self.reset()
        steps: list[Step] = []
        if voiced and not self._ducked and self._voiced_ms >= DUCK_MS:
            self._ducked = True
            steps.append(Step.DUCK)
        if voiced and self._voiced_ms >= self._next_check_ms:
            self._next_check_ms = self._voiced_ms + AGAIN_MS
            steps.append(Step.CHECK)
        return steps

    def refused(self) -> list[Step]:
        """The check said: no speech."""
        if not self._ducked:
            return []
        self._ducked = False
        return [Step.RESTORE]

    def reset(self) -> list[Step]:
        """The voice ended, or there is nothing to interrupt any more."""
        ducked = self._ducked
        self.onset = None
        self._voiced_ms = self._silent_ms = 0
        self._next_check_ms = CHECK_MS
        self._ducked = False
        return [Step.RESTORE] if ducked else []
