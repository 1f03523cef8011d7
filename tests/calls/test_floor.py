"""A whole floor at work, by chance: agents take, hold, ask, transfer, park, lose their pages; nobody is ever stuck or lost."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from server.api.ports import NotNow, Turned
from server.api.views import Target
from server.calls.contact import Contact
from server.calls.party import Party
from session import wire
from tests.calls.desk_house import OUTSIDE, Desk, open_desk

KINDS = ("browser", "sip", "uri")


class Floor:
    """Ten agents, so many customers, and one die."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.house, self.dice = desk, desk.house, random.Random(seed)
        self.done: dict[str, int] = {}

    @property
    def contacts(self) -> list[Contact]:
        return list(self.house.controller.contacts.values())

    def somebody(self) -> tuple[Contact, Party] | None:
        """An agent who serves a customer."""
        found = [(c, p) for c in self.contacts for p in c.room.serving() if p.role == "agent"]
        return self.dice.choice(found) if found else None

    def ringing(self) -> list[Party]:
        return [
            p for c in self.contacts for p in c.room.parties.values() if not p.connected and (p.leg_id or p.offer_id)
        ]

    def target(self) -> Target:
        other = self.dice.choice(list(self.desk.ids))
        return self.dice.choice([Target("agent", other), OUTSIDE, Target("queue", "experts"), Target("flow", "bank")])

    def standing(self) -> list[tuple[str, str, list[str]]]:
        """Where each contact is, and who is in it."""
        return [(c.contact_id, c.phase, sorted(c.room.parties)) for c in self.contacts]

    async def act(self) -> None:
        """One thing that happens."""
        acts: list[tuple[int, Callable[[], Awaitable[Any]]]] = [
            (8, self.answer), (2, self.refuse), (3, self.consult), (2, self.transfer), (4, self.step), (2, self.leave),
            (2, self.lose), (2, self.come_back), (1, self.park), (2, self.take), (1, self.give_up), (2, self.hang_up),
            (1, self.hold), (2, self.listen_in), (1, self.take_over), (1, self.listen_no_more),
        ]  # fmt: skip
        work = self.dice.choices([a for _, a in acts], [weight for weight, _ in acts])[0]
        before = self.standing()
        try:
            await work()
            self.done[work.__name__] = self.done.get(work.__name__, 0) + 1
        except (NotNow, Turned, LookupError):
            assert self.standing() == before  # it did not fit, and changed nothing
        await self.house.quiet()

    async def answer(self) -> None:
        for party in self.dice.sample(self.ringing(), k=min(3, len(self.ringing()))):
            if party not in self.ringing():
                continue  # one of the same contact's was quicker
            if not party.leg_id:
                await self.desk.control.desk.accept(party.user_id, party.offer_id, "v=0")
            await self.house.tell(wire.LegProgress(leg_id=party.leg_id, state="up"))

    async def refuse(self) -> None:
        party = self.dice.choice(self.ringing() or [None])  # type: ignore[list-item]
        if party is not None and party.leg_id:
            reason, by = self.dice.choice([("busy", "remote"), ("no_answer", "local"), ("worker_lost", "error")])
            await self.house.ended(party.leg_id, reason, by)
        elif party is not None:
            await self.desk.control.desk.decline(party.user_id, party.offer_id)

    async def mine(self, work: Callable[[str, str], Awaitable[Any]]) -> None:
        found = self.somebody()
        if found is not None:
            await work(found[1].user_id, found[0].contact_id)

    async def consult(self) -> None:
        await self.mine(lambda who, what: self.desk.control.desk.consult(who, what, self.target()))

    async def transfer(self) -> None:
        await self.mine(lambda who, what: self.desk.control.desk.transfer(who, what, self.target()))

    async def step(self) -> None:
        asked = [c for c in self.contacts if c.consults.now is not None]
        if asked:
            contact = self.dice.choice(asked)
            asker = contact.room.parties.get(contact.consults.now.asker) if contact.consults.now else None
            step = self.dice.choice(["swap", "cancel", "conference", "complete"])
            if asker is not None:
                await self.desk.control.desk.consult_step(asker.user_id, contact.contact_id, step)

    async def hold(self) -> None:
        await self.mine(lambda who, what: self.desk.control.desk.hold(who, what, self.dice.random() < 0.5, None))

    async def listen_in(self) -> None:
        contact, who = self.dice.choice(self.contacts), self.dice.choice(list(self.desk.ids.values()))
        mode = self.dice.choice(["monitor", "monitor", "whisper", "barge"])
        joined = await self.desk.control.supervision.join(who, contact.contact_id, mode, "v=0")  # type: ignore[arg-type]
        if self.dice.random() < 0.8:
            await self.house.tell(wire.LegProgress(leg_id=joined.leg_id or "", state="up"))

    async def take_over(self) -> None:
        await self.as_supervisor(self.desk.control.supervision.take_over)

    async def listen_no_more(self) -> None:
        await self.as_supervisor(self.desk.control.supervision.leave)

    async def as_supervisor(self, work: Callable[[str, str], Awaitable[Any]]) -> None:
        listen = [(p, c) for c in self.contacts for p in c.room.parties.values() if p.role == "supervisor"]
        if listen:
            party, contact = self.dice.choice(listen)
            await work(party.user_id, contact.contact_id)

    async def leave(self) -> None:
        await self.mine(self.desk.control.desk.hang_up)

    async def lose(self) -> None:
        legs = [p.leg_id for c in self.contacts for p in c.room.parties.values() if p.connected and p.leg_id]
        if legs:
            await self.house.ended(
                self.dice.choice(legs), *self.dice.choice([("page_gone", "remote"), ("no_rtp", "network")])
            )

    async def come_back(self) -> None:
        away = [(c, p) for c in self.contacts for p in c.room.parties.values() if p.away]
        if away:
            contact, party = self.dice.choice(away)
            back = await self.desk.control.desk.rejoin(party.user_id, contact.contact_id, "v=0")
            await self.house.tell(wire.LegProgress(leg_id=back.leg_id, state="up"))

    async def park(self) -> None:
        await self.mine(self.desk.control.desk.park)

    async def take(self) -> None:
        parked = self.desk.control.desk.parked()
        if parked:
            taker = self.dice.choice(list(self.desk.ids.values()))
            await self.desk.control.desk.take_parked(taker, self.dice.choice(parked).code, "v=0")

    async def give_up(self) -> None:
        """Limits are over."""
        for contact in self.contacts:
            names = ["park", *(f"away:{p.party_id}" for p in contact.room.parties.values() if p.away)]
            for name in names:
                contact.post(lambda contact=contact, name=name: contact.timers.fired(name))  # type: ignore[misc]

    async def hang_up(self) -> None:
        """A customer has enough, and another one calls."""
        contact = self.dice.choice(self.contacts)
        await self.house.ended(contact.customer.leg_id)
        await self.house.call(f"leg-{self.dice.random()}")

    def check(self) -> None:
        """Everybody is somewhere, nobody hears whom they should not, nobody is held by nothing."""
        desk = self.house.controller.desk.desk
        for contact in self.contacts:
            room = contact.room
            if contact.phase == "queued":
                assert contact.contact_id in desk.waiting
                assert not room.serving()
            elif contact.phase == "talking":
                assert room.serving() or contact.consults.waits_for_target
            elif contact.phase == "parked":
                assert contact.keeping.code
                assert not room.serving()
            if contact.consults.now is not None:
                assert contact.phase == "talking"
                assert contact.consults.target is not None
            mix = room.legs.mix()
            for leg_id, heard in mix.items():
                told = room.mixer._told.get(leg_id, (frozenset(), frozenset()))
                assert told is not None
                assert told[0] == heard
        talks = {
            (p.user_id, p.desk_id)
            for c in self.contacts
            for p in c.room.parties.values()
            if (p.connected and p.role == "agent") or p.role == "supervisor" or p.purpose == "take"
        }
        held = {(agent_id, name) for agent_id, agent in desk.agents.items() for name in agent.held}
        assert held == talks
        rung = [p.user_id for p in self.ringing() if p.role != "outside"]
        assert len(rung) == len(set(rung)), "two want to be answered by one at once"


