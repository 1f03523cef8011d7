"""`warmline asr …`: words of audio files, and how right they are."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from asr import subtitles
from asr.conditions import ConditionError, condition
from asr.engine import Ask, Recogniser, Transcript
from asr.evaluation import Item, ManifestError, evaluate, read_manifest
from asr.files import AudioFileError, read
from asr.gate import VoiceGate
from asr.transcription import Segment
from asr.transcription import transcribe as transcribe_all
from asr.whisper import ModelError
from media.frames import Audio
from server import models
from server.cli.common import fail, print_table, settings_or_exit
from server.machine import machine

app = typer.Typer(help="Recognition: words of audio files, and how right they are.", no_args_is_help=True)

Languages = Annotated[
    str, typer.Option("--languages", help="languages that may be spoken, such as en,zh; each utterance is in one")
]
Model = Annotated[
    str, typer.Option("--model", help="an installed model's name or the folder of a CTranslate2 Whisper model")
]


class Format(StrEnum):
    """How a transcript is written."""

    text = "text"
    json = "json"
    srt = "srt"
    vtt = "vtt"


class Channels(StrEnum):
    """What happens to several channels."""

    mix = "mix"
    each = "split"


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="audio files of any format, rate and length")],
    form: Annotated[Format, typer.Option("--format", help="json has word times and confidence")] = Format.text,
    output: Annotated[
        Path | None, typer.Option(help="folder that gets one file per recording; otherwise standard output")
    ] = None,
    languages: Languages = "en,zh",
    channels: Annotated[Channels, typer.Option(help="mix: hear all as one; split: hear each by itself")] = Channels.mix,
    model: Model = "",
) -> None:
    """Write down what is said in recordings. A file that cannot be read is named; the others are done all the same."""
    if output is None and len(files) > 1 and form in (Format.srt, Format.vtt):
        raise fail(f"{form.value} of several files needs --output FOLDER", 2)
    targets = _targets(files, output, form) if output else {}
    recogniser = _load(model)
    allowed = _languages(languages, recogniser)
    failed = 0
    told: list[dict[str, Any]] = []
    for path in files:
        try:
            segments = _segments(path, channels, recogniser, allowed, words=form is not Format.text)
        except AudioFileError as error:
            fail(str(error))
            told.append({"file": str(path), "error": str(error)})
            failed += 1
            continue
        record = {"file": str(path), "text": _plain(segments, ""), "segments": [_record(part) for part in segments]}
        told.append(record)
        if path in targets:
            try:
                targets[path].write_text(_written(form, segments, record), encoding="utf-8")
            except OSError as error:
                fail(f"{targets[path]} cannot be written: {error.strerror}")
                failed += 1
                continue
            typer.echo(f"{targets[path]}", err=True)
        elif form is not Format.json:
            heading = f"# {path}\n" if len(files) > 1 else ""
            typer.echo(heading + _written(form, segments, record), nl=False)
    if form is Format.json and output is None:
        typer.echo(json.dumps(told[0] if len(files) == 1 else told, ensure_ascii=False, indent=1))
    if failed:
        raise typer.Exit(1)


@app.command("eval")
def evaluate_manifest(
    manifest: Annotated[Path, typer.Option(help="TSV with a header: path (relative to it), text, and often language")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write everything as JSON too")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many rows, spread over the manifest")] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option(
            "--condition", help="clean, g711, noise10db, noise10db+g711; several times or separated by commas"
        ),
    ] = None,
    noise: Annotated[Path | None, typer.Option(help="folder of recordings that noise is taken from")] = None,
    languages: Annotated[
        str, typer.Option(help="languages to choose from; otherwise each row's own language is given")
    ] = "",
    model: Model = "",
) -> None:
    """Word and character error rate and time of a corpus, per language and per condition."""
    names = [part.strip() for name in conditions or ["clean"] for part in name.split(",")]
    try:
        wanted = [condition(name, noise) for name in dict.fromkeys(names)]
        items, silent = read_manifest(manifest, (languages or "en").split(",")[0].strip())
    except (ConditionError, ManifestError) as error:
        raise fail(str(error), 2) from error
    items = _spread(items, limit or len(items))
    if json_file is not None:  # before the work, not after it
        _made(json_file.parent, "--json")
        if json_file.is_dir():
            raise fail(f"--json: {json_file} is a folder", 2)
    recogniser = _load(model)
    given = _languages(languages, recogniser) if languages else []
    _check_rows(items, recogniser, manifest)

    def hear(audio: Audio, own: list[str]) -> Transcript:
        return recogniser.transcribe(Ask(audio, tuple(given or own)))

    with _progress("recordings") as progress:
        task = progress.add_task(manifest.name, total=len(items))
        outcome = evaluate(items, wanted, hear, lambda: progress.advance(task))
    for sentence in outcome.failed:
        fail(sentence)
    report = {
        **outcome.report(),
        "manifest": str(manifest),
        "rows_without_text": silent,
        "languages_offered": given or "each row's own",
        "model": model or settings_or_exit().asr.model,
        "command": " ".join(sys.argv),
        "machine": machine(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _show(report)
    if json_file is not None:
        try:
            json_file.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
        except OSError as error:
            raise fail(f"{json_file} cannot be written: {error.strerror}") from error
    if outcome.failed:
        raise typer.Exit(1)


# --------------------------------------------------------------------------- inside


def _load(model: str) -> Recogniser:
    settings = settings_or_exit()
    options = settings.asr.model_copy(update={"model": model or settings.asr.model})
    try:
        folder = models.resolve(options.model, settings.models_dir)
        return Recogniser(options, folder, VoiceGate())
    except (models.InstallError, ModelError) as error:
        raise fail(str(error)) from error


def _languages(text: str, recogniser: Recogniser) -> list[str]:
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [language for language in wanted if language not in recogniser.languages]
    if unknown or not wanted:
        raise fail(
            f"unknown language {', '.join(unknown) or repr(text)}; this model knows {', '.join(recogniser.languages)}",
            2,
        )
    return wanted


def _check_rows(items: list[Item], recogniser: Recogniser, manifest: Path) -> None:
    for item in items:
        for language in item.languages:
            if language not in recogniser.languages:
                raise fail(f"{manifest}: unknown language {language!r} of {item.path.name}", 2)


def _targets(files: list[Path], output: Path, form: Format) -> dict[Path, Path]:
    """Where each file's transcript goes. Two files of one stem keep their suffix in the name."""
    ending = "txt" if form is Format.text else form.value
    stems = Counter(path.stem for path in files)
    targets = {
        path: output / f"{path.name if stems[path.stem] > 1 else path.stem}.{ending}" for path in dict.fromkeys(files)
    }
    if len(set(targets.values())) < len(files):
        raise fail("several of the files have the same name, and their transcripts would overwrite each other", 2)
    _made(output, "--output")
    return targets


