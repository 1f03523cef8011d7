"""Prompts are made ahead only by a machine that has nothing else to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from asr.options import AsrOptions
from prosody.options import ProsodyOptions
from server.inference import pressure, service
from server.inference.service import InferenceService
from session import channel, wire
from tts.options import TtsOptions

QUIET = "some avg10=1.52 avg60=0.40 avg300=0.11 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
BUSY = QUIET.replace("1.52", "99.59")


@pytest.mark.parametrize(("text", "wanted"), [(QUIET, False), (BUSY, True), ("", False), ("some avg10=x", False)])
def test_what_the_kernel_says(tmp_path: Path, text: str, wanted: bool) -> None:
    (tmp_path / "cpu").write_text(text)
    assert pressure.cores_are_wanted(tmp_path / "cpu") is wanted


def test_a_kernel_that_says_nothing(tmp_path: Path) -> None:
    assert not pressure.cores_are_wanted(tmp_path / "none")


async def test_a_busy_machine_makes_no_prompts_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    looked = asyncio.Semaphore(0)
    busy = True

    def wanted() -> bool:
        loop.call_soon_threadsafe(looked.release)
        return busy

    monkeypatch.setattr(pressure, "cores_are_wanted", wanted)
    monkeypatch.setattr(service, "PREFETCH_LOOK_S", 0.01)
    worker = InferenceService(AsrOptions(), TtsOptions(cache_dir=str(tmp_path)), ProsodyOptions(), tmp_path)
    monkeypatch.setattr(worker, "_load", asyncio.Event().wait)
    monkeypatch.setattr(
        worker._speaker, "prefetch", lambda text, *_: loop.call_soon_threadsafe(made.put_nowait, text) and None
    )
    running = asyncio.create_task(worker.run(f"unix:{tmp_path}/inference.sock"))
    try:
        request = wire.Request(request_id=1, body=wire.Prefetch(texts=["Hello."], locale="en"))
        await worker.on_request(channel.Peer.__new__(channel.Peer), request)
        for _ in range(3):
            await asyncio.wait_for(looked.acquire(), 30)
        assert made.empty()
        busy = False
        assert await asyncio.wait_for(made.get(), 30) == "Hello."
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
