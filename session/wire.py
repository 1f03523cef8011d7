"""Every message that crosses a process boundary, in one place, versioned.

Three kinds of process talk:

* a **leg worker** (SIP or WebRTC) connects to the **app** and to the **inference worker**;
* the **app** listens for leg workers, and connects to the inference worker for embeddings and status;
* the **inference worker** listens only.

On the socket (`session.channel`) each message is a 4-byte big-endian length and one msgpack map. Requests
carry a `request_id`; the other side answers with one `Reply`, or with several `Chunk`s closed by a `Reply`.
Leg workers number their `Report`s and keep them until the app has committed them and sent `Ack`, so an app
that is killed and restarted loses none.

Units: durations and offsets are milliseconds; `*_ms` offsets inside a leg count from the leg's first audio
frame (its media clock); `at` is UTC epoch milliseconds. PCM is 16-bit little-endian mono with its rate beside it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from session.consent import EmotionConsent

PROTOCOL_VERSION = 2

WorkerKind = Literal["sip-in", "sip-out", "webrtc", "inference", "app"]
Transport = Literal["sip", "webrtc"]
LegRole = Literal["customer", "agent"]
EmotionLabel = Literal["neutral", "content", "sad", "anxious", "angry", "unknown"]


class Message(msgspec.Struct, tag_field="k", kw_only=True, omit_defaults=True, frozen=True):
    """Base of all messages; `k` names the type on the wire."""


# --------------------------------------------------------------------------- framing


class Hello(Message, tag="hello", kw_only=True, frozen=True):
    """First message of a connecting process. `incarnation` changes with every process start."""

    version: int = PROTOCOL_VERSION
    worker_id: str
    kind: WorkerKind
    incarnation: str
    pid: int
    capacity: int = 0
    legs: list[LegSnapshot] = []


class LegSnapshot(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """A leg that is up in a worker, so that a restarted app can take it back."""

    leg_id: str
    transport: Transport
    role: LegRole
    state: Literal["offered", "ringing", "early", "up", "held"]
    remote: str
    bridged_to: str | None = None
    playing: str | None = None


class Reply(Message, tag="reply", kw_only=True, frozen=True):
    """Ends a request. `error` is a sentence for the log when `ok` is false."""

    request_id: int
    ok: bool
    error: str = ""
    body: msgspec.Raw = msgspec.Raw(b"\xc0")


class Chunk(Message, tag="chunk", kw_only=True, frozen=True):
    """One part of a streamed answer (speech synthesis)."""

    request_id: int
    body: msgspec.Raw


class Cancel(Message, tag="cancel", kw_only=True, frozen=True):
    """The asker no longer wants `request_id`; work not yet started is dropped, no Reply is owed."""

    request_id: int


class Ack(Message, tag="ack", kw_only=True, frozen=True):
    """App → worker: all reports up to and including `seq` are committed."""

    seq: int


class Request(Message, tag="request", kw_only=True, frozen=True):
    """A numbered request holding one of the `Command` or `Inference` bodies below."""

    request_id: int
    body: Body


class Report(Message, tag="report", kw_only=True, frozen=True):
    """Leg worker → app: something happened on a leg, at UTC epoch ms `at`."""

    seq: int
    at: int
    event: LegEvent


# --------------------------------------------------------------------------- leg events (worker → app)


class Event(msgspec.Struct, tag_field="e", kw_only=True, omit_defaults=True, frozen=True):
    """Base of everything a leg worker reports; all name their leg."""

    leg_id: str


class LegOffered(Event, tag="leg.offered", kw_only=True, frozen=True):
    """A call arrived and waits for `AnswerLeg` or `RejectLeg` (100/180 was sent already)."""

    transport: Transport
    from_uri: str
    to_uri: str
    display_name: str = ""
    headers: dict[str, str] = {}


class LegProgress(Event, tag="leg.progress", kw_only=True, frozen=True):
    """The leg changed state. `up` means audio may flow both ways."""

    state: Literal["ringing", "early", "up", "held", "resumed"]
    codec: str = ""
    srtp: bool = False
    remote: str = ""


class LegStats(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Media counters of a leg since its start; jitter and rtt in milliseconds."""

    rx_packets: int = 0
    rx_lost: int = 0
    rx_discarded: int = 0
    tx_packets: int = 0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    video_frames: int = 0


