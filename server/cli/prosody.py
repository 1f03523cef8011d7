"""`warmline prosody …`: emotion of voices in files, how right it is, and how its weights are made."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from asr.files import AudioFileError, read
from asr.pooling import Encoder
from asr.transcription import utterances
from asr.whisper import ModelError, Whisper
from media.frames import SPEECH_RATE, Audio
from prosody import corpus as corpora
from prosody import evaluation, plot
from prosody.augment import CONDITIONS, Condition, Wave
from prosody.corpus import Corpus, CorpusError
from prosody.evaluation import Judged
from prosody.features import NAMES
from prosody.feeling import LABELS, Feeling
from prosody.heads import Weights
from prosody.model import EmotionModel, weights_file
from prosody.train import OWN, Split, calibrated, chances, fit, fit_gate, folded, groups, held_out
from server import models
from server.cli.common import fail, print_table, settings_or_exit
from server.machine import machine

T = TypeVar("T")

app = typer.Typer(help="Emotion from the voice: of files, how right it is, and training.", no_args_is_help=True)

WINDOW_S, STEP_S = 1.5, 0.25  # of the arousal curve
PIECE_S = 3.0  # of long recordings that the gate is taught with

Manifests = Annotated[
    list[Path], typer.Option("--manifest", help="TSV: path, label, speaker; several times for several corpora")
]
Chosen = Annotated[str, typer.Option("--weights", help="research-nc or a file; otherwise what prosody.weights says")]
Noise = Annotated[Path | None, typer.Option("--noise", help="folder of recordings of noise")]
Cache = Annotated[Path | None, typer.Option("--cache", help="folder that keeps what was listened to, for the next run")]


@dataclass(frozen=True, slots=True)
class Found:
    """One utterance of a file, ms from its start."""

    t0_ms: int
    t1_ms: int
    feeling: Feeling

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        one = self.feeling
        return {
            "t0_ms": self.t0_ms,
            "t1_ms": self.t1_ms,
            "label": one.label,
            "confidence": round(one.confidence, 3),
            "arousal": round(one.arousal, 3),
            "valence": round(one.valence, 3),
            "chances": {label: round(chance, 3) for label, chance in one.chances.items()},
            "evidence": one.evidence,
        }


@app.command()
def analyze(
    file: Annotated[
        Path, typer.Argument(help="audio of any format, rate and length; one speaker, on the first channel")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="write JSON to standard output")] = False,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="PNG of pitch, energy and arousal over the waveform")
    ] = None,
    chosen: Chosen = "",
) -> None:
    """How a voice in a recording sounds, utterance by utterance, each against this speaker's own start."""
    try:
        audio = read(file, split=True)[0]  # of a call's recording: the caller, never the agent beside them
    except AudioFileError as error:
        raise fail(str(error)) from error
    model, encoder = _model(chosen), encoder_or_exit()
    found = _utterances(audio, model, encoder)
    overall = _overall(found, audio, model)
    if picture is not None:
        curve = _curve(audio, found, model, encoder)
        labels = [plot.Stretch(o.t0_ms / 1000, o.t1_ms / 1000, 0, 0, o.feeling.label) for o in found]
        try:
            plot.picture(audio.float32(), curve, labels, file.name, picture)
        except OSError as error:
            raise fail(f"{picture} cannot be written: {error.strerror}") from error
    if as_json:
        report = {"file": str(file), "model": model.version, **overall, "utterances": [one.record() for one in found]}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=1))
        return
    if not found:
        typer.echo(f"unknown: {overall['evidence'][0]}")
    for one in found:
        feeling = one.feeling
        line = f"{one.t0_ms / 1000:7.1f}–{one.t1_ms / 1000:.1f} s  {feeling.label}"
        if feeling.chances:
            line += f" {feeling.confidence:.0%}, arousal {feeling.arousal:+.2f}, valence {feeling.valence:+.2f}"
        typer.echo(line + (": " + "; ".join(feeling.evidence) if feeling.evidence else ""))


