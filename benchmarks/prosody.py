"""Emotion of voices: ours against openSMILE's eGeMAPS + SVM, the same speakers held out, the same recordings, in one run.

`python -m benchmarks.prosody --corpus MANIFEST … --noise FOLDER --json FILE` (or `warmline bench prosody`) reports, per
condition, the UAR of both with 95 % intervals over speakers, that of their difference, UAR across corpora, and CPU per
second of speech. Ours is trained once per fold, on what `warmline prosody train` hears. The SVM is trained in each fold
under the very condition it is tested in, and kernel and C are chosen by folds inside the training speakers: as good as it
gets. It asserts nothing.

openSMILE is licensed for research only and therefore no dependency of the product: `uv sync --group voicebench`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from media.frames import SPEECH_RATE, Audio
from prosody.augment import CONDITIONS, under
from prosody.corpus import Corpus, CorpusError, Row, heard_as, listen, read_folder, read_manifest, read_wave
from prosody.evaluation import Judged, gain_interval, interval, recalls, reliability, uar
from prosody.features import extract
from prosody.heads import Weights
from prosody.train import OWN, chances, fit, groups, temperature
from server.machine import machine

Names = np.ndarray[Any, np.dtype[np.str_]]
Numbers = np.ndarray[Any, np.dtype[np.float64]]
GRID = [{"svc__kernel": ["linear"], "svc__C": [0.01, 0.1]}, {"svc__kernel": ["rbf"], "svc__C": [1.0, 10.0]}]


class Smile:
    """eGeMAPS functionals, 88 numbers of an utterance, kept in the cache."""

    def __init__(self) -> None:
        import opensmile

        self._smile = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
        )

    def __call__(self, wave: Numbers) -> Numbers:
        return np.asarray(self._smile.process_signal(wave, SPEECH_RATE).to_numpy()[0], dtype=np.float64)

    def all(self, rows: Sequence[Row], noises: Sequence[Numbers], cache: Path | None) -> Numbers:
        """Shape (rows, conditions, 88)."""
        found = []
        for row in rows:
            kept = [cache and cache / f"egemaps-{one}" / f"{row.key.replace('/', '_')}.npy" for one in CONDITIONS]
            each = []
            for condition, path in zip(CONDITIONS, kept, strict=True):
                if path and path.exists():
                    each.append(np.load(path))
                    continue
                heard = under(read_wave(row.path), condition, row.key, noises)
                each.append(self(np.rint(np.clip(heard, -1, 1) * 32767).astype(np.float32) / 32768))
                if path:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    np.save(path, each[-1].astype(np.float32))
            found.append(each)
        return np.nan_to_num(np.array(found, dtype=np.float64))


class Set:
    """One corpus as both hear it. `trained` has the variants of training, `tested` the conditions."""

    def __init__(
        self, manifest: Path, hear: Any, smile: Smile, noises: list[Any], model: str, cache: Path | None
    ) -> None:
        self.rows, self.others = read_manifest(manifest)
        kept = cache and cache / heard_as(manifest, noises, model)
        self.name = manifest.absolute().parent.name
        self.trained = listen(self.rows, hear, None, noises[::2], kept)
        self.tested = listen(self.rows, hear, CONDITIONS, noises[1::2], kept)
        self.smile = smile.all(self.rows, noises[1::2], kept)
        self.labels, self.speakers = self.tested.labels, self.tested.speakers


def own_mean(values: Numbers, speakers: Names) -> Numbers:
    """In deviations from each speaker's own mean, in their own σ: what eGeMAPS gains from a baseline."""
    out = values.copy()
    for speaker in np.unique(speakers):
        part = values[speakers == speaker]
        out[speakers == speaker] = (part - part.mean(axis=0)) / (part.std(axis=0) + 1e-9)
    return out


def machine_of_vectors(values: Numbers, labels: Names, speakers: Names) -> Any:
    """The SVM, its kernel and C chosen by folds inside these speakers."""
    inner = GroupKFold(min(4, len(np.unique(speakers))))
    pipe = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
    search = GridSearchCV(pipe, GRID, scoring="recall_macro", cv=inner)
    return search.fit(values, labels, groups=speakers)


def likely(weights: Weights, corpus: Corpus, kind: int, context: int, labels: Sequence[str], **more: bool) -> Numbers:
    """Probabilities with columns in the order of `labels`; even where nothing could be heard."""
    out = np.nan_to_num(chances(weights, corpus, kind, context, **more), nan=1 / len(weights.labels))
    return out[:, [weights.labels.index(label) for label in labels]]


