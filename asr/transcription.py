"""Recordings of any length: cut at pauses into what the recogniser takes, with times kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from faster_whisper.vad import VadOptions, get_speech_timestamps

from asr.engine import TimedWord, Transcript
from media.frames import SPEECH_RATE, Audio

LONGEST_S = 28.0  # as a leg's: Whisper sees 30 s
PAUSE_MS = 500  # ms of silence between two utterances; as a leg's
PAD_MS = 200  # ms kept on both sides: soft first and last consonants are not voiced
BLOCK_S = 600  # s looked at at once, which bounds memory
JOINED_S = 15.0  # s up to which neighbours are heard together: "ask not – what your country" alone lost its first part
JOINED_PAUSE_S = 2.0  # s of pause across which they are
EDGE_S = 2.0  # an utterance that ends this close to a block's end may go on in the next one


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance of a recording; ms from its start. `channel` counts from 1, 0 = all of them."""

    t0_ms: int
    t1_ms: int
    text: str
    language: str
    confidence: float
    words: tuple[TimedWord, ...] = ()
    channel: int = 0


def utterances(audio: Audio) -> Iterator[tuple[int, int]]:
    """First and last+1 sample of what is heard together: sentences across short pauses, ≤28 s each.

    `audio` is at 16 kHz; ValueError for another rate.
    """
    joined: tuple[int, int] | None = None
    for start, end in _stretches(audio):
        if joined is not None:
            near = start - joined[1] <= JOINED_PAUSE_S * SPEECH_RATE
            if near and end - joined[0] <= JOINED_S * SPEECH_RATE:
                joined = joined[0], end
                continue
            yield joined
        joined = start, end
    if joined is not None:
        yield joined


def _stretches(audio: Audio) -> Iterator[tuple[int, int]]:
    """Speech between pauses, by Silero's voice detector."""
    if audio.rate != SPEECH_RATE:
        raise ValueError(f"recognition hears {SPEECH_RATE} Hz, got {audio.rate}")
    options = VadOptions(max_speech_duration_s=LONGEST_S, min_silence_duration_ms=PAUSE_MS, speech_pad_ms=PAD_MS)
    start = 0
    while start < len(audio.samples):
        end = min(start + BLOCK_S * SPEECH_RATE, len(audio.samples))
        found = get_speech_timestamps(Audio(audio.samples[start:end], SPEECH_RATE).float32(), options)
        following = end
        if end < len(audio.samples) and found and found[-1]["end"] > end - start - EDGE_S * SPEECH_RATE:
            following = start + found.pop()["start"]
        for speech in found:
            yield start + speech["start"], start + speech["end"]
        start = following


def transcribe(audio: Audio, hear: Callable[[Audio], Transcript], seen: Callable[[float], None]) -> list[Segment]:
    """All that is said in `audio`. `seen` is told, after every utterance, up to which s it was looked at."""
    segments = []
    for start, end in utterances(audio):
        heard = hear(Audio(audio.samples[start:end], SPEECH_RATE))
        t0_ms = round(1000 * start / SPEECH_RATE)
        if heard.text:
            words = tuple(replace(w, t0_ms=t0_ms + w.t0_ms, t1_ms=t0_ms + w.t1_ms) for w in heard.words)
            t1_ms = round(1000 * end / SPEECH_RATE)
            segments.append(Segment(t0_ms, t1_ms, heard.text, heard.language, heard.confidence, words))
        seen(end / SPEECH_RATE)
    return segments
