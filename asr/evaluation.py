"""How well is a corpus heard? A manifest of recordings with their text, under one or more conditions."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from asr.conditions import Condition
from asr.engine import Transcript
from asr.files import AudioFileError, read
from asr.scoring import UNSPACED, Errors, score
from asr.transcription import LONGEST_S, transcribe
from media.frames import Audio

NEEDED = ("path", "text")


class ManifestError(Exception):
    """The manifest cannot be used; the text names the file and the place in it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One recording: where it is, what is said in it, in which language (`en`) or mix of them (`en+zh`)."""

    path: Path
    text: str
    language: str

    @property
    def languages(self) -> list[str]:
        """Those of the mix."""
        return self.language.split("+")

    @property
    def scored_as(self) -> str:
        """The language whose way of counting words fits the mix: Latin words are words in Chinese text too."""
        return next((language for language in self.languages if language in UNSPACED), self.languages[0])


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording under one condition. Times in s; `cpu_s` of all threads of this process."""

    path: str
    condition: str
    language: str
    reference: str
    text: str
    audio_s: float
    wall_s: float
    cpu_s: float
    errors: Errors


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was heard, and what could not be read."""

    heard: list[Heard]
    failed: list[str]

    def report(self) -> dict[str, Any]:
        """`wer`, `cer`, `rtf` over everything, below them the same per language and per condition; for JSON."""
        conditions = {}
        for name in dict.fromkeys(item.condition for item in self.heard):
            found = [item for item in self.heard if item.condition == name]
            conditions[name] = {**rates(found), "languages": _by_language(found)}
        return {
            **rates(self.heard),
            "languages": _by_language(self.heard),
            "conditions": conditions,
            "failed": self.failed,
            "utterances": [{**asdict(item), "errors": asdict(item.errors)} for item in self.heard],
        }


def rates(heard: Sequence[Heard]) -> dict[str, Any]:
    """Rates of a set of recordings: errors added up before they are divided, seconds of work per second of audio."""
    errors = sum((item.errors for item in heard), Errors())
    audio_s = sum(item.audio_s for item in heard)
    return {
        "wer": _rounded(errors.wer),
        "cer": _rounded(errors.cer),
        "rtf": _rounded(sum(item.wall_s for item in heard) / audio_s if audio_s else None),
        "utterances_n": len(heard),
        "words": errors.words,
        "chars": errors.chars,
        "audio_s": round(audio_s, 1),
        "cpu_s_per_utterance": _rounded(sum(item.cpu_s for item in heard) / len(heard) if heard else None),
    }


def read_manifest(path: Path, language: str) -> tuple[list[Item], int]:
    """Rows with text, and how many had none. Paths are relative to the manifest's folder.

    `language` is that of rows which name none. Raises `ManifestError`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise ManifestError(f"{path}: line 1 must name the columns {', '.join(NEEDED)}; no {missing[0]} there")
            items, silent = [], 0
            for number, row in enumerate(rows, 2):
                if not row["path"]:
                    raise ManifestError(f"{path}: line {number} names no file")
                if not (row["text"] or "").strip():
                    silent += 1
                    continue
                items.append(Item(path.parent / row["path"], row["text"].strip(), row.get("language") or language))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"the manifest {path} cannot be read: {error}") from error
    if not items:
        raise ManifestError(f"{path} holds no row with a text")
    return items, silent


def evaluate(
    items: Sequence[Item],
    conditions: Sequence[Condition],
    hear: Callable[[Audio, list[str]], Transcript],
    done: Callable[[], None],
) -> Outcome:
    """Hear every recording under every condition. `hear(audio, languages)`; `done` is called after each recording."""
    heard: list[Heard] = []
    failed: list[str] = []
    for item in items:
        try:
            audio = read(item.path)[0]
        except AudioFileError as error:
            failed.append(str(error))
        else:
            heard += [_hear(item, audio, condition, hear) for condition in conditions]
        done()
    return Outcome(heard, failed)


def _hear(item: Item, audio: Audio, condition: Condition, hear: Callable[[Audio, list[str]], Transcript]) -> Heard:
    audio = condition.apply(audio, str(item.path.name))
    wall, cpu = time.perf_counter(), time.process_time()
    if audio.ms <= LONGEST_S * 1000:
        text = hear(audio, item.languages).text
    else:
        parts = transcribe(audio, lambda part: hear(part, item.languages), lambda _second: None)
        text = " ".join(part.text for part in parts)
    return Heard(
        str(item.path),
        condition.name,
        item.language,
        item.text,
        text,
        audio.ms / 1000,
        round(time.perf_counter() - wall, 3),
        round(time.process_time() - cpu, 3),
        score(item.text, text, item.scored_as),
    )


def _by_language(heard: Sequence[Heard]) -> dict[str, Any]:
    languages = sorted({item.language for item in heard})
    return {language: rates([item for item in heard if item.language == language]) for language in languages}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
