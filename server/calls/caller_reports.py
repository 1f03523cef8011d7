"""What the customer's leg reports, and what follows of it: for the flow, the feelings, the people they talk with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dialog import events as ev
from server.calls import in_call, party_reports
from session import wire

if TYPE_CHECKING:
    from server.calls.contact import Contact


async def on_customer_leg(contact: Contact, report: wire.Report) -> None:
    """Act on a committed report of the customer's leg."""
    event = report.event
    match event:
        case wire.LegProgress(state="up") if contact.presence.coming:
            await contact.presence.back()
        case wire.LegProgress(state="up") if not contact.up:
            contact.up = True
            contact.around.call_up(contact)
            await contact.step(ev.Started())
        case wire.UtteranceFelt() if contact.phase in ("flow", "talking"):
            await contact.feelings.felt(event)
        case wire.UtteranceFinal() if contact.phase == "flow":
            await _heard(contact, report.at, event)
        case wire.UtteranceFinal() if contact.phase == "talking":
            await contact.feelings.heard(report.at, event)
        case wire.DtmfReceived():
            if contact.phase == "talking":
                await in_call.key(contact, event.digit)
            await contact.key(event.digit)
        case wire.PeerHeard(heard=False):
            await contact.transfers.on_parted(event)
            await party_reports.parted(contact, event)
        case wire.SpeechStarted() if contact.phase == "flow":
            await contact.step(ev.SpeechBegan())
        case wire.SpeechDropped():
            await contact.feelings.dropped(event.utterance_id)
            if contact.phase == "flow":
                await contact.step(ev.SpeechDropped())
        case wire.AsrDegraded(lost=True) if contact.phase == "flow":
            await contact.step(ev.Failed(where="hearing", why=event.reason))
        case wire.PlayStarted():
            if (play := contact.customer.plays.get(event.play_id)) is not None:
                play.began_ms = event.at_ms
            stages = contact.turns.audible(report.at, event)
            if stages is not None:
                await contact.note(
                    "turn.ledger",
                    {
                        "stages": msgspec.to_builtins(stages),
                        "total_ms": round(sum(s.ms for s in stages), 1),
                    },
                )
        case wire.PlayFinished():
            await _play_finished(contact, event)
        case wire.RecordingClosed():
            await contact.media.recording_closed(event)
        case wire.LegEnded():
            await contact.presence.leg_ended(event)


async def _heard(contact: Contact, at: int, event: wire.UtteranceFinal) -> None:
    if event.aside:
        await contact.feelings.heard(at, event)
        await contact.step(ev.SpeechDropped())
        return
    contact.turns.heard(at, event.ledger)
    feeling = await contact.feelings.heard(at, event)
    await contact.step(
        ev.Heard(
            text=event.text,
            language=event.language,
            confidence=event.confidence,
            feeling=feeling,
            early=contact.caller.early(event.t0_ms),
            voice=event.voice,
        )
    )


async def _play_finished(contact: Contact, event: wire.PlayFinished) -> None:
    play = contact.customer.plays.pop(event.play_id, None)
    if play is None or play.kind != "say":
        return
    if contact.phase in ("flow", "transfer"):
        await contact.step(ev.PromptDone(play_id=event.play_id, outcome=event.outcome, spoken=event.spoken))
    await contact.maybe_end()
