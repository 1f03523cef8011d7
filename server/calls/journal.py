"""What a leg worker reported, committed to the store before anybody acts on it or sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from session import wire
from session.store import Store
from session.types import NewUtterance

log = structlog.get_logger(__name__)

AGAIN_S = (0.2, 1.0, 3.0)  # s until the database is asked again; SQLite waited for 5 s each time
HIDDEN = "[hidden]"
HIDDEN_KEPT = 16  # more utterances than wait for a contact that is busy


@dataclass(slots=True)
class Play:
    """A prompt ordered from a worker, for the records that its end makes."""

    kind: Literal["say", "music", "announce"]
    text: str
    block: str
    locale: str
    article: str = ""
    began_ms: int | None = None
    """When its first sound left, in the leg's time; None before."""


@dataclass(slots=True)
class LegRef:
    """Where the events of a leg belong."""

    leg_id: str
    role: Literal["customer", "agent", "external", "supervisor"]
    conversation_id: str
    contact_id: str
    participant_id: str
    plays: dict[str, Play] = field(default_factory=dict)
    sensitive: bool = False
    """The flow waits for something private: words are passed on but neither stored nor shown."""
    hidden: deque[str] = field(default_factory=lambda: deque(maxlen=HIDDEN_KEPT))
    """The newest utterances stored without their words; the contact may act on one when the private question is over."""


async def keep(store: Store, ref: LegRef, report: wire.Report, incarnation: str) -> None:
    """Write one report as soon as the database takes it.

    Where it does not, the report is acted upon all the same: an end that nobody hears of leaves a contact that never ends.
    """
    for wait_s in (*AGAIN_S, None):
        try:
            return await commit(store, ref, report, incarnation)
        except (OSError, SQLAlchemyError) as error:
            what, why = type(report.event).__name__, type(error).__name__
            log.error("journal.not_written", leg=ref.leg_id, report=what, error=why, again_s=wait_s)
            if wait_s is None or isinstance(error, IntegrityError | DataError):
                return
        await asyncio.sleep(wait_s)


async def commit(store: Store, ref: LegRef, report: wire.Report, incarnation: str) -> None:
    """Write one report. Digits and partial words are not stored; partials are only shown."""
    event = report.event
    at = datetime.fromtimestamp(report.at / 1000, UTC)
    dedup = f"{incarnation}:{report.seq}"

    async def note(kind: str, payload: dict[str, Any]) -> None:
        await store.append(
            ref.conversation_id,
            kind,
            {"role": ref.role, **payload},
            contact_id=ref.contact_id,
            participant_id=ref.participant_id,
            leg_id=ref.leg_id,
            at=at,
            dedup=dedup,
        )

    match event:
        case wire.UtteranceFinal():
            if ref.sensitive:
                ref.hidden.append(event.utterance_id)
            await store.add_utterance(
                ref.conversation_id,
                _utterance(ref, event, at),
                dedup=dedup,
            )
        case wire.UtteranceFelt():  # kept by the contact, which has the consent
            if ref.sensitive:
                ref.hidden.append(event.utterance_id)
        case wire.UtterancePartial() if ref.sensitive or not event.text:
            return
        case wire.UtterancePartial():
            store.bus.publish_live(
                ref.conversation_id,
                "utterance.partial",
                {"role": ref.role, "utterance_id": event.utterance_id, "text": event.text, "language": event.language},
                contact_id=ref.contact_id,
                participant_id=ref.participant_id,
                leg_id=ref.leg_id,
            )
        case wire.LegProgress(state="silent" | "back"):
            await note(f"leg.{event.state}", {})
        case wire.LegProgress():
            await store.update_leg(
                ref.leg_id, state=event.state, codec=event.codec or None, srtp=event.srtp, remote=event.remote or None
            )
            await note(f"leg.{event.state}", {"codec": event.codec, "srtp": event.srtp})
        case wire.LegEnded():
            await store.update_leg(
                ref.leg_id,
                state="ended",
                ended_at=at,
                ended_by=event.party,
                ended_reason=event.reason,
                stats=msgspec.to_builtins(event.stats),
            )
            await store.participant_left(ref.participant_id)
            await note(
                "leg.ended",
                {
                    "party": event.party,
                    "reason": event.reason,
                    "code": event.code,
                    "duration_ms": event.duration_ms,
                    "stats": msgspec.to_builtins(event.stats),
                },
            )
        case wire.DtmfReceived():
            await note("dtmf", {"source": event.source})
        case wire.PlayFinished():
            play = ref.plays.get(event.play_id)
            if play is not None and play.kind == "music":
                return
            await note(
                "bot.said",
                {
                    "text": event.spoken,
                    "block": play.block if play else "",
                    "outcome": event.outcome,
                    "planned": play.text if play else event.spoken,
                    "played_ms": event.played_ms,
                    "stop_ms": event.stop_ms,
                    "error": event.error,
                    "article": play.article if play else "",
                    "language": play.locale if play else "",
                },
            )
        case wire.PeerHeard():
            await note("bridge", {"peer": event.peer_leg_id, "connected": event.heard, "reason": event.reason})
        case wire.SpeechDropped():
            await note("speech.dropped", {"reason": event.reason})
        case wire.AsrDegraded():
            await note("asr.degraded", {"reason": event.reason, "lost": event.lost})
        case (
            wire.RecordingClosed()
            | wire.SpeechStarted()
            | wire.PlayStarted()
            | wire.LegOffered()
            | wire.TransferAsked()
        ):
            return  # acted upon by the contact, which writes what is worth keeping


def _utterance(ref: LegRef, event: wire.UtteranceFinal, at: datetime) -> NewUtterance:
    return NewUtterance(
        utterance_id=event.utterance_id,
        contact_id=ref.contact_id,
        participant_id=ref.participant_id,
        leg_id=ref.leg_id,
        role=ref.role,
        t0_ms=event.t0_ms,
        t1_ms=event.t1_ms,
        text=HIDDEN if ref.sensitive else event.text,
        language=event.language,
        confidence=event.confidence,
        words=[] if ref.sensitive else msgspec.to_builtins(event.words),
        ledger=msgspec.to_builtins(event.ledger),
        at=at,
    )
