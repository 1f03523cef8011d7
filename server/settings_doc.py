"""Every setting as a row: for `warmline settings` and docs/settings.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticUndefined

from server.settings import MASK, PREFIX, Settings, fields_of


@dataclass(frozen=True, slots=True)
class Row:
    """One setting; `value` is masked for secrets."""

    path: str
    value: str
    description: str


def rows(settings: Settings) -> list[Row]:
    """The tree's leaves with their present values."""
    found = []
    for path, field in fields_of(Settings).items():
        value: Any = settings
        for name in path.split("."):
            value = getattr(value, name)
        shown = MASK if field.repr is False and value else _short(value)
        found.append(Row(path, shown, field.description or ""))
    return found


def markdown() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Made by `warmline settings --markdown`. In `warmline.toml`, `edge.port` is `port` under `[edge]`; in the",
        f"environment it is `{PREFIX}EDGE__PORT`, which wins. A wrong key or value stops the start and is named.",
        "",
        "| setting | default | what it is, and why this default |",
        "| --- | --- | --- |",
    ]
    for path, field in fields_of(Settings).items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default is PydanticUndefined else _short(default)
        lines.append(f"| `{path}` | `{shown}` | {(field.description or '').replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def _short(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, dict):
        value = {k: v.model_dump() if hasattr(v, "model_dump") else v for k, v in value.items()}
    return str(value) if value != "" else '""'
