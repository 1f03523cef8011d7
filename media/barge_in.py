"""The caller makes a sound while the bot speaks: lower the bot, fall silent, then stop or go on. Pure but for the times.

      0 ms voice begins
     60 ms DUCK: the prompt is lowered by 12 dB; a click is shorter
    100 ms CHECK, and again at 140, 180: does the network (~3 ms) hear speech? Three times no: RESTORE, asked every 120 ms
    200 ms HOLD, once it is speech: the prompt stands still, silent, and nothing of it is lost
   ~670 ms words: of a partial, or of the decode begun when the voice paused
           no listening noise ("wait", "yeah, but") ──▶ STOP     "mm-hm", 嗯, no words (a cough) ──▶ RESTORE when the voice ended
           none come: who spoke for 400 ms and longer wanted to be heard ──▶ STOP, else RESTORE
   1200 ms of voice: STOP, whatever the words

So whoever means it hears us fall silent within 300 ms of their first sound, and an "uh-huh" costs a dip, or, if it is
long, a moment's silence. Words count at any time: they also stop a prompt for a voice that the network took for noise.
Where an answer is awaited, "yes" is the answer: then only what holds no words counts as a listening noise.
"""

from __future__ import annotations

from enum import Enum, auto

from media.backchannel import only_backchannel
from media.frames import FRAME_MS

DUCK_MS = 60  # ms of voice; a click is shorter
CHECK_MS = 100  # ms of voice before the neural check, which needs ~100 ms to be right
AGAIN_MS = 40  # ms of further voice before a refused check is asked again
DECIDED_MS = 180  # ms of voice after which a refusal is believed
SELDOM_MS = 120  # ms of further voice between checks from then on
HOLD_MS = 200  # ms of voice before the prompt stands still: a short 嗯 is over, and 300 ms leave room for a slow check
FORGET_MS = 120  # ms of silence after which the voice counts as ended
MEANT_MS = 400  # ms of voice without any words to judge by (a busy recogniser) that count as an interruption
WORDLESS_MS = 600  # ms of silence that a held prompt waits for words; a decode takes 250 ms of an idle machine
LONG_MS = 1200  # ms of voice that no listening noise lasts


class Step(Enum):
    """What is to be done now."""

    DUCK = auto()
    CHECK = auto()
    HOLD = auto()
    RESTORE = auto()
    STOP = auto()


class BargeIn:
    """Follows the voice while an interruptible prompt is audible. After a `STOP`, `reset` it."""

    def __init__(self) -> None:
        self.onset: float | None = None
        self.answering = False
        """An answer is awaited: a "yes" is one."""
        self._voiced_ms = 0
        self._silent_ms = 0
        self._next_check_ms = CHECK_MS
        self._ducked = False
        self._held = False
        self._speech = False
        self._noise = False
        self._empty = False

    @property
    def held(self) -> bool:
        """Does the prompt stand still?"""
        return self._held

    def push(self, voiced: bool, at: float) -> list[Step]:
        """One 20 ms frame that arrived at monotonic second `at` (its end)."""
        if voiced:
            if self.onset is None:
                self.onset = at - FRAME_MS / 1000
            self._voiced_ms += FRAME_MS
            self._silent_ms = 0
        elif self.onset is not None:
            self._silent_ms += FRAME_MS
            if self._held and self._silent_ms >= WORDLESS_MS:
                return [Step.STOP] if self._voiced_ms >= MEANT_MS and not self._empty else self.reset()
            if not self._held and self._silent_ms >= FORGET_MS:
                return self.reset()
        return self._voice() if voiced else []

    def checked(self, speech: bool) -> list[Step]:
        """The network's answer. No speech is believed from `DECIDED_MS` on; until then the prompt stays lowered."""
        if self.onset is None:
            return []
        if speech:
            self._speech, self._noise = True, False
            return self._hold()
        if self._held or self._voiced_ms < DECIDED_MS:
            return []
        self._noise = True
        if not self._ducked:
            return []
        self._ducked = False
        return [Step.RESTORE]

    def words(self, text: str, *, ended: bool) -> list[Step]:
        """What the voice says so far; `ended`: it paused, and these are all its words. Empty = it holds none."""
        if self.onset is None:
            return []
        if not (only_backchannel(text) if not self.answering else not text.strip()):
            return [Step.STOP]
        if ended or self._silent_ms >= FORGET_MS:
            return self.reset() if self._held else []
        self._empty = not text.strip()
        return []

    def reset(self) -> list[Step]:
        """The voice ended, or there is nothing to interrupt any more."""
        lowered = self._ducked or self._held
        self.onset = None
        self._voiced_ms = self._silent_ms = 0
        self._next_check_ms = CHECK_MS
        self._ducked = self._held = self._speech = self._noise = self._empty = False
        return [Step.RESTORE] if lowered else []

    # ------------------------------------------------------------------ inside

    def _voice(self) -> list[Step]:
        steps: list[Step] = []
        if not self._ducked and not self._noise and not self._held and self._voiced_ms >= DUCK_MS:
            self._ducked = True
            steps.append(Step.DUCK)
        if self._held and self._voiced_ms >= LONG_MS and not self._empty:
            return [Step.STOP]
        if self._voiced_ms >= self._next_check_ms and not self._held:
            self._next_check_ms = self._voiced_ms + (AGAIN_MS if self._voiced_ms < DECIDED_MS else SELDOM_MS)
            if not self._speech:
                steps.append(Step.CHECK)
        return steps + self._hold()

    def _hold(self) -> list[Step]:
        if self._held or not self._speech or self._voiced_ms < HOLD_MS:
            return []
        self._held = True
        return [Step.HOLD]
