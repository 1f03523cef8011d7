"""What agents and supervisors are shown of live contacts and of each other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from server.api import views
from server.calls.after_call import AfterCall, customer_name

if TYPE_CHECKING:
    from desk.model import Agent
    from desk.tallies import QueueFigures
    from server.calls.contact import Contact
    from server.calls.controller import Controller
    from server.calls.party import Party


DIRECT = "direct"  # the queue of those who wait for one agent


def _channel(contact: Contact) -> views.Channel:
    return "chat" if contact.chat else "voice"


def _transport(contact: Contact) -> Literal["sip", "webrtc", "chat"]:
    if contact.chat:
        return "chat"
    worker = contact.around.hub.worker_of(contact.customer.leg_id)
    return "webrtc" if worker is not None and worker.kind == "webrtc" else "sip"


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
            reason=state.reason,
            next_availability=state.next_availability,
            status=state.status,
            since=self._at(state.since_ms),
            until=None if state.until_ms is None else self._at(state.until_ms),
            missed=state.missed,
            device=card.device,
            uri=card.target if card.device == "uri" else "",
            registered=controller.around.phones.registered(card),
            capacity=views.Capacity(voice=state.capacity.voice, chat=state.capacity.chat),
            contacts=self._contacts(user_id),
            offers=self._offers(user_id),
            queues=self.queues(state.queues),
        )

    def _offers(self, user_id: str) -> list[views.OfferView]:
        found = []
        for contact in self._controller.contacts.values():
            for party in contact.room.parties.values():
                if party.user_id != user_id or party.connected or not party.offer_id or party.whisper_id:
                    continue
                asked = contact.consults.now if party.purpose == "consult" else None
                queue = contact.queue
                since = asked.enqueued_at if asked is not None else queue.enqueued_at if queue is not None else 0
                found.append(
                    views.OfferView(
                        offer_id=party.offer_id,
                        contact_id=contact.contact_id,
                        conversation_id=contact.conversation_id,
                        channel=_channel(contact),
                        queue=queue.queue if queue is not None else "",
                        reason=asked.note if asked is not None else queue.reason if queue is not None else "",
                        summary=queue.summary if queue is not None else "",
                        facts=queue.facts if queue is not None else {},
                        customer_name=customer_name(contact),
                        waited_ms=max(0, contact.now_ms() - since),
                        until=utc(party.until_ms),
                        why=party.why,
                    )
                )
        return found

    def _contacts(self, user_id: str) -> list[views.ContactView]:
        found = [
            self.contact(contact, user_id)
            for contact in self._controller.contacts.values()
            if contact.room.of_user(user_id) is not None
        ]
        state = self._controller.desk.desk.agents.get(user_id)
        after = self._controller.around.handled.get(user_id, {})
        for held in state.held.values() if state is not None else ():
            if held.acw_until_ms is not None and held.contact_id in after:
                found.append(self._after(after[held.contact_id], self._at(held.since_ms), held.acw_until_ms))
        for name in [name for name in after if state is None or name not in state.held]:
            del after[name]
        return found

    def contact(self, contact: Contact, user_id: str) -> views.ContactView:
        """One that goes on, as this person sees it."""
        room, me = contact.room, contact.room.of_user(user_id)
        mood, consult = contact.feelings.shown(), contact.consults.now
        customer = views.Party(
            party_id=contact.customer.participant_id,
            role="customer",
            name=customer_name(contact),
            state="held" if room.customer_held or contact.phase == "parked" else "connected",
            mode="active",
            transport=_transport(contact),
            me=False,
        )
        parties = [customer, *(self.party(contact, party, user_id) for party in room.parties.values())]
        state: Literal["connected", "held", "away"] = "held" if room.customer_held else "connected"
        if me is not None and me.away:
            state = "away"
        return views.ContactView(
            contact_id=contact.contact_id,
            conversation_id=contact.conversation_id,
            channel=_channel(contact),
            queue=contact.queue.queue if contact.queue is not None else "",
            customer_id=contact.run.customer_id or None,
            customer_name=customer_name(contact),
            state=state,
            since=utc(me.since_ms if me is not None else contact.now_ms()),
            acw_until=None,
            emotion=None if mood is None else mood[0],
            frustration=None if mood is None else mood[1],
            muted=me is not None and me.muted,
            recording=self._recording(contact),
            parties=parties,
            asker=None if consult is None else consult.asker,
            asked=None if consult is None else consult.party,
            parked=contact.keeping.code or None,
        )

    @staticmethod
    def party(contact: Contact, party: Party, user_id: str) -> views.Party:
        """One of the people."""
        return views.Party(
            party_id=party.party_id,
            role=party.role,
            name=party.name,
            state=party.state,
            mode=contact.supervision.mode_of(party),
            transport=party.transport,
            me=bool(user_id) and party.user_id == user_id,
        )

    @staticmethod
    def _recording(contact: Contact) -> views.Recording:
        if not contact.listening.may_record:
            return "off" if contact.refused or not contact.run.consents.get("recording", True) else "paused"
        return "paused" if contact.room.record_off else "on"

    def _after(self, after: AfterCall, since: datetime, until_ms: int) -> views.ContactView:
        return views.ContactView(
            contact_id=after.contact_id,
            conversation_id=after.conversation_id,
            channel=after.channel,
            queue=after.queue,
            customer_id=after.customer_id,
            customer_name=after.customer_name,
            state="acw",
            since=since,
            acw_until=self._at(until_ms),
            emotion=None,
            frustration=None,
            muted=False,
            recording="off",
            parties=[],
            asker=None,
            asked=None,
            parked=None,
        )

    # ------------------------------------------------------------------ the board

    def queues(self, mine: frozenset[str] = frozenset()) -> list[views.QueueView]:
        """All (or those of `mine`), with those in which somebody waits though nobody set them up."""
        return [
            views.QueueView(q.queue, q.name, q.waiting, q.longest_wait_ms, q.service_level, float(q.sl_target_s))
            for q in self._figures()
            if not mine or q.queue in mine
        ]

    def _figures(self) -> list[QueueFigures]:
        desk = self._controller.desk
        named = {*desk.desk.queues, *(waiting.queue for waiting in desk.desk.waiting.values())} - {DIRECT}
        return [desk.desk.figures(queue, desk.now()) for queue in sorted(named)]

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
        queues = [
            views.BoardQueue(
                q.queue, q.name, q.waiting, q.longest_wait_ms, q.service_level,
                q.answered, q.abandoned, q.offered, q.agents_available,
            )
            for q in self._figures()
        ]  # fmt: skip
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
            agent=contact.room.agent.name if contact.room.agent is not None else None,
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
        for number in controller.around.outgoing.numbers_allowed:
            if not number.endswith("*"):
                found.append(views.DirectoryEntry("number", number, number, None, ""))
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
