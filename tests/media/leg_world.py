"""A leg with a scripted inference worker on a real socket and a line to speak into, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from media.frames import Audio, Samples
from media.inference import InferenceClient
from media.leg import LegMedia
from media.options import MediaOptions
from session import channel, wire
from session.consent import issue
from tests.media.scripted import Inference, Line, Told, speech

HEAR = wire.Hearing(speech=True, languages=["en"])
CONSENT = issue("c1", "v1", "eu", keep=False)
FEEL = wire.Hearing(speech=True, emotion=CONSENT, languages=["en"])


@dataclass
class Call:
    leg: LegMedia
    line: Line
    told: Told
    inference: Inference
    server: asyncio.Server


@contextlib.asynccontextmanager
async def call(
    tmp_path: Path, hearing: wire.Hearing = HEAR, *, record: Path | None = None, name: str = "leg-1"
) -> AsyncIterator[Call]:
    inference = Inference()
    address = f"unix:{tmp_path}/{name}-inference.sock"
    server = await channel.serve(address, inference, "inference")
    client = InferenceClient(address, "test")
    link = asyncio.create_task(client.run())
    await client._link.wait_up(5)
    told = Told()
    leg = LegMedia(name, "customer", options=MediaOptions(), inference=client, emit=told, bridge_dir=tmp_path)
    leg.start(hearing, str(record) if record else None)
    line = Line(lambda frame: leg.receive(Audio(frame, 16_000)), lambda: leg.fetch(16_000, 320))
    try:
        yield Call(leg, line, told, inference, server)
    finally:
        line.close()
        await leg.close()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        server.close()


def phrase() -> Samples:
    """0.3 s of silence and "And so, my fellow Americans"."""
    return np.concatenate([np.zeros(16 * 300, np.int16), speech()[16 * 320 : 16 * 2300]])


def noise(ms: int, level: int = 3000) -> Samples:
    return (np.random.default_rng(5).standard_normal(16 * ms) * level).clip(-32768, 32767).astype(np.int16)
