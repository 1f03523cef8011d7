"""Any language by espeak-ng, the last resort: a robot, but never silent. Runs as a program of its own (GPL-3)."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import numpy as np

from tts.clauses import has_cjk
from tts.engine import EngineError
from tts.sound import Wave
from tts.style import NORMAL, Manner

_PITCH_STEPS = 4  # of espeak's 0–99 per semitone
_NAMES = {"zh": "cmn", "en": "en-us"}


@cache
def _program() -> str:
    return shutil.which("espeak-ng") or ""


class EspeakEngine:
    """One short-lived process per clause."""

    name = "espeak"
    version = "1"

    def __init__(self, timeout_s: float, speed: float) -> None:
        self._timeout_s = timeout_s
        self._speed = speed

    def why_missing(self) -> str:
        """Empty when the program is found, else how to get it."""
        return "" if _program() else "program espeak-ng is not installed: apt-get install espeak-ng"

    def voice(self, wanted: str) -> str:
        """espeak-ng has one voice per language here."""
        return ""

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[Wave, int]:
        """Text → (wave, espeak's rate). Raises `EngineError` when the program is missing, fails or takes too long."""
        if not _program():
            raise EngineError(self.why_missing())
        name = "cmn" if has_cjk(text) and language not in {"ja", "ko"} else _NAMES.get(language, language)
        words_per_minute = str(round(165 * self._speed * manner.pace))
        pitch = str(round(50 + _PITCH_STEPS * manner.pitch))
        command = [_program(), "-v", name, "-s", words_per_minute, "-p", pitch, "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=self._timeout_s, check=True
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"espeak-ng took more than {self._timeout_s:g} s") from error
        except (OSError, subprocess.CalledProcessError) as error:
            raise EngineError(f"espeak-ng: {error}") from error
        return _parse_wav(done.stdout)


def _parse_wav(data: bytes) -> tuple[Wave, int]:
    """espeak-ng writes a streaming header whose lengths are wrong, which WAV libraries refuse."""
    start = data.find(b"data")
    if data[:4] != b"RIFF" or start < 0:
        raise EngineError("espeak-ng gave no WAV")
    rate = int.from_bytes(data[24:28], "little")
    body = data[start + 8 :]
    samples = np.frombuffer(body[: len(body) // 2 * 2], dtype="<i2")
    return samples.astype(np.float32) / 32768.0, rate
