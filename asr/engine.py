"""Utterances in, words or a reason why there are none out: the policy around `asr/whisper.py`.

An `Ask` is stateless. `prepare` checks it, looks for a voice and computes features, in any thread; `decode` takes
several prepared ones at once, in the engine's. A final that scores poorly or repeats itself is looked at again in the
full 30 s, from the features that are there. Nothing is conditioned on earlier text, so no mistake is carried on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import opencc
from numpy.typing import NDArray

from asr import normalise
from asr.digits import DigitReader, Reading
from asr.gate import Voice, VoiceGate
from asr.options import AsrOptions
from asr.pooling import pooled
from asr.text import compression, echoes, from_subtitles, names_in, over_and_over, said_again, stutters
from asr.whisper import FRAMES_PER_S, FULL_S, Encoding, Features, Hypothesis, Whisper, window_for
from media.frames import SPEECH_RATE, Audio

# A sentence in the wanted characters before the speech makes Whisper write them, mostly.
SCRIPT_PROMPT = {"simplified": "以下是普通话的句子。", "traditional": "以下是普通話的句子。"}
SCRIPT_CONVERTER = {"simplified": "t2s", "traditional": "s2t"}
PROMPT_TOKENS = 100  # of hint and hotwords; Whisper takes 223, each costs a little time
TOKENS_PER_S = 14  # fast speech is ~8 in English and ~11 in Chinese
FEWEST_TOKENS = 24
TIME_S = 0.02  # of one timestamp token
LONG_S = 8.0  # from here on the times make Whisper skip words at its own cuts more often than they stop a run-on
LONG_MARGIN_S = 3.0  # which a wider margin stops as well, and it costs little of a long one
MIXED = 0.02  # probability of the second language: 0.15 where both are spoken, below 0.001 where one is
AFTER_END_S = 0.3  # a segment that begins later than this after the end of the audio is invented


@dataclass(frozen=True, slots=True)
class Ask:
    """Recognise ≤30 s of 16 kHz speech in one of `languages`.

    `hint` is taken for text said before, `hotwords` for names that may come; `grammar` "digits" lets only digits
    through (`digit_count` of them, 0 = any); `words` asks for word times. `voice` is called in the engine's thread with what
    the encoder heard (`asr.pooling`), before the words are decoded, where somebody speaks; more than once if a batch is repeated.
    """

    audio: Audio
    languages: tuple[str, ...]
    final: bool = True
    hint: str = ""
    hotwords: tuple[str, ...] = ()
    grammar: Literal["", "digits"] = ""
    digit_count: int = 0
    words: bool = False
    voice: Callable[[NDArray[np.float32]], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word (a character in Chinese), ms from the start of the audio, and its probability 0…1."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `rejected` says why `text` is empty; `confidence` is the mean token probability, 0…1.

    `normalised` has numbers, amounts and dates as figures, and is empty where that is what `text` says already.
    """

    text: str
    language: str
    confidence: float
    normalised: str = ""
    rejected: str = ""
    window_s: float = 0.0
    words: tuple[TimedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An ask with its features, or none where nobody speaks."""

    ask: Ask
    voice: Voice
    features: Features | None
    window_s: float


@dataclass(slots=True)
class _Job:
    prepared: Prepared
    wanted: Callable[[], bool]
    language: str
    mixed: bool = False  # a second of its languages is likely as well
    encoding: Encoding | None = None
    found: Hypothesis | None = None
    reading: Reading | None = None
    window_s: float = 0.0

    @property
    def ask(self) -> Ask:
        return self.prepared.ask


def _long(ask: Ask) -> bool:
    return ask.audio.ms > LONG_S * 1000


def _always() -> bool:
    return True


class Recogniser:
    """A loaded model and when it is believed."""

    def __init__(self, options: AsrOptions, folder: Path, gate: VoiceGate) -> None:
        """Raises `ModelError` when the folder holds no usable model or the device is not there."""
        self._options = options
        self._gate = gate
        self._whisper = Whisper(options, folder)
        self._script = opencc.OpenCC(SCRIPT_CONVERTER[options.chinese_script])
        self.languages = self._whisper.languages
        reader = DigitReader()
        # The reader knows the encoder it was trained on; other models read digits with their decoder.
        self._digits = reader if reader.fits(self._whisper.silence) else None

    def transcribe(self, ask: Ask) -> Transcript:
        """One utterance by itself. Raises ValueError naming what is wrong with it."""
        return self.decode([self.prepare(ask)])[0]

    def prepare(self, ask: Ask) -> Prepared:
        """Check it, measure the voice, compute features. Thread safe. Raises ValueError naming what is wrong."""
        audio, options = ask.audio, self._options
        if audio.rate != SPEECH_RATE:
            raise ValueError(f"recognition hears {SPEECH_RATE} Hz, got {audio.rate}")
        if audio.ms > FULL_S * 1000:
            raise ValueError(f"an utterance may last {FULL_S:.0f} s, got {audio.ms / 1000:.1f} s")
        unknown = [language for language in ask.languages if language not in self.languages]
        if unknown or not ask.languages:
            raise ValueError(f"languages {list(ask.languages)} must be among {', '.join(self.languages[:6])}, …")
        voice = self._gate.measure(audio, options.speech_probability)
        if voice.speech_ms < options.least_speech_ms:
            return Prepared(ask, voice, None, 0.0)
        margin = max(options.margin_s, LONG_MARGIN_S) if _long(ask) else options.margin_s
        window = window_for(audio.ms / 1000, margin, options.least_window_s)
        return Prepared(ask, voice, self._whisper.features(audio, window), window)

    def decode(
        self, batch: Sequence[Prepared], *, fast: bool = False, wanted: Sequence[Callable[[], bool]] = ()
    ) -> list[Transcript]:
        """Words of each. `fast` leaves out the wide beam, the second look and word times.

        `wanted` (one for each) is asked between the steps; what nobody wants any more is left out.
        """
        jobs = [
            _Job(prepared, asked, prepared.ask.languages[0])
            for prepared, asked in zip(batch, wanted or itertools.repeat(_always, len(batch)), strict=True)
        ]
        voiced = [job for job in jobs if job.prepared.features is not None]
        for job in voiced:
            job.window_s = job.prepared.window_s
        self._encode(_still(voiced))
        heard = [job for job in _still(voiced) if job.encoding is not None and not self._read_digits(job)]
        self._languages(heard)
        self._generate(heard, 1 if fast else self._options.beam)
        if not fast:
            for job in _still(heard):
                if job.ask.final and job.window_s < FULL_S and self._doubtful(job):
                    self._look_again(job)
        return [self._finish(job, words=not fast) for job in jobs]

    def warm_up(self) -> None:
        """Run every step once, so that the first caller does not pay for lazy initialisation."""
        normalise.load()
        silence = Audio.silence(1000, SPEECH_RATE)
        ask = Ask(silence, ("en", "zh"), words=True)
        window = window_for(1.0, self._options.margin_s, self._options.least_window_s)
        self._gate.measure(silence, 0.5)
        self.decode([Prepared(ask, Voice(1000, 1), self._whisper.features(silence, window), window)])

    # ------------------------------------------------------------------ steps

    def _encode(self, jobs: Sequence[_Job]) -> None:
        for group in _grouped(jobs, lambda job: (round(job.window_s * FRAMES_PER_S),)):
            features = [job.prepared.features for job in group if job.prepared.features is not None]
            for job, encoding in zip(group, self._whisper.encode(features), strict=True):
                job.encoding = encoding
                if job.ask.voice is not None:  # of this window: in that of a second look the numbers differ a little
                    job.ask.voice(pooled(encoding, job.ask.audio.ms / 1000))

    def _read_digits(self, job: _Job) -> bool:
        """Where digits were asked for: are there any? If not, the words are wanted after all."""
        if job.ask.grammar != "digits" or not job.ask.final or self._digits is None or job.encoding is None:
            return False
        seconds = job.ask.audio.ms / 1000
        reading = self._digits.read(job.encoding, seconds, job.ask.languages, job.ask.digit_count)
        job.reading = None if reading.rejected else reading
        return job.reading is not None

    def _languages(self, jobs: Sequence[_Job]) -> None:
        open_ones = [job for job in jobs if len(job.ask.languages) > 1]
        if not open_ones:
            return
        for job, likely in zip(open_ones, self._whisper.detect(_encodings(open_ones)), strict=True):
            one, other = sorted(job.ask.languages, key=lambda language: -likely.get(language, 0.0))[:2]
            job.language, job.mixed = one, likely.get(other, 0.0) > MIXED

    def _generate(self, jobs: Sequence[_Job], beam: int) -> None:
        prompts = {id(job): self._prompt(job) for job in jobs}
        for group in _grouped(jobs, lambda job: (len(prompts[id(job)]), job.ask.final)):
            tokens = self._whisper.tokens(group[0].language)
            found = self._whisper.generate(
                _encodings(group),
                [prompts[id(job)] for job in group],
                beam=beam if group[0].ask.final else 1,
                longest=FEWEST_TOKENS + int(max(job.ask.audio.ms for job in group) / 1000 * TOKENS_PER_S),
                suppress=[-1, *tokens.non_speech_tokens],
            )
            for job, hypothesis in zip(group, found, strict=True):
                job.found = hypothesis

    def _prompt(self, job: _Job) -> list[int]:
        tokens, ask = self._whisper.tokens(job.language), job.ask
        begin = list(tokens.sot_sequence)
        if _long(ask) and not job.mixed:  # without times Whisper stays in the language it began in
            begin.append(tokens.no_timestamps)
        if not ask.final:  # speech that breaks off, after a prompt, makes Whisper say it over and over
            return begin
        script = SCRIPT_PROMPT[self._options.chinese_script] if job.language == "zh" else ""
        names = names_in(job.language, ask.hotwords)
        before = " ".join(part for part in (ask.hint or script, names) if part)
        past = [tokens.sot_prev, *tokens.encode(" " + before)[-PROMPT_TOKENS:]] if before else []
        return [*past, *begin]

    def _doubtful(self, job: _Job) -> bool:
        """Is a second look worth its time?"""
        found, options = job.found, self._options
        if found is None:
            return False
        return found.logprob < options.second_look_logprob or self._unclear(job) or self._ran_on(job, found)

    def _unclear(self, job: _Job) -> bool:
        """Hardly a voice, unsure words, and no full window yet that shows that it is speech?"""
        found, options = job.found, self._options
        if found is None or job.prepared.voice.clarity >= options.clear_voice:
            return False
        shown = job.window_s == FULL_S and found.no_speech < options.surely_spoken
        return found.logprob < (options.second_look_logprob if shown else options.unclear_logprob)

    def _ran_on(self, job: _Job, found: Hypothesis) -> bool:
        """Did the decoder not find the end of what was said?"""
        text = self._text(job)
        return not found.ended or said_again(text) or _repeats(text, self._options.second_look_compression)

    def _look_again(self, job: _Job) -> None:
        """The same in the full 30 s and with the widest beam; the better of the two stays."""
        features, before = job.prepared.features, job.found
        if features is None or before is None:
            return
        # Log-mel is clipped 8 below its peak, and the margin lies there: what 30 s of features would hold after it.
        full = np.full((features.shape[0], round(FULL_S * FRAMES_PER_S)), features.min(), dtype=np.float32)
        full[:, : features.shape[1]] = features
        ran_on = self._ran_on(job, before)
        first_encoding, first_window = job.encoding, job.window_s
        job.encoding, job.window_s = self._whisper.encode([full])[0], FULL_S
        self._generate([job], self._options.second_look_beam)
        if job.found is not None and not ran_on and job.found.logprob < before.logprob:
            job.found, job.encoding, job.window_s = before, first_encoding, first_window

    # ------------------------------------------------------------------ what is made of it

    def _text(self, job: _Job) -> str:
        text = self._whisper.tokens(job.language).decode(self._spoken(job))
        return self._written(text.lstrip(" ,.!?;:，。！？；：、"), job.language).rstrip()

    def _spoken(self, job: _Job) -> list[int]:
        """Its text tokens, without the times, and without segments that begin after the audio's end."""
        if job.found is None:
            return []
        begin = self._whisper.tokens(job.language).timestamp_begin
        end_s = job.ask.audio.ms / 1000 + AFTER_END_S
        kept: list[int] = []
        at_s = 0.0
        for token in job.found.ids:
            if token >= begin:
                at_s = (token - begin) * TIME_S
            elif at_s <= end_s:
                kept.append(token)
        return kept

    def _written(self, text: str, language: str) -> str:
        return str(self._script.convert(text)) if language == "zh" else text

    def _finish(self, job: _Job, *, words: bool) -> Transcript:
        if job.prepared.features is None:
            return Transcript("", job.language, 0.0, rejected="no human voice")
        if job.reading is not None and job.wanted():
            spoken = tuple(TimedWord(one.digit, one.t0_ms, one.t1_ms, one.confidence) for one in job.reading.each)
            return Transcript(
                job.reading.digits,
                job.reading.language,
                job.reading.confidence,
                window_s=job.window_s,
                words=spoken if job.ask.words else (),
            )
        if job.found is None or not job.wanted():
            return Transcript("", job.language, 0.0, rejected="no longer wanted", window_s=job.window_s)
        text = self._text(job)
        rejected = self._why_not(text, job, job.found)
        confidence = round(math.exp(min(0.0, job.found.logprob)), 3)
        if rejected:
            return Transcript("", job.language, confidence, rejected=rejected, window_s=job.window_s)
        figures = normalise.normalise(text, job.language) if job.ask.final else text
        return Transcript(
            text,
            job.language,
            confidence,
            normalised=figures if figures != text else "",
            window_s=job.window_s,
            words=self._words(job) if words and job.ask.final and job.ask.words else (),
        )

    def _words(self, job: _Job) -> tuple[TimedWord, ...]:
        if job.encoding is None:
            return ()
        words: list[TimedWord] = []
        for item in self._whisper.align(job.encoding, job.language, self._spoken(job), job.ask.audio.ms / 1000):
            text = self._written(item.text.strip(), job.language)
            if any(letter.isalnum() for letter in text) or not words:
                start, end = round(item.start_s * 1000), round(item.end_s * 1000)
                words.append(TimedWord(text, start, end, round(item.probability, 3)))
            else:  # punctuation belongs to the word before it, and takes no time
                words[-1] = replace(words[-1], text=words[-1].text + text)
        return tuple(words)

    def _why_not(self, text: str, job: _Job, found: Hypothesis) -> str:
        options = self._options
        if not any(letter.isalnum() for letter in text):
            return "no words"
        if found.logprob < options.reject_logprob:
            return f"unsure (mean log probability {found.logprob:.2f})"
        if self._unclear(job):
            return f"hardly a voice ({job.prepared.voice.clarity:.2f}), and unsure ({found.logprob:.2f})"
        if found.no_speech > options.no_speech and found.logprob < options.second_look_logprob:
            return f"probably no speech ({found.no_speech:.2f})"
        if _repeats(text, options.reject_compression):
            return "repetition"
        if job.language == "zh" and echoes(text, SCRIPT_PROMPT[options.chinese_script]):
            return "an echo of the prompt"
        if found.logprob < options.phrase_logprob and (from_subtitles(text) or over_and_over(text)):
            return f"a phrase that is often invented, and unsure ({found.logprob:.2f})"
        return ""


def _still(jobs: Iterable[_Job]) -> list[_Job]:
    return [job for job in jobs if job.wanted()]


def _encodings(jobs: Iterable[_Job]) -> list[Encoding]:
    return [job.encoding for job in jobs if job.encoding is not None]


def _grouped(jobs: Iterable[_Job], key: Callable[[_Job], tuple[int, ...]]) -> list[list[_Job]]:
    return [list(group) for _, group in itertools.groupby(sorted(jobs, key=key), key)]


def _repeats(text: str, limit: float) -> bool:
    return compression(text) > limit or stutters(text)
