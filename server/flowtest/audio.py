"""Level audio: what the caller says is sound that goes through G.711, voice activity, endpointing and the recogniser.

The engine, the queue and the clock are those of level text. Prompts are synthesised, and last as long as they sound.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from asr.engine import Ask, Recogniser
from dialog.effects import Expect
from dialog.events import SpeechDropped
from dialog.flowtest.player import Player
from dialog.flowtest.scenario import Step
from media.endpointing import Closed, Endpointer, Opened, Speculated
from media.frames import FRAME_MS, SPEECH_RATE, Audio
from media.hearing import LEAST_VOICED_MS, PREROLL_MS
from media.options import MediaOptions
from media.turn_end import Bounds
from media.vad import VoiceActivity
from server.flowtest.voices import VoiceError, Voices, on_the_line

FRAME = SPEECH_RATE * FRAME_MS // 1000


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the recogniser made of one stretch between silences."""

    text: str
    language: str
    confidence: float
    ms: int


@dataclass
class Listener:
    """Hears as a leg of the app does: the same detector, endpointer, pre-roll and recogniser."""

    recogniser: Recogniser
    languages: tuple[str, ...]
    media: MediaOptions = field(default_factory=MediaOptions)

    def hear(self, heard: Audio, wanted: Expect | None) -> list[Utterance]:
        """Every utterance in what came over the line (16 kHz)."""
        ends = Endpointer(
            bounds=Bounds.of(self.media),
            speculate_ms=self.media.speculate_silence_ms,
            max_ms=round(self.media.max_utterance_s * 1000),
        )
        if wanted is not None:
            ends.expect(wanted.wants, wanted.digit_count)
        vad = VoiceActivity()
        found: list[Utterance] = []
        began = 0
        for index in range(len(heard.samples) // FRAME):
            t_ms = index * FRAME_MS
            frame = heard.samples[index * FRAME : (index + 1) * FRAME]
            for signal in ends.push(t_ms, vad.voiced(frame)):
                match signal:
                    case Opened(t0_ms=t0):
                        began = max(0, t0 - PREROLL_MS)
                    case Speculated(t1_ms=t1):
                        ends.say(t1, self._words(heard, began, t_ms + FRAME_MS, wanted).text)
                    case Closed(t1_ms=t1, voiced_ms=voiced) if voiced >= LEAST_VOICED_MS:
                        found.append(self._words(heard, began, t1 + self.media.speculate_silence_ms, wanted))
        return found

    def _words(self, heard: Audio, t0_ms: int, t1_ms: int, wanted: Expect | None) -> Utterance:
        part = heard.samples[t0_ms * SPEECH_RATE // 1000 : t1_ms * SPEECH_RATE // 1000]
        digits = wanted is not None and wanted.wants == "digits"
        said = self.recogniser.transcribe(
            Ask(
                Audio(np.ascontiguousarray(part), SPEECH_RATE),
                self.languages,
                grammar="digits" if digits else "",
                digit_count=wanted.digit_count if digits and wanted is not None else 0,
            )
        )
        return Utterance(said.text, said.language, said.confidence, t1_ms - t0_ms)


@dataclass
class AudioPlayer(Player):
    """A virtual call with sound."""

    listener: Listener | None = None
    voices: Voices | None = None

    async def _hear(self, step: Step, words: str) -> None:
        if self.listener is None or self.voices is None:
            raise RuntimeError("an AudioPlayer needs a listener and voices")
        locale = {"zh": "zh-CN", "en": "en"}.get(step.language, "") or _locale_of(words, self.state.locale)
        try:
            sound = await asyncio.to_thread(self.voices.of, words, locale, self.file(step))
        except VoiceError as error:
            self.fail(str(error))
        wanted = next((effect for effect in reversed(self.effects) if isinstance(effect, Expect)), None)
        utterances = await asyncio.to_thread(self.listener.hear, on_the_line(sound), wanted)
        self.talk.append(f"says: {words}")
        heard = [item for item in utterances if item.text]
        if not heard:
            self.talk.append("(no words were recognised)")
            await self.tell(SpeechDropped())
        for item in heard:
            await self.heard(item.text, item.language, item.confidence, item.ms, None)

    async def _finish_play(self, outcome: Literal["done", "barge_in"]) -> None:
        if self.voices is not None and self.plays:
            try:
                sound = await asyncio.to_thread(self.voices.say, self.plays[0].text, self.plays[0].locale)
            except VoiceError as error:
                self.fail(str(error))
            self.play_ms = round(1000 * len(sound.samples) / SPEECH_RATE)
        await super()._finish_play(outcome)


def _locale_of(words: str, present: str) -> str:
    """Chinese words are said by a Chinese voice, others by that of the conversation if it is no Chinese one."""
    if any("\u3400" <= letter <= "\u9fff" for letter in words):
        return "zh-CN"
    return "en" if present.startswith("zh") else present
