"""`python -m benchmarks.digits --json F`: spoken digits read by the shipped code, each speaker by weights that never heard them.

English: FSDD at 8 kHz, one by one (every `--every`-th clip), and strings of 4 and 6 joined with gaps of 100–400 ms, by
the weights in `benchmarks/digits_heldout` (trained on everything but that speaker). Another voice: Asterisk's digit
prompts. Mandarin: the telephone numbers that AISHELL's reader reads, by the shipped weights, whose Mandarin digits are
synthetic only. False digits: sentences that hold none, asked for as a PIN of four.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from asr.conditions import by_telephone
from asr.digits import WEIGHTS, DigitReader, Reading
from asr.digits_text import digits_of
from asr.options import AsrOptions
from asr.whisper import Whisper, window_for
from media.frames import SPEECH_RATE, Audio
from tests.speech_data import ROOT, SHARED, load, models_folder

HELD_OUT = ROOT / "benchmarks" / "digits_heldout"
SPEAKERS = ("george", "jackson", "nicolas", "yweweler")
STRINGS = 30  # of each length and speaker
Clip = tuple[str, Audio]


class Score:
    """Counts of one row."""

    def __init__(self, name: str, count: str) -> None:
        self.name, self.count = name, count
        self.strings = self.right = self.digits = self.right_digits = self.rejected = 0

    def add(self, said: str, heard: Reading) -> None:
        self.strings += 1
        self.right += heard.digits == said
        self.rejected += bool(heard.rejected)
        self.digits += len(said)
        if len(heard.digits) == len(said):  # with another count no digit counts as right
            self.right_digits += sum(a == b for a, b in zip(said, heard.digits, strict=True))

    def row(self) -> dict[str, float | str]:
        return {
            "set": self.name,
            "count": self.count,
            "n": self.strings,
            "digit_accuracy": round(self.right_digits / max(1, self.digits), 4),
            "string_accuracy": round(self.right / max(1, self.strings), 4),
            "rejected": round(self.rejected / max(1, self.strings), 4),
        }


class Ear:
    """The encoder once, and readers of several weights over it."""

    def __init__(self) -> None:
        self._whisper = Whisper(AsrOptions(), models_folder("whisper-base") / "whisper-base")

    def read(self, reader: DigitReader, audio: Audio, language: str, count: int) -> Reading:
        window = window_for(audio.ms / 1000, 1.0, 2.0)
        encoding = self._whisper.encode([self._whisper.features(audio, window)])[0]
        return reader.read(encoding, audio.ms / 1000, [language], count)


def manifest(name: str, data: Path = SHARED) -> list[dict[str, str]]:
    with (data / name / "manifest.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def without_digits(name: str, language: str, data: Path = SHARED) -> list[dict[str, str]]:
    """A set's sentences that hold no digit, shuffled: the first are for this benchmark, training takes the last."""
    rows = [row for row in manifest(name, data) if len(row["text"]) > 8 and not digits_of(row["text"], language)]
    random.Random(3).shuffle(rows)
    return rows


def spaced(parts: Iterable[Audio], rng: random.Random) -> Audio:
    """Joined with gaps of 100–400 ms, and silence around."""
    out = [np.zeros(SPEECH_RATE * 3 // 10, dtype=np.int16)]
    for part in parts:
        out += [part.samples, np.zeros(round(rng.uniform(0.1, 0.4) * SPEECH_RATE), dtype=np.int16)]
    return Audio(np.concatenate(out), SPEECH_RATE)


def english(ear: Ear, every: int, held_out: Path) -> Iterator[Score]:
    rows = manifest("digits_en_8k")
    for speaker in SPEAKERS:
        reader, rng = DigitReader(held_out / f"without_{speaker}.npz"), random.Random(speaker)
        clips = [
            (row["label"], load(SHARED / "digits_en_8k" / row["path"])) for row in rows if speaker in row["speaker"]
        ]
        sets: list[tuple[str, list[list[Clip]]]] = [("singles", [[clip] for clip in clips[::every]])]
        sets += [(f"strings of {n}", [rng.choices(clips, k=n) for _ in range(STRINGS)]) for n in (4, 6)]
        for name, numbers in sets:
            known, free = Score(f"{speaker}, {name}", "known"), Score(f"{speaker}, {name}", "any")
            for number in numbers:
                said = "".join(digit for digit, _ in number)
                audio = by_telephone(spaced((sound for _, sound in number), rng))
                known.add(said, ear.read(reader, audio, "en", len(said)))
                free.add(said, ear.read(reader, audio, "en", 0))
            yield from (known, free)


def other_voices(ear: Ear, reader: DigitReader) -> Iterator[Score]:
    rng = random.Random(1)
    prompts = [
        (row["path"][7:-5], load(SHARED / "ivr_prompts_en_8k" / row["path"]))
        for row in manifest("ivr_prompts_en_8k")
        if re.fullmatch(r"digits/\d\.flac", row["path"])
    ]
    phones = [
        (digits_of(row["text"], "zh"), load(SHARED / "asr_zh_aishell" / row["path"]))
        for row in manifest("asr_zh_aishell")
        if re.fullmatch("[零一二三四五六七八九幺]{5,}", row["text"])
    ]
    for name, language, clips in (
        ("Asterisk prompts, singles", "en", prompts),
        ("AISHELL telephone numbers", "zh", phones),
    ):
        known, free = Score(name, "known"), Score(name, "any")
        for said, sound in clips:
            audio = by_telephone(spaced([sound], rng))
            known.add(said, ear.read(reader, audio, language, len(said)))
            free.add(said, ear.read(reader, audio, language, 0))
        yield from (known, free)


def false_digits(ear: Ear, reader: DigitReader, most: int) -> dict[str, dict[str, int]]:
    found = {}
    for name, language in (
        ("asr_zh_aishell", "zh"), ("emotion_ravdess", "en"), ("asr_en_read", "en"), ("ivr_prompts_en_8k", "en"),
    ):  # fmt: skip
        rows = without_digits(name, language)[:most]
        heard = 0
        for row in rows:
            sound = load(SHARED / name / row["path"])
            sound = Audio(sound.samples[: 8 * SPEECH_RATE], SPEECH_RATE)
            heard += bool(ear.read(reader, by_telephone(sound), language, 4).digits)
        found[name] = {"sentences": len(rows), "with_false_digits": heard}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="where the figures go")
    parser.add_argument("--every", type=int, default=1, help="take each n-th single digit")
    parser.add_argument("--sentences", type=int, default=60, help="sentences without digits, of each set")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="judged on other voices and false digits")
    parser.add_argument("--held-out", type=Path, default=HELD_OUT, help="folder of without_SPEAKER.npz")
    options = parser.parse_args()
    ear, reader = Ear(), DigitReader(options.weights)
    scores = (*english(ear, options.every, options.held_out), *other_voices(ear, reader))
    rows = [score.row() for score in scores]
    false = false_digits(ear, reader, options.sentences)
    table = Table("set", "count", "n", "digits right", "numbers right", "rejected")
    for row in rows:
        table.add_row(*(f"{value:.1%}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)
    for name, counts in false.items():
        print(f"false digits in {name}: {counts['with_false_digits']} of {counts['sentences']} sentences")
    options.json.write_text(json.dumps({"numbers": rows, "false": false}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
