"""The bot's voice: `Speaker.speak` turns a text into clauses of audio, each as soon as it is ready.

    text → clauses → (per clause) language → written to spoken form → first engine that can → trim, level, 16 kHz

An engine that fails is skipped for that clause and the next in the language's order speaks, so a caller never hears
nothing. Mixed text stays in one voice: Kokoro speaks the English words inside Chinese. Synthesis blocks; call it from a
worker thread. `Speaker` may be shared by threads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from media.frames import Audio, concat
from tts import clauses
from tts.cache import PromptCache, key_of
from tts.engine import Engine, EngineError
from tts.espeak import EspeakEngine
from tts.hibari import HibariEngine
from tts.kokoro import KokoroEngine
from tts.normalise import for_speech
from tts.options import TtsOptions
from tts.read_as import Span
from tts.sound import finish
from tts.style import Manner, manner

log = structlog.get_logger(__name__)


class SpeechError(Exception):
    """No engine could say a clause; the sentence lists what each said."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A spoken piece of the text. `synth_ms` is the wall time it took; the texts of a request join to its text."""

    audio: Audio
    text: str
    engine: str
    cached: bool
    synth_ms: float


def language_of(clause: str, locale: str) -> str:
    """Language to speak a clause in: the locale's, unless the script says that it cannot be."""
    language = locale.replace("_", "-").split("-")[0].lower() or "en"
    if language in {"ja", "ko", "zh"}:
        return language
    return "zh" if clauses.has_cjk(clause) else language


class Speaker:
    """Engines, their order, and the prompt cache. Loads an engine at its first clause; see `warm`."""

    def __init__(self, options: TtsOptions, models_dir: Path, *, engines: dict[str, Engine] | None = None) -> None:
        self._options = options
        if engines is None:
            hibari = HibariEngine(options.voices.get("hibari", "heart"), options.speed)
            kokoro_voice = options.voices.get("kokoro", "zf_xiaoxiao")
            engines = {
                "hibari": hibari,
                "kokoro": KokoroEngine(models_dir / "kokoro", kokoro_voice, options.speed, options.threads, hibari),
                "espeak": EspeakEngine(options.espeak_timeout_s, options.speed),
            }
        self._engines = engines
        folder = Path(options.cache_dir) if options.cache_dir else models_dir.parent / "cache" / "tts"
        self._cache = PromptCache(folder, options.cache_mb << 20, options.memory_mb << 20)

    def speak(
        self,
        text: str,
        locale: str,
        voice: str = "",
        spans: Sequence[Span] = (),
        style: str = "",
        *,
        hurry: bool = False,
    ) -> Iterator[Clause]:
        """Clauses of `text`, each yielded when it is ready. Raises `SpeechError` when no engine can say one.

        `voice` is a name of any engine; engines that do not have it use their default. `spans` are the typed pieces of
        the text (`tts.read_as`), `style` a manner (`tts.style`). In a `hurry` only the last engine is asked.
        """
        yield from self._speak(text, locale, voice, spans, manner(style), keep=False, hurry=hurry)

    def prefetch(self, text: str, locale: str, voice: str = "") -> None:
        """Fill the cache with `text`, on disk too: for prompts known in advance, not for callers' data."""
        for _ in self._speak(text, locale, voice, (), manner(""), keep=True):
            pass

    def warm(self, locale: str) -> None:
        """Load the engine that will speak `locale`, so that the first caller does not wait for it."""
        for _ in self._speak(
            "你好。" if locale.lower().startswith("zh") else "Hello.", locale, "", (), manner(""), keep=False
        ):
            pass

    def status(self) -> dict[str, str]:
        """Engine → `ready`, or what is missing and the mend."""
        return {name: engine.why_missing() or "ready" for name, engine in self._engines.items()}

    def _speak(
        self,
        text: str,
        locale: str,
        voice: str,
        spans: Sequence[Span],
        how: Manner,
        *,
        keep: bool,
        hurry: bool = False,
    ) -> Iterator[Clause]:
        parts = clauses.split(text)
        at = 0
        for index, part in enumerate(parts):
            language = language_of(part, locale)
            spoken = for_speech(part, language, _within(spans, at, at + len(part))).strip()
            at += len(part)
            clause = self._clause(part, spoken, language, voice, how, keep=keep, hurry=hurry)
            pause = round(clauses.pause_ms(part) * how.pause) if index + 1 < len(parts) else 0
            if pause:
                audio = concat([clause.audio, Audio.silence(pause, clause.audio.rate)])
                clause = Clause(audio, clause.text, clause.engine, clause.cached, clause.synth_ms)
            yield clause

    def _clause(
        self, text: str, spoken: str, language: str, voice: str, how: Manner, *, keep: bool, hurry: bool
    ) -> Clause:
        started = time.perf_counter()
        order = self._options.engines.get(language) or self._options.engines.get("*") or []
        if hurry:
            order = order[-1:]
        failures: list[str] = []
        for name in order:
            engine = self._engines[name]
            try:
                audio, cached = self._audio(engine, spoken, language, voice, how, keep=keep)
            except (EngineError, ValueError) as error:
                failures.append(f"{name}: {error}")
                log.warning("tts.engine_failed", engine=name, language=language, error=str(error))
                continue
            return Clause(audio, text, name, cached, (time.perf_counter() - started) * 1000)
        raise SpeechError(f"no engine can speak {language!r}: {'; '.join(failures) or 'none is set in tts.engines'}")

    def _audio(
        self, engine: Engine, spoken: str, language: str, voice: str, how: Manner, *, keep: bool
    ) -> tuple[Audio, bool]:
        if missing := engine.why_missing():
            raise EngineError(missing)
        options = self._options
        used = engine.voice(voice)
        key = key_of(
            engine.name, engine.version, used, language, options.speed, options.rate, options.level_dbfs, spoken,
            how.pace, how.pitch,
        )  # fmt: skip
        if (audio := self._cache.get(key)) is not None:
            if keep and not self._cache.on_disk(key):
                self._cache.put(key, audio, keep=True)
            return audio, True
        wave, rate = engine.synthesise(spoken, language, used, how)
        audio = finish(wave, rate, out_rate=options.rate, dbfs=options.level_dbfs)
        self._cache.put(key, audio, keep=keep)
        return audio, False


def _within(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The parts of typed pieces that lie in one clause, counted from its beginning."""
    return [
        Span(max(span.start, start) - start, min(span.end, end) - start, span.kind)
        for span in spans
        if span.start < end and span.end > start
    ]
