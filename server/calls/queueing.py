"""A contact waits for people: its place at the desk, the music, what it is told meanwhile, and the ways out without anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from desk.announcements import position_text
from desk.model import Announce, Moved, Overflow
from dialog import effects as fx
from dialog import events as ev
from server.calls.requeueing import not_taken
from server.calls.snapshot import QueueSnapshot
from server.settings import ROOT
from session.queues import Queues

if TYPE_CHECKING:
    from server.calls.contact import Contact


class Queueing:
    """One contact's; works in its actor. The place in the queue is the contact's, which saves it."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact

    async def enqueue(self, effect: fx.Enqueue, *, enqueued_at: int | None = None) -> None:
        """Into the queue, at the old place (`enqueued_at`, UTC ms) when there was one."""
        if (back := self._contact.callback) is not None:
            await self.join(msgspec.structs.replace(back.queue, whisper=effect.whisper))
            return
        queue = QueueSnapshot(
            queue=effect.queue,
            skills=effect.skills,
            priority=effect.priority,
            reason=effect.reason,
            summary=effect.summary,
            facts=effect.facts,
            enqueued_at=enqueued_at
            or self._contact.waited_since
            or self._contact.around.kept_place(self._contact, effect.queue)
            or self._contact.now_ms(),
            overflow_s=effect.overflow_s,
            announce=effect.announce,
            announce_every_s=effect.announce_every_s,
            frustration=(self._contact.feelings.shown() or ("", 0.0))[1],
            preferred=await self._last_agent(effect.queue),
            whisper=effect.whisper,
        )
        await self.join(queue, kept=enqueued_at is not None)

    async def join(self, queue: QueueSnapshot, *, kept: bool = False) -> None:
        """Wait for people, with music; `kept`: at a place that it had."""
        self._contact.queue = queue
        self._contact.phase = "queued"
        await self._contact.around.store.stamp_contact(
            self._contact.contact_id,
            enqueued=True,
            queue=queue.queue,
            priority=queue.priority,
        )
        await self._contact.note(
            "queue.entered",
            {
                "queue": queue.queue,
                "reason": queue.reason,
                "priority": queue.priority,
                "skills": queue.skills,
                "facts": queue.facts,
                "summary": queue.summary,
            },
        )
        await self._contact.listening.turn(False)
        self._tune(queue.queue)
        await self._contact.music(True)
        self.place(kept=kept)

    async def _last_agent(self, queue: str) -> str:
        """Whom this customer talked to last, where the queue asks them first."""
        around, customer = self._contact.around, self._contact.run.customer_id
        if not customer or around.desk.desk.queue(queue).strategy != "preferred":
            return ""
        return await Queues(around.store).last_agent(customer) or ""

    def _tune(self, queue: str) -> None:
        """The queue's own music, or everybody's."""
        around = self._contact.around
        music = around.desk.desk.queue(queue).music
        self._contact.caller.tune = (ROOT / music).resolve() if music else around.music

    def place(self, *, kept: bool = True) -> None:
        """Give the contact its place at the desk (again, after a restart or a lost agent)."""
        queue = self._contact.queue
        if queue is None:
            return
        desk = self._contact.around.desk
        self._tune(queue.queue)
        if (back := self._contact.callback) is not None:
            taken = desk.desk.reached(back.callback_id, self._contact.contact_id, desk.now())
            if taken is not None:
                desk.do(taken)
                return
        waited_ms = self._contact.now_ms() - queue.enqueued_at
        rings = next((p for p in self._contact.room.offered() if p.offer_id), None)  # since before a restart
        actions = desk.desk.enqueue(
            self._contact.contact_id,
            queue.queue,
            desk.now(),
            channel="chat" if self._contact.chat else "voice",
            skills=queue.skills,
            priority=queue.priority,
            overflow_s=queue.overflow_s,
            announce=queue.announce and not queue.only,
            announce_every_s=queue.announce_every_s,
            frustration=queue.frustration,
            enqueued_ms=desk.now() - waited_ms,
            kept=kept,
            only=queue.only or None,
            preferred=queue.preferred or None,
            ringing=None if rings is None else (rings.offer_id, rings.user_id),
        )
        waits = desk.desk.waiting.get(self._contact.contact_id)
        for party in self._contact.room.offered():
            if waits is None or party.offer_id not in waits.offers:
                del self._contact.room.parties[party.party_id]
                self._contact.post(lambda party=party: party.hang_up("no_answer"))  # type: ignore[misc]
        desk.do(actions)

    def news(self, outcome: Literal["answered", "overflow", "no_agents"], why: str = "") -> ev.AnyFlowEvent:
        """For the flow: of the queue, of the transfer that waiting was part of, or of the talk that was lost."""
        queue = self._contact.queue
        if queue is not None and queue.again:
            return ev.AgentLost()
        if queue is None or not queue.transfer_id:
            return ev.QueueResult(outcome=outcome)
        return ev.TransferResult(
            transfer_id=queue.transfer_id, outcome="connected" if outcome == "answered" else "no_answer", why=why
        )

    async def announce(self, action: Announce) -> None:
        """Say the position between the music."""
        if self._contact.phase != "queued":
            return
        await self._contact.note("queue.position", {"position": action.position, "eta_s": action.eta_s})
        language = self._contact.language
        text = position_text(action.position, action.eta_s, language, place=action.say_position, wait=action.say_wait)
        text = await self._contact.flagging.screened(text, language, "queue")
        await self._contact.caller.announce(text, language, "slow" if self._contact.run.slow else "")

    async def overflow(self, action: Overflow) -> None:
        """Waited too long, or the queue is full or closed: the flow's exit takes over."""
        contact = self._contact
        joined_again = contact.contact_id in contact.around.desk.desk.waiting
        if contact.phase != "queued" or joined_again or await not_taken(contact, "the agent was not free in time"):
            return
        await contact.note("queue.left", {"why": "overflow", "cause": action.why, "waited_ms": action.waited_ms})
        outcome: Literal["overflow", "no_agents"] = "no_agents" if action.why == "closed" else "overflow"
        await contact.back_to_flow(self.news(outcome, "the agent did not answer"))

    async def leave(self, why: str) -> None:
        """The customer chose something else; led to a queue again, they have waited since the first time."""
        contact, desk = self._contact, self._contact.around.desk
        if contact.queue is None:
            return
        waited_ms = contact.now_ms() - contact.queue.enqueued_at
        contact.waited_since, contact.queue, contact.phase = contact.queue.enqueued_at, None, "flow"
        desk.do(desk.desk.leave(contact.contact_id, desk.now(), outcome="overflowed"))
        await contact.note("queue.left", {"why": "chosen", "cause": why, "waited_ms": waited_ms})
        await contact.music(False)

    async def moved(self, action: Moved) -> None:
        """Waits on in another queue."""
        queue = self._contact.queue
        if self._contact.phase != "queued" or queue is None:
            return
        self._contact.queue = msgspec.structs.replace(queue, queue=action.queue)
        self._tune(action.queue)
        await self._contact.around.store.stamp_contact(self._contact.contact_id, queue=action.queue)
        await self._contact.note(
            "queue.moved",
            {"previous": action.previous, "queue": action.queue, "why": action.why, "waited_ms": action.waited_ms},
        )
