"""A leg's ear: voice activity, endpointing, recognition and emotion of what its remote side says.

The final decode is requested at the first short silence, ahead of the decision that the utterance is over, and
dropped when speech goes on; so by the time the decision falls the words are usually there. Where they are not, what the
voice conveyed (with consent) is told ahead of them. The ledger of an utterance runs from its last voiced sample to its
event: waiting for the end, then whatever was still missing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import structlog

from media.backchannel import only_backchannel
from media.endpointing import Closed, Endpointer, Opened, Resumed, Speculated
from media.frames import FRAME_MS, SPEECH_RATE, Audio, Samples
from media.inference import InferenceClient
from media.options import MediaOptions
from media.partials import Agreement, PartialRate
from media.pitch import PHRASE_MS, phrase_final
from media.turn_end import Bounds
from session import channel, wire
from session.consent import EmotionConsent
from session.ids import new_id

log = structlog.get_logger(__name__)

PREROLL_MS = 300  # ms kept from before the onset: soft first consonants are not voiced
LEAST_VOICED_MS = 100  # ms; what is shorter is a click, and not worth a decode
PARTIAL_DEADLINE_MS = 1500
FINAL_DEADLINE_MS = 8000
LAST_WORDS_S = 1.0  # s that the end of a call waits for words still being decoded
FAILURES = (channel.Disconnected, channel.RemoteError, TimeoutError)


@dataclass(slots=True)
class Spoken:
    """An utterance in progress."""

    utterance_id: str
    t0_ms: int
    audio_t0_ms: int
    frames: list[Samples]
    last_voiced_at: float
    voiced_frames: int = 0
    said: Agreement = field(default_factory=Agreement)
    decode: asyncio.Task[wire.Decoded] | None = None
    felt: bool = False
    """From its first sound on the caller had consented, and nothing private was asked for."""
    consent: EmotionConsent | None = None
    """With which the decode under way also judges the voice."""
    feeling: wire.Felt | None = None
    """What the voice conveyed, as that decode says."""
    closed_at: float | None = None
    """When the decision fell that it is over."""
    asked_ms: int | None = None
    """The pause at which it was asked ahead."""
    partial: asyncio.Task[None] | None = None
    over: bool = False
    """It began while a prompt sounded that may be talked over."""
    told: bool = False
    """All its words were given to `words`."""

    def audio(self) -> Audio:
        """All of it so far."""
        return Audio(np.concatenate(self.frames), SPEECH_RATE)

    def drop(self) -> None:
        """Nobody wants the requests under way any more."""
        for task in (self.decode, self.partial):
            if task is not None:
                task.cancel()
        self.decode = self.feeling = None


@dataclass(slots=True)
class Ear:
    """One leg's. Not thread safe: used in the event loop."""

    leg_id: str
    options: MediaOptions
    inference: InferenceClient
    emit: Callable[[wire.LegEvent], None]
    prompting: Callable[[], bool] = lambda: False
    """Does a prompt sound that may be talked over?"""
    words: Callable[[str, bool], None] = lambda _text, _ended: None
    """Is told what an utterance says as soon as it is known, and whether that is all of it."""
    hearing: wire.Hearing = field(default_factory=wire.Hearing)
    _baseline: bytes = b""
    _spoken: Spoken | None = None
    _closing: list[Spoken] = field(default_factory=list)
    """Ended, their words still being decoded."""
    _preroll: deque[Samples] = field(default_factory=lambda: deque(maxlen=PREROLL_MS // FRAME_MS))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _last: asyncio.Event | None = None
    _rate: PartialRate = field(default_factory=PartialRate)
    _degraded: bool = False
    _endpointer: Endpointer = field(init=False)

    def __post_init__(self) -> None:
        self._endpointer = Endpointer(
            bounds=Bounds.of(self.options),
            speculate_ms=self.options.speculate_silence_ms,
            max_ms=round(self.options.max_utterance_s * 1000),
        )

    def set_hearing(self, hearing: wire.Hearing) -> None:
        """Listen for something else from now on."""
        if not hearing.speech:
            self._forget("hearing was turned off")
        before, self.hearing = self.hearing, hearing
        if self._spoken is not None:
            self._spoken.felt = self._spoken.felt and self._may_feel
        if before.emotion is not None and not _covers(hearing.emotion, before.emotion):
            self._withdrawn()
        if hearing.baseline and hearing.baseline != before.baseline:
            self._baseline = hearing.baseline
        self._endpointer.expect(hearing.expects, hearing.digit_count)

    def push(self, t_ms: int, frame: Samples, voiced: bool) -> None:
        """One 20 ms frame at leg time `t_ms`."""
        if not self.hearing.speech:
            return
        now = time.monotonic()
        if self._spoken is not None:
            self._spoken.frames.append(frame)
        else:
            self._preroll.append(frame)
        for signal in self._endpointer.push(t_ms, voiced):
            match signal:
                case Opened():
                    self._open(signal, t_ms, now)
                case Speculated():
                    self._speculate(signal)
                case Resumed():
                    if self._spoken is not None:
                        self._spoken.drop()
                case Closed():
                    self._close(signal)
        if self._spoken is not None and self._endpointer.ends_at(t_ms):
            self._spoken.last_voiced_at = now
            self._spoken.voiced_frames = len(self._spoken.frames)
        if self._spoken is not None and self.hearing.partials:
            self._maybe_partial(t_ms)

    @property
    def _may_feel(self) -> bool:
        return self.hearing.emotion is not None and not self.hearing.private

    @property
    def open(self) -> bool:
        """Is an utterance in progress?"""
        return self._spoken is not None

    def interrupt(self, why: str) -> None:
        """Give up the utterance in progress; nothing after it belongs to it."""
        self._forget(why)

    def recent(self, ms: int) -> Audio | None:
        """The last `ms` of the utterance in progress, or None."""
        if self._spoken is None:
            return None
        frames = self._spoken.frames[-ms // FRAME_MS :]
        return Audio(np.concatenate(frames), SPEECH_RATE)

    async def close(self) -> None:
        """The leg is gone: finish what was being decoded (the last words of a call count), drop the rest."""
        if self._spoken is not None:
            self._forget("the call ended")
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_WORDS_S)
            for task in late:
                task.cancel()

    # ------------------------------------------------------------------ inside

    def _open(self, signal: Opened, t_ms: int, now: float) -> None:
        audio_t0_ms = t_ms + FRAME_MS - FRAME_MS * len(self._preroll)
        self._spoken = Spoken(new_id(), signal.t0_ms, audio_t0_ms, list(self._preroll), now, felt=self._may_feel)
        self._spoken.over = self.prompting()
        self._preroll.clear()
        self._rate.begin()
        self.emit(wire.SpeechStarted(leg_id=self.leg_id, utterance_id=self._spoken.utterance_id, t0_ms=signal.t0_ms))

    def _speculate(self, signal: Speculated) -> None:
        spoken = self._spoken
        if spoken is None:
            return
        spoken.drop()
        self._request(spoken, signal.t1_ms)
        end = spoken.voiced_frames
        phrase = spoken.frames[max(0, end - PHRASE_MS // FRAME_MS) : end]
        if phrase:
            self._endpointer.sound(signal.t1_ms, phrase_final(np.concatenate(phrase)))

    def _heard(self, spoken: Spoken, t1_ms: int, task: asyncio.Task[wire.Decoded]) -> None:
        """The words before a pause: what the endpointer waits for. It knows when speech went on meanwhile."""
        if self._spoken is spoken and not task.cancelled() and task.exception() is None:
            decoded = task.result()
            self._endpointer.say(t1_ms, decoded.normalised or decoded.text)
            spoken.told = True
            self.words(decoded.text, True)
            self._show(spoken, decoded)

    def _decode(self, spoken: Spoken, audio: Audio, *, final: bool) -> wire.Decode:
        hearing = self.hearing
        consent = spoken.consent if final else None
        return wire.Decode(
            pcm=audio.tobytes(),
            rate=audio.rate,
            languages=hearing.languages,
            final=final,
            hint=hearing.hint,
            hotwords=hearing.hotwords,
            grammar="digits" if hearing.expects == "digits" else "",
            digit_count=hearing.digit_count,
            words=hearing.words and final,
            stream=spoken.utterance_id,
            deadline_ms=FINAL_DEADLINE_MS if final else PARTIAL_DEADLINE_MS,
            affect=None if consent is None else wire.AffectAsk(consent=consent, baseline=self._baseline),
            voiceprint=hearing.voiceprint if final else None,
        )

    def _request(self, spoken: Spoken, ahead_ms: int | None = None) -> None:
        """Ask for the words, and with consent the emotion; `ahead_ms`: at the pause of then, which may not be the end."""
        if spoken.partial is not None:
            spoken.partial.cancel()  # the final says all that it would
        spoken.consent, spoken.asked_ms = self.hearing.emotion if spoken.felt else None, ahead_ms
        spoken.feeling = None

        def felt(found: wire.Felt) -> None:
            if spoken.decode is decode:  # else it was dropped, and the answer was under way
                spoken.feeling = found
                self._tell_voice(spoken)

        body = self._decode(spoken, spoken.audio(), final=True)
        decode = asyncio.create_task(self.inference.decode(body, felt if spoken.consent is not None else None))
        decode.add_done_callback(_seen)
        if ahead_ms is not None:
            decode.add_done_callback(lambda task: self._heard(spoken, ahead_ms, task))
        spoken.decode = decode

    def _withdrawn(self) -> None:
        """Consent is gone: nothing learnt of the voice is kept, and an analysis under way ends.

        Only the words are left to be decoded where the voice was judged already; else they are asked for anew.
        """
        self._baseline = b""
        for spoken in (*self._closing, self._spoken):
            if spoken is None or spoken.consent is None or spoken.decode is None:
                continue
            if spoken.decode.done() or spoken.feeling is not None:
                spoken.consent = spoken.feeling = None  # its words may be told, what it conveyed not
            else:
                spoken.decode.cancel()
                self._request(spoken, spoken.asked_ms)

    def _close(self, signal: Closed) -> None:
        spoken, self._spoken = self._spoken, None
        if spoken is None:
            return
        if signal.voiced_ms < LEAST_VOICED_MS:
            spoken.drop()
            self._dropped(spoken, "too short to be speech")
            self.words("", True)
            return
        spoken.closed_at = time.monotonic()
        if spoken.decode is None:
            self._request(spoken)
        before = None if self._last is None or self._last.is_set() else self._last
        self._last = asyncio.Event()
        task = asyncio.create_task(
            self._finish(spoken, signal, before, self._last), name=f"utterance-{spoken.utterance_id}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if before is not None or spoken.decode is None or not spoken.decode.done():
            self._tell_voice(spoken)

    def _tell_voice(self, spoken: Spoken) -> None:
        """Of an utterance that is over while its words are not there."""
        if spoken.closed_at is None or spoken.feeling is None or not self._stands(spoken):
            return
        self.emit(
            wire.UtteranceFelt(
                leg_id=self.leg_id,
                utterance_id=spoken.utterance_id,
                emotion=spoken.feeling.emotion,
                ledger=[
                    wire.Stage(name="endpointing", ms=_ms(spoken.closed_at - spoken.last_voiced_at)),
                    wire.Stage(name="voice", ms=_ms(time.monotonic() - spoken.closed_at)),
                ],
            )
        )

    async def _finish(self, spoken: Spoken, signal: Closed, before: asyncio.Event | None, done: asyncio.Event) -> None:
        self._closing.append(spoken)
        try:
            await self._report(spoken, signal, before)
        finally:
            self._closing.remove(spoken)
            done.set()

    async def _words(self, spoken: Spoken, decode: asyncio.Task[wire.Decoded]) -> wire.Decoded:
        """What was decoded, also when it had to be asked again without the emotion."""
        while True:
            try:
                return await decode
            except asyncio.CancelledError:
                if spoken.decode is None or spoken.decode is decode:
                    raise
                decode = spoken.decode

    async def _report(self, spoken: Spoken, signal: Closed, before: asyncio.Event | None) -> None:
        closed_at = spoken.closed_at
        if spoken.decode is None or closed_at is None:
            return
        try:
            decoded = await self._words(spoken, spoken.decode)
        except FAILURES as error:
            spoken.drop()
            log.warning("hearing.decode_failed", leg=self.leg_id, error=repr(error))
            self.emit(
                wire.AsrDegraded(
                    leg_id=self.leg_id, utterance_id=spoken.utterance_id, reason=f"recognition failed: {error!r}"
                )
            )
            return
        decoded_at = time.monotonic()
        if before is not None:
            await before.wait()  # what was said first is told first; each wait is bounded by its decode's deadline
        ordered_at = time.monotonic()
        self._told_degraded(spoken, decoded.degraded)
        aside = self._is_aside(spoken, decoded.text)
        if not spoken.told and self._spoken is None:
            self.words(decoded.text, True)
        if not decoded.text:
            spoken.drop()
            self._dropped(spoken, decoded.rejected or "no words")
            return
        emotion = self._emotion(spoken)
        keep = emotion is not None and spoken.consent is not None and spoken.consent.keep
        first_ms = spoken.audio_t0_ms
        self.emit(
            wire.UtteranceFinal(
                leg_id=self.leg_id,
                utterance_id=spoken.utterance_id,
                t0_ms=signal.t0_ms,
                t1_ms=signal.t1_ms,
                text=decoded.text,
                normalised=decoded.normalised,
                language=decoded.language,
                confidence=decoded.confidence,
                emotion=emotion,
                baseline=self._baseline if keep else b"",
                voice=decoded.voice if self.hearing.voiceprint is not None else b"",
                aside=aside,
                words=[
                    wire.Word(text=w.text, t0_ms=first_ms + w.t0_ms, t1_ms=first_ms + w.t1_ms, confidence=w.confidence)
                    for w in decoded.words
                ],
                ledger=[
                    wire.Stage(name="endpointing", ms=_ms(closed_at - spoken.last_voiced_at)),
                    *_recognition(decoded, decoded_at - closed_at),
                    *([wire.Stage(name="order", ms=_ms(ordered_at - decoded_at))] if before is not None else []),
                ],
            )
        )

    def _is_aside(self, spoken: Spoken, text: str) -> bool:
        """A listening noise over a prompt that goes on, where no answer is awaited."""
        return spoken.over and self.hearing.expects == "sentence" and self.prompting() and only_backchannel(text)

    def _told_degraded(self, spoken: Spoken, degraded: bool) -> None:
        """Once when it begins, not with every utterance that it lasts."""
        before, self._degraded = self._degraded, degraded
        if degraded and not before:
            self.emit(
                wire.AsrDegraded(
                    leg_id=self.leg_id,
                    utterance_id=spoken.utterance_id,
                    reason="recognition is overloaded: words come by its faster policy",
                    lost=False,
                )
            )

    def _stands(self, spoken: Spoken) -> bool:
        """Is the consent still there with which its voice was to be judged?"""
        return spoken.consent is not None and spoken.felt and _covers(self.hearing.emotion, spoken.consent)

    def _emotion(self, spoken: Spoken) -> wire.Emotion | None:
        """What the voice conveyed, which is now learnt from."""
        if spoken.feeling is None or not self._stands(spoken):
            return None
        self._baseline = spoken.feeling.baseline or self._baseline
        return spoken.feeling.emotion

    def _maybe_partial(self, t_ms: int) -> None:
        spoken = self._spoken
        if spoken is None or spoken.decode is not None:
            return
        if spoken.partial is not None and not spoken.partial.done():
            return
        spoken_ms = t_ms + FRAME_MS - spoken.t0_ms
        if not self._rate.due(spoken_ms):
            return
        self._rate.asked(spoken_ms)
        spoken.partial = asyncio.create_task(self._partial(spoken), name=f"partial-{spoken.utterance_id}")
        self._tasks.add(spoken.partial)
        spoken.partial.add_done_callback(self._tasks.discard)

    async def _partial(self, spoken: Spoken) -> None:
        asked_at = time.monotonic()
        try:
            decoded = await self.inference.decode(self._decode(spoken, spoken.audio(), final=False))
        except FAILURES:
            self._rate.shed()  # made up for by the next one or the final
            return
        self._rate.answered((time.monotonic() - asked_at) * 1000, words=bool(decoded.text))
        if self._spoken is spoken and spoken.decode is None:
            self.words(decoded.text, False)
        self._show(spoken, decoded)

    def _show(self, spoken: Spoken, decoded: wire.Decoded) -> None:
        if self._spoken is not spoken or not self.hearing.partials:
            return
        newest = decoded.text if self.hearing.newest else ""
        if spoken.said.push(decoded.text) or newest:
            self.emit(
                wire.UtterancePartial(
                    leg_id=self.leg_id,
                    utterance_id=spoken.utterance_id,
                    t0_ms=spoken.t0_ms,
                    text=spoken.said.shown,
                    language=decoded.language,
                    newest=newest,
                )
            )

    def _forget(self, why: str) -> None:
        spoken, self._spoken = self._spoken, None
        self._endpointer.reset()
        self._preroll.clear()
        if spoken is not None:
            spoken.drop()
            self._dropped(spoken, why)

    def _dropped(self, spoken: Spoken, reason: str) -> None:
        self.emit(wire.SpeechDropped(leg_id=self.leg_id, utterance_id=spoken.utterance_id, reason=reason))


def _covers(now: EmotionConsent | None, then: EmotionConsent) -> bool:
    """Does all that was allowed then still stand?"""
    return now is not None and now.consent_id == then.consent_id and now.keep >= then.keep


def _seen(task: asyncio.Task[Any]) -> None:
    """Fetch a dropped request's error, so that nobody reports it as forgotten."""
    if not task.cancelled():
        task.exception()


def _recognition(decoded: wire.Decoded, waited_s: float) -> list[wire.Stage]:
    """The wait for words after the endpoint, split into queueing, decoding, emotion and the rest (the way there and back).

    Decoding was begun ahead, so only its last part is waited for: what came last is counted first.
    """
    waited = _ms(waited_s)
    feeling = min(waited, round(decoded.affect_ms, 1))
    decoding = min(waited - feeling, round(decoded.decode_ms, 1))
    queueing = min(waited - feeling - decoding, round(decoded.queue_ms, 1))
    return [
        wire.Stage(name="decode_queue", ms=round(queueing, 1)),
        wire.Stage(name="decode", ms=round(decoding, 1)),
        wire.Stage(name="emotion", ms=feeling),
        wire.Stage(name="decode_way", ms=round(waited - feeling - decoding - queueing, 1)),
    ]


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 1)
