"""Snapshots of flows on disk: what belongs to a flow is collected into one, and laid out again for the loaders.

A flow depends on what lies beside it (`intents/`, `knowledge/`, `rules/`, `workflows/`, `calendars.yaml`, its test), on the
flows that it calls with their calendars, and on the intents that every flow needs. Customers are data, and filter packs are
law that holds in every call at once (docs/content-filter.md): neither is part of a version.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dialog import yamlfile
from dialog.calendars import FILE as CALENDARS
from dialog.neighbours import PACKS, find
from dialog.rulebook import UNREADABLE
from dialog.yamlfile import FileError, Problem, read_text
from session.flow_contents import Snapshot, sha_of, test_path

UNIVERSAL = frozenset({"yes", "no", "human_request", "repeat", "thanks", "goodbye", "unknown"})
"""Intents that the engine or its questions know by name."""
BESIDE = ("intents", "knowledge", "rules", "workflows")
ACTING = ("rules", "workflows")


def home_of(file: Path, root: Path) -> str:
    """Where a flow's folder is in its snapshots: that of all flows itself, or a pack."""
    return "" if file.resolve().parent == root.resolve() else f"{PACKS}/{file.resolve().parent.name}/"


def collect(file: Path, root: Path, *, text: str | None = None, tests: str = "") -> Snapshot:
    """What a call on the flow of `file` depends on, as it is now. Raises `FileError` for what cannot be read.

    `root`: folder of all flows; `text`, `tests`: instead of what is in the files.
    """
    home = home_of(file, root)
    files = {home + file.name: read_text(file) if text is None else text}
    beside = file.parent / test_path(file.name)
    if tests or beside.is_file():
        files[home + beside.name] = tests or read_text(beside)
    for folder in BESIDE:
        for path in sorted([*(file.parent / folder).glob("*.yaml"), *(file.parent / folder).glob("*.json")]):
            files[f"{home}{folder}/{path.name}"] = read_text(path)
    if home:
        files |= {f"intents/{path.name}": found for path, found in _universal(root / "intents")}
    layout = _Layout(file.parent, home, root)
    _with_calendars(file.parent, layout, files)
    _called(files[home + file.name], file.parent, layout, files)
    return Snapshot(file.stem, home + file.name, files)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where files of the flow's folder and of the outermost one are in a snapshot."""

    folder: Path
    home: str
    root: Path

    def path(self, file: Path) -> str:
        """In the snapshot."""
        with contextlib.suppress(ValueError):
            return self.home + file.resolve().relative_to(self.folder.resolve()).as_posix()
        return file.resolve().relative_to(self.root.resolve()).as_posix()


def _universal(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files of intents that every flow needs; what is no intent is left to whoever reads it."""
    for path in sorted(folder.glob("*.yaml")):
        text = read_text(path)
        with contextlib.suppress(FileError):
            data = yamlfile.parse(text, str(path)).data
            if isinstance(data, dict) and data.get("intent") in UNIVERSAL:
                yield path, text


def _with_calendars(folder: Path, layout: _Layout, files: dict[str, str]) -> None:
    path = folder / CALENDARS
    if path.is_file():
        files[layout.path(path)] = read_text(path)


def _called(text: str, folder: Path, layout: _Layout, files: dict[str, str]) -> None:
    """Flows that a text calls, and those that they call. What is no flow calls nothing."""
    try:
        data = yamlfile.parse(text, "flow.yaml").data
    except FileError:
        return
    blocks = data.get("blocks") if isinstance(data, dict) else None
    for block in blocks.values() if isinstance(blocks, dict) else ():
        if not isinstance(block, dict) or block.get("type") != "call" or not isinstance(block.get("flow"), str):
            continue
        path = find(folder, block["flow"])
        if path is not None and layout.path(path) not in files:
            files[layout.path(path)] = read_text(path)
            _with_calendars(path.parent, layout, files)
            _called(files[layout.path(path)], path.parent, layout, files)


def acting(files: Mapping[str, str], home: str) -> str:
    """Name of the rules and workflows among `files` (path → sha), so that a run of them finds them again."""
    wanted = [path for path in sorted(files) if path.startswith(tuple(f"{home}{folder}/" for folder in ACTING))]
    return sha_of("\n".join(f"{path.removeprefix(home)}:{files[path]}" for path in wanted))[:16]


@dataclass(frozen=True, slots=True)
class Placed:
    """A snapshot laid out on disk. `file`: its flow there; `real`: where that lies, or would, in the installation."""

    snapshot: Snapshot
    root: Path
    file: Path
    real: Path
    real_root: Path

    def told(self, problems: list[Problem]) -> list[Problem]:
        """Named after the files that people edit."""
        places = ((f"{self.file.parent}{os.sep}", self.real.parent), (f"{self.root}{os.sep}", self.real_root))
        for here, there in places:
            problems = [
                replace(p, file=p.file.replace(here, f"{there}/"), message=p.message.replace(here, f"{there}/"))
                for p in problems
            ]
        return problems


class SnapshotFolder:
    """Where snapshots are laid out, each in a folder of its own; what is lost is laid out again."""

    def __init__(self, folder: Path | None, real_root: Path) -> None:
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="warmline-flows-")
        self._folder = folder or Path(self._own.name if self._own else "")
        self._real_root = real_root
        self._used: set[str] = set()

    def place(self, snapshot: Snapshot, real: Path) -> Placed:
        """Lay it out. A text of before snapshots gets what lies beside `real` now. Raises `FileError`, OSError."""
        whole = snapshot
        if not snapshot.whole:
            whole = collect(real, self._real_root, text=snapshot.text, tests=snapshot.tests)
        root = self._folder / whole.sha
        self._used.add(whole.sha)
        if not root.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as partial:
                new = Path(partial) / "whole"
                for path, text in whole.files.items():
                    target = new / path
                    if not target.resolve().is_relative_to(new.resolve()):
                        raise FileError([Problem(path, 1, "lies outside the folder of flows", UNREADABLE)])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, encoding="utf-8")
                _rename(new, root)
        return Placed(replace(whole, sha=snapshot.sha), root, root / whole.main, real, self._real_root)

    def close(self) -> None:
        """Remove a folder that was only for this process."""
        if self._own is not None:
            self._own.cleanup()

    def tidy(self) -> None:
        """Remove what was laid out by processes of before and not used by this one."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in self._used and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def _rename(new: Path, root: Path) -> None:
    """Whole or not at all; fine if somebody else laid it out meanwhile."""
    try:
        new.rename(root)
    except OSError:
        if not root.is_dir():
            raise
