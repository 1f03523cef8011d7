"""The model on its shipped weights: reasons, baseline, loudness, and real speakers it has not heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media.frames import Audio
from prosody.baseline import HORIZON, Baseline
from prosody.features import NAMES
from prosody.feeling import LABELS
from prosody.model import DEFAULT_WEIGHTS, EmotionModel, Weights
from prosody.options import ProsodyOptions

EMODB = Path(__file__).parents[2].parent / "shared" / "data" / "emotion_emodb_de"


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return EmotionModel.load()


def _speech(seconds: float = 2.0, hertz: float = 150.0, amplitude: float = 0.1) -> Audio:
    """Harmonics with vibrato and syllables: voiced enough to be judged."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    phase = 2 * np.pi * np.cumsum(hertz * (1 + 0.08 * np.sin(2 * np.pi * 0.9 * t))) / 16_000
    wave = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * t))
    return Audio((amplitude * wave / np.abs(wave).max() * 32767).astype(np.int16), 16_000)


def test_a_voice_has_a_place_and_a_reasoned_label(model: EmotionModel) -> None:
    result, baseline = model.analyse(_speech())
    assert -1 <= result.arousal <= 1 and -1 <= result.valence <= 1
    assert result.label in (*LABELS, "unknown")
    assert 0.25 <= result.confidence <= 1
    assert result.model == model.version == "emodb-lr-1"
    assert 0 < len(baseline) <= 4096


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (Audio.silence(2000, 16_000), "silence"),
        (Audio.silence(0, 8_000), "too short"),
        (Audio(np.random.default_rng(1).integers(-3000, 3000, 32_000).astype(np.int16), 16_000), "no voiced speech"),
        (_speech(0.2), "too short"),
    ],
)
def test_what_cannot_be_judged_is_unknown_and_leaves_the_baseline(
    model: EmotionModel, audio: Audio, reason: str
) -> None:
    _, earlier = model.analyse(_speech())
    result, later = model.analyse(audio, earlier)
    assert (result.label, result.confidence, result.evidence) == ("unknown", 0.0, [reason])
    assert later == earlier


def test_when_no_label_is_likely_it_says_unsure() -> None:
    result, _ = EmotionModel.load(options=ProsodyOptions(min_confidence=0.99)).analyse(_speech())
    assert result.label == "unknown"
    assert result.evidence[0].startswith("unsure: ")


def test_evidence_speaks_of_the_callers_own_start(model: EmotionModel) -> None:
    baseline = b""
    for hertz in (118, 120, 122, 120):
        result, baseline = model.analyse(_speech(hertz=hertz), baseline)
    assert not any("pitch" in words and "range" not in words for words in result.evidence)
    result, _ = model.analyse(_speech(hertz=240), baseline)
    assert any(
        words.startswith("pitch ") and words.endswith("σ above this caller's own start") for words in result.evidence
    )


def test_8_khz_audio_is_taken_as_it_is(model: EmotionModel) -> None:
    narrow = Audio(_speech().samples[::2].copy(), 8_000)
    assert model.analyse(narrow)[0].evidence != ["too short"]


@pytest.mark.parametrize("rubbish", [b"\x00", b"not msgpack", b"\x93\xa1x\x01\xc4\x00", b"\xff" * 5000])
def test_a_baseline_that_makes_no_sense_counts_as_none(model: EmotionModel, rubbish: bytes) -> None:
    assert model.analyse(_speech(), rubbish) == model.analyse(_speech())


def test_baseline_round_trip_version_and_horizon() -> None:
    baseline = Baseline(0, np.zeros(3))
    for value in range(100):
        baseline = baseline.with_utterance(np.full(3, float(value)))
    assert baseline.count == HORIZON
    assert baseline.mean[0] > 60  # the early ones have faded
    again = Baseline.unpack(baseline.pack("v1"), "v1", 3)
    assert again.count == HORIZON
    np.testing.assert_allclose(again.mean, baseline.mean, rtol=1e-6)
    assert Baseline.unpack(baseline.pack("v1"), "v2", 3).count == 0
    assert Baseline.unpack(baseline.pack("v1"), "v1", 4).count == 0


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    with np.load(DEFAULT_WEIGHTS, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    old, part, text = tmp_path / "old.npz", tmp_path / "part.npz", tmp_path / "text.npz"
    np.savez(old, **{**data, "format": np.array(0)})
    np.savez(part, **{name: value for name, value in data.items() if name != "coef"})
    text.write_text("hello")
    with pytest.raises(ValueError, match="format 0"):
        Weights.read(old)
    with pytest.raises(ValueError, match="lacks coef"):
        Weights.read(part)
    with pytest.raises(ValueError, match="not a weights file"):
        Weights.read(text)
    with pytest.raises(FileNotFoundError):
        Weights.read(tmp_path / "none.npz")


def test_weights_survive_writing(tmp_path: Path) -> None:
    weights = Weights.read(DEFAULT_WEIGHTS)
    weights.save(tmp_path / "copy.npz")
    assert (tmp_path / "copy.npz").read_bytes() == DEFAULT_WEIGHTS.read_bytes()
    assert weights.coef.shape == (4, len(NAMES))


@pytest.mark.skipif(not EMODB.is_dir(), reason="the shared speech data is not on this machine")
class TestRealSpeakers:
    """Speech of EmoDB; the fold's weights never saw the speaker they are tested on."""

    def test_an_unheard_speaker_is_far_above_chance(self) -> None:
        from prosody.train import chances, fit, load, uar

        corpus = load(EMODB, speakers=("emodb_03", "emodb_08", "emodb_10", "emodb_14"))
        held = corpus.speakers == "emodb_14"
        weights = fit(corpus.where(~held), "fold")
        part = corpus.where(held)
        for kind in (0, 1):
            guess = np.array(weights.labels)[chances(weights, part, kind, 0).argmax(axis=1)]
            assert uar(part.labels, guess) > 0.5  # chance is 0.25

    def test_12_db_up_or_down_changes_no_label(self, model: EmotionModel) -> None:
        import soundfile

        files = sorted((EMODB / "wav").glob("*.flac"))[::27]
        assert len(files) >= 8
        for file in files:
            wave, rate = soundfile.read(file, dtype="float32")
            wave *= 0.05 / np.sqrt(np.mean(wave**2))
            labels = set()
            for db in (-12, 0, 12):
                loud = np.clip(wave * 10 ** (db / 20), -1, 1)
                labels.add(model.analyse(Audio((loud * 32767).astype(np.int16), rate))[0].label)
            assert len(labels) == 1, file.name

    def test_training_again_gives_the_same_weights(self, tmp_path: Path) -> None:
        from prosody.train import fit, load

        one, two = (fit(load(EMODB, speakers=("emodb_10", "emodb_12")), "x") for _ in range(2))
        one.save(tmp_path / "one.npz")
        two.save(tmp_path / "two.npz")
        assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
