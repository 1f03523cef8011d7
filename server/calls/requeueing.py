"""Customers who talked with somebody and go on without them: given to another queue or a flow, or lost, and waiting again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dialog import events as ev
from server.api.ports import NotNow
from server.api.views import Target
from server.calls import reaching
from server.calls.snapshot import QueueSnapshot
from server.calls.transfers import MOST_FLOWS, enter_flow

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.party import Party

ASKED_S = 25.0  # s that the one agent has to whom a supervisor gives a customer; their phone rings less
RAISED = 30  # points of priority for who was lost by our people: ahead of nearly everybody who came since


async def requeue(contact: Contact, why: str) -> None:
    """Nobody is left to talk to: back to the queue, at the old place and ahead of those who came since."""
    queue = _first(contact.queue)
    await contact.room.dissolve()
    if queue is None or queue.only:
        await contact.back_to_flow(ev.AgentLost())
        return
    raised = msgspec.structs.replace(queue, priority=min(100, queue.priority + RAISED), again=True, overflow_s=None)
    await contact.note("queue.returned", {"why": why, "priority": raised.priority})
    await contact.queueing.join(raised, kept=True)


async def pass_on(contact: Contact, asker: Party, target: Target) -> None:
    """To a queue or a flow, which take whoever comes, or say at once that they do not: `NotNow`, with all as it was."""
    await (_to_flow if target.kind == "flow" else _to_queue)(contact, asker, target)


async def _to_flow(contact: Contact, asker: Party, target: Target) -> None:
    engine = contact.around.engine_of(target.to)
    if engine is None or contact.transfers.flows >= MOST_FLOWS:
        raise NotNow("there is no such flow" if engine is None else "the call went through too many flows")
    contact.transfers.flows += 1
    await contact.note("transfer.started", {"target": "flow", "to": target.to, "by": asker.user_id, "blind": True})
    await asker.tell_transfer(200)
    contact.phase, contact.queue = "flow", None
    await contact.room.dissolve()
    await enter_flow(contact, engine, {"transfer_note": target.note} if target.note else {})


async def _to_queue(contact: Contact, asker: Party, target: Target) -> None:
    """With what is known."""
    old = contact.queue
    queue = QueueSnapshot(
        queue=target.to,
        skills=[],
        priority=old.priority if old is not None else 50,
        reason=target.note or (old.reason if old is not None else ""),
        summary=old.summary if old is not None else "",
        facts=old.facts if old is not None else {},
        enqueued_at=old.enqueued_at if old is not None else contact.now_ms(),
        overflow_s=None,
        announce=old.announce if old is not None else True,
        again=True,
    )
    reaching.takes(contact, target.to)
    await asker.tell_transfer(200)
    await contact.note("transfer.started", {"target": "queue", "to": target.to, "by": asker.user_id, "blind": True})
    contact.phase = "queued"
    await contact.room.dissolve()
    await contact.queueing.join(queue, kept=True)


async def elsewhere(contact: Contact, target: Target) -> None:
    """Who waits is to wait for somebody else, at the place they have. Raises `NotNow`; then everything is as before.

    One agent is asked for a while; then they wait on where they did.
    """
    queue, desk = _first(contact.queue), contact.around.desk
    if queue is None or contact.callback is not None:
        raise NotNow("this contact does not wait")
    if target.kind == "agent":
        card = reaching.agent_of(contact, target.to)
        moved = msgspec.structs.replace(
            queue, queue="direct", only=card.user_id, skills=[], transfer_id="", overflow_s=ASKED_S, instead_of=queue
        )
    elif target.kind == "queue":
        reaching.takes(contact, target.to)
        moved = msgspec.structs.replace(queue, queue=target.to, only="", skills=[], transfer_id="")
    else:
        raise NotNow("who waits can be given to agents and queues only")
    desk.do(desk.desk.leave(contact.contact_id, desk.now(), outcome="overflowed"))
    await contact.queueing.join(moved, kept=True)


async def not_taken(contact: Contact, why: str) -> bool:
    """The agent to whom a supervisor gave them does not take them: they wait on where they did. False: it was no such agent."""
    queue = contact.queue
    if queue is None or queue.instead_of is None:
        return False
    await contact.note("queue.returned", {"why": why, "priority": queue.instead_of.priority})
    await contact.queueing.join(queue.instead_of, kept=True)
    return True


def _first(queue: QueueSnapshot | None) -> QueueSnapshot | None:
    """Without a supervisor's doing."""
    return queue if queue is None else queue.instead_of or queue
