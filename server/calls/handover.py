"""A contact's way to people and back: the queue, the offer, the talk, and the agent's leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import structlog

from desk.announcements import position_text
from desk.model import Announce, Moved, Offer, Overflow, Withdraw
from dialog import effects as fx
from dialog import events as ev
from server.calls.after_call import after_call_of
from server.calls.agent_side import AgentSide
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.snapshot import QueueSnapshot
from server.hub import NoWorker
from server.settings import ROOT
from session import wire

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
        if self._contact.chat:
            await self._not_written()
            return
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
            whisper=effect.whisper,
        )
        await self.join(queue, kept=enqueued_at is not None)

    async def _not_written(self) -> None:
        """Agents talk; they see a chat in its conversation, and may write there, but are not offered it."""
        contact = self._contact
        await contact.note("queue.left", {"why": "no agent takes chats"})
        contact.post(lambda: contact.step(ev.QueueResult(outcome="no_agents")))

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
        agent = self._contact.agent  # who rings since before a restart
        actions = desk.desk.enqueue(
            self._contact.contact_id,
            queue.queue,
            desk.now(),
            skills=queue.skills,
            priority=queue.priority,
            overflow_s=queue.overflow_s,
            announce=queue.announce and not queue.only,
            announce_every_s=queue.announce_every_s,
            frustration=queue.frustration,
            enqueued_ms=desk.now() - waited_ms,
            kept=kept,
            only=queue.only or None,
            ringing=None if agent is None else (agent.offer_id, agent.card.user_id),
        )
        waits = desk.desk.waiting.get(self._contact.contact_id)
        if agent is not None and (waits is None or waits.offer_id != agent.offer_id):
            self._contact.agent = None
            self._contact.post(lambda: agent.hang_up("no_answer"))
        desk.do(actions)

    def _news(self, outcome: Literal["answered", "overflow", "no_agents"], why: str = "") -> ev.AnyFlowEvent:
        """For the flow: of the queue, or of the transfer that waiting was part of."""
        queue = self._contact.queue
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
                "reason": self._contact.queue.reason,
                "facts": self._contact.queue.facts,
                "summary": self._contact.queue.summary,
            },
        )
        self._contact.agent = AgentSide(self._contact, card, action.offer_id)
        self._contact.agent.why = action.why
        self._contact.agent.until_ms = self._contact.now_ms() + action.until_ms - desk.now()
        try:
            await self._contact.agent.ring()
        except (NoWorker, *COMMAND_ERRORS) as error:
            log.warning("contact.ring_failed", contact=self._contact.contact_id, error=str(error))
            await self._contact.agent.give_up("failed")

    async def withdraw(self, action: Withdraw) -> None:
        """The offer is over without an answer."""
        if self._contact.agent is None or self._contact.agent.offer_id != action.offer_id:
            return
        agent, self._contact.agent = self._contact.agent, None
        await self._contact.note(
            f"queue.{'missed' if action.why == 'missed' else 'declined' if action.why == 'declined' else 'withdrawn'}",
            {"offer_id": action.offer_id, "user_id": action.agent_id, "why": action.why},
        )
        await agent.hang_up("no_answer")
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

    async def on_leg(self, event: wire.LegEvent) -> None:
        """A report of the agent's leg."""
        agent = self._contact.agent
        if agent is None:
            return
        match event:
            case wire.LegProgress(state="up") if not agent.connected:
                await self._answered(agent)
            case wire.PlayFinished() if event.play_id == agent.whisper_id:
                await self.through()
            case wire.UtteranceFinal():  # what a policy pack forbids is shown at once
                for hit in self._contact.engine.ports.filters.flag(event.text, event.language):
                    await self._contact.note(
                        "content_flag", {"role": "agent", "utterance_id": event.utterance_id, **hit}
                    )
            case wire.LegEnded() if not agent.connected:
                await agent.give_up(event.reason)
            case wire.LegEnded():
                await self._gone(agent, event)

    async def _answered(self, agent: AgentSide) -> None:
        desk = self._contact.around.desk
        accepted = desk.desk.accepted(agent.offer_id, desk.now())
        if accepted is None:
            self._contact.agent = None
            await agent.hang_up("no_answer")
            return
        self._contact.around.handled[agent.card.user_id] = after_call_of(self._contact)
        agent.connected = True
        agent.since_ms = self._contact.now_ms()
        desk.do(accepted[1])
        self._contact.phase = "talking"
        await self._contact.around.store.stamp_contact(self._contact.contact_id, connected_to_agent=True)
        await self._contact.note("queue.accepted", {"user_id": agent.card.user_id, "agent": agent.card.name})
        if self._contact.queue is not None:
            now = self._contact.now_ms()
            self._contact.feelings.waited(now - self._contact.queue.enqueued_at, now, passed_on=True)
            if self._contact.queue.whisper:
                self._contact.start_timer("agent_whisper", WHISPER_MS)
                await agent.whisper(self._contact.queue.whisper, self._contact.language)
                return
        await self._let_through(agent)

    async def through(self) -> None:
        """The agent has heard what was whispered, or never will."""
        agent = self._contact.agent
        if agent is not None and agent.whisper_id:
            agent.whisper_id = ""
            self._contact.stop_timer("agent_whisper")
            await self._let_through(agent)

    async def _let_through(self, agent: AgentSide) -> None:
        self._contact.served = True
        await self._contact.step(self._news("answered"))
        await self._talk(agent)

    async def _talk(self, agent: AgentSide) -> None:
        await self._contact.music(False)
        await self._contact.caller.stop()
        await agent.bridge(self._contact.customer.leg_id)
        await self._contact.listen(True)

    async def hold(self, on: bool) -> None:
        """The agent puts the caller on hold, or takes the call back. Raises ValueError when nobody talks."""
        agent = self._contact.agent
        if self._contact.phase != "talking" or agent is None:
            raise ValueError("there is no call to hold")
        if on == agent.holding:
            return
        agent.holding = on
        await self._contact.note("hold", {"on": on, "user_id": agent.card.user_id})
        if on:
            await self._contact.listen(False)
            await agent.unbridge(self._contact.customer.leg_id)
            await self._contact.music(True)
        else:
            await self._talk(agent)

    async def _gone(self, agent: AgentSide, event: wire.LegEnded) -> None:
        desk = self._contact.around.desk
        self._contact.agent = None
        await self._contact.caller.unbridge()
        desk.do(desk.desk.ended(self._contact.contact_id, desk.now()))
        if agent.whisper_id:  # gone before the caller was let through: they wait on, at the old place
            self._contact.stop_timer("agent_whisper")
            self._contact.phase = "queued"
            self.wait()
            return
        lost = event.party in ("network", "error")
        await self._contact.note("agent.left", {"user_id": agent.card.user_id, "reason": event.reason, "lost": lost})
        await self._contact.back_to_flow(ev.AgentLost() if lost else ev.AgentLeft())
