"""Puts flows, understanding, knowledge and customers together for the app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from dialog.actions.outside import Outside
from dialog.embedding import CachedEmbedder
from dialog.engine import FlowEngine
from dialog.experiment.assign import Experiments
from dialog.filter.service import Filters
from dialog.flow import Flow, load_flow
from dialog.gate import look
from dialog.library import FlowFolder, MakeVerification, flow_files
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Embedder, Ports
from dialog.understanding import normal
from dialog.validate_verification import out_of_reach
from dialog.verification.lockout import MemoryAttempts
from dialog.verification.memory import memory_ports
from dialog.verification.ports import Attempts, CustomerDirectory
from dialog.yamlfile import FileError, Problem

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers a called number."""

    engine: FlowEngine
    number: NumberOptions


class Dialog:
    """All of the room, loaded. `prepare` must finish before calls are answered well; `ready` says so."""

    def __init__(
        self,
        options: DialogOptions,
        files: dict[str, Path],
        flows: dict[str, Flow],
        folders: dict[Path, FlowFolder],
        embedder: Embedder,
    ) -> None:
        self.options = options
        self.files = files
        self.flows = flows
        """The flow of each id that answers new calls."""
        self._embedder = embedder
        self._folders = folders
        self._engines: dict[str, FlowEngine] = {}
        """By sha: versions that answer new calls, and those that live calls began with."""
        for flow in flows.values():
            self.keep(flow)

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
        published: Mapping[str, str] | None = None,
        outside: Outside | None = None,
        filters: Filters | None = None,
        experiments: Experiments | None = None,
        verification: MakeVerification = memory_ports,
    ) -> Dialog:
        """Read and check what the numbers need. Raises `FileError` naming file and line; blocks for some 100 ms.

        `root`: installation folder; `data_dir`: where vectors are cached, None = nowhere; `published`: text by flow id,
        which answers instead of the file on disk, however that looks. Flows that lie in the same
        folders but answer no number are there to be called or transferred to; one that is broken is left out, with a
        line in the log.
        """
        folder = root / options.flows_dir
        files = flow_files(folder)
        flows: dict[str, Flow] = {}
        live = published or {}
        for called, number in options.numbers.items():
            path = files.get(number.flow)
            if path is None:
                problem = (
                    f"dialog.numbers.{called}.flow is {number.flow!r}, but there is no such file; "
                    f"flows here: {', '.join(sorted(files)) or 'none'}"
                )
                raise FileError([Problem(str(folder / f"{number.flow}.yaml"), 1, problem)])
            flows[number.flow] = _load(path, live.get(number.flow))
        used = {files[name].parent for name in flows}
        for name, path in files.items():
            if name not in flows and path.parent in used:
                try:
                    flows[name] = _load(path, live.get(name))
                except FileError as error:
                    log.error("dialog.flow_left_out", flow=name, problems=[str(item) for item in error.problems])
        _check_levels(flows, files, options)
        cached = CachedEmbedder(embedder)
        tries = attempts or MemoryAttempts(
            options.lockout_attempts, options.lockout_s, options.verification.number_attempts
        )
        folders = {
            path: FlowFolder.load(
                path,
                folder,
                options,
                data_dir=data_dir,
                embedder=cached,
                attempts=tries,
                customers=customers,
                outside=outside,
                filters=filters,
                experiments=experiments,
                verification=verification,
            )
            for path in sorted(used, key=lambda path: (path != folder, path))
        }
        return cls(options, files, flows, folders, cached)

    async def vector(self, text: str) -> NDArray[np.float32]:
        """The sentence vector by which `text` is understood, [dims]; asked for once. Raises OSError or TimeoutError."""
        vector: NDArray[np.float32] = (await self._embedder.embed([normal(text)]))[0]
        return vector

    @property
    def ports(self) -> Ports:
        """Those of the folder that is learnt first."""
        return next(iter(self._folders.values())).ports

    def folder(self, flow_id: str) -> FlowFolder:
        """Where a flow's intents, knowledge and customers are. Raises KeyError for one that is not loaded."""
        return self._folders[self.files[flow_id].parent]

    @property
    def ready(self) -> bool:
        """Can requests be understood and answered, whatever number is called?"""
        return all(folder.ready for folder in self._folders.values())

    async def wait_ready(self, flow_id: str, timeout_s: float) -> bool:
        """Wait for what a flow needs, as after a restart; False when it took longer."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.folder(flow_id).wait_ready()
        except TimeoutError:
            return False
        return True

    async def prepare(self) -> None:
        """Learn folder after folder, the shipped one first; waits for the inference worker. Cancel to stop."""
        for folder in self._folders.values():
            await folder.learn()

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

    def keep(self, flow: Flow) -> None:
        """A version that runs may need. Raises KeyError for a flow whose folder is not loaded."""
        if flow.sha not in self._engines:
            self._engines[flow.sha] = FlowEngine(flow, self.folder(flow.id).ports, self.options)

    def use(self, flow: Flow) -> None:
        """New calls are answered by this version; runs keep the one they began with. Raises KeyError as `keep`."""
        self.keep(flow)
        self.flows[flow.id] = flow


def _check_levels(flows: Mapping[str, Flow], files: Mapping[str, Path], options: DialogOptions) -> None:
    """What the rules could not know: the levels of this installation. Raises `FileError`."""
    problems = [
        Problem(str(files[name]), 1, f"{told} under dialog.verification.levels")
        for name, flow in flows.items()
        for told in out_of_reach(flow, options.verification.levels)
    ]
    if problems:
        raise FileError(problems)


def _load(path: Path, published: str | None) -> Flow:
    """The published text, else the file; a flow that its own file's name finds again. Raises `FileError`."""
    if published is not None:
        gate = look(path.stem, published, path)
        if gate.flow is not None and gate.open:
            return gate.flow
        log.error("dialog.published_unusable", flow=path.stem, problems=gate.refusal)
    flow = load_flow(path)
    if flow.id != path.stem:
        problem = f"id is {flow.id!r}, but the file is called {path.name}; give both the same name"
        raise FileError([Problem(str(path), 1, problem)])
    return flow
