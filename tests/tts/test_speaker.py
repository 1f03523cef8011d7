"""Order of engines, languages, cache, and the real engines where they are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tts.engine import EngineError
from tts.espeak import EspeakEngine
from tts.hibari import HibariEngine
from tts.options import TtsOptions
from tts.read_as import Span
from tts.speaker import Speaker, SpeechError, language_of
from tts.style import NORMAL, STYLES, Manner


class ScriptedEngine:
    """Says a tone; counts; fails when told to."""

    version = "1"

    def __init__(self, name: str, *, fails: str = "", missing: str = "", silent: bool = False) -> None:
        self.name = name
        self.fails = fails
        self.missing = missing
        self.silent = silent
        self.said: list[tuple[str, str]] = []
        self.manners: list[Manner] = []

    def why_missing(self) -> str:
        return self.missing

    def voice(self, wanted: str) -> str:
        return wanted or "default"

    def synthesise(self, text: str, language: str, voice: str, manner: Manner = NORMAL) -> tuple[np.ndarray, int]:
        if self.fails:
            raise EngineError(self.fails)
        self.manners.append(manner)
        self.said.append((text, language))
        level = 0.0 if self.silent else 0.3
        return (level * np.sin(np.arange(24_000) / 20)).astype(np.float32), 24_000


def _speaker(tmp_path: Path, **engines: ScriptedEngine) -> Speaker:
    named = {name: engines.get(name) or ScriptedEngine(name) for name in ("hibari", "kokoro", "espeak")}
    return Speaker(TtsOptions(), tmp_path / "models", engines=named)


def test_the_locale_chooses_and_failures_fall_back_in_order(tmp_path: Path) -> None:
    for broken in (
        ScriptedEngine("hibari", fails="no"),
        ScriptedEngine("hibari", missing="not installed"),
        ScriptedEngine("hibari", silent=True),
    ):
        (clause,) = _speaker(tmp_path, hibari=broken).speak("Hello there", "en-GB")
        assert clause.engine == "kokoro"
    (clause,) = _speaker(tmp_path).speak("Hello there", "en")
    assert (clause.engine, clause.cached, clause.audio.rate) == ("hibari", False, 16_000)
    assert next(_speaker(tmp_path).speak("Bonjour", "fr")).engine == "espeak"


def test_when_nobody_can_speak_the_error_says_what_each_said(tmp_path: Path) -> None:
    speaker = _speaker(
        tmp_path, kokoro=ScriptedEngine("kokoro", fails="a"), espeak=ScriptedEngine("espeak", missing="b")
    )
    with pytest.raises(SpeechError, match=r"'zh': kokoro: a; espeak: b"):
        list(speaker.speak("您好", "zh-CN"))
    assert speaker.status() == {"hibari": "ready", "kokoro": "ready", "espeak": "b"}


def test_clauses_come_one_by_one_and_join_to_the_text(tmp_path: Path) -> None:
    hibari = ScriptedEngine("hibari")
    stream = _speaker(tmp_path, hibari=hibari).speak("This is the first one. This is the second one.", "en")
    first = next(stream)
    assert len(hibari.said) == 1  # the second is not made before it is asked for
    assert first.text + "".join(clause.text for clause in stream) == "This is the first one. This is the second one."


def test_a_second_time_is_cached_and_prefetch_survives_a_restart(tmp_path: Path) -> None:
    hibari = ScriptedEngine("hibari")
    speaker = _speaker(tmp_path, hibari=hibari)
    (once,) = speaker.speak("Hello there", "en")
    (twice,) = speaker.speak("Hello there", "en")
    assert (once.cached, twice.cached, len(hibari.said)) == (False, True, 1)
    assert not next(_speaker(tmp_path).speak("Hello there", "en")).cached
    speaker.prefetch("Hello there", "en")
    (again,) = _speaker(tmp_path).speak("Hello there", "en")
    assert again.cached
    np.testing.assert_array_equal(again.audio.samples, once.audio.samples)


def test_another_voice_is_another_entry(tmp_path: Path) -> None:
    speaker = _speaker(tmp_path)
    list(speaker.speak("Hello there", "en"))
    assert not next(speaker.speak("Hello there", "en", "other")).cached


@pytest.mark.parametrize("text", ["", "  ", "…！", "😀"])
def test_nothing_to_say_says_nothing(tmp_path: Path, text: str) -> None:
    assert list(_speaker(tmp_path).speak(text, "en")) == []


def test_language_follows_the_script_when_it_must() -> None:
    assert language_of("Please say 你好", "en") == "zh"
    assert language_of("VIP only", "zh-CN") == "zh"
    assert language_of("24", "en_US") == "en"
    assert language_of("salut", "fr-FR") == "fr"


def test_hibari_really_speaks_without_its_leading_silence(tmp_path: Path) -> None:
    (clause,) = Speaker(TtsOptions(), tmp_path / "models").speak("Good morning", "en")
    assert clause.engine == "hibari"
    assert 400 < clause.audio.ms < 2000
    assert np.flatnonzero(np.abs(clause.audio.samples) > 300)[0] < 16_000 * 0.1


def test_hibari_refuses_other_languages_and_unknown_voices() -> None:
    engine = HibariEngine("heart", 1.0)
    assert engine.voice("../../etc/passwd") == "heart"
    with pytest.raises(EngineError, match="English only"):
        engine.synthesise("Guten Tag", "de", "heart")


@pytest.mark.skipif(bool(EspeakEngine(5, 1).why_missing()), reason="espeak-ng is not installed")
@pytest.mark.parametrize(("text", "language"), [("Bonjour", "fr"), ("您好", "zh"), ("--help; rm -rf", "en")])
def test_espeak_really_speaks(text: str, language: str) -> None:
    wave, rate = EspeakEngine(5, 1).synthesise(text, language, "")
    assert rate == 22_050
    assert len(wave) > rate // 4
    assert np.abs(wave).max() > 0.05


@pytest.mark.skipif(bool(EspeakEngine(5, 1).why_missing()), reason="espeak-ng is not installed")
def test_espeak_names_a_language_it_does_not_know() -> None:
    with pytest.raises(EngineError, match="espeak-ng"):
        EspeakEngine(5, 1).synthesise("hello", "xx-none", "")


def test_shared_by_threads(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    speaker = Speaker(TtsOptions(), tmp_path / "models")
    texts = [f"Sentence number {number} is here." for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        spoken = list(pool.map(lambda text: list(speaker.speak(text, "en")), texts))
    assert ["".join(clause.text for clause in clauses) for clauses in spoken] == texts
    assert all(clause.engine == "hibari" and clause.audio.ms > 500 for clauses in spoken for clause in clauses)


def test_typed_pieces_are_read_as_such_in_whichever_clause_they_stand(tmp_path: Path) -> None:
    hibari = ScriptedEngine("hibari")
    text = "Thank you very much. Your order is 350, worth 350 euros."
    at = text.index("350")
    spoken = list(_speaker(tmp_path, hibari=hibari).speak(text, "en", spans=[Span(at, at + 3, "spell")]))
    said = " ".join(words for words, _ in hibari.said)
    assert "three five zero" in said
    assert "three hundred and fifty euros" in said
    assert "".join(clause.text for clause in spoken) == text  # the transcript keeps what was written


def test_a_style_is_another_entry_slower_and_with_longer_pauses(tmp_path: Path) -> None:
    hibari = ScriptedEngine("hibari")
    speaker = _speaker(tmp_path, hibari=hibari)
    text = "This is the first one. This is the second one."
    (plain, _), (calm, _) = list(speaker.speak(text, "en")), list(speaker.speak(text, "en", style="calm"))
    assert not calm.cached
    assert hibari.manners[-1].pace < hibari.manners[0].pace == 1.0
    assert calm.audio.ms > plain.audio.ms  # the scripted tone is as long: it is the pause
    assert next(speaker.speak(text, "en", style="unheard of")).cached  # as the normal one


def test_hibari_speaks_slower_and_lower_when_it_is_to_calm() -> None:
    engine = HibariEngine("heart", 1.0)
    text = "I am sorry that this has taken so long."
    seconds = {
        name: len(wave) / rate
        for name in STYLES
        for wave, rate in [engine.synthesise(text, "en", "heart", STYLES[name])]
    }
    assert seconds["slow"] > seconds["calm"] > seconds[""]
    assert engine.synthesise(text, "en", "heart", STYLES["calm"])[1] < 24_000
