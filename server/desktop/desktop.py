"""Everything an agent's desktop needs, put together: one per app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from fastapi import HTTPException, Request
from sqlalchemy.exc import SQLAlchemyError

from dialog.service import Dialog
from server.desktop.advice import read_assist
from server.desktop.assist import Assistant
from server.desktop.attachments import Attachments
from server.desktop.catalogue import FILE as TICKETS
from server.desktop.catalogue import catalogues
from server.desktop.customers import Customers
from server.desktop.dispositions import FILE as DISPOSITIONS
from server.desktop.flow_tickets import FlowTickets
from server.desktop.knowledge import KnowledgeDesk
from server.desktop.profiler import Profiler
from server.desktop.suggestions import Suggestions
from server.desktop.talk import TalkReader
from server.desktop.tickets import TicketDesk
from server.desktop.wrapups import WrapUps
from server.settings import ROOT
from session.profiles import Profiles
from session.store import Store

log = structlog.get_logger(__name__)

EXPIRE_EVERY_S = 3600.0


class Desktop:
    """`run` is a task of the app."""

    def __init__(
        self,
        store: Store,
        *,
        flows: Path,
        data_dir: Path,
        dialog: Dialog | None = None,
        keep_days: int = 90,
        live_contact: Callable[[str], str | None] = lambda _conversation_id: None,
        tickets: TicketDesk | None = None,
    ) -> None:
        """`flows`: the outermost folder of flows; what it lacks is taken from the shipped one.

        Raises `FileError` for data files that cannot be used.
        """
        self._flows = flows
        read_assist(flows)
        self._dialog = dialog
        default = next(iter(dialog.flows), "") if dialog is not None else ""
        self.knowledge = KnowledgeDesk(dialog)
        self.tickets = tickets or TicketDesk(store, catalogues(_with(flows, TICKETS)))
        self.flow_tickets = FlowTickets(store, self.tickets)
        self.tickets.choose = self._choose if dialog is not None else None
        self.suggestions = Suggestions(store)
        self.customers = Customers(store, self.knowledge, Profiles(store, keep_days))
        self.wrapups = WrapUps(store, self.knowledge, self.tickets, self.folder, _with(flows, DISPOSITIONS))
        self.attachments = Attachments(store, data_dir / "attachments", live_contact)
        self.assist = Assistant(
            store, self.knowledge, TalkReader(store, self.knowledge, default), self.suggestions, self.folder
        )
        self._profiler = Profiler(store, self.customers)

    async def run(self) -> None:
        """Clock of tickets, cards, profiles, summaries; until cancelled, or one of them breaks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.tickets.run(), name="ticket-clock")
            group.create_task(self.assist.run(), name="assist")
            group.create_task(self._profiler.run(), name="profiles")
            group.create_task(self.wrapups.run(), name="wrapups")
            group.create_task(self._expire(), name="profiles-expire")
            group.create_task(self._warm(), name="ticket-examples")

    def folder(self, flow_id: str) -> Path:
        """Where a flow's data files lie; the outermost folder for a flow that is not known."""
        path = self._dialog.files.get(flow_id) if self._dialog is not None else None
        return path.parent if path is not None else self._flows

    async def _warm(self) -> None:
        """Have the examples' vectors made before the first ticket needs them; they are kept with the callers' words."""
        for folder in self.knowledge.folders()[:1]:
            await folder.wait_ready()
            examples = [
                [text for listed in c.examples.values() for text in listed] for c in self.tickets.catalogue.categories
            ]
            for group in examples:
                try:
                    await folder.ports.understanding.match("warm up", [group])
                except (OSError, TimeoutError, RuntimeError) as error:
                    log.info("desktop.not_warm", error=type(error).__name__)

    async def _choose(self, text: str, examples: Sequence[Sequence[str]]) -> int | None:
        for folder in self.knowledge.folders():
            return await folder.ports.understanding.match(text, examples)
        return None

    async def _expire(self) -> None:
        while True:
            try:
                await self.customers.profiles.expire()
            except SQLAlchemyError as error:  # what has expired is not shown anyway
                log.error("desktop.not_expired", error=type(error).__name__)
            await asyncio.sleep(EXPIRE_EVERY_S)


def _with(flows: Path, file: str) -> Path:
    return flows if (flows / file).is_file() else ROOT / "flows"


def desktop_of(request: Request) -> Desktop:
    """The app's. Raises 503 where there is none."""
    desktop: Desktop | None = request.app.state.desktop
    if desktop is None:
        raise HTTPException(503, "this server has no desktop")
    return desktop
