"""Runs a flow: events in, effects out, state in between. No clock, no I/O but the awaited ports.

The controller's loop, per contact, one event at a time:

    effects = await engine.step(state, event, now_ms)
    await store.save_run(contact_id, flow_id=…, flow_sha=engine.flow.sha, state=state.dump())
    for effect in effects: carry it out

`now_ms` must be one clock for the whole life of a run, over restarts too: UTC epoch milliseconds.
"""

from __future__ import annotations

from typing import Any

from dialog.events import AnyEffect, AnyFlowEvent, Channel
from dialog.flow import Flow
from dialog.ports import Ports
from dialog.state import CallerInfo, RunState


class FlowEngine:
    """One flow, many runs; holds no run state itself."""

    def __init__(self, flow: Flow, ports: Ports) -> None:
        self.flow = flow
        self.ports = ports

    def new_state(
        self,
        *,
        contact_id: str,
        channel: Channel,
        locale: str,
        caller: CallerInfo,
        attributes: dict[str, Any] | None = None,
    ) -> RunState:
        """A run that waits for `Started`. An unknown `locale` becomes the flow's first."""
        raise NotImplementedError

    async def step(self, state: RunState, event: AnyFlowEvent, now_ms: int) -> list[AnyEffect]:
        """Take one event in; mutates `state`. Never raises for what a caller or a port does (→ `on_error`)."""
        raise NotImplementedError

    async def resume(self, state: RunState, now_ms: int) -> list[AnyEffect]:
        """After a restart of the app: same block, remaining timers, what is expected; digits are asked for again."""
        raise NotImplementedError

    def static_prompts(self, locale: str) -> list[str]:
        """Every text known ahead that runs may say in this locale, most likely first."""
        raise NotImplementedError
