"""Leg worker → app: what happened on a leg, as the `event` of a `Report`."""

from __future__ import annotations

from typing import Literal

import msgspec

from session.wire.values import Emotion, LegStats, Stage, Transport, Word

PeerReason = Literal["", "ordered", "never_came", "gone", "leg_ended"]


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
    """The leg changed state. `up` means audio may flow both ways.

    `held`: no conversation with the remote side until `resumed`; `by` says whether we were told to (`local`) or their
    phone put us on hold (`remote`). `silent`: nothing came for `media.silent_after_s`, though something should; the leg is
    kept until `media.no_rtp_timeout_s`, and `back` says that it speaks again.
    """

    state: Literal["ringing", "early", "up", "held", "resumed", "silent", "back"]
    by: Literal["", "local", "remote"] = ""
    codec: str = ""
    srtp: bool = False
    remote: str = ""


class LegEnded(Event, tag="leg.ended", kw_only=True, frozen=True):
    """The last event of a leg. `reason`: one of the words listed in docs/architecture.md (hangup, no_rtp, …).

    `page_gone`: the browser closed the connection, by a reload or a link as well as by a closing page; whoever hangs up
    does so through the app. The page may be back in a moment.
    """

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
    """Words so far, to be replaced by the next partial or the final.

    `text` is what may be shown, since it rarely changes; `newest`, where `Hearing.newest` asks for it, the last decode whole.
    """

    utterance_id: str
    t0_ms: int
    text: str
    language: str
    newest: str = ""


class UtteranceFelt(Event, tag="utterance.felt", kw_only=True, frozen=True):
    """The voice of a finished utterance was judged, and its words are not there yet. Comes only with consent.

    `UtteranceFinal`, `SpeechDropped` or `AsrDegraded` follows. `ledger` as there, up to this event.
    """

    utterance_id: str
    emotion: Emotion
    ledger: list[Stage] = []


class UtteranceFinal(Event, tag="utterance.final", kw_only=True, frozen=True):
    """A finished utterance. `ledger` holds the stages from the last voiced sample to this event.

    `text` is verbatim; `normalised` writes its numbers, amounts and dates as figures, and is empty when that is the same.
    `emotion` comes only with consent; `baseline`, what was learnt of the voice so far, only where it may be kept as well.
    `aside`: a listening noise ("uh-huh") over a prompt, which went on; it wants no answer.
    """

    utterance_id: str
    t0_ms: int
    t1_ms: int
    text: str
    aside: bool = False
    normalised: str = ""
    language: str
    confidence: float
    words: list[Word] = []
    emotion: Emotion | None = None
    baseline: bytes = b""
    voice: bytes = b""
    """Vector of the voice, where `Hearing.voiceprint` asked for it. Never stored or shown."""
    ledger: list[Stage] = []


class DtmfReceived(Event, tag="dtmf", kw_only=True, frozen=True):
    """One key. Never logged by anyone; the app stores only that a key came."""

    digit: str
    source: Literal["rfc4733", "info", "inband", "page"]


class TransferAsked(Event, tag="transfer.asked", kw_only=True, frozen=True):
    """Their phone wants its call passed on (SIP REFER). Nothing was done: the phone waits for `TellTransfer`.

    Comes only from legs whose `may_transfer` was given. `to` is a `sip:`, `sips:` or `tel:` address without headers.
    """

    transfer_id: str
    to: str


class PlayStarted(Event, tag="play.started", kw_only=True, frozen=True):
    """First sample of a prompt left for the remote side. `ledger`: stages since the command arrived."""

    play_id: str
    at_ms: int
    ledger: list[Stage] = []


class PlayFinished(Event, tag="play.finished", kw_only=True, frozen=True):
    """A prompt ended. `spoken` is only the words whose samples were really played.

    `failed`: all of it, or its end, could not be spoken or read; `error` says why.

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


class PeerHeard(Event, tag="peer", kw_only=True, frozen=True):
    """This leg really hears `peer_leg_id`, or no longer (`heard` false, with the reason).

    `ordered`: a `MixLeg` left the peer out. `never_came`: ordered 3 s ago and nothing was ever sent. `gone`: not even
    keep-alives for a second; the order stands, and should the peer come back, `heard` is told again.
    """

    peer_leg_id: str
    heard: bool
    reason: PeerReason = ""


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
    | UtteranceFelt
    | UtteranceFinal
    | DtmfReceived
    | TransferAsked
    | PlayStarted
    | PlayFinished
    | RecordingClosed
    | PeerHeard
    | AsrDegraded
)