@app.command("eval")
def evaluate(
    manifest: Annotated[Path, typer.Option(help="TSV with a header: path (relative to it), label, and often speaker")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write everything as JSON too")] = None,
    condition: Annotated[str, typer.Option(help=f"one of {', '.join(CONDITIONS)}")] = "clean",
    noise: Noise = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="judge every utterance as a caller's first: no baseline")
    ] = False,
    chosen: Chosen = "",
    cache: Cache = None,
) -> None:
    """Recall of each label on a corpus; a speaker's other utterances, unlabelled, are the baseline."""
    wanted = _condition(condition)
    noises = _noises(noise)
    if wanted == "noise" and not noises:
        raise fail("the condition noise needs --noise FOLDER with recordings of noise", 2)
    rows, others = _rows(manifest)
    weights = _weights(chosen)
    if json_file is not None:  # before the work, not after it
        _writable(json_file)
    heard = _listen(manifest, rows, [wanted], noises[1::2] or noises, cache).of(0)
    if not len(heard.labels):
        raise fail(f"{manifest}: nothing could be heard in any row")
    options = settings_or_exit().prosody
    out = chances(weights, heard, 0, 0 if alone else OWN)
    out = out ** (1 / options.caution)  # as the product does
    out /= out.sum(axis=1, keepdims=True)
    features = heard.values[:, 0, : len(NAMES)]
    voiced = np.array([weights.voiced(weights.standard(one, None)[0]) for one in features]) >= options.min_voice
    enough = heard.voiced_ms[:, 0] >= options.min_voiced_ms
    said = (out.max(axis=1) >= options.min_confidence) & voiced & enough
    report = {
        **evaluation.summary(Judged(heard.labels, out, weights.labels, heard.speakers), said),
        "labels": list(LABELS),
        "labels_of_the_model": list(weights.labels),
        "condition": wanted,
        "baseline": "none" if alone else f"up to {OWN} other utterances of the speaker, unlabelled",
        "taken_for_no_voice": round(float(np.mean(~voiced)), 4),
        "too_little_voice": round(float(np.mean(~enough)), 4),
        "unheard": len(rows) - len(heard.labels),
        "rows_with_other_labels": others,
        "model": weights.version,
        "licence": weights.licence,
        "manifest": str(manifest),
        **_run(),
    }
    _show(report)
    if json_file is not None:
        json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")


@app.command()
def train(
    manifest: Manifests,
    out: Annotated[Path, typer.Option(help="weights file to write (.npz)")],
    version: Annotated[str, typer.Option(help="name of the weights, kept beside every result")],
    licence: Annotated[str, typer.Option(help="what may be done with weights from this data, in a sentence")],
    noise: Noise = None,
    no_voice: Annotated[list[Path] | None, typer.Option(help="folder of music and sounds that are no voice")] = None,
    voice: Annotated[
        list[Path] | None, typer.Option(help="folder of more voices, without labels, for the same gate")
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, max=50, help="speaker-disjoint folds of the figures and the temperature")
    ] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures of the folds as JSON")] = None,
    cache: Cache = None,
) -> None:
    """Make weights from labelled speech; figures are of speakers held out."""
    noises = _noises(noise)[::2]  # the other half is for `eval`
    parts = []
    for one in manifest:
        rows, _ = _rows(one)
        if any(not row.speaker for row in rows):
            raise fail(f"{one}: training needs the column speaker in every row, or folds would share speakers", 2)
        parts.append(_listen(one, rows, None, noises, cache))
    whole = corpora.joined(parts)
    if len(np.unique(whole.speakers)) < folds:
        raise fail(f"{folds} folds need as many speakers; there are {len(np.unique(whole.speakers))}", 2)
    for file in (out, json_file):
        if file is not None:  # before the work, not after it
            _writable(file)
    _apart(whole, folds)
    split = folded(whole, folds)
    weights = calibrated(fit(whole, version, licence), whole, split)
    if no_voice:
        with _progress("sounds") as progress:
            sounds = _features(no_voice, progress)
            voices = [_features(voice, progress)] if voice else []
        known = [whole.values[:, kind, : sounds.shape[1]] for kind in range(whole.values.shape[1])]
        heard = np.concatenate([part[~np.isnan(part[:, 0])] for part in [*known, *voices]])
        weights = fit_gate(weights, heard, sounds)
    weights.save(out)
    figures = {
        name: evaluation.summary(_held_out(whole, kind, split, weights)) for kind, name in enumerate(corpora.TRAINED)
    }
    table = Table("heard as", "UAR", "95 %", "calibration error", title=f"{version}: speakers held out, {folds} folds")
    for name, found in figures.items():
        low, high = found["uar_95"]
        table.add_row(name, f"{found['uar']:.3f}", f"{low:.3f}–{high:.3f}", f"{found['calibration_error']:.3f}")
    print_table(table)
    if json_file is not None:
        report = {"folds": folds, "conditions": figures, "version": version, "licence": licence, **_run()}
        json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")


