"""Numbers that describe how an utterance was spoken.

`extract` works on 16 kHz audio, but looks only at 80–3700 Hz, so that a call over G.711 and one over Opus give the same
numbers, and on frames of 64 ms (1024 samples) every 10 ms. Before anything else the speech is scaled to a fixed level:
loudness follows the microphone more than the feeling.

| feature | formula | unit | source |
| --- | --- | --- | --- |
| f0_median, f0_p10, f0_p90 | percentiles of f0 (YIN, 60–450 Hz) over voiced frames, as 12·log2(f0/55) | semitones above 55 Hz | de Cheveigné & Kawahara 2002 |
| f0_std, f0_slope | deviation of f0; mean of abs(Δf0) per second within voiced runs | semitones, semitones/s | eGeMAPS (Eyben et al. 2016) |
| f0_rise | share of frame steps in voiced runs where f0 rises | 0…1 | – |
| jitter | mean abs(ΔT) / mean T of neighbouring voiced frames (a proxy: frames, not cycles) | ratio | Farrús et al. 2007 |
| shimmer | mean abs(Δ level) of neighbouring voiced frames (a proxy likewise) | dB | Farrús et al. 2007 |
| hnr_mean, hnr_std | 10·log10(r/(1−r)), r = normalised autocorrelation at the pitch lag | dB | Boersma 1993 |
| energy_std, energy_range, energy_delta | level of speech frames: deviation, p90−p10, mean abs(Δ) per frame | dB | eGeMAPS |
| energy_skew | (mean − median) / deviation of the level of speech frames | – | – |
| centroid_mean, centroid_std | Σf·P/ΣP per voiced frame | Hz | librosa |
| tilt_mean, tilt_std | slope of the mel spectrum in dB over log2(f), by least squares | dB/octave | eGeMAPS |
| alpha_mean | power 80–1000 Hz over power 1000–3700 Hz | dB | eGeMAPS |
| hammarberg_mean, hammarberg_std | peak level below 2 kHz − peak level 2–3.7 kHz | dB | Hammarberg 1980 |
| flux_mean | mean abs(Δ) of the mel spectrum between frames | dB | eGeMAPS |
| mfcc1…12_mean, mfcc1…12_std | cosine transform of 26 mel bands over voiced frames | – | Davis & Mermelstein 1980 |
| syllable_rate | peaks of the smoothed level ≥ 3 dB above both valleys, per second of speech span | 1/s | de Jong & Wempe 2009 |
| voiced_run_mean, voiced_run_std | length of voiced runs | s | eGeMAPS |
| voiced_share, pause_share | voiced frames, and non-speech frames, over the span from first to last speech frame | 0…1 | eGeMAPS |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from media.frames import SPEECH_RATE

Vector = npt.NDArray[np.float64]

_HOP = 160
_PITCH_FRAME = 1024
_FFT = 512
_BANDS = 26
_MFCCS = 12
_LOW_HZ, _HIGH_HZ = 80.0, 3700.0
_PITCH_LOW, _PITCH_HIGH = 60.0, 450.0
_VOICED_R = 0.55  # normalised autocorrelation above which a frame counts as voiced; noise stays below 0.4
_EPS = 1e-10

NAMES: tuple[str, ...] = (
    *("f0_median", "f0_p10", "f0_p90", "f0_std", "f0_slope", "f0_rise", "jitter", "shimmer", "hnr_mean", "hnr_std"),
    *("energy_std", "energy_range", "energy_delta", "energy_skew", "centroid_mean", "centroid_std"),
    *("tilt_mean", "tilt_std", "alpha_mean", "hammarberg_mean", "hammarberg_std", "flux_mean"),
    *(f"mfcc{i}_mean" for i in range(1, _MFCCS + 1)),
    *(f"mfcc{i}_std" for i in range(1, _MFCCS + 1)),
    *("syllable_rate", "voiced_run_mean", "voiced_run_std", "voiced_share", "pause_share"),
)


@dataclass(frozen=True, slots=True)
class Prosody:
    """Features of one utterance. `values` has shape (len(NAMES),), or is empty with the reason why."""

    values: Vector
    voiced_ms: float
    reason: str = ""


@cache
def _mel() -> tuple[npt.NDArray[np.float32], Vector]:
    import librosa

    bank = librosa.filters.mel(sr=SPEECH_RATE, n_fft=_FFT, n_mels=_BANDS, fmin=_LOW_HZ, fmax=_HIGH_HZ)
    centres = librosa.mel_frequencies(n_mels=_BANDS + 2, fmin=_LOW_HZ, fmax=_HIGH_HZ)[1:-1]
    return bank.astype(np.float32), np.log2(centres)


def extract(wave: npt.NDArray[np.float32], min_voiced_ms: int) -> Prosody:
    """Features of `wave`, shape (n,), −1…1 at 16 kHz. ~25 ms of CPU for 3 s of speech."""
    import librosa

    empty = np.zeros(0)
    if len(wave) < SPEECH_RATE * min_voiced_ms // 1000:
        return Prosody(empty, 0.0, "too short")
    rms = float(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))
    if rms < 1e-4:  # −80 dBFS
        return Prosody(empty, 0.0, "silence")
    wave = (wave / rms * 0.1).astype(np.float32)

    spectrum = np.abs(librosa.stft(wave, n_fft=_FFT, hop_length=_HOP)) ** 2
    bank, octaves = _mel()
    mel_db = 10 * np.log10(bank @ spectrum + _EPS)
    hertz = np.arange(spectrum.shape[0]) * SPEECH_RATE / _FFT
    band = (hertz >= _LOW_HZ) & (hertz <= _HIGH_HZ)
    power, hertz = spectrum[band].astype(np.float64) + _EPS, hertz[band]
    level = 10 * np.log10(power.sum(axis=0))

    pitch = librosa.yin(
        wave, fmin=_PITCH_LOW, fmax=_PITCH_HIGH, sr=SPEECH_RATE, frame_length=_PITCH_FRAME, hop_length=_HOP
    )
    count = min(len(pitch), len(level))
    pitch, level, mel_db, power = pitch[:count], level[:count], mel_db[:, :count], power[:, :count]
    periodicity = _periodicity(wave, pitch)

    loud, quiet = np.percentile(level, 95), np.percentile(level, 5)
    speech = level > max(loud - 30.0, min(quiet + 6.0, loud - 12.0))
    inside = (pitch > _PITCH_LOW * 1.02) & (pitch < _PITCH_HIGH * 0.98)
    voiced = _without_short_runs(speech & inside & (periodicity > _VOICED_R), 3)
    voiced_ms = float(voiced.sum()) * 1000 * _HOP / SPEECH_RATE
    if voiced_ms < min_voiced_ms:
        reason = "no voiced speech" if voiced_ms < 60 else f"only {voiced_ms:.0f} ms of voiced speech"
        return Prosody(empty, voiced_ms, reason)
    tone = 12 * np.log2(pitch / 55.0)
    if np.std(tone[voiced]) < 0.05 and np.std(level[voiced]) < 1.0:
        return Prosody(empty, voiced_ms, "a tone, not a voice")

    values = np.concatenate(
        [
            _pitch_features(tone, pitch, level, periodicity, voiced),
            _energy_features(level, speech),
            _spectral_features(power, hertz, mel_db, octaves, voiced),
            _cepstral_features(mel_db, voiced),
            _rhythm_features(level, speech, voiced),
        ]
    )
    return Prosody(np.nan_to_num(values), voiced_ms)


def _periodicity(wave: npt.NDArray[np.float32], pitch: Vector) -> Vector:
    """Normalised autocorrelation of each 64 ms frame at its own pitch lag, −1…1, shape of `pitch`."""
    half = _PITCH_FRAME // 2
    padded = np.pad(wave.astype(np.float64), (half, half + _PITCH_FRAME))
    starts = np.arange(len(pitch)) * _HOP
    lags = np.clip(np.round(SPEECH_RATE / pitch), 1, half).astype(int)
    index = starts[:, None] + np.arange(_PITCH_FRAME - half)[None, :] + half // 2
    one, two = padded[index], padded[index + lags[:, None]]
    dot = np.sum(one * two, axis=1)
    return np.asarray(dot / np.sqrt(np.sum(one * one, axis=1) * np.sum(two * two, axis=1) + _EPS))


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _without_short_runs(mask: npt.NDArray[np.bool_], frames: int) -> npt.NDArray[np.bool_]:
    kept = np.zeros_like(mask)
    for start, end in _runs(mask):
        if end - start >= frames:
            kept[start:end] = True
    return kept


def _pitch_features(
    tone: Vector, pitch: Vector, level: Vector, periodicity: Vector, voiced: npt.NDArray[np.bool_]
) -> Vector:
    both = voiced[1:] & voiced[:-1]
    steps = np.diff(tone)[both]
    steps = steps[np.abs(steps) < 4.0]  # a leap of four semitones in 10 ms is the tracker's octave error
    period = 1.0 / pitch
    change = np.abs(np.diff(period)[both])
    change = change[change < 0.2 * period[voiced].mean()]
    r = np.clip(periodicity[voiced], 0.01, 0.999)
    hnr = 10 * np.log10(r / (1 - r))
    low, mid, high = np.percentile(tone[voiced], [10, 50, 90])
    return np.array(
        [
            mid,
            low,
            high,
            np.std(np.clip(tone[voiced], mid - 12, mid + 12)),
            np.mean(np.abs(steps)) * SPEECH_RATE / _HOP if len(steps) else 0.0,
            np.mean(steps > 0) if len(steps) else 0.5,
            change.mean() / period[voiced].mean() if len(change) else 0.0,
            np.mean(np.abs(np.diff(level)[both])) if both.any() else 0.0,
            hnr.mean(),
            hnr.std(),
        ]
    )


def _energy_features(level: Vector, speech: npt.NDArray[np.bool_]) -> Vector:
    loud = level[speech]
    low, mid, high = np.percentile(loud, [10, 50, 90])
    return np.array([loud.std(), high - low, np.mean(np.abs(np.diff(loud))), (loud.mean() - mid) / (loud.std() + _EPS)])


def _spectral_features(
    power: Vector, hertz: Vector, mel_db: Vector, octaves: Vector, voiced: npt.NDArray[np.bool_]
) -> Vector:
    p = power[:, voiced]
    centroid = (hertz[:, None] * p).sum(axis=0) / p.sum(axis=0)
    x = octaves - octaves.mean()
    tilt = (x[:, None] * mel_db[:, voiced]).sum(axis=0) / (x * x).sum()
    alpha = 10 * np.log10(p[hertz < 1000].sum(axis=0) / p[hertz >= 1000].sum(axis=0))
    hammarberg = 10 * np.log10(p[hertz < 2000].max(axis=0) / p[hertz >= 2000].max(axis=0))
    flux = np.abs(np.diff(mel_db[:, voiced], axis=1)).mean() if voiced.sum() > 1 else 0.0
    return np.array(
        [
            *(centroid.mean(), centroid.std(), tilt.mean(), tilt.std(), alpha.mean()),
            *(hammarberg.mean(), hammarberg.std(), flux),
        ]
    )


def _cepstral_features(mel_db: Vector, voiced: npt.NDArray[np.bool_]) -> Vector:
    from scipy.fft import dct

    cepstra = dct(mel_db[:, voiced], axis=0, norm="ortho")[1 : _MFCCS + 1]
    return np.concatenate([cepstra.mean(axis=1), cepstra.std(axis=1)])


def _rhythm_features(level: Vector, speech: npt.NDArray[np.bool_], voiced: npt.NDArray[np.bool_]) -> Vector:
    from scipy.signal import find_peaks

    spoken = np.flatnonzero(speech)
    first, last = int(spoken[0]), int(spoken[-1]) + 1
    seconds = (last - first) * _HOP / SPEECH_RATE
    smooth = np.convolve(level[first:last], np.ones(5) / 5, mode="same")
    peaks, _ = find_peaks(smooth, prominence=3.0, distance=8)
    lengths = np.array([end - start for start, end in _runs(voiced)]) * _HOP / SPEECH_RATE
    return np.array(
        [
            len(peaks) / seconds,
            lengths.mean(),
            lengths.std(),
            voiced[first:last].mean(),
            1.0 - speech[first:last].mean(),
        ]
    )
