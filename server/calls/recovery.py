"""Taking calls back after the app was restarted: their legs are still up in the workers, their state is in the store."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
import structlog

from desk.model import Channel
from dialog.state import RunState
from server.calls.after_call import after_call_of
from server.calls.contact import Contact
from server.calls.journal import LegRef
from server.calls.outside import OutsideLine
from server.calls.party import Party
from server.calls.reserving import reserve
from server.calls.snapshot import ContactSnapshot, RoomSnapshot
from server.calls.surroundings import AgentCard
from session import wire

if TYPE_CHECKING:
    from server.calls.controller import Controller

log = structlog.get_logger(__name__)

LOST = "app_lost"  # why a contact ended that no app can go on with
CLAIM_S = 10.0  # s that workers have to show up with their legs; they reconnect within two


async def recover(controller: Controller) -> None:
    """Rebuild every contact that had not ended; those whose leg does not show up are closed after a moment.

    What was never saved, or cannot be read, is closed at once: who writes on begins another contact.
    """
    for saved in await controller.store.open_runs():
        try:
            snapshot = msgspec.json.decode(saved.state, type=ContactSnapshot)
            _rebuild(controller, snapshot, saved.flow_sha)
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            log.error("recovery.unreadable", contact=saved.contact_id, error=str(error))
    await _close_lost(controller)
    await controller.writing.recover()
    for contact in controller.contacts.values():
        contact.start()
        if contact.chat:
            contact.post(lambda contact=contact: contact.resume(None))  # type: ignore[misc]
        log.info("recovery.contact", contact=contact.contact_id, phase=contact.phase)
    if controller.contacts:
        controller.later(CLAIM_S, lambda: _close_unclaimed(controller))


async def _close_lost(controller: Controller) -> None:
    """The leg of such a call, where it is up yet, is hung up as its worker shows it."""
    store = controller.store
    settled = {contact.conversation_id for contact in controller.contacts.values()}
    for contact_id, conversation_id in await store.open_contacts():
        if contact_id in controller.contacts:
            continue
        log.warning("recovery.contact_lost", contact=contact_id)
        ended = {"party": "error", "reason": LOST, "disposition": ""}
        await store.append(conversation_id, "contact.ended", ended, contact_id=contact_id, dedup=f"lost:{contact_id}")
        if conversation_id not in settled:
            await store.close_conversation(conversation_id, "closed")
            settled.add(conversation_id)
        await store.lose_contact(contact_id, LOST)  # last: who is killed before it does all of this again


def leg_is_up(controller: Controller, leg: wire.LegSnapshot) -> None:
    """A worker holds this leg: its contact goes on."""
    _, contact = controller.legs[leg.leg_id]
    if leg.leg_id == contact.customer.leg_id and contact.waiting_for_leg:
        contact.waiting_for_leg = False
        contact.up = leg.state in ("up", "held", "silent")
        contact.post(lambda: contact.resume(leg.playing))


def _rebuild(controller: Controller, snapshot: ContactSnapshot, flow_sha: str) -> Contact:
    engine = controller.dialog.engine(snapshot.flow_id, flow_sha)
    if engine is None:
        raise LookupError(f"there is no flow {snapshot.flow_id} any more")
    customer = LegRef(
        snapshot.customer_leg_id,
        "customer",
        snapshot.conversation_id,
        snapshot.contact_id,
        snapshot.customer_participant_id,
    )
    run = RunState.load(bytes(snapshot.run))
    # Workers resend what we had not acknowledged before the flow goes on: it may be a PIN, spoken.
    customer.sensitive = run.sensitive
    contact = Contact(
        around=controller.around,
        engine=engine,
        run=run,
        conversation_id=snapshot.conversation_id,
        contact_id=snapshot.contact_id,
        flow_id=snapshot.flow_id,
        language=snapshot.language,
        languages=snapshot.languages,
        customer=customer,
        bot_participant_id=snapshot.bot_participant_id,
        policy=snapshot.policy,
        mood=snapshot.mood,
        phase=snapshot.phase,
        queue=snapshot.queue,
        refused=snapshot.refused,
        ending=snapshot.ending,
        callback=snapshot.callback,
        served=snapshot.served,
        waited_since=snapshot.waited_since,
        waiting_for_leg=bool(snapshot.customer_leg_id),
        up=not snapshot.customer_leg_id,
    )
    controller.adopt(contact)
    _with_room(controller, contact, snapshot.room)
    if snapshot.outside is not None and snapshot.outside.connected:
        contact.transfers.line = OutsideLine(contact, snapshot.outside)
        contact.transfers.line.know()
    contact.transfers.flows = snapshot.flows
    contact.media.restore(snapshot.media)
    return contact


def _with_room(controller: Controller, contact: Contact, saved: RoomSnapshot) -> None:
    """Talks go on. Somebody who is no agent any more finishes theirs, and is no matter of the desk."""
    room = contact.room
    for one in saved.parties:
        card = controller.cards.get(one.user_id)
        if not one.connected and (one.purpose in ("take", "supervise") or (one.user_id and card is None)):
            continue  # whose phone rings for nothing; its worker is told to stop
        if card is None and one.user_id:
            card = AgentCard(one.user_id, "", one.name, "", "browser")
        party = Party.restored(contact, one, card)
        room.parties[party.party_id] = party
        if party.role == "agent" and party.connected and one.user_id in controller.cards:
            desk, queue = controller.desk, contact.queue.queue if contact.queue is not None else ""
            channel: Channel = "chat" if contact.chat else "voice"
            desk.do(desk.desk.assign(one.user_id, party.desk_id, desk.now(), channel=channel, queue=queue))
            contact.around.handled.setdefault(one.user_id, {})[party.desk_id] = after_call_of(contact)
        if party.role == "supervisor":
            reserve(contact, party)
    room.principal = saved.principal if saved.principal in room.parties else ""
    room.customer_held, room.record_off = saved.customer_held, saved.record_off
    contact.consults.now = saved.consult
    contact.keeping.code, contact.keeping.by, contact.keeping.since_ms = saved.parked, saved.parked_by, saved.parked_at


async def _close_unclaimed(controller: Controller) -> None:
    for contact in list(controller.contacts.values()):
        if contact.waiting_for_leg:
            log.warning("recovery.leg_gone", contact=contact.contact_id)
            await controller.leg_lost(contact.customer.leg_id, f"recovery:{time.time_ns()}")
            continue
        line = contact.transfers.line
        legs = [party.leg_id for party in contact.room.parties.values()]
        for leg_id in (*legs, line.leg_id if line else ""):
            if leg_id and controller.hub.worker_of(leg_id) is None:
                await controller.leg_lost(leg_id, f"recovery:{time.time_ns()}")
    await asyncio.sleep(0)
