"""A switchboard without workers: the real controller, store and desk; orders are kept, reports are told by the test."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from unittest import mock

import numpy as np

from desk.options import DeskOptions
from dialog.engine import FlowEngine
from dialog.flow import parse_flow
from dialog.options import NumberOptions
from dialog.ports import Ports, Understood
from server.calls.contact import Contact
from server.calls.controller import Controller, Paths
from server.calls.options import CallOptions
from server.calls.recovery import recover
from server.hub import NoWorker
from session import channel, wire
from session.queries import Queries
from session.store import Store

T = TypeVar("T")
ASKS = {
    "main": """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: ask
blocks:
  ask: {type: menu, prompt: {en: "People?"}, no_match: {en: Pardon.}, options: [{id: people, key: "1", intents: ["yes"]}],
        exits: {people: people, no_match: bye}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: people}}
  bye: {type: end, disposition: bye, text: {en: Goodbye.}}
"""
}
NUMBER = "+4930123456"
WORD = "word-of-the-edge"
OPTIONS = CallOptions(numbers_allowed=["+4930*", "4711"], trunk="sip:{number}@gateway.example", caller_id="+4940999")


class Words:
    """Understands yes, no and a wish for a person."""

    async def classify(self, text: str, allowed: Any = None) -> Understood:
        return Understood(text if text in ("yes", "no", "human_request") else "unknown", 0.9)

    async def match(self, text: str, options: Any) -> int | None:
        return None


class House:
    """See `open_house`."""

    def __init__(self, store: Store, flows: dict[str, str], options: CallOptions) -> None:
        self.store = store
        self.orders: list[wire.LegCommand] = []
        self.refuses: type[wire.Command] | None = None
        self.full = False
        nobody: Any = None
        self.ports = Ports(understanding=Words(), knowledge=nobody, customers=nobody, attempts=nobody)
        self.engines = {name: FlowEngine(parse_flow(text)[0], self.ports) for name, text in flows.items()}
        number = NumberOptions(flow="main")
        dialog = SimpleNamespace(
            engine=self.engines.get,
            flows={name: engine.flow for name, engine in self.engines.items()},
            answering=lambda _called: SimpleNamespace(engine=self.engines["main"], number=number),
            options=SimpleNamespace(number=lambda _called: number),
            wait_ready=self._ready,
            vector=self._vector,
        )
        paths = Paths(music=Path("music.flac"), recordings=Path("/nowhere"))
        desk = DeskOptions(acw_s=0, not_responding_s=30)
        self.controller = Controller(store, cast(Any, dialog), desk, options, paths, "warm.example", None, WORD)
        self._workers: dict[str, Any] = {}
        hub: Any = self.controller.hub
        hub.pick, hub.command, hub.place = self._pick, self._command, self._place
        hub.worker_of = self._workers.get

    async def _ready(self, _flow: str, _limit_s: float, _sha: str = "") -> bool:
        return True

    async def _vector(self, _text: str) -> Any:
        return np.zeros(4, np.float32)

    def _pick(self, kind: str) -> Any:
        if self.full:
            raise NoWorker(f"no {kind} worker has room")
        return SimpleNamespace(worker_id=f"{kind}-0", kind=kind, incarnation="i", legs=set())

    def _place(self, worker: Any, leg_id: str) -> None:
        self._workers[leg_id] = worker

    async def _command(self, _leg_id: str, body: wire.LegCommand) -> None:
        if self.refuses is not None and isinstance(body, self.refuses):
            raise channel.RemoteError("not now")
        self.orders.append(body)

    # ------------------------------------------------------------------ what happens

    async def call(self, leg_id: str = "leg-1", caller: str = "4711") -> Contact:
        """Somebody calls and is answered."""
        event = wire.LegOffered(
            leg_id=leg_id, transport="sip", from_uri=f"sip:{caller}@phone.example", to_uri="sip:100@warm.example"
        )
        worker = cast(Any, self._pick("sip-in"))
        self._place(worker, leg_id)
        await self.controller.on_report(worker, self._report(event))
        await self.tell(wire.LegProgress(leg_id=leg_id, state="up"))
        return self.controller.legs[leg_id][1]

    _seq = 0

    def _report(self, event: wire.LegEvent) -> wire.Report:
        House._seq += 1
        return wire.Report(seq=House._seq, at=1_700_000_000_000, event=event)

    async def tell(self, event: wire.LegEvent) -> None:
        """A worker reports; everything that follows is done."""
        worker = self._workers.get(event.leg_id) or self._pick("sip-in")
        await self.controller.on_report(cast(Any, worker), self._report(event))
        await self.quiet()

    async def quiet(self) -> None:
        """Until no contact and no task has anything to do."""
        for _ in range(50):
            before, marks = self._posted(), []
            for contact in list(self.controller.contacts.values()):
                done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

                async def mark(done: asyncio.Future[None] = done) -> None:
                    done.set_result(None)

                contact.post(mark)
                marks.append(asyncio.wait([done, contact._task], return_when="FIRST_COMPLETED"))
            await asyncio.gather(*marks)
            errands = [task for c in self.controller.contacts.values() for task in c.errands._tasks]
            going_on = [task for task in self.controller._tasks if "go_on" in task.get_coro().__qualname__]
            waiting = [*errands, *self.controller.callbacks._tasks, *going_on]
            # One whose mark was reached may have been given work by another since, and be in the middle of it.
            if not waiting and self._posted() == {contact_id: count + 1 for contact_id, count in before.items()}:
                return
            await asyncio.gather(*waiting, return_exceptions=True)
        raise AssertionError("it goes on and on")

    def _posted(self) -> dict[str, int]:
        """How much each contact was ever given to do: actors never call `task_done`."""
        return {contact_id: c._mailbox._unfinished_tasks for contact_id, c in self.controller.contacts.items()}  # type: ignore[attr-defined]

    async def said(self) -> None:
        """Every prompt that was ordered of the customer's leg has been played."""
        for contact in list(self.controller.contacts.values()):
            for play_id, play in list(contact.customer.plays.items()):
                if play.kind == "say":
                    leg = contact.customer.leg_id
                    event = wire.PlayFinished(
                        leg_id=leg, play_id=play_id, outcome="done", spoken=play.text, at_ms=0, played_ms=1
                    )
                    await self.tell(event)

    async def resumed(self, before: Contact) -> Contact:
        """After a restart: this contact again, its customer's leg still up; everything that follows is done."""
        await recover(self.controller)
        contact = self.controller.contacts[before.contact_id]
        contact.up, contact.waiting_for_leg = True, False
        contact.post(lambda: contact.resume(None))
        await self.quiet()
        return contact

    async def ended(self, leg_id: str, reason: str = "hangup", party: Any = "remote") -> None:
        await self.tell(wire.LegEnded(leg_id=leg_id, party=party, reason=reason))

    async def agents(self, *names: str) -> dict[str, str]:
        """People who answer in the browser: login → id. Nobody is available yet."""
        for name in names:
            await self.controller.users.add(
                name, password_hash="-", roles=["agent"], display_name=name.title(), device="browser"
            )
        await self.controller.reload_agents()
        return {card.login: user_id for user_id, card in self.controller.cards.items()}

    async def answered_by_agent(self, contact: Contact) -> str:
        """The agent whom the contact is offered answers: their leg."""

        async def ask(_leg: str, body: Any, _result: Any) -> Any:
            self.orders.append(body)
            return wire.SdpAnswer(sdp="v=0")

        hub: Any = self.controller.hub
        hub.ask = ask
        assert contact.agent is not None, "nobody is offered the caller"
        await contact.agent.answer_in_browser("v=0")
        leg = contact.agent.leg_id
        await self.tell(wire.LegProgress(leg_id=leg, state="up"))
        return leg

    # ------------------------------------------------------------------ what is seen

    def of(self, kind: type[T], leg_id: str | None = None) -> list[T]:
        """The orders of a kind."""
        return [o for o in self.orders if isinstance(o, kind) and leg_id in (None, getattr(o, "leg_id", None))]

    def dialled(self) -> wire.DialLeg:
        """The call placed last."""
        return self.of(wire.DialLeg)[-1]

    async def events(self, contact: Contact, kind: str) -> list[dict[str, Any]]:
        found = await Queries(self.store).events_after(0, conversation_id=contact.conversation_id)
        return [event.payload for event in found if event.type == kind]

    def spoken(self) -> list[str]:
        return [order.text for order in self.of(wire.PlaySpeech)]


