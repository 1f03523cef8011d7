"""`warmline asr …` and `warmline bench asr` as typed, with the real recogniser."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import Result
from typer.testing import CliRunner

from server.cli.main import app
from tests.speech_data import JFK, SPEECH, models_folder

GO = SPEECH / "en-goforward.flac"
ZH = SPEECH / "zh-aishell-0078.flac"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed models, no settings file, a screen wide enough for tables."""
    monkeypatch.setenv("WARMLINE_MODELS", str(models_folder("whisper-base").absolute()))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)


def warmline(*words: object) -> Result:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


# --------------------------------------------------------------------------- transcribe


def test_a_file_gives_its_words_on_standard_output_and_nothing_else(tmp_path: Path) -> None:
    done = warmline("asr", "transcribe", JFK)
    assert done.exit_code == 0, done.stderr
    assert "askwhatyoucandoforyourcountry" in letters(done.stdout)
    assert done.stderr == ""


def test_json_has_times_of_words_and_confidence() -> None:
    done = warmline("asr", "transcribe", JFK, "--format", "json")
    found = json.loads(done.stdout)
    assert found["file"] == str(JFK)
    assert "country" in found["text"]
    words = [word for segment in found["segments"] for word in segment["words"]]
    assert [letters(word["text"]) for word in words][:4] == ["and", "so", "my", "fellow"]
    starts = [word["t0_ms"] for word in words]
    assert starts == sorted(starts) and starts[-1] > 8000
    assert all(0 <= word["confidence"] <= 1 and word["t0_ms"] <= word["t1_ms"] <= 11_100 for word in words)
    assert all(segment["language"] == "en" and segment["confidence"] > 0.5 for segment in found["segments"])


def test_each_channel_by_itself_and_both_languages(tmp_path: Path) -> None:
    left, rate = soundfile.read(GO)
    right, _ = soundfile.read(ZH)
    both = np.zeros((max(len(left), len(right)), 2))
    both[: len(left), 0], both[: len(right), 1] = left, right
    soundfile.write(tmp_path / "call.wav", both, rate)
    found = json.loads(warmline("asr", "transcribe", "call.wav", "--channels", "split", "--format", "json").stdout)
    by_channel = {segment["channel"]: segment for segment in found["segments"]}
    assert "forward" in by_channel[1]["text"].lower() and by_channel[1]["language"] == "en"
    assert "时间" in by_channel[2]["text"] and by_channel[2]["language"] == "zh"


def test_what_cannot_be_read_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam")
    (tmp_path / "empty.wav").touch()
    done = warmline("asr", "transcribe", "letter.wav", GO, "empty.wav", "gone.wav", "--format", "json")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "letter.wav is not an audio file that can be read: Invalid data found when processing input",
        "empty.wav is empty",
        "gone.wav cannot be opened: No such file or directory",
    ]
    letter, go, empty, gone = json.loads(done.stdout)
    assert "forward" in go["text"].lower() and "error" not in go
    assert [bool(item.get("error")) for item in (letter, empty, gone)] == [True, True, True]


def test_subtitles_of_several_files_go_to_a_folder(tmp_path: Path) -> None:
    refused = warmline("asr", "transcribe", GO, ZH, "--format", "srt")
    assert refused.exit_code == 2 and "--output FOLDER" in refused.stderr
    (tmp_path / "b").mkdir()
    shutil.copy(GO, tmp_path / "b" / "en-goforward.wav")  # the same stem: the name keeps its suffix
    done = warmline("asr", "transcribe", GO, "b/en-goforward.wav", "--format", "vtt", "--output", "subs")
    assert done.exit_code == 0 and done.stdout == ""
    files = sorted(path.name for path in (tmp_path / "subs").iterdir())
    assert files == ["en-goforward.flac.vtt", "en-goforward.wav.vtt"]
    assert (tmp_path / "subs" / files[0]).read_text().startswith("WEBVTT\n\n00:00:0")
    shutil.copy(GO, tmp_path / "b" / GO.name)
    clash = warmline("asr", "transcribe", GO, f"b/{GO.name}", "--output", "subs")
    assert clash.exit_code == 2 and "overwrite each other" in clash.stderr


def test_a_transcript_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out" / "jfk.txt").mkdir(parents=True)
    done = warmline("asr", "transcribe", JFK, "--output", tmp_path / "out")
    assert (done.exit_code, "jfk.txt cannot be written" in done.stderr) == (1, True), done.output


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--languages", "en,klingon"], 2, "unknown language klingon"),
        (["--languages", ","], 2, "unknown language"),
        (["--model", "whisper-enormous"], 1, "'whisper-enormous' is neither one of"),
        (["--format", "docx"], 2, "docx"),
        (["--channels", "left"], 2, "left"),
    ],
)
def test_wrong_options_are_named(options: list[str], code: int, sentence: str) -> None:
    done = warmline("asr", "transcribe", GO, *options)
    assert done.exit_code == code
    assert sentence in done.stderr
    assert done.stdout == ""


def test_a_missing_model_says_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_MODELS", str(tmp_path / "none"))
    done = warmline("asr", "transcribe", GO)
    assert done.exit_code == 1
    assert "whisper-base is missing" in done.stderr and "`warmline models install`" in done.stderr


