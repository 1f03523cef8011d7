"""The model on its shipped weights: reasons, baseline, loudness, and real speakers it has not heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media.frames import Audio
from prosody.augment import level
from prosody.baseline import HORIZON, Baseline, Running
from prosody.corpus import listen, read_manifest, read_wave
from prosody.evaluation import uar
from prosody.features import NAMES
from prosody.feeling import LABELS
from prosody.heads import ENCODED, Weights
from prosody.model import DEFAULT_WEIGHTS, NAMED, EmotionModel
from prosody.options import ProsodyOptions
from prosody.train import OWN, chances, fit

DATA = Path(__file__).parents[2].parent / "shared" / "data"
EMODB = DATA / "emotion_emodb_de"
MUSIC = DATA / "hold_music_and_tones"


@pytest.fixture(scope="module")
def model() -> EmotionModel:
    return EmotionModel.load()


def _speech(seconds: float = 2.0, hertz: float = 150.0, amplitude: float = 0.1) -> Audio:
    """Harmonics with vibrato and syllables: voiced enough to be judged."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    phase = 2 * np.pi * np.cumsum(hertz * (1 + 0.08 * np.sin(2 * np.pi * 0.9 * t))) / 16_000
    wave = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * t))
    return Audio((amplitude * wave / np.abs(wave).max() * 32767).astype(np.int16), 16_000)


def _one_word() -> Audio:
    return Audio(np.pad(_speech(0.2).samples, (8000, 8000)), 16_000)


def _overdriven() -> Audio:
    loud = _speech().samples.astype(np.int32) * 30
    return Audio(np.clip(loud, -32768, 32767).astype(np.int16), 16_000)


def test_a_voice_has_a_place_and_a_reasoned_label(model: EmotionModel) -> None:
    result, baseline = model.analyse(_speech())
    assert -1 <= result.arousal <= 1 and -1 <= result.valence <= 1
    assert result.label in (*LABELS, "unknown")
    assert 0.25 <= result.confidence <= 1
    assert result.model == f"{model.version}-voice" == "emodb-2-voice"
    assert 0 < len(baseline) <= 4096


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (Audio.silence(2000, 16_000), "silence"),
        (Audio.silence(0, 8_000), "no audio"),
        (Audio(np.random.default_rng(1).integers(-3000, 3000, 32_000).astype(np.int16), 16_000), "no voiced speech"),
        (_speech(0.2), "too short"),
        (_one_word(), "only "),
        (_overdriven(), "clipped: "),
    ],
)
def test_what_cannot_be_judged_is_unknown_and_leaves_the_baseline(
    model: EmotionModel, audio: Audio, reason: str
) -> None:
    _, earlier = model.analyse(_speech())
    result, later = model.analyse(audio, earlier)
    assert (result.label, result.confidence, result.chances) == ("unknown", 0.0, {})
    assert result.evidence[0].startswith(reason)
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
    voice = Running(0, np.zeros(3))
    for value in range(100):
        voice = voice.after(np.full(3, value / 10))
    assert voice.count == HORIZON
    assert voice.mean[0] > 6  # the early ones have faded
    packed = Baseline(voice, Running(1, np.ones(2))).pack("v1")
    again = Baseline.unpack(packed, "v1", 3, 2)
    assert (again.voice.count, again.encoder.count) == (HORIZON, 1)
    np.testing.assert_allclose(again.voice.mean, voice.mean, rtol=1e-3)
    assert Baseline.unpack(packed, "v2", 3, 2).voice.count == 0
    assert Baseline.unpack(packed, "v1", 4, 2).voice.count == 0