# --------------------------------------------------------------------------- inside


def _held_out(whole: Corpus, kind: int, split: Split, final: Weights) -> Judged:
    out = held_out(whole, split, final.labels, kind, OWN)
    there = ~np.isnan(out[:, 0])
    grown = out[there] ** (1 / final.fused.temperature)
    return Judged(whole.labels[there], grown / grown.sum(axis=1, keepdims=True), final.labels, whole.speakers[there])


def _apart(whole: Corpus, folds: int) -> None:
    """Whatever fold is held out, there must be two labels left to tell apart."""
    heard = ~np.isnan(whole.values).any(axis=(1, 2))
    for held in groups(whole.speakers, folds):
        if len(left := np.unique(whole.labels[heard & ~held])) < 2:
            who = ", ".join(np.unique(whole.speakers[held]))
            raise fail(
                f"without the speakers {who} only {' '.join(left) or 'nothing'} could be heard: more labels are needed"
            )


def _utterances(audio: Audio, model: EmotionModel, encoder: Encoder) -> list[Found]:
    found, baseline = [], b""
    for start, end in utterances(audio):
        part = Audio(audio.samples[start:end], SPEECH_RATE)
        feeling, baseline = model.analyse(part, baseline, encoder(part))
        found.append(Found(_ms(start), _ms(end), feeling))
    return found


def _overall(found: list[Found], audio: Audio, model: EmotionModel) -> dict[str, Any]:
    """The file as a whole: what most of the judged time says, or why nothing can be said."""
    judged = [one for one in found if one.feeling.chances]
    if not judged:
        why = found[0].feeling if found else model.analyse(audio)[0]
        reason = why.evidence[0] if why.label == "unknown" and why.evidence and not why.chances else "no human voice"
        return {"label": "unknown", "confidence": 0.0, "arousal": 0.0, "valence": 0.0, "evidence": [reason]}
    weight = np.array([one.t1_ms - one.t0_ms for one in judged], dtype=float)
    weight /= weight.sum()
    share = {
        label: float(sum(w * one.feeling.chances[label] for w, one in zip(weight, judged, strict=True)))
        for label in LABELS
    }
    best = max(share, key=lambda label: share[label])
    unsure = share[best] < settings_or_exit().prosody.min_confidence
    longest = max(judged, key=lambda one: one.t1_ms - one.t0_ms)
    return {
        "label": "unknown" if unsure else best,
        "confidence": round(share[best], 3),
        "arousal": round(float(weight @ [one.feeling.arousal for one in judged]), 3),
        "valence": round(float(weight @ [one.feeling.valence for one in judged]), 3),
        "evidence": longest.feeling.evidence,
    }


def _curve(audio: Audio, found: list[Found], model: EmotionModel, encoder: Encoder) -> list[plot.Stretch]:
    """Windows of 1.5 s every quarter second, inside the utterances; each against most speakers, so that they compare."""
    curve = []
    for one in found:
        starts = np.arange(one.t0_ms / 1000, max(one.t1_ms / 1000 - WINDOW_S, one.t0_ms / 1000) + 0.01, STEP_S)
        for start in starts:
            end = min(float(start) + WINDOW_S, one.t1_ms / 1000)
            part = Audio(audio.samples[int(start * SPEECH_RATE) : int(end * SPEECH_RATE)], SPEECH_RATE)
            feeling, _ = model.analyse(part, b"", encoder(part))
            if feeling.chances:
                curve.append(plot.Stretch(float(start), end, feeling.arousal, feeling.valence, feeling.label))
    return curve


