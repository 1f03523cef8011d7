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
| f0_trend | slope of f0 over the voiced frames by least squares | semitones/s | Mozziconacci 1998 |
| cpp_mean, cpp_std | highest peak of the cepstrum at 60–450 Hz over its regression line there | dB | Hillenbrand & Houde 1996 |
| f1_mean … f3_mean, f1_std, f2_std | resonances of a linear prediction of order 10 at 8 kHz (proxies of the formants) | Hz | Markel & Gray 1976 |
| f1_width | −ln(radius of F1's pole)·8000/π, its bandwidth, median | Hz | Markel & Gray 1976 |
| hnr_mean, hnr_std | 10·log10(r/(1−r)), r = normalised autocorrelation at the pitch lag | dB | Boersma 1993 |
| energy_std, energy_range, energy_delta | level of speech frames: deviation, p90−p10, mean abs(Δ) per frame | dB | eGeMAPS |
| energy_skew | (mean − median) / deviation of the level of speech frames | – | – |
| energy_trend | slope of the level of speech frames by least squares | dB/s | – |
| centroid_mean, centroid_std | Σf·P/ΣP per voiced frame | Hz | librosa |
| tilt_mean, tilt_std | slope of the mel spectrum in dB over log2(f), by least squares | dB/octave | eGeMAPS |
| alpha_mean | power 80–1000 Hz over power 1000–3700 Hz | dB | eGeMAPS |
| hammarberg_mean, hammarberg_std | peak level below 2 kHz − peak level 2–3.7 kHz | dB | Hammarberg 1980 |
| flux_mean | mean abs(Δ) of the mel spectrum between frames | dB | eGeMAPS |
| mfcc1…12_mean, mfcc1…12_std | cosine transform of 26 mel bands over voiced frames | – | Davis & Mermelstein 1980 |
| syllable_rate | peaks of the smoothed level ≥ 3 dB above both valleys, per second of speech span | 1/s | de Jong & Wempe 2009 |
| run_rate | voiced runs per second of speech span | 1/s | eGeMAPS |
| pause_mean | mean length of pauses ≥ 50 ms inside the span | s | Goldman-Eisler 1968 |
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
_CLIPPED = 0.01  # share of samples cut off; recorded speech stays below 0.0005
_OCTAVE_ST = 9.0  # semitones off the utterance's median: taken for an octave error of the tracker, and folded back
_ORDER = 10  # of the linear prediction: four resonances and the slope of the source
_MOST_FRAMES = 200  # voiced frames whose resonances are looked at
_VOICED_R = 0.55  # normalised autocorrelation above which a frame counts as voiced; noise stays below 0.4
_EPS = 1e-10

NAMES: tuple[str, ...] = (
    *("f0_median", "f0_p10", "f0_p90", "f0_std", "f0_slope", "f0_rise", "jitter", "shimmer", "hnr_mean", "hnr_std"),
    *("f0_trend", "cpp_mean", "cpp_std", "f1_mean", "f2_mean", "f3_mean", "f1_std", "f2_std", "f1_width"),
    *("energy_std", "energy_range", "energy_delta", "energy_skew", "energy_trend", "centroid_mean", "centroid_std"),
    *("tilt_mean", "tilt_std", "alpha_mean", "hammarberg_mean", "hammarberg_std", "flux_mean"),
    *(f"mfcc{i}_mean" for i in range(1, _MFCCS + 1)),
    *(f"mfcc{i}_std" for i in range(1, _MFCCS + 1)),
    *("syllable_rate", "voiced_run_mean", "voiced_run_std", "voiced_share", "pause_share", "run_rate", "pause_mean"),
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


@dataclass(frozen=True, slots=True)
class Tracks:
    """An utterance frame by frame, every 10 ms. All of shape (frames,), but power (bins, frames) and mel_db (26, frames).

    `pitch` in Hz, `tone` in semitones above 55 Hz with octave errors folded back, `level` in dB at a fixed speech level,
    `periodicity` −1…1, `hertz` (bins,).
    """

    pitch: Vector
    tone: Vector
    level: Vector
    periodicity: Vector
    speech: npt.NDArray[np.bool_]
    voiced: npt.NDArray[np.bool_]
    mel_db: Vector
    power: Vector
    hertz: Vector


def track(wave: npt.NDArray[np.float32]) -> Tracks:
    """Frames of `wave`, shape (n ≥ 1024,) at 16 kHz, already at the level it is to be measured at."""
    import librosa

    spectrum = np.abs(librosa.stft(wave, n_fft=_FFT, hop_length=_HOP)) ** 2
    bank, _ = _mel()
    mel_db = np.asarray(10 * np.log10(bank @ spectrum + _EPS), dtype=np.float64)
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
    tone = 12 * np.log2(pitch / 55.0)
    if voiced.any():
        middle = np.median(tone[voiced])
        tone = np.where(np.abs(tone - middle) > _OCTAVE_ST, tone - 12 * np.round((tone - middle) / 12), tone)
    return Tracks(pitch, tone, level, periodicity, speech, voiced, mel_db, power, hertz)


def extract(wave: npt.NDArray[np.float32], min_voiced_ms: int) -> Prosody:
    """Features of `wave`, shape (n,), −1…1 at 16 kHz, or why there are none. ~9 ms of CPU a second."""
    empty = np.zeros(0)
    if len(wave) < SPEECH_RATE * min_voiced_ms // 1000:
        return Prosody(empty, 0.0, "too short" if len(wave) else "no audio")
    rms = float(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))
    if rms < 1e-4:  # −80 dBFS
        return Prosody(empty, 0.0, "silence")
    clipped = _clipped(wave)
    wave = (wave / rms * 0.1).astype(np.float32)
    found = track(wave)
    level, voiced, speech, tone = found.level, found.voiced, found.speech, found.tone
    voiced_ms = float(voiced.sum()) * 1000 * _HOP / SPEECH_RATE
    if voiced_ms < min_voiced_ms:
        reason = "no voiced speech" if voiced_ms < 60 else f"only {voiced_ms:.0f} ms of voiced speech"
        return Prosody(empty, voiced_ms, reason)
    if np.std(tone[voiced]) < 0.05 and np.std(level[voiced]) < 1.0:
        return Prosody(empty, voiced_ms, "a tone, not a voice")
    if clipped > _CLIPPED:
        return Prosody(empty, voiced_ms, f"clipped: {clipped:.0%} of the samples are cut off")
    values = np.concatenate(
        [
            _pitch_features(tone, found.pitch, level, found.periodicity, voiced),
            _quality_features(wave, tone, voiced),
            _energy_features(level, speech),
            _spectral_features(found.power, found.hertz, found.mel_db, _mel()[1], voiced),
            _cepstral_features(found.mel_db, voiced),
            _rhythm_features(level, speech, voiced),
        ]
    )
    return Prosody(np.nan_to_num(values), voiced_ms)


def _clipped(wave: npt.NDArray[np.float32]) -> float:
    """Share of samples that lie flat at the largest amplitude: neighbours there, equal within a step of G.711."""
    top = float(np.abs(wave).max())
    flat = np.abs(wave) >= 0.97 * top
    return float(np.mean(flat[1:] & flat[:-1]))


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


def _trend(values: Vector, at: npt.NDArray[np.bool_]) -> float:
    """Least-squares slope per second of `values` (frames,) over the frames of `at`."""
    time = np.flatnonzero(at) * _HOP / SPEECH_RATE
    time = time - time.mean()
    return float((time * values[at]).sum() / ((time * time).sum() + _EPS))


def _quality_features(wave: npt.NDArray[np.float32], tone: Vector, voiced: npt.NDArray[np.bool_]) -> Vector:
    """Pitch trend, cepstral peak, formants: from at most 200 voiced frames, evenly spread, so that time is bounded."""
    frames = np.flatnonzero(voiced)
    frames = frames[np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).astype(int)]
    padded = np.pad(wave.astype(np.float64), (_PITCH_FRAME // 2, _PITCH_FRAME))
    cut = padded[(frames * _HOP)[:, None] + np.arange(_PITCH_FRAME)[None, :]]
    peaks = _cepstral_peaks(cut * np.hanning(_PITCH_FRAME))
    formants, widths = _formants(cut[:, _PITCH_FRAME // 4 : -_PITCH_FRAME // 4])
    f1, f2, f3 = formants.T
    return np.array(
        [
            *(_trend(tone, voiced), peaks.mean(), peaks.std()),
            *(f1.mean(), f2.mean(), f3.mean(), f1.std(), f2.std(), np.median(widths)),
        ]
    )


def _cepstral_peaks(frames: Vector) -> Vector:
    """Cepstral peak prominence in dB of windowed frames (n, samples), shape (n,); 80–3700 Hz only."""
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)) + 1e-6)
    low, high = (round(hertz * _PITCH_FRAME / SPEECH_RATE) for hertz in (_LOW_HZ, _HIGH_HZ))
    # Only that band: its quefrencies count in steps of 1/(2 · band) s.
    band = spectrum[:, low:high]
    cepstrum = np.abs(np.fft.rfft(band - band.mean(axis=1, keepdims=True), 512, axis=1)) / band.shape[1]
    step = _PITCH_FRAME / SPEECH_RATE / 512  # s of one quefrency: its inverse is the span of 512 bins
    first, last = int(1 / _PITCH_HIGH / step), min(255, int(1 / _PITCH_LOW / step))
    span = cepstrum[:, first:last]
    x = np.arange(span.shape[1]) - (span.shape[1] - 1) / 2
    slope = (span * x).sum(axis=1) / (x * x).sum()
    at = span.argmax(axis=1)
    return np.asarray(span.max(axis=1) - (span.mean(axis=1) + slope * x[at]))


def _formants(frames: Vector) -> tuple[Vector, Vector]:
    """F1…F3 (n, 3) and the bandwidth of F1 (n,) in Hz of frames (n, 512) at 16 kHz, by linear prediction at 8 kHz."""
    from scipy.signal import decimate

    slow = decimate(frames, 2, ftype="fir", axis=1)
    slow = (slow - 0.97 * np.pad(slow, ((0, 0), (1, 0)))[:, :-1]) * np.hamming(slow.shape[1])
    power = np.abs(np.fft.rfft(slow, 2 * slow.shape[1], axis=1)) ** 2
    r = np.fft.irfft(power, axis=1)[:, : _ORDER + 1]
    r[:, 0] = r[:, 0] * 1.0001 + _EPS  # a little white noise keeps the equations solvable
    lags = np.abs(np.arange(_ORDER)[:, None] - np.arange(_ORDER)[None, :])
    poly = np.linalg.solve(r[:, lags], r[:, 1:, None])[:, :, 0]
    companion = np.zeros((len(frames), _ORDER, _ORDER))
    companion[:, 0] = poly
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1.0
    roots = np.linalg.eigvals(companion)
    hertz = np.angle(roots) * 8000 / (2 * np.pi)
    width = -np.log(np.abs(roots) + _EPS) * 8000 / np.pi
    hertz = np.where((hertz > 150) & (hertz < 3700) & (width < 700), hertz, 9999.0)
    order = np.argsort(hertz, axis=1)[:, :3]
    found = np.take_along_axis(hertz, order, axis=1)
    found = np.where(found > 9000, np.array([500.0, 1500.0, 2500.0]), found)  # none there: that of a neutral tube
    return found, np.clip(np.take_along_axis(width, order[:, :1], axis=1)[:, 0], 0, 700)


def _energy_features(level: Vector, speech: npt.NDArray[np.bool_]) -> Vector:
    loud = level[speech]
    low, mid, high = np.percentile(loud, [10, 50, 90])
    skew = (loud.mean() - mid) / (loud.std() + _EPS)
    return np.array([loud.std(), high - low, np.mean(np.abs(np.diff(loud))), skew, _trend(level, speech)])


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
    pauses = [end - start for start, end in _runs(~speech[first:last]) if end - start >= 5]
    return np.array(
        [
            len(peaks) / seconds,
            lengths.mean(),
            lengths.std(),
            voiced[first:last].mean(),
            1.0 - speech[first:last].mean(),
            len(lengths) / seconds,
            np.mean(pauses) * _HOP / SPEECH_RATE if pauses else 0.0,
        ]
    )
