"""Queues between the database and the desk: read, checked, made where a flow names one that there is not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import structlog

from desk.options import DeskOptions
from desk.queues import QueueError, QueueSpec, check_overflows, check_queue, default_queue
from dialog.blocks.callback import Callback
from dialog.blocks.queue import Queue
from dialog.blocks.transfer import Transfer
from dialog.calendars import FILE, Calendar, read_calendars
from dialog.flow import Flow
from dialog.neighbours import PACKS
from dialog.switches import OUTERMOST, SwitchBoard, UsedCalendar
from dialog.yamlfile import FileError
from server.calls.numbers import masked
from session.queues import Queues

_ID = re.compile(r"[a-z][a-z0-9_]*")
log = structlog.get_logger(__name__)


class Openings:
    """The calendars beside the flows, read again when a file has changed: `name` of the outermost folder, `pack/name`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.board = SwitchBoard()
        """What was switched by hand, which overrules the calendar."""
        self._seen: dict[Path, float] = {}
        self.calendars: dict[str, Calendar] = {}

    def refresh(self) -> None:
        """A file with errors changes nothing, and is told of once."""
        files = [self._folder / FILE, *sorted((self._folder / PACKS).glob(f"*/{FILE}"))]
        seen = {file: file.stat().st_mtime for file in files if file.is_file()}
        if seen == self._seen:
            return
        self._seen = seen
        try:
            found: dict[str, Calendar] = {}
            for file in seen:
                prefix = "" if file.parent == self._folder else f"{file.parent.name}/"
                found |= {f"{prefix}{name}": calendar for name, calendar in read_calendars(file.parent).items()}
        except FileError as error:
            log.error("queues.calendars_not_read", error=str(error))
            return
        self.calendars = found

    def is_open(self, name: str, at_ms: int) -> bool:
        """At this time, UTC epoch ms. A calendar that is gone shuts nobody out."""
        pack, _, calendar_id = name.rpartition("/")
        switched = self.board.of(pack or OUTERMOST).state(calendar_id)
        if switched is not None:
            return switched == "open"
        calendar = self.calendars.get(name)
        return calendar is None or calendar.state(at_ms) == "open"


class _Place(msgspec.Struct, frozen=True):
    queue: str


class _Waiting(msgspec.Struct, frozen=True):
    """Of a contact's saved state (`server.calls.snapshot`), what is asked here."""

    phase: str
    queue: _Place | None = None


