"""How often a voiceprint takes one speaker for another: equal error rates, and both errors at a threshold chosen on other speakers.

    python -m benchmarks.voiceprint --data DIR --json FILE

DIR holds the speech corpora by name (`emotion_ravdess`, `emotion_emodb_de`, `digits_en_8k`, each with a manifest.tsv). None
of them was used to train the network. A voiceprint is the mean of three utterances; it is compared with one (short) or the
mean of three others (long), of the same speaker and of every other. Speakers are split in two: the threshold is chosen on
one half, errors are of the other. Intervals: 95 %, by resampling speakers.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from asr.conditions import by_telephone
from media.frames import SPEECH_RATE, Audio
from media.resample import convert
from prosody.speaker import SpeakerEncoder, TooLittleSpeech, unit

ENROLLED = 3
ROUNDS = 30  # voiceprints a speaker
DIGITS = 8
SEED = 7
FALSE_ACCEPTS = 0.01  # share of impostors that the threshold lets in on the speakers it is chosen on
BOOTSTRAPS = 300

Vectors = dict[str, list[NDArray[np.float32]]]  # speaker → one each utterance
Trials = list[tuple[str, str, float]]  # whose voiceprint, who speaks, likeness


def rows(folder: Path, keep: Callable[[dict[str, str]], bool]) -> dict[str, list[Path]]:
    """Recordings by speaker."""
    found: dict[str, list[Path]] = defaultdict(list)
    with (folder / "manifest.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if keep(row):
                found[row["speaker"]].append(folder / row["path"])
    return dict(found)


def load(path: Path) -> Audio:
    """16 kHz mono."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return convert(Audio(np.ascontiguousarray(samples[:, 0]), rate), SPEECH_RATE)