def _features(folders: list[Path], progress: Progress) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Features of 3 s pieces of all recordings in the folders that are voiced enough to be judged, (n, features)."""
    from prosody.features import extract

    found, size = [], int(PIECE_S * SPEECH_RATE)
    for folder in folders:
        waves = _noises(folder)
        task = progress.add_task(folder.name, total=len(waves))
        for wave in waves:
            pieces = [extract(wave[at : at + size], corpora.MIN_VOICED_MS) for at in range(0, max(1, len(wave)), size)]
            found += [piece.values for piece in pieces if not piece.reason]
            progress.advance(task)
    if not found:
        raise fail(
            f"{', '.join(map(str, folders))}: nothing there could be taken for a voice, so nothing is to be learned"
        )
    return np.array(found)


def _listen(
    manifest: Path, rows: list[corpora.Row], conditions: list[Condition] | None, noises: list[Wave], cache: Path | None
) -> Corpus:
    encoder = encoder_or_exit()
    with _progress("utterances") as progress:
        task = progress.add_task(manifest.parent.name, total=len(rows))
        model = settings_or_exit().asr.model
        kept = None if cache is None else cache / corpora.heard_as(manifest, noises, model)
        return _read(lambda: corpora.listen(rows, encoder, conditions, noises, kept, lambda: progress.advance(task)))


def _read(work: Callable[[], T]) -> T:
    try:
        return work()
    except CorpusError as error:
        raise fail(str(error)) from error


def _rows(manifest: Path) -> tuple[list[corpora.Row], dict[str, int]]:
    try:
        return corpora.read_manifest(manifest)
    except CorpusError as error:
        raise fail(str(error), 2) from error


def _noises(folder: Path | None) -> list[Wave]:
    return [] if folder is None else _read(lambda: corpora.read_folder(folder))


def _condition(name: str) -> Condition:
    for known in CONDITIONS:
        if known == name:
            return known
    raise fail(f"there is no condition {name!r}; there are {', '.join(CONDITIONS)}", 2)


def _weights(chosen: str) -> Weights:
    name = chosen or settings_or_exit().prosody.weights
    try:
        return Weights.read(weights_file(name))
    except (OSError, ValueError) as error:
        raise fail(f"weights: {error}") from error


def _model(chosen: str) -> EmotionModel:
    options = settings_or_exit().prosody
    try:
        return EmotionModel.load(weights_file(chosen) if chosen else None, options)
    except (OSError, ValueError) as error:
        raise fail(f"weights: {error}") from error


def encoder_or_exit() -> Encoder:
    """The encoder of the recogniser that is set, or exit status 1 with what is missing."""
    settings = settings_or_exit()
    try:
        return Encoder(settings.asr, Whisper(settings.asr, models.resolve(settings.asr.model, settings.models_dir)))
    except (models.InstallError, ModelError) as error:
        raise fail(str(error)) from error


def _writable(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise fail(f"{path} cannot be written: {error.strerror}", 2) from error


def _run() -> dict[str, Any]:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"command": " ".join(sys.argv), "machine": machine(), "at": at}


def _ms(samples: int) -> int:
    return round(1000 * samples / SPEECH_RATE)


@contextlib.contextmanager
def _progress(unit: str) -> Iterator[Progress]:
    """A bar on standard error while somebody looks at it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield progress


def _show(report: dict[str, Any]) -> None:
    low, high = report["uar_95"]
    heard = list(next(iter(report["confusion"].values())))
    table = Table("said", "recall", *(f"heard {label}" for label in heard))
    for label, row in report["confusion"].items():
        table.add_row(label, f"{report['recall'][label]:.3f}", *(str(row[name]) for name in heard))
    print_table(table)
    typer.echo(
        f"UAR {report['uar']:.3f} (95 % {low:.3f}–{high:.3f}), {report['n']} utterances of {report['speakers']} speakers, "
        f"{report['condition']}, {report['model']}; {report['unknown']:.0%} would be unknown, "
        f"calibration error {report['calibration_error']:.3f}"
    )
    if missing := set(report["recall"]) - set(report["labels_of_the_model"]):
        typer.echo(f"This model knows no {', '.join(sorted(missing))}: their recall is 0.")
