"""Experiments of the running flows: results from committed events, stops by the guardrail, promotion; all audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dialog.experiment.assign import Choice
from dialog.experiment.results import EXPOSED, OUTCOME, ExperimentResults
from session.model import EventRow, utcnow
from session.model_actions import ExperimentChoice
from session.store import Store, stored_event

log = structlog.get_logger(__name__)

AT_ONCE = 500  # events read in one go: some ms of work


class UnknownExperiment(LookupError):
    """Nobody met this experiment, or not this variant; the text says which there are."""


class ExperimentDesk:
    """Reads on where it stopped; one per process, or one per command."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seq = 0
        self.results: dict[str, ExperimentResults] = {}

    async def read(self) -> None:
        """Take in what was committed since."""
        while True:
            async with self._store.reading() as session:
                rows = await session.execute(
                    select(EventRow.seq, EventRow.type, EventRow.payload)
                    .where(EventRow.type.in_((EXPOSED, OUTCOME)), EventRow.seq > self._seq)
                    .order_by(EventRow.seq)
                    .limit(AT_ONCE)
                )
                found = rows.all()
            for seq, kind, payload in found:
                name = str(payload["experiment"])
                self.results.setdefault(name, ExperimentResults(name)).add(kind, payload)
                self._seq = seq
            if len(found) < AT_ONCE:
                return

    async def choices(self) -> Mapping[str, Choice]:
        """What was decided so far."""
        async with self._store.reading() as session:
            rows = await session.scalars(select(ExperimentChoice))
            return {row.id: Choice(row.promoted, frozenset(map(str, row.stopped))) for row in rows}

    async def guard(self) -> list[tuple[str, str]]:
        """Stop variants that surely lead more callers to people; returns (experiment, variant).

        What a person promoted is theirs to judge. The others are stopped all the same: the promoted one may be gone from the
        file, and then the test goes on between them.
        """
        choices, stopped = await self.choices(), []
        for name, results in self.results.items():
            choice = choices.get(name, Choice())
            for verdict in results.verdicts():
                if verdict.harmful and verdict.variant not in {*choice.stopped, choice.promoted}:
                    await self._change(name, "guardrail", stop=verdict.variant)
                    log.warning("experiment.stopped", experiment=name, variant=verdict.variant)
                    stopped.append((name, verdict.variant))
        return stopped

    async def promote(self, name: str, variant: str, by: str) -> None:
        """From now on everybody gets it. Raises `UnknownExperiment`."""
        await self.read()
        if name not in self.results:
            raise UnknownExperiment(f"no caller met an experiment {name!r}; there are {_list(self.results)}")
        if variant not in self.results[name].variants:
            have = _list(self.results[name].variants)
            raise UnknownExperiment(
                f"experiment {name!r} has no variant {variant!r} that a caller met; there are {have}"
            )
        await self._change(name, by, promote=variant)

    async def _change(self, name: str, by: str, *, promote: str = "", stop: str = "") -> None:
        for first in (True, False):
            try:
                event = await self._written(name, by, promote, stop)
                break
            except IntegrityError:  # another process decided of it for the first time, at the same moment
                if not first:
                    raise
        self._store.bus.publish(stored_event(event))

    async def _written(self, name: str, by: str, promote: str, stop: str) -> EventRow:
        async with self._store.writing() as session:
            row = await session.get(ExperimentChoice, name, with_for_update=True)
            if row is None:
                row = ExperimentChoice(id=name, promoted="", stopped=[])
                session.add(row)
            stopped = sorted({*map(str, row.stopped), stop} - {""})
            before = {"promoted": row.promoted, "stopped": sorted(map(str, row.stopped))}
            after = {"promoted": promote or row.promoted, "stopped": stopped}
            # Only what is changed is written: it may have been decided of the other in another process meanwhile.
            if promote:
                row.promoted = promote
            if stop:
                row.stopped = list(stopped)
            row.changed_at, row.changed_by = utcnow(), by
            payload = {"about": "experiment", "experiment": name, "by": by, "before": before, "after": after}
            event = EventRow(conversation_id="", type="audit", payload=payload, at=utcnow())
            session.add(event)
            await session.flush()
        return event

    async def shown(self, name: str) -> dict[str, Any]:
        """One experiment in plain data. Raises `UnknownExperiment`."""
        if name not in self.results:
            raise UnknownExperiment(f"no caller met an experiment {name!r}; there are {_list(self.results)}")
        results, choice = self.results[name], (await self.choices()).get(name, Choice())
        verdicts = {verdict.variant: verdict for verdict in results.verdicts()}
        return {
            "id": name,
            "control": results.control,
            "promoted": choice.promoted,
            "variants": [
                {
                    "variant": variant,
                    "exposed": one.exposed,
                    "outcomes": one.outcomes.n,
                    "success_rate": round(one.outcomes.rate, 4),
                    "transfer_rate": round(one.transferred.rate, 4),
                    "stopped": variant in choice.stopped,
                    "against_control": _verdict(verdicts[variant].success) if variant in verdicts else None,
                    "transfers_against_control": _verdict(verdicts[variant].transfers) if variant in verdicts else None,
                }
                for variant, one in results.variants.items()
            ],
        }


def _verdict(found: Any) -> dict[str, Any]:
    return {
        "difference": round(found.estimate, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
        "p": round(found.p, 5),
        "sure": found.sure,
    }


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"