class LegEnded(Event, tag="leg.ended", kw_only=True, frozen=True):
    """The last event of a leg. `reason`: one of the words listed in docs/architecture.md (hangup, no_rtp, …)."""

    party: Literal["remote", "local", "network", "error"]
    reason: str
    code: int = 0
    duration_ms: int = 0
    stats: LegStats = LegStats()


class SpeechStarted(Event, tag="speech.started", kw_only=True, frozen=True):
    """Voice activity opened an utterance."""

    utterance_id: str
    t0_ms: int


class SpeechDropped(Event, tag="speech.dropped", kw_only=True, frozen=True):
    """The utterance turned out to hold no words (noise, music, a cough)."""

    utterance_id: str
    reason: str


class UtterancePartial(Event, tag="utterance.partial", kw_only=True, frozen=True):
    """Words so far, to be replaced by the next partial or the final."""

    utterance_id: str
    t0_ms: int
    text: str
    language: str


class Word(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One word with its span in leg time and its probability 0…1."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float = 1.0


class Emotion(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What the voice conveyed: arousal and valence in −1…1, label confidence in 0…1, evidence in plain words.

    `chances`: probability of each label, summing to 1, or empty where nothing could be judged.
    """

    arousal: float
    valence: float
    label: EmotionLabel
    confidence: float
    chances: dict[EmotionLabel, float] = {}
    evidence: list[str] = []
    model: str = ""


class Stage(msgspec.Struct, kw_only=True, frozen=True):
    """One stage of a turn's latency ledger."""

    name: str
    ms: float


class UtteranceFinal(Event, tag="utterance.final", kw_only=True, frozen=True):
    """A finished utterance. `ledger` holds the stages from the last voiced sample to this event.

    `text` is verbatim; `normalised` writes its numbers, amounts and dates as figures, and is empty when that is the same.
    `emotion` comes only with consent; `baseline`, what was learnt of the voice so far, only where it may be kept as well.
    """

    utterance_id: str
    t0_ms: int
    t1_ms: int
    text: str
    normalised: str = ""
    language: str
    confidence: float
    words: list[Word] = []
    emotion: Emotion | None = None
    baseline: bytes = b""
    ledger: list[Stage] = []


class DtmfReceived(Event, tag="dtmf", kw_only=True, frozen=True):
    """One key. Never logged by anyone; the app stores only that a key came."""

    digit: str
    source: Literal["rfc4733", "info", "inband", "page"]


class PlayStarted(Event, tag="play.started", kw_only=True, frozen=True):
    """First sample of a prompt left for the remote side. `ledger`: stages since the command arrived."""

    play_id: str
    at_ms: int
    ledger: list[Stage] = []


class PlayFinished(Event, tag="play.finished", kw_only=True, frozen=True):
    """A prompt ended. `spoken` is only the words whose samples were really played.

    `stop_ms`, for barge-in: caller's first voiced sample → last audible sample of the prompt.
    """

    play_id: str
    outcome: Literal["done", "barge_in", "stopped", "failed"]
    spoken: str
    at_ms: int
    played_ms: int
    stop_ms: float = 0.0
    error: str = ""


class RecordingClosed(Event, tag="recording.closed", kw_only=True, frozen=True):
    """The leg's stereo recording is complete on disk (left = this leg's remote side, right = what it heard)."""

    path: str
    duration_ms: int
    rate: int


class BridgeChanged(Event, tag="bridge", kw_only=True, frozen=True):
    """Audio is (no longer) flowing between this leg and `peer_leg_id`."""

    peer_leg_id: str
    connected: bool
    reason: str = ""


class AsrDegraded(Event, tag="asr.degraded", kw_only=True, frozen=True):
    """Recognition is overloaded or away. `lost`: this utterance has no words; else they came a faster, poorer way."""

    utterance_id: str
    reason: str
    lost: bool = True


LegEvent = (
    LegOffered
    | LegProgress
    | LegEnded
    | SpeechStarted
    | SpeechDropped
    | UtterancePartial
    | UtteranceFinal
    | DtmfReceived
    | PlayStarted
    | PlayFinished
    | RecordingClosed
    | BridgeChanged
    | AsrDegraded
)


# --------------------------------------------------------------------------- leg commands (app → worker)


class Command(msgspec.Struct, tag_field="c", kw_only=True, omit_defaults=True, frozen=True):
    """Base of everything the app asks of a leg worker. Answered by `Reply` once accepted, not once finished."""


class Hearing(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What a leg listens for. `emotion` is the customer's consent, without which their voice is not analysed.

    `baseline` is what earlier calls taught of the voice, where the customer let us keep it.
    `expects` is what was just asked for: a `sentence`, a short `answer`, or `digits` (a number of `digit_count` digits,
    0 = any), which are then decoded as digits only. `hotwords` are names the recogniser should know; `hint` is text it
    takes for what was said before. `words` asks for word times. While it is `private` (a PIN), no voice is judged.
    """

    speech: bool = False
    partials: bool = True
    emotion: EmotionConsent | None = None
    baseline: bytes = b""
    languages: list[str] = msgspec.field(default_factory=lambda: ["en", "zh"])
    hint: str = ""
    hotwords: list[str] = []
    expects: Literal["sentence", "answer", "digits"] = "sentence"
    digit_count: int = 0
    words: bool = False
    private: bool = False


class AnswerLeg(Command, tag="answer", kw_only=True, frozen=True):
    """Answer an offered leg; `early` sends 183 with media instead of 200 (a later AnswerLeg sends 200)."""

    leg_id: str
    role: LegRole
    hearing: Hearing = Hearing()
    early: bool = False
    record_path: str | None = None


class RejectLeg(Command, tag="reject", kw_only=True, frozen=True):
    """Refuse an offered leg with a SIP status; `retry_after_s` > 0 adds Retry-After."""

    leg_id: str
    code: int
    reason: str
    retry_after_s: int = 0


class OfferLeg(Command, tag="offer", kw_only=True, frozen=True):
    """WebRTC: make a leg from a browser's SDP offer. Reply body: `SdpAnswer`."""

    leg_id: str
    role: LegRole
    sdp: str
    hearing: Hearing = Hearing()
    record_path: str | None = None


class SdpAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """The answer to `OfferLeg`."""

    sdp: str
    type: str = "answer"


class DialLeg(Command, tag="dial", kw_only=True, frozen=True):
    """Place a call. Progress, up and end come as events; unanswered after `timeout_s` ends with `no_answer`."""

    leg_id: str
    role: LegRole
    target: str
    display_name: str = ""
    headers: dict[str, str] = {}
    hearing: Hearing = Hearing()
    timeout_s: float = 20.0


class HangupLeg(Command, tag="hangup", kw_only=True, frozen=True):
    """End a leg (CANCEL, BYE or 4xx as its state asks)."""

    leg_id: str
    reason: str = "hangup"
    code: int = 0


class HoldLeg(Command, tag="hold", kw_only=True, frozen=True):
    """Put the remote side of this leg on hold by re-INVITE (SIP), or mute both ways (WebRTC)."""

    leg_id: str
    on: bool


class SetHearing(Command, tag="hearing", kw_only=True, frozen=True):
    """Replace what the leg listens for. Taking `emotion` away takes effect at once, also for work under way."""

    leg_id: str
    hearing: Hearing


class PlaySpeech(Command, tag="speak", kw_only=True, frozen=True):
    """Say `text` on this leg after what is queued already. Ends with `PlayFinished`."""

    leg_id: str
    play_id: str
    text: str
    locale: str
    voice: str = ""
    interruptible: bool = True


class PlayFile(Command, tag="play", kw_only=True, frozen=True):
    """Play an audio file (hold music, a recorded prompt); `loop` until stopped; `gain_db` ≤ 0."""

    leg_id: str
    play_id: str
    path: str
    loop: bool = False
    interruptible: bool = False
    gain_db: float = 0.0


class StopPlay(Command, tag="stop", kw_only=True, frozen=True):
    """Stop one prompt, or all of the leg's when `play_id` is None."""

    leg_id: str
    play_id: str | None = None


class BridgeLeg(Command, tag="bridge", kw_only=True, frozen=True):
    """Send this leg's inbound audio to the peer's socket and play what arrives on ours.

    Give the same order, mirrored, to the peer. Plays in progress go on and are mixed on top.
    """

    leg_id: str
    peer_leg_id: str


class UnbridgeLeg(Command, tag="unbridge", kw_only=True, frozen=True):
    """Stop exchanging audio with the peer."""

    leg_id: str


class MuteLeg(Command, tag="mute", kw_only=True, frozen=True):
    """Drop the remote side's audio at this leg: not bridged, not recorded, not heard."""

    leg_id: str
    on: bool


class RecordLeg(Command, tag="record", kw_only=True, frozen=True):
    """Pause (both channels become silence, time goes on), resume or stop the leg's recording."""

    leg_id: str
    action: Literal["pause", "resume", "stop"]


class SendDtmf(Command, tag="dtmf.send", kw_only=True, frozen=True):
    """Send RFC 4733 digits to the remote side."""

    leg_id: str
    digits: str


class Drain(Command, tag="drain", kw_only=True, frozen=True):
    """Refuse new legs (503 + Retry-After) from now on; go on with those that are up."""

    retry_after_s: int = 30


LegCommand = (
    AnswerLeg
    | RejectLeg
    | OfferLeg
    | DialLeg
    | HangupLeg
    | HoldLeg
    | SetHearing
    | PlaySpeech
    | PlayFile
    | StopPlay
    | BridgeLeg
    | UnbridgeLeg
    | MuteLeg
    | RecordLeg
    | SendDtmf
    | Drain
)


# --------------------------------------------------------------------------- inference (leg worker or app → inference)


class AffectAsk(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Judge the voice as well. Refused without a consent; `baseline` is what earlier replies of the same caller returned."""

    consent: EmotionConsent | None = None
    baseline: bytes = b""


class Decode(Command, tag="decode", kw_only=True, frozen=True):
    """Turn ≤30 s of speech into text. Stateless. Reply body: `Decoded`.

    `stream` names the utterance: a newer partial of it replaces one that still waits.
    `grammar` = "digits" lets only digits through. `affect` asks for what the voice conveyed, from the same decode.
    """

    pcm: bytes
    rate: int
    languages: list[str]
    final: bool = True
    hint: str = ""
    hotwords: list[str] = []
    grammar: Literal["", "digits"] = ""
    digit_count: int = 0
    words: bool = False
    stream: str = ""
    prefix: str = ""
    deadline_ms: int = 4000
    affect: AffectAsk | None = None


class DecodedWord(msgspec.Struct, kw_only=True, frozen=True):
    """A word with offsets from the start of the request's audio."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float


class Decoded(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Result of `Decode`. Empty `text` with `rejected` set means: no words here, and why.

    `words` come when asked for, and always for digits (one each). `degraded`: the engine was overloaded and answered by
    its faster policy. `emotion` comes when asked for and in time, with the `baseline` (opaque, ≤4 KiB) for the caller's
    next request; `affect_ms` is what was waited for it after the words.
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
    emotion: Emotion | None = None
    baseline: bytes = b""
    affect_ms: float = 0.0


class SpeechCheck(Command, tag="voiced", kw_only=True, frozen=True):
    """Is this (≥96 ms) human speech? Reply body: `SpeechChecked`. Answered ahead of decodes."""

    pcm: bytes
    rate: int


class SpeechChecked(msgspec.Struct, kw_only=True, frozen=True):
    """Highest frame probability of speech, 0…1."""

    probability: float


class Speak(Command, tag="tts", kw_only=True, frozen=True):
    """Synthesise; streamed as `Chunk`s of `SpeechAudio`, clause by clause. Reply body: nil."""

    text: str
    locale: str
    voice: str = ""


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

Body = LegCommand | InferenceCommand
Wire = Hello | Reply | Chunk | Cancel | Ack | Request | Report

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Wire] = msgspec.msgpack.Decoder(Wire)


def encode(message: Wire) -> bytes:
    """Message → msgpack bytes (no length prefix)."""
    return _encoder.encode(message)


def decode(data: bytes | memoryview) -> Wire:
    """Msgpack bytes → message. Raises `msgspec.ValidationError` naming the field that is wrong."""
    return _decoder.decode(data)


def pack(body: msgspec.Struct | None) -> msgspec.Raw:
    """A reply or chunk body as raw msgpack."""
    return msgspec.Raw(_encoder.encode(body))