class QueueBook:
    """What queues there are. Raises `QueueError` for what is wrong, naming field and mend."""

    def __init__(
        self,
        queues: Queues,
        options: DeskOptions,
        openings: Openings,
        root: Path,
        flows: Callable[[], Iterable[Flow]],
    ) -> None:
        self._queues = queues
        self._flows = flows
        self._options = options
        self._root = root
        self._named: set[str] = set()
        """Queues that flows name, and that were seen to be there."""
        self.openings = openings

    async def specs(self) -> dict[str, QueueSpec]:
        """All, by id. One whose stored settings cannot be read any more has defaults, and is told of in the log."""
        await asyncio.to_thread(self.openings.refresh)
        found: dict[str, QueueSpec] = {}
        for queue, settings in (await self._queues.all()).items():
            try:
                found[queue] = check_queue({**self.defaults(queue), **settings, "queue": queue})
            except QueueError as error:
                log.error("queues.unreadable", queue=queue, error=str(error))
                found[queue] = default_queue(queue, self._options)
        return found

    def defaults(self, queue: str) -> dict[str, Any]:
        """Of a queue of which nothing is set."""
        return default_queue(queue, self._options).model_dump(mode="json")

    async def put(self, queue: str, values: Mapping[str, Any], *, by: str) -> QueueSpec:
        """Make or change one; what is left out of `values` has the default."""
        spec = check_queue({**self.defaults(queue), **values, "queue": queue})
        specs = await self.specs()
        check_overflows({**specs, queue: spec})
        if spec.hours is not None and spec.hours not in self.openings.calendars:
            listed = ", ".join(sorted(self.openings.calendars)) or "none"
            raise QueueError(
                f"hours: there is no calendar {spec.hours!r} in {FILE} beside the flows; there are {listed}"
            )
        if spec.music is not None:
            await asyncio.to_thread(self._check_music, spec.music)
        await self._queues.put(queue, spec.model_dump(mode="json", exclude={"queue"}), by=by)
        return spec

    def _check_music(self, music: str) -> None:
        file = (self._root / music).resolve()
        if not file.is_relative_to(self._root) or not file.is_file():
            raise QueueError(f"music: there is no file {music!r} beneath the installation; put it into flows/audio")

    async def remove(self, queue: str) -> bool:
        """False when there is none. Raises `QueueError` for one that a flow, another queue or somebody still needs."""
        named = queues_of(self._flows()).get(queue)
        needed = [f"flow {named} sends callers to {queue!r}; change the flow first"] if named is not None else []
        for spec in (await self.specs()).values():
            if spec.overflow.to == "queue" and spec.overflow.name == queue:
                needed.append(f"{spec.queue!r} overflows into {queue!r}; change its overflow first")
        needed += await self._needed(queue)
        if needed:
            raise QueueError(f"queue: {'; '.join(needed)}")
        return await self._queues.remove(queue)

    async def _needed(self, queue: str) -> list[str]:
        """Who would be forgotten with it, and what to do for them."""
        found: list[str] = []
        states = [msgspec.json.decode(state, type=_Waiting) for state in await self._queues.live()]
        if waiting := sum(state.phase == "queued" and state.queue == _Place(queue) for state in states):
            found.append(f"somebody waits in {queue!r} ({waiting}); wait until they are served")
        if callbacks := ", ".join(masked(number) for number in await self._queues.promised(queue)):
            found.append(
                f"customers are to be called back from it ({callbacks}); call them, or take the callbacks back"
            )
        if agents := ", ".join(await self._queues.served_by(queue)):
            found.append(f"it was given to {agents}; give them other queues")
        return found

    async def check_names(self, queues: Iterable[str]) -> None:
        """Raises `QueueError` for one that there is not: an agent with it alone would serve nobody."""
        there = set(await self._queues.all())
        if set(queues) <= there:
            return
        there.update(queues_of(self._flows()))
        if gone := sorted(set(queues) - there):
            listed = ", ".join(sorted(there)) or "none"
            raise QueueError(f"there is no queue {', '.join(map(repr, gone))}; there are {listed}")

    async def calendars(self, asked: Iterable[UsedCalendar]) -> list[UsedCalendar]:
        """Those that blocks ask, and those that queues do."""
        found = {(one.pack, one.name): one for one in asked}
        for spec in (await self.specs()).values():
            calendar = self.openings.calendars.get(spec.hours or "")
            if calendar is None or spec.hours is None:
                continue
            pack, _, name = spec.hours.rpartition("/")
            known = found.get((pack or OUTERMOST, name)) or UsedCalendar(pack or OUTERMOST, name, calendar, ())
            found[known.pack, name] = replace(known, queues=(*known.queues, spec.queue))
        return [found[key] for key in sorted(found)]

    async def ensure(self) -> None:
        """Every queue that a flow names is there, so that a fresh installation works and all are listed."""
        named = set(queues_of(self._flows()))
        if named <= self._named:
            return
        made = await self._queues.ensure(named, by="flows")
        self._named = named
        if made:
            log.info("queues.made", queues=made)


def queues_of(flows: Iterable[Flow]) -> dict[str, str]:
    """Queue → a flow that names it, sub-flows among them."""
    found: dict[str, str] = {}
    for flow in flows:
        for part in (flow, *flow.subflows.values()):
            for block in part.blocks.values():
                if isinstance(block, Queue | Callback):
                    found.setdefault(block.queue, flow.id)
                elif isinstance(block, Transfer) and block.target == "queue" and _ID.fullmatch(block.to):
                    found.setdefault(block.to, flow.id)
    return found
