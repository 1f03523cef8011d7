"""App → leg worker: what to do with a leg, as the `body` of a `Request`."""

from __future__ import annotations

from typing import Literal

import msgspec

from session.consent import EmotionConsent, VoiceprintConsent
from session.speech import SayAs, Style
from session.wire.values import LegRole, Tone


class Command(msgspec.Struct, tag_field="c", kw_only=True, omit_defaults=True, frozen=True):
    """Base of everything the app asks of a leg worker. Answered by `Reply` once accepted, not once finished."""


class Hearing(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What a leg listens for. `emotion` is the customer's consent, without which their voice is not analysed.

    `baseline` is what earlier calls taught of the voice, where the customer let us keep it.
    `expects` is what was just asked for: a `sentence`, a short `answer`, or `digits` (a number of `digit_count` digits,
    0 = any), which are then decoded as digits only. `hotwords` are names the recogniser should know; `hint` is text it
    takes for what was said before. `words` asks for word times, `newest` for every partial decode whole beside what is sure of
    it. While it is `private` (a PIN), no voice is judged.
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
    newest: bool = False
    private: bool = False
    voiceprint: VoiceprintConsent | None = None
    """The vector of the voice comes with the words: what was asked for is to be compared with the customer's voiceprint."""


class AnswerLeg(Command, tag="answer", kw_only=True, frozen=True):
    """Answer an offered leg; `early` sends 183 with media instead of 200 (a later AnswerLeg sends 200).

    `may_transfer`: somebody of the house, whose phone's REFER is reported as `TransferAsked`; of all others it is refused.
    """

    leg_id: str
    role: LegRole
    hearing: Hearing = Hearing()
    early: bool = False
    record_path: str | None = None
    may_transfer: bool = False


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
    """Place a call. Progress, up and end come as events; unanswered after `timeout_s` ends with `no_answer`.

    `may_transfer` as in `AnswerLeg`.
    """

    leg_id: str
    role: LegRole
    target: str
    display_name: str = ""
    headers: dict[str, str] = {}
    hearing: Hearing = Hearing()
    timeout_s: float = 20.0
    may_transfer: bool = False


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
    say_as: list[SayAs] = []
    style: Style = ""


class PlayFile(Command, tag="play", kw_only=True, frozen=True):
    """Play an audio file (hold music, a recorded prompt); `loop` until stopped; `gain_db` ≤ 0."""

    leg_id: str
    play_id: str
    path: str
    loop: bool = False
    interruptible: bool = False
    gain_db: float = 0.0


class PlayTone(Command, tag="tone", kw_only=True, frozen=True):
    """Play a signal after what is queued; `loop` repeats its cadence until stopped. Ends with `PlayFinished`."""

    leg_id: str
    play_id: str
    tone: Tone
    loop: bool = False
    gain_db: float = 0.0


class StopPlay(Command, tag="stop", kw_only=True, frozen=True):
    """Stop one prompt, or all of the leg's when `play_id` is None."""

    leg_id: str
    play_id: str | None = None


class MixLeg(Command, tag="mix", kw_only=True, frozen=True):
    """This leg hears exactly the legs `hears`, summed, and is sent to exactly the legs `sends_to`; none: it is alone.

    A hears B once A was told to hear B and B to send to A, in any order, wherever both live. Whole sets each time: what
    is the same as before goes on without a gap. Plays in progress go on and are mixed on top.

    What is played to this leg (prompts, music, not what it hears of others) goes to exactly the legs `plays_to`, as a
    speaker of its own: they hear it by the name `played(leg_id)`.
    """

    leg_id: str
    hears: list[str] = []
    sends_to: list[str] = []
    plays_to: list[str] = []


def played(leg_id: str) -> str:
    """The name of what is played to a leg, among those whom others hear."""
    return f"{leg_id}+played"


class MuteLeg(Command, tag="mute", kw_only=True, frozen=True):
    """Drop the remote side's audio at this leg: no other leg hears it, it is neither recorded nor transcribed."""

    leg_id: str
    on: bool


class RecordLeg(Command, tag="record", kw_only=True, frozen=True):
    """Pause (both channels become silence, time goes on), resume or stop the leg's recording."""

    leg_id: str
    action: Literal["pause", "resume", "stop"]


class SendDtmf(Command, tag="dtmf.send", kw_only=True, frozen=True):
    """Send keys to this leg's remote side alone: by RFC 4733 (SIP), as tones on top of what it hears (WebRTC)."""

    leg_id: str
    digits: str


class TellTransfer(Command, tag="transfer.tell", kw_only=True, frozen=True):
    """What became of `TransferAsked`, as a SIP status: 200, or why not. Nothing happens where nobody waits for it any more."""

    leg_id: str
    transfer_id: str
    code: int


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
    | PlayTone
    | StopPlay
    | MixLeg
    | MuteLeg
    | RecordLeg
    | SendDtmf
    | TellTransfer
    | Drain
)
