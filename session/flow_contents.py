"""What a version of a flow is made of: all texts that a call on it depends on, kept once each by their sha."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from session.model_flows import FlowContent, FlowFile


def sha_of(text: str) -> str:
    """The name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_path(main: str) -> str:
    """Where the flow test of a flow's file lies."""
    return f"{main.removesuffix('.yaml')}.flowtest.yaml"


test_path.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test's


@dataclass(frozen=True)
class Snapshot:
    """A flow and everything beside it that belongs to it, by path below the folder of all flows.

    `main`: the path of the flow itself. Empty for texts that were kept before versions had what lies beside them: they
    take that from the folder on disk (`whole` is False). `sha` names all of it.
    """

    flow_id: str
    main: str
    files: Mapping[str, str] = field(repr=False)
    sha: str = ""

    def __post_init__(self) -> None:
        if not self.sha:
            parts = {path: sha_of(text) for path, text in self.files.items()}
            told = json.dumps([self.flow_id, self.main, parts], sort_keys=True)
            object.__setattr__(self, "sha", sha_of(told))

    @property
    def whole(self) -> bool:
        """It has what lies beside the flow."""
        return bool(self.main)

    @property
    def text(self) -> str:
        """The flow's own text."""
        return self.files[self.main]

    @property
    def tests(self) -> str:
        """The flow test, or empty."""
        return self.files.get(test_path(self.main), "")


async def keep(session: AsyncSession, snapshot: Snapshot) -> None:
    """Keep it in this transaction; texts that are there already are not kept twice."""
    if await session.get(FlowContent, snapshot.sha) is not None:
        return
    names = {path: sha_of(text) for path, text in snapshot.files.items()}
    known = set(await session.scalars(select(FlowFile.sha).where(FlowFile.sha.in_(set(names.values())))))
    for sha, text in {names[path]: text for path, text in snapshot.files.items()}.items():
        if sha not in known:
            session.add(FlowFile(sha=sha, text=text))
    session.add(FlowContent(sha=snapshot.sha, flow_id=snapshot.flow_id, main=snapshot.main, files=names))
    await session.flush()


async def load(session: AsyncSession, sha: str) -> Snapshot | None:
    """The snapshot of this name."""
    row = await session.get(FlowContent, sha)
    if row is None:
        return None
    found = await session.scalars(select(FlowFile).where(FlowFile.sha.in_(set(row.files.values()))))
    texts = {file.sha: file.text for file in found}
    return Snapshot(row.flow_id, row.main, {path: texts[name] for path, name in row.files.items()}, row.sha)