def test_far_off_numbers_cannot_decide_or_ruin_a_baseline() -> None:
    running = Running(0, np.zeros(2)).after(np.array([1e6, -1e6]))
    assert np.abs(running.mean).max() <= 10
    assert np.abs(running.distance(np.array([1e6, 0.0]))).max() <= 4


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    with np.load(DEFAULT_WEIGHTS, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    old, part, text = tmp_path / "old.npz", tmp_path / "part.npz", tmp_path / "text.npz"
    np.savez(old, **{**data, "format": np.array(0)})
    np.savez(part, **{name: value for name, value in data.items() if name != "fused_coef"})
    text.write_text("hello")
    with pytest.raises(ValueError, match="format 0"):
        Weights.read(old)
    with pytest.raises(ValueError, match="lacks fused_coef"):
        Weights.read(part)
    with pytest.raises(ValueError, match="not a weights file"):
        Weights.read(text)
    with pytest.raises(FileNotFoundError):
        Weights.read(tmp_path / "none.npz")


def test_weights_survive_writing(tmp_path: Path) -> None:
    weights = Weights.read(DEFAULT_WEIGHTS)
    weights.save(tmp_path / "copy.npz")
    assert (tmp_path / "copy.npz").read_bytes() == DEFAULT_WEIGHTS.read_bytes()
    assert weights.voice.coef.shape == (4, len(NAMES))
    assert weights.fused.coef.shape == (4, len(NAMES) + ENCODED)


def test_the_research_weights_are_never_the_default_and_say_what_they_are() -> None:
    research = Weights.read(NAMED["research-nc"])
    assert "NON-COMMERCIAL" in research.licence
    assert "anxious" in research.labels and "anxious" not in Weights.read(DEFAULT_WEIGHTS).labels
    assert EmotionModel.load().version != research.version
    assert EmotionModel.load(options=ProsodyOptions(weights="research-nc")).version == research.version


def test_what_the_encoder_heard_moves_the_answer_and_a_strange_encoder_is_ignored(model: EmotionModel) -> None:
    prosody = model.listen(_speech())
    heard = Weights.read(DEFAULT_WEIGHTS).mean[len(NAMES) :].astype(np.float32)
    alone, _ = model.judge(prosody)
    fused, baseline = model.judge(prosody, b"", heard)
    assert fused.model == model.version and alone.model == f"{model.version}-voice"
    assert fused.chances != alone.chances
    for strange in (np.zeros(512, np.float32), np.full(ENCODED, np.nan, np.float32)):
        assert model.judge(prosody, b"", strange) == model.judge(prosody)
    assert sum(fused.chances.values()) == pytest.approx(1)
    assert 1000 < len(baseline) <= 4096


def test_a_caller_may_be_heard_with_and_without_the_encoder(model: EmotionModel) -> None:
    prosody = model.listen(_speech())
    _, baseline = model.judge(prosody, b"", np.ones(ENCODED, np.float32))
    _, baseline = model.judge(prosody, baseline)
    stored = Baseline.unpack(baseline, model.version, len(NAMES), ENCODED)
    assert (stored.voice.count, stored.encoder.count) == (2, 1)


@pytest.mark.skipif(not EMODB.is_dir(), reason="the shared speech data is not on this machine")
class TestRealSpeakers:
    """Speech of EmoDB, features only: the encoder's share is measured by `warmline bench prosody`."""

    def test_an_unheard_speaker_is_far_above_chance_on_a_telephone(self) -> None:
        rows, others = read_manifest(EMODB / "manifest.tsv")
        assert not others
        few = [row for row in rows if row.speaker in {"emodb_03", "emodb_08", "emodb_10", "emodb_14"}][::2]
        heard = listen(few, lambda _: np.zeros(ENCODED, np.float32), ["clean", "loss5"], [])
        held = heard.speakers == "emodb_14"
        weights = fit(heard.where(~held), "fold", "")
        part = heard.where(held)
        for kind in (0, 1):
            guess = np.array(weights.labels)[chances(weights, part, kind, OWN, fused=False).argmax(axis=1)]
            assert uar(part.labels, guess) > 0.5  # chance is 0.25

    def test_12_db_up_or_down_changes_no_label(self, model: EmotionModel) -> None:
        for file in sorted((EMODB / "wav").glob("*.flac"))[::27]:
            wave = level(read_wave(file), -26)
            labels = {
                model.analyse(Audio((level(wave, -26 + db) * 32767).astype(np.int16), 16_000))[0].label
                for db in (-12, 0, 12)
            }
            assert len(labels) == 1, file.name


@pytest.mark.skipif(not MUSIC.is_dir(), reason="the shared sounds are not on this machine")
def test_music_and_tones_get_no_label(model: EmotionModel) -> None:
    labels = []
    for file in sorted(path for part in ("moh", "tones", "dtmf") for path in (MUSIC / part).rglob("*.flac")):
        wave = read_wave(file)
        for start in range(0, min(len(wave), 15 * 16_000), 3 * 16_000):
            piece = Audio((wave[start : start + 3 * 16_000] * 32767).astype(np.int16), 16_000)
            labels.append(model.analyse(piece)[0].label)
    assert labels.count("unknown") >= 0.95 * len(labels)