async def a_shift(folder: Path, seed: int, customers: int, steps: int) -> Floor:
    async with open_desk(folder) as desk:
        for number in range(6):
            await desk.house.controller.users.add(
                f"x{number}", password_hash="-", roles=["agent"], display_name=f"X{number}",
                device=KINDS[number % 3], uri=f"sip:x{number}@phones.example",  # type: ignore[arg-type]
            )  # fmt: skip
        await desk.house.controller.reload_agents()
        desk.ids = {card.login: user_id for user_id, card in desk.house.controller.cards.items()}
        floor = Floor(desk, seed)
        for number in range(customers):
            await desk.house.call(f"leg-{number}")
        await desk.free(*desk.ids)
        for _ in range(steps):
            for user_id in desk.ids.values():
                if desk.house.controller.desk.desk.agents[user_id].status == "not_responding":
                    desk.house.controller.set_availability(user_id, "available")
            await floor.act()
            floor.check()
        for contact in floor.contacts:
            await desk.house.ended(contact.customer.leg_id)
        assert floor.contacts == []
        assert desk.house.controller.desk.desk.waiting == {}
        assert not any(agent.held for agent in desk.house.controller.desk.desk.agents.values())
        return floor


async def test_a_short_shift(tmp_path: Path) -> None:
    floor = await a_shift(tmp_path, 7, customers=8, steps=40)
    assert floor.done.keys() >= {"answer", "consult", "leave"}  # people talked, asked others, and went


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(4))
async def test_fifty_customers_and_ten_agents(tmp_path: Path, seed: int) -> None:
    floor = await a_shift(tmp_path, seed, customers=50, steps=1500)
    assert len(floor.done) >= 12  # all of it happened
