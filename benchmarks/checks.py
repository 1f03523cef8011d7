"""How long does a leg wait for "is this a voice?"? `python -m benchmarks.checks [--json FILE]`.

While the bot speaks, each sound of the caller asks the inference worker for a speech check; a leg waits
`media.inference.CHECK_TIMEOUT_S` for it. Measured: the gate by itself, and a check over the worker's socket while nothing
else is asked of it and while decodes of 11 s are under way (`--decodes` at once, asked anew as they end). It reports; it
asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from asr.files import read
from asr.gate import VoiceGate
from media.frames import SPEECH_RATE, Audio
from media.inference import CHECK_TIMEOUT_S
from media.leg import CHECK_AUDIO_MS
from server.machine import machine
from session import channel, wire

ROOT = Path(__file__).resolve().parents[1]
SPOKEN = ROOT / "tests" / "data" / "jfk.flac"
LOAD_S = 120.0


class Nobody:
    """A client that is asked and told nothing."""

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        raise ValueError("asked nothing")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        return

    async def on_closed(self, peer: channel.Peer) -> None:
        return


@contextlib.asynccontextmanager
async def worker() -> AsyncIterator[channel.Peer]:
    """An inference worker of our own, loaded."""
    with tempfile.TemporaryDirectory(prefix="wl-checks-") as folder:
        models = os.environ.get("WARMLINE_MODELS", str(ROOT / "var" / "models"))
        env = {**os.environ, "WARMLINE_SERVER__DATA_DIR": folder, "WARMLINE_MODELS": models}
        with (Path(folder) / "log").open("wb") as log:
            command = (sys.executable, "-m", "server.planes.inference_worker", "--id", "inference")
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, stdout=log, stderr=log)
        link = channel.Link(f"unix:{folder}/run/inference.sock", Nobody(), "checks")
        running = asyncio.create_task(link.run())
        try:
            peer = await link.wait_up(LOAD_S)
            while "loading" in (await peer.ask(wire.InferenceStatus(), wire.InferenceState, LOAD_S)).missing.values():
                await asyncio.sleep(0.2)
            yield peer
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


async def answers(peer: channel.Peer, sound: Audio, count: int) -> list[float]:
    """Milliseconds that each of `count` checks took."""
    took = []
    for _ in range(count):
        begun = time.perf_counter()
        await peer.ask(wire.SpeechCheck(pcm=sound.tobytes(), rate=sound.rate), wire.SpeechChecked, 30)
        took.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.02)
    return took


async def keep_decoding(peer: channel.Peer, speech: Audio) -> None:
    """One decode after the other, until cancelled."""
    body = wire.Decode(pcm=speech.tobytes(), rate=speech.rate, languages=["en"], final=True, deadline_ms=60_000)
    while True:
        await peer.ask(body, wire.Decoded, 90)


def row(name: str, took: Sequence[float]) -> dict[str, Any]:
    """Median, 95th percentile, worst, and the share that a leg would not have waited for."""
    return {
        "what": name,
        "checks": len(took),
        "median_ms": round(statistics.median(took), 1),
        "p95_ms": round(float(np.quantile(took, 0.95)), 1),
        "worst_ms": round(max(took), 1),
        "too_late": round(sum(ms > CHECK_TIMEOUT_S * 1000 for ms in took) / len(took), 4),
    }


async def measure(count: int, decodes: int) -> list[dict[str, Any]]:
    """All three."""
    (speech,) = read(SPOKEN)
    at = 1500 * SPEECH_RATE // 1000
    sound = Audio(speech.samples[at : at + CHECK_AUDIO_MS * SPEECH_RATE // 1000], SPEECH_RATE)
    gate = VoiceGate()
    alone = []
    for _ in range(count):
        begun = time.perf_counter()
        gate.probability(sound)
        alone.append((time.perf_counter() - begun) * 1000)
    async with worker() as peer:
        quiet = await answers(peer, sound, count)
        work = [asyncio.create_task(keep_decoding(peer, speech)) for _ in range(decodes)]
        busy = await answers(peer, sound, count)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    return [row("gate", alone), row("worker, idle", quiet), row(f"worker, {decodes} decodes", busy)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--decodes", type=int, default=2)
    arguments = parser.parse_args()
    rows = asyncio.run(measure(arguments.checks, arguments.decodes))
    print(f"{'check of 300 ms':<24}{'checks':>7}{'median':>9}{'p95':>9}{'worst':>9}{'too late':>10}")
    for one in rows:
        print(
            f"{one['what']:<24}{one['checks']:>7}{one['median_ms']:>9}{one['p95_ms']:>9}{one['worst_ms']:>9}"
            f"{one['too_late']:>10.1%}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