def _made(folder: Path, option: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise fail(f"{option}: {folder} cannot be made a folder: {error.strerror}", 2) from error


def _segments(
    path: Path, channels: Channels, recogniser: Recogniser, languages: list[str], *, words: bool
) -> list[Segment]:
    """Everything said in one file, in order of time. Raises `AudioFileError`."""

    def hear(part: Audio) -> Transcript:
        return recogniser.transcribe(Ask(part, tuple(languages), words=words))

    found: list[Segment] = []
    heard = read(path, split=channels is Channels.each)
    with _progress("s") as progress:
        task = progress.add_task(path.name, total=round(sum(audio.ms for audio in heard) / 1000))
        before = 0.0
        for number, audio in enumerate(heard, 1):
            seen = functools.partial(_advance, progress, task, before)
            parts = transcribe_all(audio, hear, seen)
            found += [replace(part, channel=number if channels is Channels.each else 0) for part in parts]
            before += audio.ms / 1000
            seen(audio.ms / 1000)
    return sorted(found, key=lambda part: (part.t0_ms, part.channel))


def _advance(progress: Progress, task: TaskID, before: float, second: float) -> None:
    progress.update(task, completed=round(before + second))


def _record(part: Segment) -> dict[str, Any]:
    record = asdict(part)
    if not part.channel:
        del record["channel"]
    return record


def _written(form: Format, segments: list[Segment], record: dict[str, Any]) -> str:
    match form:
        case Format.text:
            return _plain(segments, "\n")
        case Format.srt:
            return subtitles.srt(segments)
        case Format.vtt:
            return subtitles.vtt(segments)
        case Format.json:
            return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _plain(segments: list[Segment], joint: str) -> str:
    """One utterance a line, or all in one."""
    if not joint:
        return " ".join(part.text for part in segments)
    return "".join((f"[{part.channel}] " if part.channel else "") + part.text + joint for part in segments)


def _spread(items: list[Item], limit: int) -> list[Item]:
    """So many, evenly over the whole, so that a sorted manifest gives a fair sample."""
    return [items[number * len(items) // limit] for number in range(limit)] if limit < len(items) else items


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
    table = Table(
        Column("condition", no_wrap=True), "language", "recordings", "WER %", "CER %", "time / audio", "CPU s each"
    )

    def row(name: str, language: str, found: dict[str, Any]) -> None:
        percent = ["–" if found[key] is None else f"{found[key] * 100:.1f}" for key in ("wer", "cer")]
        rtf, cpu = found["rtf"], found["cpu_s_per_utterance"]
        last = ["–" if rtf is None else f"{rtf:.3f}", "–" if cpu is None else f"{cpu:.2f}"]
        table.add_row(name, language, str(found["utterances_n"]), *percent, *last)

    for name, found in report["conditions"].items():
        for language, part in found["languages"].items():
            row(name, language, part)
    row("all", "all", report)
    print_table(table)
