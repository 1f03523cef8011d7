"""The switchboard: which leg belongs to which contact, and what the desk decides of them. Who is let in: `admission.py`.

It implements `server.hub.Sink` (reports of the workers), and holds no call state of its own beyond the maps. What the desk
decides comes through `decisions.py`, what people ask for through `control.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from desk.model import Availability
from desk.options import DeskOptions
from desk.routing import Desk
from desk.service import DeskService
from dialog.effects import BookCallback
from dialog.events import CallbackResult
from dialog.service import Dialog
from prosody.words import WordsModel
from server.calls import journal, recovery, staff
from server.calls.admission import Admission
from server.calls.calling_back import CallingBack
from server.calls.contact import Contact
from server.calls.decisions import Decisions
from server.calls.feelings import Feeler
from server.calls.journal import LegRef
from server.calls.options import CallOptions
from server.calls.surroundings import AgentCard, Surroundings
from server.calls.writing import Writing
from server.hub import Hub, Worker
from server.queues import Openings, QueueBook
from server.settings import ROOT
from server.throttle import Throttle
from session import wire
from session.consents import Consents
from session.queues import Queues
from session.store import Store
from session.users import Users

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Paths:
    """Where audio lies."""

    music: Path
    recordings: Path
    flows: Path = ROOT / "flows"
    root: Path = ROOT


class Controller:
    """One per app process."""

    def __init__(
        self,
        store: Store,
        dialog: Dialog,
        options: DeskOptions,
        outgoing: CallOptions,
        paths: Paths,
        domain: str,
        words: WordsModel | None,
        edge_word: str,
    ) -> None:
        self.store = store
        self.dialog = dialog
        self.users = Users(store)
        self.domain = domain
        self.hub = Hub(self)
        self.desk = DeskService(Desk(options, lambda name, at: staff.is_open(self, name, at)), Decisions(self))
        self.openings = Openings(paths.flows)
        self.queues = QueueBook(Queues(store), options, self.openings, paths.root, lambda: staff.flows(self))
        self.contacts: dict[str, Contact] = {}
        self.legs: dict[str, tuple[LegRef, Contact]] = {}
        self.cards: dict[str, AgentCard] = {}
        self.draining = False
        self.idle = asyncio.Event()  # no call is up; chats do not count
        self.idle.set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._paths = paths
        self.callbacks = CallingBack(self)
        self.around = Surroundings(
            store=store,
            hub=self.hub,
            desk=self.desk,
            music=paths.music,
            recordings=paths.recordings,
            ring_s=options.ring_s,
            agent_of=self.cards.get,
            cards=self.cards,
            domain=domain,
            legs=self.legs,
            feeler=Feeler(Consents(store), words, dialog.vector),
            handled={},
            understanding=dialog.wait_ready,
            ended=self._ended,
            outgoing=outgoing,
            placed=Throttle(outgoing.per_hour, 3600.0),
            identity=f"sip:{outgoing.caller_id}@{domain}" if outgoing.caller_id else "",
            engine_of=dialog.engine,
            agent_named=self._agent_named,
            alone=self._alone,
            call_over=self.callbacks.ended,
            call_up=self._call_up,
            kept_place=self.callbacks.kept_place,
            book_callback=self._book_callback,
        )
        self.admission = Admission(self, edge_word)
        self.writing = Writing(self)

    async def start(self, address: str) -> None:
        """Load agents, take back the calls that are up, listen for workers."""
        await self.reload_queues()
        await self.reload_agents()
        await recovery.recover(self)
        self.desk.do(self.desk.desk.carry_on(self.desk.now()))
        await self.callbacks.start()
        await self.hub.start(address)

    async def close(self) -> None:
        """Stop; legs that are up stay up in their workers."""
        self.desk.close()
        await self.callbacks.close()
        for contact in list(self.contacts.values()):
            await contact.close()
        await self.hub.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drain(self, retry_after_s: int, limit_s: float) -> None:
        """Refuse new calls, wait for those that are up to end (at most `limit_s`), hang up the rest.

        Chats hold no line: they wait in the store and go on with the next start.
        """
        self.draining = True
        await self.hub.drain(retry_after_s)
        try:
            await asyncio.wait_for(self.idle.wait(), limit_s)
        except TimeoutError:
            calls = [contact for contact in self.contacts.values() if not contact.chat]
            log.warning("drain.limit", calls=len(calls))
            for contact in calls:
                contact.post(lambda contact=contact: contact.hang_up("drained"))  # type: ignore[misc]

    # ------------------------------------------------------------------ agents

    async def reload_queues(self) -> None:
        """Read the queues from the store; call after they, or the flows, were changed. Waiting contacts follow."""
        await staff.read_queues(self)

    async def reload_agents(self) -> None:
        """Read who the agents are from the store; call after users were changed."""
        await staff.read_agents(self)

    def set_availability(
        self, user_id: str, availability: Availability, reason: str = "", *, force: bool = False
    ) -> None:
        """The agent chose a state, or (`force`) a supervisor did. Raises KeyError for people who are no agents."""
        now = self.desk.now()
        self.desk.do(self.desk.desk.set_availability(user_id, availability, now, reason=reason, force=force))

    # ------------------------------------------------------------------ hub.Sink

    async def on_report(self, worker: Worker, report: wire.Report) -> None:
        """Commit, then let the contact act on it."""
        event = report.event
        if isinstance(event, wire.LegOffered):
            await self.admission.admit(worker, event)
            return
        found = self.legs.get(event.leg_id)
        if found is None:
            if not isinstance(event, wire.LegEnded):
                log.warning("controller.unknown_leg", leg=event.leg_id, event=type(event).__name__)
            return
        ref, contact = found
        await journal.keep(self.store, ref, report, worker.incarnation)
        contact.post(lambda: contact.on_report(ref, report))
        if isinstance(event, wire.LegEnded):
            del self.legs[event.leg_id]

    async def on_legs_present(self, worker: Worker, legs: list[wire.LegSnapshot]) -> None:
        """Legs we know nothing of (their contact ended while we were away) are hung up."""
        for leg in legs:
            if leg.leg_id in self.legs:
                recovery.leg_is_up(self, leg)
            elif leg.state != "offered":
                self.spawn(self._hang_up_orphan(leg.leg_id))

    async def on_worker_lost(self, worker: Worker) -> None:
        """Its legs ended with it."""
        for leg_id in list(worker.legs):
            await self.leg_lost(leg_id, f"{worker.incarnation}:lost:{leg_id}")

    async def leg_lost(self, leg_id: str, dedup: str) -> None:
        """Write and act upon the end of a leg whose worker is gone."""
        found = self.legs.pop(leg_id, None)
        if found is None:
            return
        ref, contact = found
        report = wire.Report(
            seq=0,
            at=time.time_ns() // 1_000_000,
            event=wire.LegEnded(leg_id=leg_id, party="error", reason="worker_lost"),
        )
        await journal.keep(self.store, ref, report, dedup)
        contact.post(lambda: contact.on_report(ref, report))

    def adopt(self, contact: Contact) -> None:
        """Know a contact and its caller's leg."""
        self.contacts[contact.contact_id] = contact
        if contact.customer.leg_id:
            self.legs[contact.customer.leg_id] = (contact.customer, contact)
            self.idle.clear()

    @property
    def pictures(self) -> Path:
        """Where what callers showed is kept."""
        return self.around.pictures

    def recording_path(self, contact: Contact) -> Path:
        """Where the recording of a contact goes."""
        return self._paths.recordings / f"{contact.contact_id}.wav"

    # ------------------------------------------------------------------ finding

    def contact_in(self, conversation_id: str, *, writing: bool = False) -> Contact | None:
        """The live contact of a conversation: of a call and a chat beside it the call, or with `writing` the chat."""
        live = [c for c in self.contacts.values() if c.conversation_id == conversation_id and not c.gone]
        return next((c for c in live if c.chat == writing), live[0] if live else None)

    def parked(self, code: str) -> Contact | None:
        """Who is parked under it."""
        return next((c for c in self.contacts.values() if code and c.keeping.code == code), None)

    # ------------------------------------------------------------------ inside

    def _agent_named(self, name: str) -> AgentCard | None:
        named = [c for c in self.cards.values() if name in (c.user_id, c.login)]
        return next(iter(named or [c for c in self.cards.values() if c.name == name]), None)

    def _alone(self, contact: Contact) -> bool:
        return not any(
            c is not contact and c.conversation_id == contact.conversation_id and not c.gone
            for c in self.contacts.values()
        )

    def _call_up(self, contact: Contact) -> None:
        """The assistant goes on by voice; a person would write beside it. Whom we call back may write on, too."""
        for other in self.contacts.values() if contact.callback is None else ():
            if other.chat and other.conversation_id == contact.conversation_id and other.phase == "flow":
                other.post(lambda other=other: other.hang_up("called"))  # type: ignore[misc]

    async def _book_callback(self, contact: Contact, wanted: BookCallback) -> CallbackResult:
        return await self.callbacks.book(contact, wanted)

    @staticmethod
    def now_ms() -> int:
        """UTC epoch ms."""
        return time.time_ns() // 1_000_000

    def _ended(self, contact: Contact) -> None:
        self.contacts.pop(contact.contact_id, None)
        if self.legs.pop(contact.customer.leg_id, None) is not None and contact.phase != "ended":
            # Its actor broke: a caller must not be left on a line that nobody serves.
            self.spawn(self._hang_up_orphan(contact.customer.leg_id))
        if all(other.chat for other in self.contacts.values()):
            self.idle.set()
        if contact.reading.unread:
            self.spawn(self.writing.go_on(contact.conversation_id, tuple(contact.reading.unread)))

    async def _hang_up_orphan(self, leg_id: str) -> None:
        await self.order(leg_id, wire.HangupLeg(leg_id=leg_id, reason="failed"))

    async def order(self, leg_id: str, body: wire.LegCommand) -> None:
        """Of a leg, whatever comes of it."""
        try:
            await self.hub.command(leg_id, body)
        except Exception as error:
            log.warning("controller.command_failed", leg=leg_id, command=type(body).__name__, error=str(error))

    def later(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something once, after a while, unless the app is closed before."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await work()

        self.spawn(wait())

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it beside all else; it ends with the app."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
