"""English by hibari-tts: 24 kHz, ~0.07 s for a 5 s sentence on one core (Apache-2.0)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
from typing import Any

from tts.engine import EngineError
from tts.sound import Wave
from tts.style import NORMAL, Manner


class HibariEngine:
    """Wraps `hibari.Hibari`; loads at the first sentence (~0.5 s) and never downloads a voice."""

    name = "hibari"

    def __init__(self, default_voice: str, speed: float) -> None:
        self._default = default_voice
        self._speed = speed
        self._models: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.version = "" if self.why_missing() else importlib.metadata.version("hibari-tts")

    def why_missing(self) -> str:
        """Empty when installed, else how to install."""
        return "" if importlib.util.find_spec("hibari") else "package hibari-tts is not installed: uv sync"

    def voice(self, wanted: str) -> str:
        """`wanted` when its model is on this machine, else the default."""
        from hibari.voices import VOICES, voice_path

        if wanted not in VOICES:
            return self._default
        try:
            voice_path(wanted, download_missing=False)
        except FileNotFoundError:
            return self._default
        return wanted

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[Wave, int]:
        """English text → (wave, 24000). Raises `EngineError` for other languages or when the model fails."""
        if language != "en":
            raise EngineError(f"hibari speaks English only, not {language!r}")
        try:
            with self._lock:
                model = self._model(voice)
                wave: Wave = model(
                    text, speed=manner.speed(self._speed), seed=1
                )  # the seed makes repeated prompts identical
                return wave, manner.rate(int(model.sample_rate))
        except Exception as error:
            raise EngineError(f"hibari: {error}") from error

    def phonemes(self, text: str) -> str:
        """English text in the phoneme alphabet that Kokoro shares. Raises `EngineError`."""
        try:
            with self._lock:
                return " ".join(self._model(self._default).phonemize(text))
        except Exception as error:
            raise EngineError(f"hibari: {error}") from error

    def _model(self, voice: str) -> Any:
        from hibari import Hibari
        from hibari.voices import voice_path

        if voice not in self._models:
            voice_path(voice, download_missing=False)  # Hibari itself would fetch a missing one from the network
            self._models[voice] = Hibari(voice=voice, threads=1)
        return self._models[voice]
