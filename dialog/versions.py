"""What two versions of a flow differ in, by meaning: layout, notes, comments and the order of keys do not count."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dialog.flow import Flow

Kind = Literal["block added", "block removed", "parameter", "exit", "wording", "flow", "added", "removed", "beside"]
"""The last three are of what lies beside the flow, which `where` names (`intent 'loan'`)."""

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_NO_MEANING = frozenset({"layout", "sha", "note", "subflows"})
_APART = frozenset({"blocks", "exits"})
_LONGEST = 80  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `where` is a block, or a part of the flow outside blocks; `before`/`after` None = was/is not there."""

    kind: Kind
    where: str
    what: str = ""
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if self.kind in ("block added", "block removed"):
            return f"{'+' if self.kind == 'block added' else '-'} block {self.where!r} ({self.what})"
        if self.kind in ("added", "removed"):
            return f"{'+' if self.kind == 'added' else '-'} {self.where}{f' ({self.what})' if self.what else ''}"
        name = f"{self.kind} {self.what}" if self.kind in ("exit", "wording") else self.what
        if self.before is None:
            return f"~ {self.where}: {name} added: {_short(self.after)}"
        if self.after is None:
            return f"~ {self.where}: {name} removed (was {_short(self.before)})"
        return f"~ {self.where}: {name}: {_short(self.before)} → {_short(self.after)}"


def diff(before: Flow, after: Flow) -> list[Change]:
    """Everything that callers or agents can meet and that is no longer the same."""
    found: list[Change] = []
    for name, block in before.blocks.items():
        if name not in after.blocks:
            found.append(Change("block removed", name, block.type))
    for name, block in after.blocks.items():
        if name not in before.blocks:
            found.append(Change("block added", name, block.type))
            continue
        old, new = before.blocks[name].model_dump(by_alias=True), block.model_dump(by_alias=True)
        found += _exits(name, old["exits"], new["exits"])
        found += parts(name, "", meaning(old), meaning(new), "parameter")
    found += parts("flow", "", meaning(before.model_dump()), meaning(after.model_dump()), "flow")
    return found


def meaning(data: dict[str, Any]) -> dict[str, Any]:
    """What callers or agents can meet of it."""
    return {name: value for name, value in data.items() if name not in _NO_MEANING and name not in _APART}


def _exits(block: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            yield Change("exit", block, name, old.get(name), new.get(name))


def parts(where: str, path: str, old: Any, new: Any, kind: Kind) -> Iterator[Change]:
    """How two trees differ, place by place; lists of things with an `id` are compared by it."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        wording = _is_wording(old) and _is_wording(new)
        for name in [*old, *(name for name in new if name not in old)]:
            place = f"{path} ({name})" if wording else f"{path}.{name}" if path else name
            if name not in old or name not in new:
                if old.get(name) != new.get(name):
                    yield Change("wording" if wording else kind, where, place, old.get(name), new.get(name))
            else:
                yield from parts(where, place, old[name], new[name], "wording" if wording else kind)
    elif isinstance(old, list) and isinstance(new, list) and _named(old) and _named(new):
        before, after = {item["id"]: item for item in old}, {item["id"]: item for item in new}
        yield from parts(where, path, before, after, kind)
        if [name for name in before if name in after] != [name for name in after if name in before]:
            yield Change(kind, where, f"{path} (order)", list(before), list(after))
    else:
        yield Change(kind, where, path, old, new)


def _named(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


def _is_wording(value: dict[Any, Any]) -> bool:
    return bool(value) and all(
        isinstance(name, str) and _LOCALE.fullmatch(name) and isinstance(text, str | list)
        for name, text in value.items()
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
