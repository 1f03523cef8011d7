"""The reference pages of flow/v1, made from the code so that they cannot grow old."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from dialog.rulebook import RULES

_RULES_HEAD = """# Rules that a flow keeps

`warmline flow validate FILE…` prints every breach as `file:line: E rule-id what is wrong; how to mend it`. E forbids use: the file
is not loaded nor published. W is advice. This page is made by `warmline flow rules --out docs/flow-rules.md`.

| rule | | what is wrong | mend |
| --- | --- | --- | --- |
"""


def rules_page() -> str:
    """Markdown of all rules, E before W, by id."""
    _declare_all()
    ordered = sorted(RULES.values(), key=lambda rule: (rule.severity, rule.id))
    return _RULES_HEAD + "".join(f"| `{r.id}` | {r.severity} | {r.what} | {r.mend} |\n" for r in ordered)


def _declare_all() -> None:
    """Import every module of the room that declares rules, or the page would depend on what was imported before."""
    room = Path(__file__).parent
    for path in sorted(room.rglob("*.py")):
        if "from dialog.rulebook import" in path.read_text(encoding="utf-8"):
            parts = path.relative_to(room.parent).with_suffix("").parts
            import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
