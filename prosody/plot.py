"""Pictures for people: an utterance's pitch, energy and arousal over its waveform, and how far confidence can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names

from media.frames import SPEECH_RATE
from prosody.augment import Wave
from prosody.features import track

MOST_POINTS = 4000  # of the waveform; more than a picture has columns
_CHINESE = {"Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback"}
_INK, _VOICE, _MOOD, _PALE = "#334155", "#0f766e", "#b45309", "#cbd5e1"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was judged of a stretch: s from the start, arousal and valence −1…1, label."""

    start_s: float
    end_s: float
    arousal: float
    valence: float
    label: str


def picture(wave: Wave, curve: Sequence[Stretch], labels: Sequence[Stretch], title: str, path: Path) -> None:
    """Write a PNG of a wave (n,) at 16 kHz: waveform with labels, pitch and energy, arousal and valence.

    `curve` are overlapping windows, `labels` the utterances. Raises OSError when the file cannot be written.
    """
    figure = Figure(figsize=(11, 7), layout="constrained")
    FigureCanvasAgg(figure)
    top, middle, bottom = figure.subplots(3, 1, sharex=True)
    step = max(1, len(wave) // MOST_POINTS)
    cut = wave[: len(wave) // step * step].reshape(-1, step)
    time = np.arange(len(cut)) * step / SPEECH_RATE
    top.fill_between(time, cut.min(axis=1), cut.max(axis=1), color=_PALE, linewidth=0)
    for one in labels:
        top.axvspan(one.start_s, one.end_s, color=_VOICE, alpha=0.08)
        top.text(
            (one.start_s + one.end_s) / 2, 0.96, one.label, transform=top.get_xaxis_transform(), ha="center", va="top"
        )
    top.set_ylabel("waveform")
    title = title.encode(errors="replace").decode()  # a file may be called anything
    top.set_title(
        title, parse_math=False, fontfamily=[*rcParams["font.family"], *sorted(_CHINESE & set(get_font_names()))]
    )
    if len(wave) >= 1024 and wave.any():
        found = track(wave)
        at = np.arange(len(found.level)) / 100
        middle.plot(at, np.where(found.voiced, 55 * 2 ** (found.tone / 12), np.nan), color=_VOICE, linewidth=1.5)
        energy = middle.twinx()
        energy.plot(at, found.level, color=_PALE, linewidth=0.8)
        energy.set_ylabel("energy (dB)")
    middle.set_ylabel("pitch (Hz)", color=_VOICE)
    centre = [(one.start_s + one.end_s) / 2 for one in curve]
    bottom.plot(centre, [one.arousal for one in curve], color=_MOOD, marker="o", markersize=3, label="arousal")
    bottom.plot(centre, [one.valence for one in curve], color=_INK, linestyle=":", label="valence")
    bottom.axhline(0, color=_PALE, linewidth=0.8)
    bottom.set_ylim(-1, 1)
    bottom.set_xlim(0, max(len(wave) / SPEECH_RATE, 0.1))
    bottom.set_xlabel("s")
    bottom.legend(loc="upper right", fontsize="small")
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # a letter that no font here has is a box
        figure.savefig(path, dpi=110, format="png")


def reliability(found: Mapping[str, Sequence[Mapping[str, float]]], path: Path) -> None:
    """Write a PNG: accuracy over confidence of each named set of bins (`prosody.evaluation.reliability`)."""
    figure = Figure(figsize=(5.5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_PALE, label="as sure as right")
    for name, bins in found.items():
        kept = [one for one in bins if one["n"] >= 10]  # fewer say nothing
        axes.plot([one["confidence"] for one in kept], [one["accuracy"] for one in kept], marker="o", label=name)
    axes.set(xlabel="confidence", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", fontsize="small")
    figure.savefig(path, dpi=110, format="png")
