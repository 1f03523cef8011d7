"""`warmline prosody …` as typed, with the real encoder and the shipped weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from click.testing import Result
from typer.testing import CliRunner

from prosody.corpus import Corpus, CorpusError, Row, heard_as, listen, read_manifest
from prosody.feeling import LABELS
from prosody.heads import Weights
from prosody.model import DEFAULT_WEIGHTS
from prosody.plot import picture
from server.cli.main import app
from server.cli.prosody import _apart
from tests.speech_data import JFK, SHARED, models_folder

EMODB = SHARED / "emotion_emodb_de"
needs_emodb = pytest.mark.skipif(not EMODB.is_dir(), reason="the shared speech data is not on this machine")


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


def few(folder: Path, speakers: set[str], every: int) -> Path:
    """A small manifest of EmoDB."""
    with (EMODB / "manifest.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["speaker"] in speakers][::every]
    out = folder / "few.tsv"
    lines = [f"{EMODB / row['path']}\t{row['label']}\t{row['speaker']}" for row in rows]
    out.write_text("\n".join(["path\tlabel\tspeaker", *lines]) + "\n", encoding="utf-8")
    return out


def test_a_recording_is_analysed_and_drawn(tmp_path: Path) -> None:
    done = warmline("prosody", "analyze", JFK, "--json", "--plot", "jfk.png")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["label"] in {*LABELS, "unknown"} and found["utterances"]
    assert set(found["utterances"][0]["chances"]) == set(LABELS)
    assert (tmp_path / "jfk.png").read_bytes().startswith(b"\x89PNG") and (tmp_path / "jfk.png").stat().st_size > 20_000


def test_silence_and_music_are_unknown_with_the_reason(tmp_path: Path) -> None:
    time = np.arange(48_000) / 16_000
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330)) / 10
    for name, wave in {"silence": np.zeros(32_000), "chord": chord}.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, 16_000)
        done = warmline("prosody", "analyze", f"{name}.wav")
        assert done.exit_code == 0 and done.stdout.startswith("unknown: "), done.output


def test_of_a_recorded_call_only_the_caller_is_judged(tmp_path: Path) -> None:
    """Our recordings have the caller left, and right what the caller heard: the agent."""
    voice, rate = soundfile.read(JFK, dtype="float32")
    soundfile.write(tmp_path / "call.wav", np.stack([np.zeros_like(voice), voice], axis=1), rate)
    found = json.loads(warmline("prosody", "analyze", tmp_path / "call.wav", "--json").stdout)
    assert (found["label"], found["utterances"]) == ("unknown", [])


def test_what_is_no_audio_gets_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir,")
    done = warmline("prosody", "analyze", "letter.wav")
    assert done.exit_code == 1 and not done.stdout
    assert done.stderr.count("\n") == 1 and "letter.wav is not an audio file" in done.stderr


@needs_emodb
def test_a_corpus_is_evaluated_over_the_telephone(tmp_path: Path) -> None:
    manifest = few(tmp_path, {"emodb_03", "emodb_14"}, 6)
    done = warmline("prosody", "eval", "--manifest", manifest, "--json", "out/found.json", "--condition", "loss5")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "out" / "found.json").read_text())
    assert 0.5 < found["uar"] <= 1 and found["uar_95"][0] <= found["uar"] <= found["uar_95"][1]
    assert found["labels"] == list(LABELS) and found["condition"] == "loss5"
    assert set(found["recall"]) == set(found["confusion"])


def test_what_has_too_little_voice_counts_as_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As calls are judged: `prosody.min_voiced_ms` holds here, too."""
    labels = np.array(["angry", "neutral"] * 4)
    (tmp_path / "m.tsv").write_text("path\tlabel\n" + "".join(f"{n}.wav\t{label}\n" for n, label in enumerate(labels)))
    values = np.random.default_rng(1).normal(size=(8, 1, 63 + 1024))
    voiced_ms = np.array([[250.0]] * 2 + [[400.0]] * 6)
    heard = Corpus(values, voiced_ms, labels, np.array(["a", "b"] * 4))
    monkeypatch.setattr("server.cli.prosody._listen", lambda *_: heard)
    sure = lambda weights, *_: np.tile(np.eye(len(weights.labels))[0] * 0.98 + 0.01, (8, 1))  # noqa: E731
    monkeypatch.setattr("server.cli.prosody.chances", sure)
    monkeypatch.setenv("WARMLINE_PROSODY__MIN_VOICE", "0")
    for least, share in ((300, 0.25), (100, 0.0), (1000, 1.0)):
        monkeypatch.setenv("WARMLINE_PROSODY__MIN_VOICED_MS", str(least))
        done = warmline("prosody", "eval", "--manifest", "m.tsv", "--json", "found.json")
        assert done.exit_code == 0, done.output
        found = json.loads((tmp_path / "found.json").read_text())
        assert (found["unknown"], found["too_little_voice"]) == (share, share)


