"""Carries out what a flow asks for, one effect after the other, in the contact's actor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from dialog import effects as fx

if TYPE_CHECKING:
    from server.calls.contact import Contact


async def carry_out(contact: Contact, effect: fx.AnyEffect, thought_ms: float) -> None:
    """One effect. `thought_ms`: how long the flow took to decide."""
    store = contact.around.store
    match effect:
        case fx.Say():
            await contact.say(effect, thought_ms)
        case fx.StopSpeaking():
            await contact.caller.stop()
        case fx.Expect():
            contact.customer.sensitive = effect.sensitive
            if contact.room.supervisors():  # before they speak: supervisors do not hear what is private
                await contact.room.settle()
            await contact.listening.turn(effect.speech, effect)
        case fx.StartTimer():
            contact.timers.start(effect.name, effect.ms)
        case fx.CancelTimer():
            contact.timers.stop(effect.name)
        case fx.SetAttributes():
            await store.set_conversation(contact.conversation_id, context=effect.values)
        case fx.SetLocale():
            contact.language = effect.locale
            await store.set_conversation(contact.conversation_id, language=effect.locale)
        case fx.Trace():
            contact.feelings.left(effect.exit, time.time_ns() // 1_000_000)
            await contact.note("decision", msgspec.to_builtins(effect))
        case fx.Record():
            await contact.note(effect.kind, effect.payload)
        case fx.Perform():
            contact.errands.perform(effect)
        case fx.Inspect():
            contact.errands.inspect(effect)
        case fx.Think():
            contact.errands.think(effect)
        case fx.SetMedia() | fx.AskVisual() | fx.CancelVisual():
            await contact.media.carry_out(effect)
        case fx.End():
            await contact.finish(effect.disposition)
        case fx.Enqueue() | fx.LeaveQueue() | fx.Transfer() | fx.CancelTransfer() | fx.BookCallback():
            await _hand_over(contact, effect)
        case _:
            await _permit(contact, effect)


async def _hand_over(
    contact: Contact, effect: fx.Enqueue | fx.LeaveQueue | fx.Transfer | fx.CancelTransfer | fx.BookCallback
) -> None:
    """To people, now or later, and back."""
    match effect:
        case fx.Enqueue():
            await contact.queueing.enqueue(effect)
        case fx.LeaveQueue():
            await contact.queueing.leave(effect.why)
        case fx.Transfer():
            await contact.transfers.begin(effect)
        case fx.CancelTransfer():
            await contact.transfers.cancel(effect.transfer_id)
        case fx.BookCallback():
            contact.errands.book(effect)


async def _permit(contact: Contact, effect: fx.AnyEffect) -> None:
    """What the caller agreed to or proved, and what may be recorded."""
    match effect:
        case fx.GrantConsent():
            await contact.listening.agreed(effect)
        case fx.WithdrawConsent():
            for purpose in effect.purposes:
                await contact.listening.withdraw(purpose, "caller")
        case fx.StopRecording():
            contact.refused = True
            await contact.caller.record("stop")
        case fx.PauseRecording():
            await contact.caller.record("pause")
        case fx.ResumeRecording() if not contact.media.masked:
            await contact.caller.record("resume")
        case fx.Verified():
            await contact.around.store.set_conversation(
                contact.conversation_id, auth_level=effect.level, customer_id=effect.customer_id
            )
            await contact.note("verify", {"result": "passed", "level": effect.level, "customer": effect.customer_id})
            if effect.level >= 2:
                await contact.feelings.verified(effect.customer_id)
                await contact.listening.renew()
        case fx.VerifyFailed():
            await contact.note("verify", {"result": "failed", "attempts": effect.attempts, "locked": effect.locked})