def row(truth: Names, guess: Names, speakers: Names) -> dict[str, Any]:
    low, high = interval(truth, guess, speakers)
    return {
        "uar": round(uar(truth, guess), 4),
        "uar_95": [round(low, 4), round(high, 4)],
        "recall": recalls(truth, guess),
    }


def within(data: Set, folds: int) -> dict[str, Any]:
    """Both on speakers held out, under every condition."""
    labels = sorted(set(data.labels.tolist()))
    ways = ("ours", "ours, first utterance", "ours, without the encoder", "eGeMAPS + SVM", "eGeMAPS + SVM, own mean")
    guess = {(way, one): np.empty(len(data.labels), dtype=object) for way in ways for one in CONDITIONS}
    sure = {one: np.zeros((len(data.labels), len(labels))) for one in CONDITIONS}
    normal = np.stack([own_mean(data.smile[:, kind], data.speakers) for kind in range(len(CONDITIONS))], axis=1)
    fold_of = np.zeros(len(data.labels), dtype=int)
    for number, held in enumerate(groups(data.speakers, folds)):
        fold_of[held] = number
        known, part = data.trained.where(~held), data.tested.where(held)
        weights = fit(known, "fold", "")
        for kind, one in enumerate(CONDITIONS):
            out = likely(weights, part, kind, OWN, labels)
            sure[one][held] = out
            found = {
                "ours": out,
                "ours, first utterance": likely(weights, part, kind, 0, labels),
                "ours, without the encoder": likely(weights, part, kind, OWN, labels, fused=False),
            }
            for way, values in found.items():
                guess[way, one][held] = np.array(labels)[values.argmax(axis=1)]
            for way, values in (("eGeMAPS + SVM", data.smile), ("eGeMAPS + SVM, own mean", normal)):
                svm = machine_of_vectors(values[~held, kind], data.labels[~held], data.speakers[~held])
                guess[way, one][held] = svm.predict(values[held, kind])
        print(f"  {data.name}: a fold done", file=sys.stderr, flush=True)
    sure = tempered(sure, data.labels, labels, fold_of)
    report: dict[str, Any] = {}
    for one in CONDITIONS:
        report[one] = {way: row(data.labels, guess[way, one].astype(str), data.speakers) for way in ways}
        for theirs in ways[3:]:
            pair = [guess[way, one].astype(str) for way in ("ours", theirs)]
            low, high = gain_interval(data.labels, pair[0], pair[1], data.speakers)
            gain = uar(data.labels, pair[0]) - uar(data.labels, pair[1])
            report[one][f"gain over {theirs}"] = {
                "points": round(100 * gain, 1),
                "95": [round(100 * low, 1), round(100 * high, 1)],
            }
        bins, error = reliability(Judged(data.labels, sure[one], tuple(labels), data.speakers))
        report[one]["calibration"] = {"error": error, "bins": bins}
    return report


def tempered(
    sure: dict[str, Numbers], truth: Names, labels: Sequence[str], fold_of: np.ndarray[Any, np.dtype[np.int_]]
) -> dict[str, Numbers]:
    """Probabilities of each fold at the temperature that fits the other folds' held-out speakers, all conditions at once."""
    indices = np.array([labels.index(str(label)) for label in truth])
    out = {one: values.copy() for one, values in sure.items()}
    for fold in np.unique(fold_of):
        rest = fold_of != fold
        value = temperature(
            np.concatenate([values[rest] for values in sure.values()]), np.tile(indices[rest], len(sure))
        )
        for one, values in sure.items():
            grown = values[~rest] ** (1 / value)
            out[one][~rest] = grown / grown.sum(axis=1, keepdims=True)
    return out


