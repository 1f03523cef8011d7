"""Offers: made, taken, missed, taken back."""

from __future__ import annotations

from desk.explain import decision
from desk.lines import Line, aging_of
from desk.model import (
    Action,
    Agent,
    CallBack,
    Held,
    Offer,
    Waiting,
    WhyOver,
    Withdraw,
)
from desk.roster import SLOTS
from desk.state import DeskState
from desk.strategies import Choice, choose


class Offers(DeskState):
    """Matches those who wait with those who are free."""

    def accepted(self, offer_id: str, now_ms: int) -> tuple[str, list[Action]] | None:
        """The agent answered; returns the contact id. None when the offer is over already (answered too late)."""
        contact = self._offered(offer_id)
        if contact is None or contact.callback:
            return None
        agent = self.agents[contact.offers.pop(offer_id)]
        del self._offers[offer_id]
        actions = self._take_back(contact, "answered_elsewhere", now_ms)
        self._forget(contact)
        if not contact.called:
            waited_ms = now_ms - contact.enqueued_ms
            self.tallies[contact.queue].settled("answered", waited_ms, now_ms)
        agent.offer_id = None
        agent.missed = 0
        self._hold(agent, Held(contact.contact_id, contact.channel, contact.queue, now_ms))
        actions.insert(0, self._changed(agent, now_ms))
        return contact.contact_id, actions + self._match(now_ms)

    def declined(self, offer_id: str, now_ms: int, *, missed: bool = False) -> list[Action]:
        """The agent said no, was busy, or did not answer (`missed`). An offer that is over is ignored."""
        contact = self._offered(offer_id)
        if contact is None or contact.callback:
            return []
        actions = self._end_offer(contact, offer_id, "missed" if missed else "declined", now_ms)
        return actions + self._match(now_ms)

    # ------------------------------------------------------------------ matching

    def _match(self, now_ms: int) -> list[Action]:
        """Offer until nobody is left who waits for somebody who is free."""
        actions: list[Action] = []
        while (line := self._next_line(now_ms)) is not None:
            contact = self.waiting[line.ready[0][3]]
            spec = self.queue(contact.queue)
            able = line.able & self._roster.free(line.slot)
            if line.only is not None:
                agent = next(iter(self._roster.of(able)))
                how = "the only one it is for" if contact.only else "the preferred agent"
                choice = Choice([agent], how, ())
            else:
                choice = choose(spec.strategy, able, self._roster, contact.queue, line.needs, now_ms)
            actions += self._offer(contact, choice, line.able, now_ms)
        return actions

    def _next_line(self, now_ms: int) -> Line | None:
        """The line whose head is served first, of those that somebody is free for.

        Highest points first; then who waited longest, head start included; then who came first.
        """
        free = {slot: self._roster.free(slot) for slot in SLOTS}
        if not any(free.values()):
            return None
        best: Line | None = None
        best_key = (0, 0, 0)
        aging: dict[str, int] = {}
        for line in self._lines.active.values():
            if not line.able & free[line.slot]:
                continue
            rank, since, order, _ = line.ready[0]
            if line.queue not in aging:
                aging[line.queue] = aging_of(self.queue(line.queue)) * now_ms
            key = (rank - aging[line.queue], since, order)
            if best is None or key < best_key:
                best, best_key = line, key
        return best

    def _offer(self, contact: Waiting, choice: Choice, able: int, now_ms: int) -> list[Action]:
        """Ring them; or, for a place, keep one free while the customer is called."""
        spec = self.queue(contact.queue)
        ring_s = self.options.callback_dial_s if contact.callback else spec.ring_s
        agents = choice.agents[:1] if contact.callback else choice.agents
        why = [decision(contact, spec, choice, agent, able, self._roster, now_ms) for agent in agents]
        self._lines.unready(contact)
        contact.offer_until_ms = now_ms + round(ring_s * 1000)
        contact.dialling = contact.callback
        actions: list[Action] = []
        for agent, because in zip(agents, why, strict=True):
            self._offer_count += 1
            offer_id = f"offer-{self._born}-{self._offer_count}-{contact.contact_id}"
            self._out(contact, offer_id, agent)
            agent.turns[contact.queue] = self._offer_count
            until_ms = contact.offer_until_ms
            if contact.callback:
                actions.append(CallBack(contact.contact_id, agent.agent_id, until_ms, because.why))
            else:
                actions.append(Offer(offer_id, contact.contact_id, agent.agent_id, until_ms, because.why, because))
            actions.append(self._changed(agent, now_ms))
        self._alarms.set(f"c:{contact.contact_id}")
        return actions

    def _out(self, contact: Waiting, offer_id: str, agent: Agent) -> None:
        contact.offers[offer_id] = agent.agent_id
        self._offers[offer_id] = contact.contact_id
        agent.offer_id, agent.reserved = offer_id, contact.callback

    # ------------------------------------------------------------------ over

    def _offered(self, offer_id: str | None) -> Waiting | None:
        return self.waiting.get(self._offers.get(offer_id or "", ""))

    def _take_back(self, contact: Waiting, why: WhyOver, now_ms: int) -> list[Action]:
        """End all its offers; it is ready again only if the caller of this says so."""
        actions: list[Action] = []
        for offer_id in list(contact.offers):
            actions += self._end_offer(contact, offer_id, why, now_ms)
        return actions

    def _end_offer(self, contact: Waiting, offer_id: str, why: WhyOver, now_ms: int) -> list[Action]:
        """One agent rings no longer. After the last one the contact waits again, at its old place.

        Who was only kept free is so again for everybody; who missed or declined is left alone for a while.
        """
        agent = self.agents[contact.offers.pop(offer_id)]
        del self._offers[offer_id]
        agent.offer_id = None
        if not contact.offers and not contact.dialling and why in ("missed", "declined", "agent_offline"):
            self._for_all(contact)
            if any(limit is not None and limit <= now_ms for limit in (contact.overflow_ms, contact.leaves_ms)):
                self._alarms.set(f"c:{contact.contact_id}")  # it is on its way out
            else:
                self._ready(contact)
        if contact.callback:
            agent.reserved = False
            self._alarms.set(f"c:{contact.contact_id}")
            return [self._changed(agent, now_ms)]
        if why in ("missed", "declined"):
            self._unanswered(agent, contact, why == "missed", now_ms)
        return [Withdraw(offer_id, contact.contact_id, agent.agent_id, why), self._changed(agent, now_ms)]

    def _unanswered(self, agent: Agent, contact: Waiting, missed: bool, now_ms: int) -> None:
        spec = self.queue(contact.queue)
        if missed:
            agent.missed += 1
            if 0 < spec.misses_to_pause <= agent.missed:
                agent.availability = "away"
                agent.reason = f"missed {agent.missed} offers in a row"
                return
            if spec.strategy == "ring_all" and contact.only is None:
                return  # nobody in particular was expected to answer
        quiet = round(self.options.not_responding_s * 1000)
        agent.quiet_until_ms = now_ms + quiet if quiet else None
