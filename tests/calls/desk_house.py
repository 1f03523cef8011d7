"""People around a call, for tests: agents on phones and in browsers, somebody outside, a supervisor."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk.queues import default_queue
from server.api.views import Target
from server.calls.contact import Contact
from server.calls.control import Control
from server.calls.options import CallOptions
from server.calls.party import Party
from session import wire
from tests.calls.house import NUMBER, OPTIONS, House, open_house

FLOW = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: people
blocks:
  people: {type: queue, priority: 50, exits: {answered: bye, overflow: bye, no_agents: bye}}
  sorry: {type: queue, priority: 90, text: {en: The line broke.}, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
handlers: {on_agent_lost: sorry}
""",
    "bank": """
format: flow/v1
id: bank
title: {en: B}
locales: [en]
start: hi
blocks:
  hi: {type: understand, prompt: {en: This is the bank.}, no_match: {en: Pardon}, exits: {unknown: bye}}
  bye: {type: end}
""",
}
DEVICES = {"amy": "browser", "bob": "browser", "sam": "sip", "uri": "uri"}
QUEUES = ("billing", "experts")
OUTSIDE = Target("number", NUMBER)


@dataclass
class Desk:
    """A house with people in it, and what they do."""

    house: House
    ids: dict[str, str]
    control: Control
    contact: Contact = field(init=False)

    async def talk(self, who: str = "amy", caller: str = "leg-1") -> Party:
        """A customer called and talks with this agent."""
        self.house.controller.set_availability(self.ids[who], "available")
        self.contact = await self.house.call(caller)
        await self.house.quiet()
        await self.pick_up(who)
        return self.party(who)

    def party(self, who: str) -> Party:
        """Somebody of ours who is in the call or rung for it."""
        return next(p for p in self.contact.room.parties.values() if p.user_id == self.ids[who])

    async def pick_up(self, who: str) -> str:
        """Whoever is rung answers, in the browser or on the phone; their leg."""
        party = self.party(who)
        if not party.leg_id:
            offer = next(o for o in self.control.desk.view(self.ids[who]).offers)
            await self.control.desk.accept(self.ids[who], offer.offer_id, "v=0")
        leg = party.leg_id
        await self.house.tell(wire.LegProgress(leg_id=leg, state="up"))
        return leg

    async def free(self, *names: str) -> None:
        """They take calls."""
        for name in names:
            self.house.controller.set_availability(self.ids[name], "available")
        await self.house.quiet()

    async def ask(self, who: str, target: Target) -> Party:
        """An agent asks somebody; the party who rings."""
        asked = await self.control.desk.consult(self.ids[who], self.contact.contact_id, target)
        await self.house.quiet()
        return self.contact.room.parties[asked.party_id]

    async def step(self, who: str, step: str) -> None:
        """Swap, cancel, conference, complete."""
        await self.control.desk.consult_step(self.ids[who], self.contact.contact_id, step)
        await self.house.quiet()

    async def answers(self, target: Target) -> Party:
        """Whoever is asked picks up."""
        party = self.contact.consults.target
        assert party is not None
        if target.kind == "agent" and not party.leg_id:
            await self.pick_up(target.to)
        else:
            await self.house.tell(wire.LegProgress(leg_id=party.leg_id, state="up"))
        return self.contact.room.parties.get(party.party_id, party)

    def hears(self, leg_id: str) -> set[str]:
        """The legs that this one was last told to hear, of those that were told to send to it."""
        told = {order.leg_id: order for order in self.house.of(wire.MixLeg)}
        if leg_id not in told:
            return set()
        return {s for s in told[leg_id].hears if s in told and leg_id in told[s].sends_to}

    def together(self, *legs: str) -> bool:
        """Each of these hears exactly the others."""
        return all(self.hears(leg) == set(legs) - {leg} for leg in legs)

    def listened_to(self, leg_id: str) -> bool:
        """Is what is said there transcribed?"""
        told = self.house.of(wire.SetHearing, leg_id)
        return bool(told) and told[-1].hearing.speech

    def plays(self, leg_id: str) -> str:
        """What sounds on a leg for as long as somebody waits: music, a tone, or nothing."""
        sounding: dict[str, str] = {}
        for order in self.house.orders:
            if getattr(order, "leg_id", "") != leg_id:
                continue
            if isinstance(order, wire.PlayFile):
                sounding[order.play_id] = "music"
            elif isinstance(order, wire.PlayTone) and order.loop:
                sounding[order.play_id] = order.tone
            elif isinstance(order, wire.StopPlay):
                if order.play_id is None:
                    sounding.clear()
                sounding.pop(order.play_id or "", None)
        return " ".join(sounding.values())

    def safe(self) -> None:
        """The customer is somewhere: with somebody, at a place in the queue, parked, or with the flow."""
        contact = self.contact
        if contact.phase == "queued":
            assert contact.contact_id in self.house.controller.desk.desk.waiting
        elif contact.phase == "talking":
            waits = contact.consults.waits_for_target
            assert waits or contact.room.serving() or contact.transfers.line is not None
            if not waits:
                ends = [p for p in contact.room.serving() if not p.held and not p.away]
                sounds = self.plays("leg-1")
                assert ends or sounds, "nobody and nothing is with the customer"
        else:
            assert contact.phase in ("flow", "parked"), contact.phase


async def health() -> dict[str, Any]:
    return {}


def people(house: House) -> Desk:
    """Those who were added before a restart."""
    ids = {card.login: user_id for user_id, card in house.controller.cards.items()}
    return Desk(house, ids, Control(house.controller, health))


@contextlib.asynccontextmanager
async def open_desk(folder: Path, flows: dict[str, str] = FLOW, options: CallOptions = OPTIONS) -> AsyncIterator[Desk]:
    """Amy and Bob answer in the browser, Sam on a softphone, Uri at an address."""
    async with open_house(folder, flows, options) as house:
        for name, device in DEVICES.items():
            await house.controller.users.add(
                name, password_hash="-", roles=["agent"], display_name=name.title(), device=device,  # type: ignore[arg-type]
                uri="sip:uri@phones.example" if device == "uri" else "",
            )  # fmt: skip

        async def ask(leg_id: str, body: Any, _result: Any) -> Any:
            await house._command(leg_id, body)
            return wire.SdpAnswer(sdp="v=0")

        hub: Any = house.controller.hub
        hub.ask = ask
        await house.controller.reload_agents()
        desk = house.controller.desk
        desk.do(desk.desk.set_queues([default_queue(q, desk.desk.options) for q in QUEUES], desk.now()))
        yield people(house)
