"""Versions of flows as the app uses them: from the files on disk, or from a snapshot that was published or began a call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from dialog.flow import Flow, load_flow
from dialog.gate import Gate, look
from dialog.library import FlowFolder, flow_files, people_of
from dialog.options import DialogOptions
from dialog.ports import Embedder
from dialog.snapshots import Placed, SnapshotFolder, collect
from dialog.verification.ports import CustomerDirectory
from dialog.yamlfile import FileError, Problem
from session.flow_contents import Snapshot

log = structlog.get_logger(__name__)

READ_KEPT = 8  # versions read last: one that is checked is published next


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version of a flow that can answer, and the understanding, knowledge, rules and customers it answers with."""

    flow: Flow
    folder: FlowFolder


class Loader:
    """Reads them, each folder on disk and each snapshot once."""

    def __init__(
        self,
        options: DialogOptions,
        root: Path,
        make: Callable[..., FlowFolder],
        customers: CustomerDirectory | None,
        versions: Path | None,
    ) -> None:
        """`root`: the outermost folder of flows; `make`: `FlowFolder.load` with what all folders share."""
        self.root = root
        self.files = flow_files(root)
        """Flow id → where it lies, or would."""
        self.snapshots = SnapshotFolder(versions, root)
        self.embedder: Embedder = make.keywords["embedder"]  # type: ignore[attr-defined]
        self._options = options
        self._make = make
        self._customers = customers
        self._people: dict[Path, CustomerDirectory] = {}
        self._folders: dict[Path, FlowFolder] = {}
        self._read: OrderedDict[str, Loaded] = OrderedDict()

    def know(self, snapshots: Iterable[Snapshot]) -> None:
        """Flows that are published answer also when their files are gone."""
        for snapshot in snapshots:
            if snapshot.whole:
                self.files.setdefault(snapshot.flow_id, self.root / snapshot.main)

    def load(self, flow_id: str, published: Snapshot | None) -> Loaded:
        """The published version, else the files on disk. Raises `FileError`."""
        if published is not None:
            gate, loaded = self.version(published)
            if loaded is not None:
                return loaded
            log.error("dialog.published_unusable", flow=flow_id, problems=gate.refusal)
        return self._from_disk(flow_id)

    def placed(self, snapshot: Snapshot) -> Placed:
        """Laid out on disk. Raises `FileError`, OSError, KeyError for a flow that is nowhere here."""
        return self.snapshots.place(snapshot, self.files[snapshot.flow_id])

    def version(self, snapshot: Snapshot) -> tuple[Gate, Loaded | None]:
        """A snapshot, if it keeps the rules. Reads files. Raises KeyError for a flow that is nowhere here."""
        try:
            placed = self.placed(snapshot)
        except FileError as error:
            return Gate(problems=error.problems), None
        gate = look(placed)
        if gate.flow is None or not gate.open:
            return gate, None
        if snapshot.sha not in self._read:
            self._read[snapshot.sha] = Loaded(gate.flow, self._folder(placed))
            while len(self._read) > READ_KEPT:
                self._read.popitem(last=False)
        return gate, self._read[snapshot.sha]

    def collect(self, flow_id: str, *, text: str | None = None, tests: str = "") -> Snapshot:
        """What lies on disk now. Raises `FileError`, KeyError."""
        return collect(self.files[flow_id], self.root, text=text, tests=tests)

    def _folder(self, placed: Placed) -> FlowFolder:
        return self._make(
            placed.file.parent,
            placed.root,
            customers=self._customers_of(placed.real.parent),
            kin=[*self._folders.values(), *(loaded.folder for loaded in self._read.values())],
        )

    def _from_disk(self, flow_id: str) -> Loaded:
        path = self.files[flow_id]
        flow = load_flow(path)
        if flow.id != path.stem:
            problem = f"id is {flow.id!r}, but the file is called {path.name}; give both the same name"
            raise FileError([Problem(str(path), 1, problem)])
        if path.parent not in self._folders:
            self._folders[path.parent] = self._make(
                path.parent, self.root, customers=self._customers_of(path.parent), kin=()
            )
        sha = self.collect(flow_id).sha
        return Loaded(flow.model_copy(update={"sha": sha}), self._folders[path.parent])

    def _customers_of(self, folder: Path) -> CustomerDirectory:
        if self._customers is not None:
            return self._customers
        if folder not in self._people:
            self._people[folder] = people_of(folder, self.root, self._options)
        return self._people[folder]
