"""Words never wait long for a feeling."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import cast

import numpy as np

from asr.engine import Transcript
from asr.options import AsrOptions
from prosody.features import Prosody
from prosody.model import EmotionModel
from prosody.options import ProsodyOptions
from server.inference.service import InferenceService
from session import wire
from tts.options import TtsOptions


async def test_words_wait_for_no_other_callers_voice(tmp_path: Path) -> None:
    """Features are there, but the thread that judges is busy with another call: the words go without."""
    service = InferenceService(AsrOptions(), TtsOptions(), ProsodyOptions(), tmp_path)
    service._emotion = cast(EmotionModel, object())
    loop = asyncio.get_running_loop()
    listened: asyncio.Future[Prosody] = loop.create_future()
    listened.set_result(Prosody(np.zeros(63), 1000.0))
    others = threading.Event()
    busy = loop.run_in_executor(service._feel_thread, others.wait)
    try:
        async with asyncio.timeout(5):
            assert await service._felt(listened, wire.AffectAsk(), Transcript("hello", "en", 0.9)) is None
    finally:
        others.set()
        await busy
