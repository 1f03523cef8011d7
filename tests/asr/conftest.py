"""One loaded recogniser for all tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr.engine import Recogniser
from asr.gate import VoiceGate
from asr.options import AsrOptions
from tests.speech_data import models_folder


@pytest.fixture(scope="session")
def gate() -> VoiceGate:
    return VoiceGate()


@pytest.fixture(scope="session")
def whisper_folder() -> Path:
    return models_folder("whisper-base") / "whisper-base"


@pytest.fixture(scope="session")
def recogniser(gate: VoiceGate, whisper_folder: Path) -> Recogniser:
    return Recogniser(AsrOptions(), whisper_folder, gate)