# --------------------------------------------------------------------------- eval


def manifest(folder: Path, rows: list[tuple[str, str, str]], header: str = "path\ttext\tlanguage") -> Path:
    path = folder / "manifest.tsv"
    path.write_text("\n".join([header, *("\t".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def evaluated(*words: object) -> tuple[Result, dict[str, Any]]:
    done = warmline("asr", "eval", *words, "--json", "out.json")
    return done, json.loads(Path("out.json").read_text())


def test_a_corpus_is_scored_per_language_and_condition(tmp_path: Path) -> None:
    for path in (GO, ZH):
        shutil.copy(path, tmp_path / path.name)
    table = manifest(
        tmp_path,
        [
            (GO.name, "Go forward ten meters.", "en"),
            (ZH.name, "想聽歌曲時間都去哪兒了", "zh"),
            ("unread.wav", "", "en"),  # without a text there is nothing to compare with
        ],
    )
    done, found = evaluated(
        "--manifest", table, "--condition", "clean,g711", "--condition", "noise20db", "--noise", SPEECH / "noise"
    )
    assert done.exit_code == 0, done.stderr
    assert list(found["conditions"]) == ["clean", "g711", "noise20db"]
    assert found["conditions"]["clean"]["wer"] == 0, found["utterances"]
    assert found["conditions"]["clean"]["languages"]["zh"]["cer"] == 0
    assert found["conditions"]["clean"]["languages"]["en"]["words"] == 4
    assert found["utterances_n"] == 6 and found["rows_without_text"] == 1
    assert 0 <= found["wer"] <= 1 and 0 <= found["cer"] <= 1 and found["rtf"] > 0
    assert found["languages"].keys() == {"en", "zh"}
    assert "noise20db" in done.stdout


def test_an_unread_recording_is_named_and_not_counted(tmp_path: Path) -> None:
    shutil.copy(GO, tmp_path / GO.name)
    table = manifest(tmp_path, [(GO.name, "go forward eleven meters", "en"), ("gone.flac", "hello", "en")])
    done, found = evaluated("--manifest", table)
    assert done.exit_code == 1
    assert "gone.flac cannot be opened" in done.stderr
    assert found["failed"] and found["utterances_n"] == 1
    assert found["wer"] == 0.25  # "ten" for "eleven": one word of four


def test_a_limit_is_spread_over_the_manifest(tmp_path: Path) -> None:
    for number in range(4):
        shutil.copy(GO, tmp_path / f"{number}.flac")
    table = manifest(tmp_path, [(f"{number}.flac", "go forward ten meters", "en") for number in range(4)])
    _, found = evaluated("--manifest", table, "--limit", 2)
    assert [Path(item["path"]).name for item in found["utterances"]] == ["0.flac", "2.flac"]


@pytest.mark.parametrize(
    ("header", "row", "more", "sentence"),
    [
        ("file\ttext", ("a.wav", "x", ""), [], "line 1 must name the columns path, text; no path there"),
        ("path\ttext\tlanguage", ("a.wav", "x", "tlh"), [], "unknown language 'tlh' of a.wav"),
        ("path\ttext\tlanguage", ("", "x", "en"), [], "line 2 names no file"),
        ("path\ttext\tlanguage", ("a.wav", " ", "en"), [], "holds no row with a text"),
        ("path\ttext\tlanguage", ("a.wav", "x", "en"), ["--condition", "hall"], "there is no condition 'hall'"),
        ("path\ttext\tlanguage", ("a.wav", "x", "en"), ["--languages", "xx"], "unknown language xx"),
    ],
)
def test_a_wrong_manifest_or_option_is_named(
    tmp_path: Path, header: str, row: tuple[str, str, str], more: list[str], sentence: str
) -> None:
    done = warmline("asr", "eval", "--manifest", manifest(tmp_path, [row], header), *more)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_a_report_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    table = manifest(tmp_path, [("a.wav", "x", "en")])
    done = warmline("asr", "eval", "--manifest", table, "--json", "file/report.json")
    assert done.exit_code == 2 and "--json: file cannot be made a folder" in done.stderr
    assert "a.wav" not in done.stderr


def test_a_report_that_would_be_a_folder_is_told_before_the_work(tmp_path: Path) -> None:
    table = manifest(tmp_path, [("a.wav", "hello", "en")])
    done = warmline("asr", "eval", "--manifest", table, "--json", tmp_path)
    assert (done.exit_code, "is a folder" in done.stderr) == (2, True), done.output


def test_no_manifest_is_said() -> None:
    done = warmline("asr", "eval", "--manifest", "gone.tsv")
    assert done.exit_code == 2 and "the manifest gone.tsv cannot be read" in done.stderr


# --------------------------------------------------------------------------- bench


def test_without_the_checkout_the_benchmark_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if "benchmarks" in name else found(name))
    done = warmline("bench", "asr", "--limit", 2)
    assert done.exit_code == 1
    assert "not part of the installed package" in done.stderr and "warmline bench asr" in done.stderr


def test_without_the_sets_the_benchmark_says_how_to_name_them(tmp_path: Path) -> None:
    done = warmline("bench", "asr", "--data", tmp_path)
    assert done.exit_code == 2
    assert "--data" in done.stderr
