"""What agents and supervisors are shown of live contacts and of each other."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from server.api import views
from server.calls.after_call import AfterCall, customer_name

if TYPE_CHECKING:
    from desk.model import Agent
    from server.calls.contact import Contact
    from server.calls.controller import Controller


def utc(ms: int) -> datetime:
    """UTC epoch ms as a time."""
    return datetime.fromtimestamp(ms / 1000, UTC)


class Showing:
    """One per app; reads only."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    # ------------------------------------------------------------------ agents

    def agent(self, user_id: str) -> views.AgentView:
        """Raises LookupError for people who are no agents."""
        controller = self._controller
        card = controller.cards.get(user_id)
        state = controller.desk.desk.agents.get(user_id)
        if card is None or state is None:
            raise LookupError("you are not an agent; ask an admin to make you one")
        return views.AgentView(
            availability=state.availability,
            reason="",
            next_availability=None,
            status=state.status,
            since=self._at(state.since_ms),
            until=None if state.until_ms is None else self._at(state.until_ms),
            missed=0,
            device=card.device,
            uri=card.target if card.device == "uri" else "",
            registered=None,
            capacity=views.Capacity(voice=1, chat=0),
            contacts=self._contacts(user_id),
            offers=self._offers(user_id),
            queues=self.queues(),
        )

    def _offers(self, user_id: str) -> list[views.OfferView]:
        found = []
        for contact in self._controller.contacts.values():
            agent, queue = contact.agent, contact.queue
            if agent is None or agent.card.user_id != user_id or agent.connected or queue is None:
                continue
            found.append(
                views.OfferView(
                    offer_id=agent.offer_id,
                    contact_id=contact.contact_id,
                    conversation_id=contact.conversation_id,
                    channel="chat" if contact.chat else "voice",
                    queue=queue.queue,
                    reason=queue.reason,
                    summary=queue.summary,
                    facts=queue.facts,
                    customer_name=customer_name(contact),
                    waited_ms=max(0, contact.now_ms() - queue.enqueued_at),
                    until=utc(agent.until_ms),
                    why=agent.why,
                )
            )
        return found

    def _contacts(self, user_id: str) -> list[views.ContactView]:
        found = [
            self.contact(contact, user_id)
            for contact in self._controller.contacts.values()
            if contact.agent is not None and contact.agent.card.user_id == user_id and contact.agent.connected
        ]
        state = self._controller.desk.desk.agents.get(user_id)
        after = self._controller.around.handled.get(user_id)
        if state is not None and state.status == "acw" and after is not None:
            found.append(self._after(after, self._at(state.since_ms), state.until_ms))
        return found

    def contact(self, contact: Contact, user_id: str) -> views.ContactView:
        """One that goes on, as this person sees it."""
        agent = contact.agent
        mood = contact.feelings.shown()
        holding = agent is not None and agent.holding
        parties = [
            views.Party(
                party_id=contact.customer.participant_id,
                role="customer",
                name=customer_name(contact),
                state="held" if holding else "connected",
                mode="active",
                transport="chat" if contact.chat else "sip",
                me=False,
            )
        ]
        if agent is not None:
            parties.append(
                views.Party(
                    party_id=agent.participant_id,
                    role="agent",
                    name=agent.card.name,
                    state="connected" if agent.connected else "ringing",
                    mode="active",
                    transport="sip" if agent.card.target else "webrtc",
                    me=agent.card.user_id == user_id,
                )
            )
        return views.ContactView(
            contact_id=contact.contact_id,
            conversation_id=contact.conversation_id,
            channel="chat" if contact.chat else "voice",
            queue=contact.queue.queue if contact.queue is not None else "",
            customer_id=contact.run.customer_id or None,
            customer_name=customer_name(contact),
            state="held" if holding else "connected",
            since=utc(agent.since_ms if agent is not None else contact.now_ms()),
            acw_until=None,
            emotion=None if mood is None else mood[0],
            frustration=None if mood is None else mood[1],
            muted=agent is not None and agent.muted,
            recording=self._recording(contact),
            parties=parties,
            parked=None,
        )

    @staticmethod
    def _recording(contact: Contact) -> views.Recording:
        if contact.may_record:
            return "on"
        return "off" if contact.refused or not contact.run.consents.get("recording", True) else "paused"

    def _after(self, after: AfterCall, since: datetime, until_ms: int | None) -> views.ContactView:
        return views.ContactView(
            contact_id=after.contact_id,
            conversation_id=after.conversation_id,
            channel=after.channel,
            queue=after.queue,
            customer_id=after.customer_id,
            customer_name=after.customer_name,
            state="acw",
            since=since,
            acw_until=None if until_ms is None else self._at(until_ms),
            emotion=None,
            frustration=None,
            muted=False,
            recording="off",
            parties=[],
            parked=None,
        )

    # ------------------------------------------------------------------ the board

    def queues(self) -> list[views.QueueView]:
        """Those in which somebody waits."""
        desk = self._controller.desk
        waits: defaultdict[str, list[int]] = defaultdict(list)
        for waiting in desk.desk.waiting.values():
            waits[waiting.queue].append(max(0, desk.now() - waiting.enqueued_ms))
        return [
            views.QueueView(queue, queue, len(times), max(times), None, 20.0) for queue, times in sorted(waits.items())
        ]

    def board(self) -> views.Board:
        """Everything that is live."""
        controller = self._controller
        agents = []
        for user_id, card in sorted(controller.cards.items(), key=lambda item: item[1].name):
            state = controller.desk.desk.agents.get(user_id)
            if state is None:
                continue
            agents.append(
                views.BoardAgent(
                    user_id=user_id,
                    name=card.name,
                    availability=state.availability,
                    status=state.status,
                    since=self._at(state.since_ms),
                    until=None if state.until_ms is None else self._at(state.until_ms),
                    contacts=[
                        views.BoardAgentContact(c.contact_id, c.customer_name, c.emotion, c.frustration, c.since)
                        for c in self._contacts(user_id)
                    ],
                    skills=sorted(state.skills),
                )
            )
        free = sum(a.availability == "available" and a.status == "idle" for a in agents)
        queues = [
            views.BoardQueue(q.queue, q.name, q.waiting, q.longest_wait_ms, q.service_level, 0, 0, q.waiting, free)
            for q in self.queues()
        ]
        return views.Board(agents, queues, [self._live(c) for c in controller.contacts.values()])

    @staticmethod
    def _live(contact: Contact) -> views.BoardContact:
        mood = contact.feelings.shown()
        waits = contact.phase == "queued" and contact.queue is not None
        return views.BoardContact(
            contact_id=contact.contact_id,
            conversation_id=contact.conversation_id,
            state=contact.phase,
            queue=contact.queue.queue if contact.queue is not None else "",
            waited_ms=contact.now_ms() - contact.queue.enqueued_at if waits and contact.queue is not None else 0,
            agent=contact.agent.card.name if contact.agent is not None and contact.agent.connected else None,
            emotion=None if mood is None else mood[0],
        )

    def directory(self, query: str) -> list[views.DirectoryEntry]:
        """Agents and queues whose name holds `query`."""
        controller = self._controller
        found = []
        for user_id, card in sorted(controller.cards.items(), key=lambda item: item[1].name):
            state = controller.desk.desk.agents.get(user_id)
            if state is not None:
                found.append(views.DirectoryEntry("agent", card.login, card.name, _reach(state), card.device))
        for queue in self.queues():
            found.append(views.DirectoryEntry("queue", queue.queue, queue.name, None, f"{queue.waiting} waiting"))
        for flow in controller.dialog.flows.values():
            found.append(views.DirectoryEntry("flow", flow.id, flow.id, None, ""))
        wanted = query.casefold().strip()
        return [entry for entry in found if wanted in entry.name.casefold() or wanted in entry.to.casefold()]

    def _at(self, ms: int) -> datetime:
        """A time of the desk's monotonic clock."""
        return utc(self._controller.now_ms() + ms - self._controller.desk.now())


def _reach(state: Agent) -> Literal["free", "busy", "away", "offline"]:
    if state.availability == "offline":
        return "offline"
    if state.availability != "available":
        return "away"
    return "free" if state.status == "idle" else "busy"
