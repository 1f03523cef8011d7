"""Corpora, conditions, folds, figures, on numbers whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from prosody import augment
from prosody.corpus import Corpus, CorpusError, listen, read_manifest, read_wave
from prosody.evaluation import Judged, interval, reliability, summary, uar
from prosody.features import NAMES
from prosody.heads import ENCODED
from prosody.train import OWN, calibrated, fit, fit_gate, folded, groups, held_out, temperature

WIDTH = len(NAMES) + ENCODED


def made(speakers: int = 6, each: int = 12, gap: float = 2.0, seed: int = 0) -> Corpus:
    """Speakers far apart, and two labels `gap` σ apart within each of them."""
    rng = np.random.default_rng(seed)
    labels = np.array([("neutral", "angry")[i % 2] for i in range(speakers * each)])
    names = np.repeat([f"s{i}" for i in range(speakers)], each)
    values = rng.normal(size=(len(labels), 2, WIDTH)) + np.repeat(rng.normal(0, 5, (speakers, 1, WIDTH)), each, axis=0)
    values[:, :, :8] += gap * (labels == "angry")[:, None, None]
    return Corpus(values, np.full(values.shape[:2], 1000.0), labels, names)


def test_no_speaker_is_in_two_folds_and_all_are_in_one() -> None:
    speakers = np.array(["a", "b", "c", "d", "e"] * 4)
    held = list(groups(speakers, 3))
    assert np.array_equal(np.sum(held, axis=0), np.ones(20))
    assert all(not set(speakers[one]) & set(speakers[~one]) for one in held)


def test_a_callers_own_baseline_finds_what_lies_between_callers_otherwise() -> None:
    corpus = made(gap=4.0)
    split = folded(corpus, 3)
    scores = []
    for context in (0, OWN):
        out = held_out(corpus, split, ("neutral", "angry"), 0, context)
        scores.append(uar(corpus.labels, np.array(["neutral", "angry"])[out.argmax(axis=1)]))
    assert scores[1] > 0.85 and scores[1] > scores[0] + 0.03


def test_the_same_numbers_give_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fit(made(), "v", "any use").save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_temperature_cools_what_was_too_sure() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 4000)
    right = rng.random(4000) < 0.7
    sure = np.where(np.eye(2)[np.where(right, truth, 1 - truth)] == 1, 0.99, 0.01)
    value = temperature(sure, truth)
    cooled = sure ** (1 / value)
    assert (cooled.max(axis=1) / cooled.sum(axis=1)).mean() == pytest.approx(0.7, abs=0.02)


def test_calibration_comes_from_speakers_held_out() -> None:
    corpus = made(gap=1.0)
    weights = fit(corpus, "v", "")
    assert calibrated(weights, corpus, folded(corpus, 3)).fused.temperature > 1.0  # it knew its own speakers too well


def test_the_gate_parts_voices_from_what_is_none() -> None:
    weights, rng = fit(made(), "v", ""), np.random.default_rng(2)
    usual, spread = weights.mean[: len(NAMES)], weights.spread[: len(NAMES)]
    voices, others = (usual + spread * rng.normal(shift, 1, (80, len(NAMES))) for shift in (0.0, 1.5))
    gated = fit_gate(weights, voices[:60], others[:60])
    right = [gated.voiced((one - usual) / spread) > 0.5 for one in voices[60:]]
    wrong = [gated.voiced((one - usual) / spread) > 0.5 for one in others[60:]]
    assert np.mean(right) > 0.9 and np.mean(wrong) < 0.1


def test_figures_of_known_judgements() -> None:
    truth = np.array(["sad", "sad", "angry", "angry"])
    judged = Judged(
        truth, np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.1, 0.9]]), ("sad", "angry"), np.array(list("abab"))
    )
    found = summary(judged, judged.chances.max(axis=1) > 0.7)
    assert found["uar"] == 0.75
    assert found["recall"] == {"angry": 1.0, "sad": 0.5}
    assert found["confusion"]["sad"] == {"angry": 1, "sad": 1}
    assert found["unknown"] == 0.25 and found["uar_of_what_was_said"] == 1.0
    low, high = interval(truth, judged.guess, judged.speakers)
    assert low <= 0.75 <= high
    bins, error = reliability(judged)
    assert sum(one["n"] for one in bins) == 4 and 0 < error < 0.5


def test_a_manifest_is_read_and_others_labels_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "manifest.tsv"
    file.write_text("path\tlabel\tspeaker\na.wav\tHappy\tone\nb.wav\tfearful\ttwo\nc.wav\tdisgust\tone\n")
    rows, others = read_manifest(file)
    assert [(row.label, row.speaker) for row in rows] == [("content", "one"), ("anxious", "two")]
    assert others == {"disgust": 1}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "columns path and label"), ("a\tb\n1\t2\n", "columns path and label"), ("path\tlabel\nx\tbored\n", "no row")],
)
def test_a_manifest_that_cannot_be_used_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "manifest.tsv"
    file.write_text(text)
    with pytest.raises(CorpusError, match=complaint):
        read_manifest(file)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_manifest(tmp_path / "none.tsv")


def test_what_is_no_audio_is_named(tmp_path: Path) -> None:
    file = tmp_path / "letter.wav"
    file.write_text("Dear Sir,")
    with pytest.raises(CorpusError, match=r"letter\.wav is no audio"):
        read_wave(file)


def test_what_was_listened_to_is_kept(tmp_path: Path) -> None:
    time = np.arange(32_000) / 16_000
    phase = 2 * np.pi * np.cumsum(150 + 20 * np.sin(9 * time)) / 16_000
    (tmp_path / "set").mkdir()
    wave = (np.sin(np.outer(np.arange(1, 9), phase)).sum(axis=0) / 20 * (0.6 + 0.4 * np.sin(25 * time))).astype(
        np.float32
    )
    soundfile.write(tmp_path / "set" / "a.wav", wave, 16_000)
    manifest = tmp_path / "set" / "manifest.tsv"
    manifest.write_text("path\tlabel\tspeaker\na.wav\tsad\tone\n")
    heard: list[int] = []

    def hear(audio: object) -> np.ndarray:
        heard.append(1)
        return np.full(ENCODED, 0.5, np.float32)

    rows, _ = read_manifest(manifest)
    first = listen(rows, hear, None, [], tmp_path / "cache")
    again = listen(rows, hear, None, [], tmp_path / "cache")
    assert first.values.shape == (1, 4, WIDTH) and len(heard) == 4
    np.testing.assert_allclose(first.values, again.values, rtol=1e-5)
    np.testing.assert_allclose(first.voiced_ms, again.voiced_ms, rtol=1e-5)
    assert (first.voiced_ms > 100).all()


class TestConditions:
    """What a line does."""

    wave = (0.1 * np.sin(2 * np.pi * 200 * np.arange(16_001) / 16_000)).astype(np.float32)

    @pytest.mark.parametrize("kind", ["ULAW", "ALAW", "GSM610"])
    def test_a_codec_keeps_length_and_most_of_the_sound(self, kind: augment.Codec) -> None:
        heard = augment.codec(self.wave, kind)
        assert heard.shape == self.wave.shape and heard.dtype == np.float32
        assert np.corrcoef(heard[2000:12_000], self.wave[2000:12_000])[0, 1] > 0.9

    def test_a_lost_packet_of_a_steady_tone_is_made_up_well(self) -> None:
        tone = (0.1 * np.sin(2 * np.pi * 100 * np.arange(8000) / 8000)).astype(np.float32)
        lost = np.zeros(50, dtype=bool)
        lost[20] = True
        heard = augment.conceal(tone, lost)
        np.testing.assert_allclose(heard[3200:3280], tone[3200:3280], atol=0.005)
        assert np.array_equal(np.delete(heard, np.arange(3200, 3360)), np.delete(tone, np.arange(3200, 3360)))

    def test_a_long_gap_becomes_silent(self) -> None:
        lost = np.zeros(50, dtype=bool)
        lost[20:30] = True
        heard = augment.conceal(np.full(8000, 0.1, np.float32), lost)
        assert np.abs(heard[3200 + 640 : 4800]).max() == 0.0

    def test_noise_is_as_far_below_as_said(self) -> None:
        rng = np.random.default_rng(1)
        mixed = augment.noisy(self.wave, rng.normal(0, 1, 4000).astype(np.float32), 10)
        ratio = np.mean(self.wave**2) / np.mean((mixed - self.wave) ** 2)
        assert 10 * np.log10(ratio) == pytest.approx(10, abs=0.1)

    def test_a_condition_is_the_same_every_time(self) -> None:
        noises = [np.random.default_rng(2).normal(0, 1, 9000).astype(np.float32)]
        for one in augment.CONDITIONS:
            first, again = (augment.under(self.wave, one, "a/b.wav", noises) for _ in range(2))
            assert np.array_equal(first, again)
        with pytest.raises(ValueError, match="needs recordings"):
            augment.under(self.wave, "noise", "a", [])

    def test_training_spreads_the_level(self) -> None:
        waves = [augment.variants(self.wave, np.random.default_rng(seed), [])[0] for seed in range(30)]
        levels = [10 * np.log10(np.mean(wave**2)) for wave in waves]
        assert min(levels) < -40 and max(levels) > -24