def test_wrong_words_are_told(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("path\tlabel\na.wav\tsad\n")
    asked = ("prosody", "eval", "--manifest", "m.tsv")
    assert "there are clean, g711, loss5, noise" in warmline(*asked, "--condition", "mars").stderr
    assert "needs --noise FOLDER" in warmline(*asked, "--condition", "noise").stderr
    assert "a.wav is no audio file" in warmline(*asked).stderr
    assert "none.npz" in warmline(*asked, "--weights", "none.npz").stderr


@needs_emodb
def test_weights_are_trained_on_speakers_apart(tmp_path: Path) -> None:
    manifest = few(tmp_path, {"emodb_03", "emodb_10", "emodb_14"}, 5)
    words = ("--version", "mine-1", "--licence", "mine", "--folds", "3", "--cache", "kept", "--json", "figures.json")
    done = warmline("prosody", "train", "--manifest", manifest, "--out", "mine.npz", *words)
    assert done.exit_code == 0, done.output
    assert Weights.read(tmp_path / "mine.npz").licence == "mine"
    assert json.loads((tmp_path / "figures.json").read_text())["conditions"]["loss"]["speakers"] == 3
    assert "mine-1" in warmline("prosody", "eval", "--manifest", manifest, "--weights", "mine.npz").stdout


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    data = bytearray(DEFAULT_WEIGHTS.read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "bad.npz").write_bytes(data)
    done = warmline("prosody", "analyze", JFK, "--weights", "bad.npz")
    assert (done.exit_code, "bad.npz is damaged" in done.stderr) == (1, True), done.output


def test_a_manifest_as_spreadsheets_write_it_and_one_that_is_no_table(tmp_path: Path) -> None:
    marked = tmp_path / "marked.tsv"
    marked.write_bytes(b"\xef\xbb\xbfpath\tlabel\tspeaker\na.wav\tangry\ts1\n")
    assert len(read_manifest(marked)[0]) == 1
    endless = tmp_path / "endless.tsv"
    endless.write_text("a" * 200_000)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_manifest(endless)


@pytest.mark.filterwarnings("error")
def test_a_picture_of_a_file_of_any_name(tmp_path: Path) -> None:
    picture(np.zeros(16_000, dtype=np.float32), [], [], "录音 1 \U0001f3b5.wav", tmp_path / "音.png")
    out = tmp_path / "p.png"
    picture(np.zeros(16_000, dtype=np.float32), [], [], "call $x_{ $.wav", out)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_what_the_cache_holds_is_of_these_recordings_and_this_noise(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "data" / "m.tsv", tmp_path / "b" / "data" / "m.tsv"
    hiss = [np.ones(16, dtype=np.float32)]
    kept = [heard_as(one, [], "m"), heard_as(other, [], "m"), heard_as(one, hiss, "m"), heard_as(one, [], "n")]
    assert len(set(kept)) == 4
    assert heard_as(one, hiss, "m") == kept[2]


def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    row = Row(tmp_path / "x" / "a.wav", "angry", "s1")
    soundfile.write(_made(row.path), np.zeros(8000), 16_000)
    silent = lambda _audio: np.zeros(1024, dtype=np.float32)  # noqa: E731
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="cannot be written"):
        listen([row], silent, ["clean"], [], tmp_path / "file" / "cache")
    listen([row], silent, ["clean"], [], tmp_path / "cache")
    (kept,) = (tmp_path / "cache").rglob("*.npy")
    kept.write_bytes(b"not numpy")
    with pytest.raises(CorpusError, match="delete it"):
        listen([row], silent, ["clean"], [], tmp_path / "cache")


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_one_label_cannot_be_trained(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(4, 4, 63 + 1024))
    voiced_ms = np.full((4, 4), 1000.0)
    whole = Corpus(values, voiced_ms, np.array(["angry"] * 4), np.array(["a", "b", "c", "d"]))
    with pytest.raises(typer.Exit):
        _apart(whole, 2)
    _apart(Corpus(values, voiced_ms, np.array(["angry", "sad"] * 2), np.array(["a", "a", "b", "b"])), 2)


def test_training_without_speakers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("path\tlabel\na.wav\tsad\n")
    done = warmline("prosody", "train", "--manifest", "m.tsv", "--out", "x.npz", "--version", "x", "--licence", "x")
    assert done.exit_code == 2 and "column speaker" in done.stderr