def across(known: Set, strange: Set) -> dict[str, Any]:
    """Trained on one, tested on the other, on the labels both have; baselines are the speaker's own, unlabelled."""
    labels = sorted(set(known.labels.tolist()) & set(strange.labels.tolist()))
    mine, theirs = np.isin(known.labels, labels), np.isin(strange.labels, labels)
    weights = fit(known.trained.where(mine), "across", "")
    part, report = strange.tested.where(theirs), dict[str, Any]()
    truth, speakers = part.labels, part.speakers
    for kind, one in enumerate(CONDITIONS):
        found: dict[str, Names] = {}
        for way, context, fused in (
            ("ours", OWN, True),
            ("ours, all of the speaker's utterances", 999, True),
            ("ours, first utterance", 0, True),
            ("ours, without the encoder", 999, False),
        ):
            found[way] = np.array(labels)[likely(weights, part, kind, context, labels, fused=fused).argmax(axis=1)]
        for way, change in (("eGeMAPS + SVM", False), ("eGeMAPS + SVM, own mean", True)):
            one_side, other = known.smile[mine, kind], strange.smile[theirs, kind]
            if change:
                one_side, other = own_mean(one_side, known.speakers[mine]), own_mean(other, speakers)
            found[way] = machine_of_vectors(one_side, known.labels[mine], known.speakers[mine]).predict(other)
        report[one] = {way: row(truth, guess.astype(str), speakers) for way, guess in found.items()}
    return report


def cost(rows: Sequence[Row], hear: Any, smile: Smile) -> dict[str, float]:
    """CPU seconds per second of speech of each, over 24 recordings after a warm-up."""
    waves = [read_wave(one.path) for one in rows[:: max(1, len(rows) // 24)]][:24]
    seconds = sum(len(wave) for wave in waves) / SPEECH_RATE
    ways: dict[str, Callable[[Any], Any]] = {
        "ours, features": lambda wave: extract(wave, 300),
        "the recogniser's encoder (runs anyway)": lambda wave: hear(
            Audio((wave * 32767).astype(np.int16), SPEECH_RATE)
        ),
        "eGeMAPS": smile,
    }
    found = {}
    for name, work in ways.items():
        work(waves[0])
        started = time.process_time()
        for wave in waves:
            work(wave)
        found[name] = round((time.process_time() - started) / seconds, 5)
    return found


def show(report: dict[str, Any]) -> None:
    table = Table("corpus", "condition", "judge", "UAR", "95 %", "ours is better by")
    for name, conditions in {**report["within"], **report["across"]}.items():
        for condition, found in conditions.items():
            for way, one in found.items():
                if "uar" in one:
                    gain = found.get(f"gain over {way}")
                    text = f"{gain['points']:.1f} ({gain['95'][0]:.1f}–{gain['95'][1]:.1f})" if gain else ""
                    low, high = one["uar_95"]
                    table.add_row(name, condition, way, f"{one['uar']:.3f}", f"{low:.3f}–{high:.3f}", text)
    Console(width=140).print(table)
    for name, seconds in report["cpu_s_per_s_of_speech"].items():
        print(f"{name}: {seconds:.4f} s of CPU per second of speech")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="warmline bench prosody", description=__doc__.split("\n\n")[0])
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="manifest: path, label, speaker")
    parser.add_argument(
        "--noise", type=Path, required=True, help="folder of noise; one half for training, one for tests"
    )
    parser.add_argument("--folds", type=int, default=5, help="speaker-disjoint folds within a corpus")
    parser.add_argument("--cache", type=Path, help="folder that keeps what was listened to")
    parser.add_argument("--json", type=Path, help="write everything here")
    parser.add_argument("--plot", type=Path, help="PNG of the reliability diagram")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    try:
        smile = Smile()
    except ImportError:
        print("openSMILE is not here: uv sync --inexact --group voicebench", file=sys.stderr)
        return 2
    from server.cli.common import settings_or_exit
    from server.cli.prosody import encoder_or_exit

    hear, model = encoder_or_exit(), settings_or_exit().asr.model
    try:
        noises = read_folder(chosen.noise)
        sets = [Set(manifest, hear, smile, noises, model, chosen.cache) for manifest in chosen.corpus]
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 2
    report = {
        "within": {one.name: within(one, chosen.folds) for one in sets},
        "across": {f"{a.name} → {b.name}": across(a, b) for a, b in itertools.permutations(sets, 2)},
        "cpu_s_per_s_of_speech": cost(sets[0].rows, hear, smile),
        "rows_with_other_labels": {one.name: one.others for one in sets},
        "machine": machine(),
        "command": " ".join(sys.argv),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    show(report)
    if chosen.plot is not None:
        from prosody.plot import reliability as draw

        bins = {
            f"{name}, {condition}": found[condition]["calibration"]["bins"]
            for name, found in report["within"].items()
            for condition in ("clean", "loss5")
        }
        draw(bins, chosen.plot)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
