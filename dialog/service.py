"""Puts flows, understanding, knowledge and customers together for the app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from dialog.actions.outside import Outside
from dialog.embedding import CachedEmbedder
from dialog.engine import FlowEngine
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters
from dialog.flow import Flow
from dialog.library import FlowFolder, MakeVerification
from dialog.loading import Loaded, Loader
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Embedder, Ports
from dialog.switches import OUTERMOST, SwitchBoard, UsedCalendar, used
from dialog.understanding import normal
from dialog.validate_verification import out_of_reach
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import memory_ports
from dialog.verification.ports import Attempts, CustomerDirectory
from dialog.yamlfile import FileError, Problem
from session.flow_contents import Snapshot

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers a called number."""

    engine: FlowEngine
    number: NumberOptions


class Dialog:
    """All of the room, loaded. `prepare` must finish before calls are answered well; `ready` says so."""

    def __init__(self, options: DialogOptions, loader: Loader, loaded: Mapping[str, Loaded]) -> None:
        self.options = options
        self.loader = loader
        self.flows: dict[str, Flow] = {}
        """The flow of each id that answers new calls."""
        self._homes: dict[str, FlowFolder] = {}
        self._engines: dict[str, FlowEngine] = {}
        """Both by sha: versions that answer new calls, and those that live calls began with."""
        for version in loaded.values():
            self.use(version)

    @classmethod
    def load(
        cls,
        options: DialogOptions,
        *,
        root: Path,
        data_dir: Path | None,
        embedder: Embedder,
        customers: CustomerDirectory | None = None,
        attempts: Attempts | None = None,
        published: Mapping[str, Snapshot] | None = None,
        outside: Outside | None = None,
        filters: Filters | None = None,
        experiments: Experiments | None = None,
        verification: MakeVerification = memory_ports,
        board: SwitchBoard | None = None,
    ) -> Dialog:
        """Read and check what the numbers need. Raises `FileError` naming file and line; blocks for some 100 ms.

        `root`: installation folder; `data_dir`: where vectors are cached and versions laid out, None = nowhere that
        lasts; `published`: version by flow id, which answers instead of what is on disk, however that looks. Flows that
        lie in the same folders but answer no number are there to be called or transferred to; one that is broken is
        left out, with a line in the log.
        """
        folder = root / options.flows_dir
        tries = attempts or MemoryAttempts(
            options.lockout_attempts, options.lockout_s, options.verification.number_attempts
        )
        make = partial(
            FlowFolder.load,
            options=options,
            data_dir=data_dir,
            embedder=CachedEmbedder(embedder),
            attempts=tries,
            outside=outside or Outside(options.actions),
            filters=filters or Filters.load(folder / "filters", options.filters),
            experiments=experiments or Experiments(options.experiment_salt),
            verification=verification,
            board=board or SwitchBoard(),
        )
        loader = Loader(options, folder, make, customers, data_dir / "flow-versions" if data_dir else None)
        loaded: dict[str, Loaded] = {}
        live = published or {}
        loader.know(live.values())
        for called, number in options.numbers.items():
            if number.flow not in loader.files:
                problem = (
                    f"dialog.numbers.{called}.flow is {number.flow!r}, but there is no such file; "
                    f"flows here: {', '.join(sorted(loader.files)) or 'none'}"
                )
                raise FileError([Problem(str(folder / f"{number.flow}.yaml"), 1, problem)])
            loaded[number.flow] = loader.load(number.flow, live.get(number.flow))
        others = options.number("*").flow
        if others not in loaded and others in loader.files:  # numbers that nobody listed are answered, too
            loaded[others] = loader.load(others, live.get(others))
        used = {loader.files[name].parent for name in loaded}
        for name, path in loader.files.items():
            if name not in loaded and path.parent in used:
                try:
                    loaded[name] = loader.load(name, live.get(name))
                except FileError as error:
                    log.error("dialog.flow_left_out", flow=name, problems=[str(item) for item in error.problems])
        _check_levels({name: version.flow for name, version in loaded.items()}, loader.files, options)
        return cls(options, loader, loaded)

    @property
    def files(self) -> Mapping[str, Path]:
        """Where each flow lies in the installation, or would."""
        return self.loader.files

    async def vector(self, text: str) -> NDArray[np.float32]:
        """The sentence vector by which `text` is understood, [dims]; asked for once. Raises OSError or TimeoutError."""
        vector: NDArray[np.float32] = (await self.loader.embedder.embed([normal(text)]))[0]
        return vector

    @property
    def ports(self) -> Ports:
        """Those of the folder that is learnt first."""
        return self._folders()[0].ports

    def folder(self, flow_id: str) -> FlowFolder:
        """Intents, knowledge and customers of the version that answers. Raises KeyError for a flow that is not loaded."""
        return self._homes[self.flows[flow_id].sha]

    @property
    def ready(self) -> bool:
        """Can requests be understood and answered, whatever number is called?"""
        return all(folder.ready for folder in self._folders())

    async def wait_ready(self, flow_id: str, timeout_s: float, sha: str = "") -> bool:
        """Wait for what a flow (in the version `sha`) needs, as after a restart; False when it took longer."""
        home = self._homes.get(sha) or self.folder(flow_id)
        try:
            async with asyncio.timeout(timeout_s):
                await home.wait_ready()
        except TimeoutError:
            return False
        return True

    async def prepare(self) -> None:
        """Learn folder after folder, the shipped one first; waits for the inference worker. Cancel to stop."""
        for folder in self._folders():
            await folder.learn()

    def _folders(self) -> list[FlowFolder]:
        """Each once: what answers new calls, then what only calls of before a restart go on with."""
        answering = [self._homes[flow.sha] for flow in self.flows.values()]
        shared = sorted(answering, key=lambda home: (home.path != self.loader.root, home.path))
        return list({id(home): home for home in (*shared, *self._homes.values())}.values())

    def calendars(self) -> list[UsedCalendar]:
        """Those that the flows which answer ask."""
        homes = {flow_id: path.parent for flow_id, path in self.files.items()}
        packs = {name: OUTERMOST if home == self.loader.root else home.name for name, home in homes.items()}
        return used(self.flows, packs)

    def answering(self, called: str) -> Answering:
        """What answers this number (`web` for the page)."""
        number = self.options.number(called)
        return Answering(self._engines[self.flows[number.flow].sha], number)

    def engine(self, flow_id: str, sha: str = "") -> FlowEngine | None:
        """The engine of a version, for runs taken up again; of the present one when that version is not known."""
        present = self.flows.get(flow_id)
        return self._engines.get(sha) or (self._engines[present.sha] if present else None)

    @property
    def shas(self) -> frozenset[str]:
        """Versions that there is an engine for."""
        return frozenset(self._engines)

    def keep(self, version: Loaded) -> None:
        """A version that runs may need."""
        if version.flow.sha not in self._engines:
            self._homes[version.flow.sha] = version.folder
            self._engines[version.flow.sha] = FlowEngine(version.flow, version.folder.ports, self.options)

    def use(self, version: Loaded) -> None:
        """New calls are answered by this version; runs keep the one they began with."""
        self.keep(version)
        self.flows[version.flow.id] = version.flow


def _check_levels(flows: Mapping[str, Flow], files: Mapping[str, Path], options: DialogOptions) -> None:
    """What the rules could not know: the levels of this installation. Raises `FileError`."""
    problems = [
        Problem(str(files[name]), 1, f"{told} under dialog.verification.levels")
        for name, flow in flows.items()
        for told in out_of_reach(flow, options.verification.levels)
    ]
    if problems:
        raise FileError(problems)
