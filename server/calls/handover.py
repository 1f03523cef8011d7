"""A contact's way to people and back: the queue, the offer, the talk, and the agent's leaving."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

import msgspec
import structlog

from desk.announcements import position_text
from desk.model import Announce, Moved, Offer, Overflow, Withdraw
from dialog import effects as fx
from dialog import events as ev
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.party import Party
from server.calls.snapshot import QueueSnapshot
from server.hub import NoWorker
from server.settings import ROOT
from session.queues import Queues

if TYPE_CHECKING:
    from server.calls.contact import Contact

log = structlog.get_logger(__name__)

WHISPER_MS = 30_000  # the longest whisper; then its end was lost, and nobody waits for it any longer


class Handover:
    """One contact's; works in its actor. The place in the queue and the agent are the contact's, which saves them."""

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
            enqueued_at=enqueued_at or self._contact.now_ms(),
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
        await self._contact.listen(False)
        self._tune(queue.queue)
        await self._contact.music(True)
        self.wait(kept=kept)

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

    def wait(self, *, kept: bool = True) -> None:
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
        rings = next((p for p in self._ringing() if p.offer_id), None)  # since before a restart
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
        for party in self._ringing():
            if waits is None or party.offer_id not in waits.offers:
                del self._contact.room.parties[party.party_id]
                self._contact.post(lambda party=party: party.hang_up("no_answer"))  # type: ignore[misc]
        desk.do(actions)

    def _ringing(self) -> list[Party]:
        return [p for p in self._contact.room.parties.values() if p.purpose == "offer" and not p.connected]

    def _news(self, outcome: Literal["answered", "overflow", "no_agents"], why: str = "") -> ev.AnyFlowEvent:
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
        if self._contact.phase != "queued":
            return
        await self._contact.note("queue.left", {"why": "overflow", "cause": action.why, "waited_ms": action.waited_ms})
        outcome: Literal["overflow", "no_agents"] = "no_agents" if action.why == "closed" else "overflow"
        await self._contact.back_to_flow(self._news(outcome, "the agent did not answer"))

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

    async def offer(self, action: Offer) -> None:
        """Ring the agent the desk chose."""
        card = self._contact.around.agent_of(action.agent_id)
        desk = self._contact.around.desk
        if self._contact.phase != "queued" or card is None or self._contact.queue is None:
            desk.do(desk.desk.declined(action.offer_id, desk.now(), missed=True))
            return
        await self._contact.note(
            "queue.offered",
            {
                "offer_id": action.offer_id,
                "user_id": card.user_id,
                "agent": card.name,
                "why": action.why,
                "decision": asdict(action.decision),
                "reason": self._contact.queue.reason,
                "facts": self._contact.queue.facts,
                "summary": self._contact.queue.summary,
            },
        )
        party = Party(
            self._contact, "agent", "offer", card=card, offer_id=action.offer_id, desk_id=self._contact.contact_id
        )
        party.why = action.why
        party.until_ms = self._contact.now_ms() + action.until_ms - desk.now()
        self._contact.room.parties[party.party_id] = party
        try:
            await party.ring()
        except (NoWorker, *COMMAND_ERRORS) as error:
            log.warning("contact.ring_failed", contact=self._contact.contact_id, error=str(error))
            await party.give_up("failed")

    async def withdraw(self, action: Withdraw) -> None:
        """The offer is over without an answer."""
        party = next((p for p in self._ringing() if p.offer_id == action.offer_id), None)
        if party is None or party.whisper_id:
            return
        del self._contact.room.parties[party.party_id]
        await self._contact.note(
            f"queue.{'missed' if action.why == 'missed' else 'declined' if action.why == 'declined' else 'withdrawn'}",
            {"offer_id": action.offer_id, "user_id": action.agent_id, "why": action.why},
        )
        await party.hang_up("no_answer")
        queue = self._contact.queue
        if queue is not None and queue.only and self._contact.phase == "queued":
            desk = self._contact.around.desk
            desk.do(desk.desk.leave(self._contact.contact_id, desk.now()))
            declined = action.why == "declined"
            result = ev.TransferResult(
                transfer_id=queue.transfer_id,
                outcome="busy" if declined else "no_answer",
                why="the agent declined" if declined else "the agent did not answer",
            )
            await self._contact.back_to_flow(result)

    # ------------------------------------------------------------------ the agent

    async def answered(self, party: Party) -> None:
        """The agent is there: told what is whispered, then let through."""
        contact, desk = self._contact, self._contact.around.desk
        accepted = desk.desk.accepted(party.offer_id, desk.now())
        if accepted is None:
            contact.room.parties.pop(party.party_id, None)
            await party.hang_up("no_answer")
            return
        desk.do(accepted[1])
        contact.phase = "talking"
        await contact.around.store.stamp_contact(contact.contact_id, connected_to_agent=True)
        await contact.note("queue.accepted", {"user_id": party.user_id, "agent": party.name})
        if contact.queue is not None:
            now = contact.now_ms()
            contact.feelings.waited(now - contact.queue.enqueued_at, now, passed_on=True)
            if contact.queue.whisper and party.leg_id:
                contact.start_timer("agent_whisper", WHISPER_MS)
                await party.whisper(contact.queue.whisper, contact.language)
                return
        await self._let_through(party)

    async def not_answered(self, party: Party, reason: str) -> None:
        """Their leg ended before the caller was let through."""
        contact, desk = self._contact, self._contact.around.desk
        if not party.whisper_id:
            await party.give_up(reason)
            return
        # Gone while they were told: the caller waits on, at the old place.
        contact.stop_timer("agent_whisper")
        contact.room.parties.pop(party.party_id, None)
        desk.do(desk.desk.ended(contact.contact_id, desk.now(), agent_id=party.user_id))
        contact.phase = "queued"
        self.wait()

    async def resumed(self) -> None:
        """Whoever was told something as the app went down was told enough: what they heard of it nobody knows."""
        contact, desk = self._contact, self._contact.around.desk
        told = next((p for p in self._ringing() if p.whisper_id), None)
        if told is None:
            return
        if told.user_id in desk.desk.agents:
            queue = contact.queue.queue if contact.queue is not None else ""
            desk.do(desk.desk.assign(told.user_id, told.desk_id, desk.now(), queue=queue))
        await self.through(told)

    async def abandon(self) -> None:
        """Something of ours broke as they answered: they are free, and their line is closed."""
        contact, desk = self._contact, self._contact.around.desk
        for party in self._ringing():
            del contact.room.parties[party.party_id]
            desk.do(desk.desk.ended(contact.contact_id, desk.now(), agent_id=party.user_id))
            await party.hang_up("failed")

    async def through(self, party: Party | None = None) -> None:
        """The agent has heard what was whispered, or (None) never will."""
        told = next((p for p in self._ringing() if p.whisper_id and party in (None, p)), None)
        if told is not None:
            told.whisper_id = ""
            self._contact.stop_timer("agent_whisper")
            await self._let_through(told)

    async def _let_through(self, party: Party) -> None:
        contact = self._contact
        contact.served = True
        await contact.room.enter(party)
        if contact.queue is None or not contact.queue.again:
            await contact.step(self._news("answered"))
        await contact.music(False)
        await contact.caller.stop()
        await contact.room.settle()