# Of this process: whoever is killed leaves nothing that a later one takes for its own.
_OURS = tempfile.TemporaryDirectory(prefix="warmline-empty-")


async def _empty() -> Path:
    """A database without rows, made once: migrations take longer than most tests."""
    path = Path(_OURS.name) / "w.db"
    if not path.exists():
        store = await Store.open(f"sqlite+aiosqlite:///{path}")
        await store.close()
    return path


@contextlib.asynccontextmanager
async def open_house(
    folder: Path, flows: dict[str, str], options: CallOptions = OPTIONS, ready: Callable[[House], None] | None = None
) -> AsyncIterator[House]:
    """Flows by id; `main` answers every number. A `folder` that was open before has its database still."""
    if not (folder / "w.db").exists():
        shutil.copy(await _empty(), folder / "w.db")
    with mock.patch("session.store.upgrade"):  # the copy is up to date; looking takes longer than most tests
        store = await Store.open(f"sqlite+aiosqlite:///{folder}/w.db")
    house = House(store, flows, options)
    if ready is not None:
        ready(house)
    try:
        yield house
    finally:
        async with store._writing:  # a contact that is saved at this moment is not cut off
            pass
        for contact in list(house.controller.contacts.values()):
            await contact.close()
        await house.controller.callbacks.close()
        house.controller.desk.close()
        for task in list(house.controller._tasks):
            task.cancel()
        await asyncio.gather(*house.controller._tasks, return_exceptions=True)
        await store.close()