def in_a_row(paths: Sequence[Path], count: int, rng: random.Random, utterances: int) -> list[Audio]:
    """Single digits, `count` at a time with a short pause between."""
    pause = np.zeros(SPEECH_RATE // 8, dtype=np.int16)
    listed = []
    for _ in range(utterances):
        chosen = [part for path in rng.sample(list(paths), count) for part in (load(path).samples, pause)]
        listed.append(Audio(np.concatenate(chosen), SPEECH_RATE))
    return listed


def vectors(encoder: SpeakerEncoder, speech: dict[str, list[Audio]], telephone: bool) -> Vectors:
    """One each utterance; those with too little voice are left out."""
    found: Vectors = defaultdict(list)
    for speaker, listed in speech.items():
        for audio in listed:
            try:
                found[speaker].append(encoder(by_telephone(audio) if telephone else audio))
            except TooLittleSpeech:
                continue
    return dict(found)


def trials(voices: Vectors, test: int) -> Trials:
    """Every speaker's voiceprints against themselves and everybody else."""
    rng = random.Random(SEED)
    found: Trials = []
    for owner, own in voices.items():
        for _ in range(ROUNDS):
            order = rng.sample(range(len(own)), len(own))
            template = unit(np.mean([own[at] for at in order[:ENROLLED]], axis=0))
            rest = order[ENROLLED:]
            found.append((owner, owner, float(template @ unit(np.mean([own[at] for at in rest[:test]], axis=0)))))
            for other, theirs in voices.items():
                if other != owner:
                    said = unit(np.mean(rng.sample(theirs, test), axis=0))
                    found.append((owner, other, float(template @ said)))
    return found


def split(listed: Trials) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Likenesses of the owner, of others."""
    own = np.array([score for owner, who, score in listed if owner == who])
    others = np.array([score for owner, who, score in listed if owner != who])
    return own, others


def eer(own: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Where as many owners are refused as others are let in."""
    steps = np.sort(np.concatenate([own, others]))
    refused = np.searchsorted(np.sort(own), steps, side="left") / len(own)
    let_in = 1 - np.searchsorted(np.sort(others), steps, side="left") / len(others)
    at = int(np.argmin(np.abs(refused - let_in)))
    return float(refused[at] + let_in[at]) / 2


def interval(listed: Trials, measure: Callable[[Trials], float]) -> list[float]:
    """2.5 % and 97.5 % over speakers drawn with replacement."""
    rng = np.random.default_rng(SEED)
    by_pair: dict[tuple[str, str], Trials] = defaultdict(list)
    for trial in listed:
        by_pair[trial[0], trial[1]].append(trial)
    speakers = sorted({owner for owner, _, _ in listed})
    found = []
    for _ in range(BOOTSTRAPS):
        drawn = rng.choice(speakers, len(speakers))
        taken = [trial for owner in drawn for who in {*drawn} for trial in by_pair[owner, who]]
        if len({*drawn}) > 1:
            found.append(measure(taken))
    return [round(float(np.quantile(found, q)), 4) for q in (0.025, 0.975)]


def halves(voices: Vectors) -> tuple[Vectors, Vectors]:
    """Speakers to choose on, speakers to report on."""
    names = sorted(voices)
    random.Random(SEED).shuffle(names)
    first = set(names[: len(names) // 2])
    return {n: v for n, v in voices.items() if n in first}, {n: v for n, v in voices.items() if n not in first}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--all-moods", action="store_true", help="also RAVDESS in all eight acted emotions (slow)")
    options = parser.parse_args()
    encoder, rng = SpeakerEncoder(), random.Random(SEED)
    ravdess = options.data / "emotion_ravdess"
    calm = rows(ravdess, lambda row: row["label"] in ("neutral", "calm"))
    speech = {
        "sentences (RAVDESS, neutral and calm)": {who: [load(p) for p in paths] for who, paths in calm.items()},
        "sentences (EmoDB, four moods)": {
            who: [load(p) for p in paths[:24]]
            for who, paths in rows(options.data / "emotion_emodb_de", lambda _row: True).items()
        },
        f"{DIGITS} digits (FSDD)": {
            who: in_a_row(paths, DIGITS, rng, 12)
            for who, paths in rows(options.data / "digits_en_8k", lambda _row: True).items()
        },
    }
    if options.all_moods:
        moods = rows(ravdess, lambda _row: True)
        speech["sentences (RAVDESS, eight moods)"] = {
            who: [load(p) for p in rng.sample(paths, 24)] for who, paths in moods.items()
        }
    report: dict[str, object] = {}
    limit: float | None = None
    for line in (True, False):
        for name, by_speaker in speech.items():
            voices = vectors(encoder, by_speaker, line)
            dev, test = halves(voices)
            for length, count in (("one", 1), ("three", 3)):
                if limit is None:
                    _, others = split(trials(dev, 1))
                    limit = round(float(np.quantile(others, 1 - FALSE_ACCEPTS)), 3)
                    print(
                        f"threshold {limit} lets in {FALSE_ACCEPTS:.0%} of the impostors among {len(dev)} other speakers"
                    )
                listed = trials(test if len(voices) > 8 else voices, count)
                own, others = split(listed)
                refused, let_in = float(np.mean(own < limit)), float(np.mean(others >= limit))
                row = {
                    "speakers": len({owner for owner, _, _ in listed}),
                    "trials": [len(own), len(others)],
                    "eer": round(eer(own, others), 4),
                    "eer_ci95": interval(listed, lambda drawn: eer(*split(drawn))),
                    "false_reject": round(refused, 4),
                    "false_accept": round(let_in, 4),
                    "false_accept_ci95": interval(
                        listed,
                        lambda drawn, at=limit: float(np.mean(split(drawn)[1] >= at)),  # type: ignore[misc]
                    ),
                }
                where = "G.711" if line else "clean"
                report[f"{name}, {where}, {length} against three"] = row
                print(f"{name:40} {where:6} {length:6} EER {row['eer']:6.1%} {row['eer_ci95']}  at {limit}: refused {refused:6.1%}, let in {let_in:6.2%} {row['false_accept_ci95']}  ({row['speakers']} speakers)", flush=True)  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"threshold": limit, **report}, indent=2) + "\n")


if __name__ == "__main__":
    main()
