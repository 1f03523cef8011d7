"""The scenario "redeem a fund": intent → two business systems over real HTTP → rule → a spoken recommendation.

`redeem` is one conversation; `benchmarks.dialog` prints its times, `tests/dialog/test_redeem_fund.py` holds it to what is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.effects import AnyEffect, Perform, Record, Say
from dialog.engine import FlowEngine
from dialog.events import Heard, Started
from dialog.flow import parse_flow
from dialog.ports import Ports
from dialog.state import CallerInfo
from dialog.validate import validate

HERE = Path(__file__).parent
TOKEN = "redeem-test-token"  # noqa: S105 - of the servers below
ANSWERS = {
    "/holdings/100001": {"holding": {"fund": "F1", "days": 5, "units": 8000}},
    "/quotes/F1": {"quote": {"price": 2.5}},
}


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What was said, the record of the decision, and s from the caller's words to the recommendation."""

    said: str
    layers: dict[str, Any]
    seconds: float
    asked: list[str]


@contextlib.asynccontextmanager
async def business_systems(delay_s: float) -> AsyncIterator[tuple[int, list[str]]]:
    """A real HTTP server with both systems, each answer after `delay_s`; yields port and what it was asked."""
    asked: list[str] = []
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            talks.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                path = head.split(" ", 2)[1]
                asked.append(path)
                await asyncio.sleep(delay_s)
                known = path in ANSWERS and f"Bearer {TOKEN}" in head
                body = json.dumps(ANSWERS[path] if known else {}).encode()
                status = "200 OK" if known else "404 Not Found"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks)


async def redeem(
    ports: Ports, words: str = "I want to redeem my fund", *, delay_s: float = 0.3, locale: str = "en"
) -> Redeemed:
    """One conversation in real time. `ports.understanding` must know the intent `redeem_fund`."""
    async with business_systems(delay_s) as (port, asked):
        options = ActionOptions(allowed_hosts=[f"http://127.0.0.1:{port}"], secrets={"core": SecretStr(TOKEN)})
        outside = Outside(options)
        text = (HERE / "fund.yaml").read_text(encoding="utf-8").replace("{PORT}", str(port))
        flow, document = parse_flow(text, "fund.yaml")
        validate(flow, document)  # as at every start; it compiles the expressions
        await outside.http.open()
        engine = FlowEngine(flow, replace(ports, performer=outside.performer(HERE)))
        state = engine.new_state(
            contact_id="bench", channel="chat", locale=locale, caller=CallerInfo(), attributes={"customer_no": "100001"}
        )
        await engine.step(state, Started(), _now())
        began = time.perf_counter()
        effects = await engine.step(state, Heard(text=words), _now())
        layers: dict[str, Any] = {}
        try:
            while (work := _one(effects, Perform)) is not None:
                done = await engine.ports.performer.perform(work)
                effects = await engine.step(state, done, _now())
                if (record := _one(effects, Record)) is not None:
                    layers = record.payload
            seconds = time.perf_counter() - began
        finally:
            await outside.close()
        said = _one(effects, Say)
        return Redeemed(said.text if said else "", layers, seconds, asked)


def _now() -> int:
    return time.time_ns() // 1_000_000


T = TypeVar("T")


def _one(effects: list[AnyEffect], kind: type[T]) -> T | None:
    return next((effect for effect in effects if isinstance(effect, kind)), None)
