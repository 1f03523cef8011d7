"""Chinese (and English words within it) by Kokoro-82M, int8 ONNX, 24 kHz (Apache-2.0).

The model wants phoneme ids, one style row for that many ids, and a speed. It is run on onnxruntime directly:
`kokoro-onnx` would load espeak's GPL library into this process for a phonemiser that Chinese does not use. Chinese
phonemes come from misaki (cn2an, jieba, pypinyin), English ones from hibari, whose alphabet and ids are Kokoro's own.

Files, below `{models}/kokoro/`: `model.onnx`, and `voices/{name}.bin` = float32 little-endian 510 × 256.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import re
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.clauses import has_cjk
from tts.engine import EngineError
from tts.hibari import HibariEngine
from tts.sound import Wave
from tts.style import NORMAL, Manner

RATE = 24_000
MAX_IDS = 510
STYLE = 256
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_LATIN_RUN = re.compile(r"[A-Za-z][A-Za-z0-9'’&.\- ]*[A-Za-z0-9]|[A-Za-z]")

_LONE_A = re.compile(r"\bA\b(?!\.)")  # within Chinese it is the letter, not the article


class KokoroEngine:
    """Loads at the first sentence (~2 s, most of it the Chinese dictionary)."""

    name = "kokoro"

    def __init__(self, folder: Path, default_voice: str, speed: float, threads: int, english: HibariEngine) -> None:
        self._folder = folder
        self._default = default_voice
        self._speed = speed
        self._threads = threads
        self._english = english
        self._lock = threading.Lock()
        self._session: Any = None
        self._chinese: Any = None
        self._vocabulary: dict[str, int] = {}
        self._voices: dict[str, npt.NDArray[np.float32]] = {}
        self.version = f"v1.0-int8-{MODEL_SHA256[:8]}"

    def why_missing(self) -> str:
        """Empty when model, voice and phonemisers are there, else what is not."""
        if not (self._folder / "model.onnx").is_file():
            return f"{self._folder / 'model.onnx'} is missing: warmline models install"
        if not self._voice_file(self._default).is_file():
            return f"{self._voice_file(self._default)} is missing: warmline models install"
        if importlib.util.find_spec("misaki") is None:
            return "package misaki[zh] is not installed: uv sync"
        return self._english.why_missing()

    def voice(self, wanted: str) -> str:
        """`wanted` when its file is there, else the default."""
        known = bool(re.fullmatch(r"[a-z]{2}_[a-z]+", wanted)) and self._voice_file(wanted).is_file()
        return wanted if known else self._default

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[Wave, int]:
        """Chinese, English or mixed text → (wave, 24000). Raises `EngineError`."""
        if language not in {"zh", "en"}:
            raise EngineError(f"Kokoro is set up for Chinese and English, not {language!r}")
        try:
            with self._lock:
                self._load()
                ids = [self._vocabulary[char] for char in self._phonemes(text, language) if char in self._vocabulary]
                if not ids:
                    raise EngineError("Kokoro: the text has no sound")
                style = self._style(voice)
            # not under the lock: a prompt that is wanted now must not wait for one that is made ahead at low priority
            speed = manner.speed(self._speed)
            parts = [self._run(ids[at : at + MAX_IDS], style, speed) for at in range(0, len(ids), MAX_IDS)]
            return np.concatenate(parts), manner.rate(RATE)
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(f"Kokoro: {error}") from error

    def _run(self, ids: list[int], style: npt.NDArray[np.float32], speed: float) -> Wave:
        feed = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": style[len(ids) - 1][None, :],
            "speed": np.array([speed], dtype=np.float32),
        }
        return np.asarray(self._session.run(None, feed)[0], dtype=np.float32).ravel()

    def _phonemes(self, text: str, language: str) -> str:
        if language == "en" and not has_cjk(text):
            return self._english.phonemes(text)
        out: list[str] = []
        at = 0
        for run in _LATIN_RUN.finditer(text):
            letters = _LONE_A.sub("A.", run.group())
            out += [self._zh(text[at : run.start()]), self._english.phonemes(letters)]
            at = run.end()
        out.append(self._zh(text[at:]))
        return " ".join(part for part in out if part)

    def _zh(self, text: str) -> str:
        return str(self._chinese(text)[0]) if text.strip() else ""

    def _style(self, voice: str) -> npt.NDArray[np.float32]:
        if voice not in self._voices:
            file = self._voice_file(voice)
            data = np.fromfile(file, dtype="<f4")
            if data.size != MAX_IDS * STYLE:
                raise EngineError(f"{file} holds {data.size} numbers, a Kokoro voice has {MAX_IDS * STYLE}")
            self._voices[voice] = data.reshape(MAX_IDS, STYLE).astype(np.float32)
        return self._voices[voice]

    def _voice_file(self, voice: str) -> Path:
        return self._folder / "voices" / f"{voice}.bin"

    def _load(self) -> None:
        if self._session is not None:
            return
        import onnxruntime
        from hibari.tts import ASSETS

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jieba's own use of pkg_resources
            from misaki.zh import ZHG2P
        logging.getLogger("jieba").setLevel(logging.WARNING)  # it sets DEBUG as it is imported
        model = self._folder / "model.onnx"
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        if digest != MODEL_SHA256:
            raise EngineError(
                f"{model} has SHA-256 {digest[:12]}…, expected {MODEL_SHA256[:12]}…: warmline models install"
            )
        self._vocabulary = json.loads((Path(ASSETS) / "vocab.json").read_text(encoding="utf-8"))
        self._chinese = ZHG2P()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
