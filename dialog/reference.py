"""The reference pages of flow/v1, made from the code so that they cannot grow old."""

from __future__ import annotations

import dialog.actions.workflow
import dialog.rules.decide
import dialog.validate  # noqa: F401  both declare rules
from dialog.rulebook import RULES

_RULES_HEAD = """# Rules that a flow keeps

`warmline flow validate FILE…` prints every breach as `file:line: E rule-id what is wrong; how to mend it`. E forbids use: the file
is not loaded nor published. W is advice. This page is made by `warmline flow rules --out docs/flow-rules.md`.

| rule | | what is wrong | mend |
| --- | --- | --- | --- |
"""


def rules_page() -> str:
    """Markdown of all rules, E before W, by id."""
    ordered = sorted(RULES.values(), key=lambda rule: (rule.severity, rule.id))
    return _RULES_HEAD + "".join(f"| `{r.id}` | {r.severity} | {r.what} | {r.mend} |\n" for r in ordered)
