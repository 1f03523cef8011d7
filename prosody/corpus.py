"""A labelled corpus as numbers: every utterance listened to under several conditions, once, and kept in a folder."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from media.frames import SPEECH_RATE, Audio
from prosody.augment import Condition, Wave, under, variants
from prosody.features import NAMES, Vector, extract
from prosody.feeling import LABELS
from prosody.heads import ENCODED

Names = npt.NDArray[np.str_]
Hear = Callable[[Audio], npt.NDArray[np.float32]]  # 16 kHz → what `asr.pooling` gives, (ENCODED,)

MIN_VOICED_MS = 100  # corpora are judged as far as they can be; the product asks for more
MOST_S = 30.0
_WIDTH = len(NAMES) + ENCODED + 1
TRAINED = ("wide", "codec", "loss", "noisy")  # of `augment.variants`, in their order
# The corpora's words for ours. What is not here (disgust, surprise, boredom) is none of our labels and left out.
RELABEL: dict[str, str] = {
    **{label: label for label in LABELS},
    **{"calm": "neutral", "happy": "content", "happiness": "content", "joy": "content"},
    **{"sadness": "sad", "anger": "angry", "fearful": "anxious", "fear": "anxious", "anxiety": "anxious"},
}


class CorpusError(Exception):
    """The manifest or one of its recordings cannot be used; the text names it and says what is wanted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance: its file, our label, who speaks (empty: nobody knows)."""

    path: Path
    label: str
    speaker: str

    @property
    def key(self) -> str:
        """Its name within the corpus, whatever folder that lies in."""
        return "/".join(self.path.parts[-2:])


@dataclass(frozen=True, slots=True)
class Corpus:
    """`values` (n, conditions, features + encoder), NaN where nothing could be heard; `voiced_ms` (n, conditions).

    `labels` and `speakers` have shape (n,).
    """

    values: Vector
    voiced_ms: Vector
    labels: Names
    speakers: Names

    def where(self, mask: npt.NDArray[np.bool_]) -> Corpus:
        """The part that `mask` (n,) picks."""
        return Corpus(self.values[mask], self.voiced_ms[mask], self.labels[mask], self.speakers[mask])

    def of(self, condition: int) -> Corpus:
        """One condition only, shape (n', 1, …), without what could not be heard under it."""
        values = self.values[:, condition : condition + 1]
        there = ~np.isnan(values[:, 0, 0])
        voiced_ms = self.voiced_ms[there, condition : condition + 1]
        return Corpus(values[there], voiced_ms, self.labels[there], self.speakers[there])


def joined(parts: Sequence[Corpus]) -> Corpus:
    """Several corpora of the same conditions in one."""
    return Corpus(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.voiced_ms for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.speakers for part in parts]),
    )


def read_manifest(manifest: Path) -> tuple[list[Row], dict[str, int]]:
    """Rows of a TSV with a header: path (relative to it), label, and often speaker; and how many rows have which other label.

    Raises `CorpusError`.
    """
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{manifest} cannot be read: {error}") from error
    if not found or not {"path", "label"} <= set(found[0]):
        raise CorpusError(f"{manifest} must be a TSV with a header and rows: columns path and label, and often speaker")
    rows, others = [], dict[str, int]()
    for line in found:
        label = (line["label"] or "").strip().lower()
        if label in RELABEL:
            rows.append(
                Row(manifest.parent / (line["path"] or ""), RELABEL[label], (line.get("speaker") or "").strip())
            )
        else:
            others[label] = others.get(label, 0) + 1
    if not rows:
        raise CorpusError(f"{manifest}: no row has one of the labels {', '.join(RELABEL)}")
    return rows, others


def read_wave(path: Path) -> Wave:
    """A recording at 16 kHz, channels mixed, its last 30 s. Raises `CorpusError` for what is no audio."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise CorpusError(f"{path} is no audio file that can be read: {error}") from error
    wave = samples.mean(axis=1)
    if rate != SPEECH_RATE:
        wave = soxr.resample(wave, rate, SPEECH_RATE)
    return np.asarray(wave[-int(MOST_S * SPEECH_RATE) :], dtype=np.float32)


def read_folder(folder: Path) -> list[Wave]:
    """Every recording in a folder, by name; those without any sound left out. Raises `CorpusError`."""
    kinds = {".wav", ".flac", ".ogg", ".mp3"}
    waves = [read_wave(path) for path in sorted(folder.rglob("*")) if path.suffix.lower() in kinds]
    if not waves:
        raise CorpusError(f"{folder} holds no recordings ({', '.join(sorted(kinds))})")
    return [wave for wave in waves if wave.any()]


def heard_as(manifest: Path, noises: Sequence[Wave], model: str) -> str:
    """Folder of a cache for `listen`: other recordings, other noises or the encoder of another `model` sound different."""
    folder = manifest.absolute().parent
    about = hashlib.blake2b(f"{folder}\n{model}".encode(), digest_size=6)
    for noise in noises:
        about.update(noise.tobytes())
    return f"{folder.name}-{about.hexdigest()}"


def numbers(wave: Wave, hear: Hear) -> Vector:
    """Features and encoder of a wave at 16 kHz, as 16 bit hold it, then ms of voice; (_WIDTH,), NaN when none can be taken."""
    audio = Audio(np.clip(np.rint(wave * 32767), -32768, 32767).astype(np.int16), SPEECH_RATE)
    found = extract(audio.float32(), MIN_VOICED_MS)
    if found.reason:
        return np.full(_WIDTH, np.nan)
    return np.concatenate([found.values, hear(audio), [found.voiced_ms]])


def listen(
    rows: Sequence[Row],
    hear: Hear,
    conditions: Sequence[Condition] | None,
    noises: Sequence[Wave],
    cache: Path | None = None,
    step: Callable[[], None] = lambda: None,
) -> Corpus:
    """Rows as numbers, under `conditions`, or as training hears them (`TRAINED`) when None.

    With `cache` (a folder) nothing is listened to twice; `step` is called after each row. Raises `CorpusError`.
    """
    kinds = TRAINED if conditions is None else tuple(conditions)
    values = np.full((len(rows), len(kinds), _WIDTH), np.nan)
    for index, row in enumerate(rows):
        kept = [None if cache is None else cache / kind / f"{row.key.replace('/', '_')}.npy" for kind in kinds]
        if all(path is not None and path.exists() for path in kept):
            values[index] = [_kept(path) for path in kept if path is not None]
            step()
            continue
        wave = read_wave(row.path)
        if not len(wave):
            step()
            continue
        if conditions is None:
            waves = variants(wave, np.random.default_rng(list(f"train{row.key}".encode())), noises)
        else:
            waves = [under(wave, condition, row.key, noises) for condition in conditions]
        for kind, (path, heard) in enumerate(zip(kept, waves, strict=True)):
            values[index, kind] = numbers(heard, hear)
            if path is not None:
                _keep(path, values[index, kind])
        step()
    labels, speakers = [row.label for row in rows], [row.speaker for row in rows]
    return Corpus(values[..., :-1], values[..., -1], np.array(labels), np.array(speakers))


def _kept(path: Path) -> Vector:
    try:
        values = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise CorpusError(f"{path} of the cache cannot be read ({error}): delete it") from error
    if values.shape != (_WIDTH,):
        raise CorpusError(f"{path} of the cache was written by another version: delete the folder")
    return np.asarray(values, dtype=np.float64)


def _keep(path: Path, values: Vector) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values.astype(np.float32))
    except OSError as error:
        raise CorpusError(f"the cache {path.parent} cannot be written: {error.strerror}") from error
