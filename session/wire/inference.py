"""Leg worker or app → inference worker: questions, and the bodies of their answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from session.consent import EmotionConsent, VoiceprintConsent
from session.speech import SayAs, Style
from session.wire.commands import Command
from session.wire.values import Emotion


class AffectAsk(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Judge the voice as well. Refused without a consent; `baseline` is what earlier `Felt`s of the same caller brought."""

    consent: EmotionConsent | None = None
    baseline: bytes = b""


class Decode(Command, tag="decode", kw_only=True, frozen=True):
    """Turn ≤30 s of speech into text. Stateless. Reply body: `Decoded`.

    `stream` names the utterance: a newer partial of it replaces one that still waits.
    `grammar` = "digits" lets only digits through. `affect` asks for what the voice conveyed as well: one `Felt`, as a
    `Chunk` ahead of the reply, as soon as the encoder has heard the utterance.
    """

    pcm: bytes
    rate: int
    languages: list[str]
    final: bool = True
    hint: str = ""
    hotwords: list[str] = msgspec.field(default_factory=list)
    grammar: Literal["", "digits"] = ""
    digit_count: int = 0
    words: bool = False
    stream: str = ""
    prefix: str = ""
    deadline_ms: int = 4000
    affect: AffectAsk | None = None
    voiceprint: VoiceprintConsent | None = None
    """Find the vector of the voice as well (`Decoded.voice`). Refused without a consent."""


class Felt(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What the voice of a `Decode` conveyed; the words, if there are any, are still to come.

    `baseline` (opaque, ≤4 KiB) is for the same caller's next request, if words come.
    """

    emotion: Emotion
    baseline: bytes = b""


class DecodedWord(msgspec.Struct, kw_only=True, frozen=True):
    """A word with offsets from the start of the request's audio."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float


class Decoded(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Result of `Decode`. Empty `text` with `rejected` set means: no words here, and why.

    `words` come when asked for, and always for digits (one each). `degraded`: the engine was overloaded and answered by
    its faster policy. `affect_ms` is what the words, when they were there, waited for what the voice conveyed.
    """

    text: str
    language: str
    confidence: float
    normalised: str = ""
    words: list[DecodedWord] = []
    rejected: str = ""
    degraded: bool = False
    queue_ms: float = 0.0
    decode_ms: float = 0.0
    affect_ms: float = 0.0
    voice: bytes = b""


class SpeechCheck(Command, tag="voiced", kw_only=True, frozen=True):
    """Is this (≥96 ms) human speech? Reply body: `SpeechChecked`. Answered ahead of decodes."""

    pcm: bytes
    rate: int


class SpeechChecked(msgspec.Struct, kw_only=True, frozen=True):
    """Highest frame probability of speech, 0…1."""

    probability: float


class Speak(Command, tag="tts", kw_only=True, frozen=True):
    """Synthesise; streamed as `Chunk`s of `SpeechAudio`, clause by clause. Reply body: nil.

    `ahead_ms`: so much sound is still to be played before this, so that nobody waits for it in silence yet.
    """

    text: str
    locale: str
    voice: str = ""
    say_as: list[SayAs] = msgspec.field(default_factory=list)
    style: Style = ""
    ahead_ms: int = 0


class SpeechAudio(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One clause of speech, leading silence trimmed. The clauses' texts join to the request's text."""

    pcm: bytes
    rate: int
    text: str
    engine: str
    cached: bool = False
    synth_ms: float = 0.0


class Prefetch(Command, tag="tts.prefetch", kw_only=True, frozen=True):
    """Fill the prompt cache with these texts at low priority. Replied at once with nil."""

    texts: list[str]
    locale: str
    voice: str = ""


class Embed(Command, tag="embed", kw_only=True, frozen=True):
    """Sentence vectors. Reply body: `Embedded`."""

    texts: list[str]
    query: bool = True


class Embedded(msgspec.Struct, kw_only=True, frozen=True):
    """Row-major float32 little-endian matrix of len(texts) × dims, rows of unit length."""

    dims: int
    data: bytes


class InferenceStatus(Command, tag="status", kw_only=True, frozen=True):
    """Ask what is loaded. Reply body: `InferenceState`."""


class InferenceState(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What the inference worker has ready; a missing engine says why."""

    ready: dict[str, str]
    missing: dict[str, str] = {}
    queue_depth: int = 0


class InferenceMetrics(Command, tag="metrics", kw_only=True, frozen=True):
    """Ask for the counters of the inference worker. Reply body: `MetricsText`."""


class MetricsText(msgspec.Struct, kw_only=True, frozen=True):
    """Counters in Prometheus's text format; nothing in them was said by anybody."""

    text: str


InferenceCommand = Decode | SpeechCheck | Speak | Prefetch | Embed | InferenceStatus | InferenceMetrics
