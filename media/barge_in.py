"""The caller makes a sound while the bot speaks: lower the bot, fall silent, then stop or go on. Pure but for the times.

      0 ms voice begins
     60 ms DUCK: the prompt is lowered by 12 dB; a click is shorter
    100 ms CHECK, and again at 140, 180: does the network (~3 ms) hear speech? The last answer counts. No: RESTORE, and asked
           every 40 ms until 400 ms, then every 120
    180 ms HOLD, once it is speech: the prompt stands still, silent, and nothing of it is lost; three times no after
           that: RESTORE, it was a noise. A voice of 100 ms and more that pauses before ("no", 停): HOLD at once
   ~670 ms words: of a partial, or of the decode begun when the voice paused
           no listening noise ("wait", "yeah, but") ──▶ STOP     "mm-hm", 嗯, no words (a cough) ──▶ RESTORE when the voice ended
           none come: who spoke for 400 ms and longer wanted to be heard ──▶ STOP, else RESTORE
   1200 ms of voice: STOP, whatever the words

So whoever means it hears us fall silent within 300 ms of their first sound, and an "uh-huh" costs a dip, or, if it is
long, a moment's silence. Words count at any time: they also stop a prompt for a voice that the network took for noise, or
that was over before they were known.
Where an answer is awaited, "yes" is the answer: then only what holds no words counts as a listening noise.
"""

from __future__ import annotations

from enum import Enum, auto

from media.backchannel import only_backchannel
from media.frames import FRAME_MS

DUCK_MS = 60  # ms of voice; a click is shorter
CHECK_MS = 100  # ms of voice before the neural check, which needs ~100 ms to be right
AGAIN_MS = 40  # ms of further voice between checks; early answers are often wrong, so the last one counts
DECIDED_MS = 180  # ms of voice after which a refusal is believed
SOON_MS = 400  # ms of voice until which checks are that close: who begins softly is recognised late
SELDOM_MS = 120  # ms of further voice between checks of a noise from then on
HELD_CHECK_MS = 100  # ms of further voice between checks while the prompt stands still
REFUSED = 3  # refusals in a row after which it goes on: a noise that passed for a voice for a moment
HOLD_MS = 180  # ms of voice before the prompt stands still: a short 嗯 is over, and the last sample is out by 200 ms
SHORT_MS = (
    100  # ms of voice after which a pause holds at once what the network takes for speech: a short word is all there is
)
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
        self._refused = 0
        self._before: float | None = None

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
                return [Step.STOP] if self._voiced_ms >= MEANT_MS and not self._empty else self._end()
            if not self._held and self._silent_ms >= FORGET_MS:
                return self._end()
        return self._voice() if voiced else self._hold()

    def checked(self, speech: bool) -> list[Step]:
        """The network's answer. No speech is believed from `DECIDED_MS` on; until then the prompt stays lowered."""
        if self.onset is None:
            return []
        self._speech = speech
        if speech:
            self._noise, self._refused = False, 0
            return self._hold()
        self._refused += 1
        if self._refused < REFUSED if self._held else self._voiced_ms < DECIDED_MS:
            return []
        self._noise = True
        return self._restore()

    def words(self, text: str, *, ended: bool) -> list[Step]:
        """What the voice says so far; `ended`: it paused, and these are all its words. Empty = it holds none.

        Words of a voice that was forgotten meanwhile count as well: a quick "no" is over before it is decoded.
        """
        if self.onset is None and self._before is None:
            return []
        if not (only_backchannel(text) if not self.answering else not text.strip()):
            self.onset = self._before if self.onset is None else self.onset
            return [Step.STOP]
        if self.onset is None:
            return []
        if ended or self._silent_ms >= FORGET_MS:
            return self._end() if self._held else []
        self._empty = not text.strip()
        return []

    def reset(self) -> list[Step]:
        """There is nothing to interrupt any more."""
        steps = self._end()
        self._before = None
        return steps

    # ------------------------------------------------------------------ inside

    def _end(self) -> list[Step]:
        """The voice ended; its words may still come."""
        self._before = self._before if self.onset is None else self.onset
        self.onset = None
        self._voiced_ms = self._silent_ms = self._refused = 0
        self._next_check_ms = CHECK_MS
        self._speech = self._noise = self._empty = False
        return self._restore()

    def _restore(self) -> list[Step]:
        lowered = self._ducked or self._held
        self._ducked = self._held = False
        return [Step.RESTORE] if lowered else []

    def _voice(self) -> list[Step]:
        steps: list[Step] = []
        if not self._ducked and not self._noise and not self._held and self._voiced_ms >= DUCK_MS:
            self._ducked = True
            steps.append(Step.DUCK)
        if self._held and self._voiced_ms >= LONG_MS and not self._empty:
            return [Step.STOP]
        if self._voiced_ms >= self._next_check_ms:
            every_ms = HELD_CHECK_MS if self._held else AGAIN_MS if self._voiced_ms < SOON_MS else SELDOM_MS
            self._next_check_ms = self._voiced_ms + every_ms
            steps.append(Step.CHECK)
        return steps + self._hold()

    def _hold(self) -> list[Step]:
        least_ms = SHORT_MS if self._silent_ms else HOLD_MS
        if self._held or not self._speech or self._voiced_ms < least_ms:
            return []
        self._held = True
        self._refused = 0
        return [Step.HOLD]
