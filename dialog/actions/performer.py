"""The real performer: requests, tables and workflows of one folder of flows."""

from __future__ import annotations

from typing import Protocol

import structlog

from dialog.actions.http import HttpActions
from dialog.effects import Perform
from dialog.events import Performed
from dialog.rules.decide import RuleError, RuleSet

log = structlog.get_logger(__name__)


class Workflows(Protocol):
    """What runs the workflows of a folder; `dialog.actions.workflow.Runner`."""

    async def perform(self, work: Perform) -> Performed:
        """Begin, or take up again. Raises nothing but CancelledError."""


class Actions:
    """`dialog.ports.Performer` for the flows of one folder."""

    def __init__(self, http: HttpActions, rules: dict[str, RuleSet], workflows: Workflows) -> None:
        self._http = http
        self._rules = rules
        self._workflows = workflows

    async def perform(self, work: Perform) -> Performed:
        """Do it, and say what came of it. Raises nothing but CancelledError."""
        try:
            if work.kind == "http":
                return await self._http.perform(work)
            if work.kind == "rule":
                return await decide(self._rules, work)
            return await self._workflows.perform(work)
        except Exception as error:
            log.error("action.broken", call=work.call_id, error=type(error).__name__)
            outcome = "http_error" if work.kind == "http" else "failed"
            return Performed(call_id=work.call_id, outcome=outcome, why=f"broken: {type(error).__name__}")


async def decide(rules: dict[str, RuleSet], work: Perform) -> Performed:
    """A decision by table; its detail names table, version and rows."""
    name = work.request["id"]
    if name not in rules:
        return Performed(call_id=work.call_id, outcome="failed", why=f"there are no rules {name!r}")
    try:
        decided = await rules[name].decide(work.request["inputs"])
    except RuleError as error:
        return Performed(call_id=work.call_id, outcome="failed", why=str(error))
    rows = ", ".join(decided.rows)
    return Performed(
        call_id=work.call_id,
        outcome="needs_approval" if decided.outputs.get("needs_approval") is True else "done",
        values=decided.outputs,
        why=f"rules {name}: {rows}",
        ms=decided.ms,
        detail={"table": name, "sha": decided.sha, "rows": decided.rows},
    )
