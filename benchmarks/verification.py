"""Names, postcodes and birth dates of real callers: how often the right one is refused and a wrong one let in.

    python -m benchmarks.verification --data DIR --json FILE

DIR holds `dialogues.en.tsv` and `records.en.csv` of EVI (PolyAI, CC BY 4.0): three attempts each at postcode, name and birth
date by people who read a made-up profile, as the n-best lists of a recogniser. Thresholds are chosen on one half of the
speakers and reported on the other; beside the product's matcher, in the same run, runs naive string match.

*Verification*: a dialogue against its own profile (false rejects) and against `--impostors` others (false accepts): half at random,
half who share the postcode, the name or the birth date with the one that is claimed.
*Identification*: against all 10 000 profiles; right, wrong, or nobody.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialog.verification.matching import dates, names, postcodes
from dialog.verification.matching.dates import like_date
from dialog.verification.matching.letters import written
from dialog.verification.matching.names import like_name
from dialog.verification.matching.postcodes import like_postcode

ITEMS = ("postcode", "name", "dob")
ATTEMPTS = 3
SHORT_LIST = 60  # profiles of each item that identification looks at closely
MAX_FAR = {"postcode": 0.001, "name": 0.005, "dob": 0.001, "all": 0.0005}
SEED = 5

Heard = dict[str, list[list[str]]]  # item → attempts → n-best
Matcher = Callable[[str, Sequence[str], str], float]


@dataclass(frozen=True)
class Call:
    """One caller's dialogue."""

    speaker: str
    profile: str
    heard: Heard


def read(folder: Path) -> tuple[list[Call], dict[str, dict[str, str]]]:
    """Dialogues and profiles."""
    with (folder / "records.en.csv").open(encoding="utf-8") as file:
        profiles = {row["scenario_id"]: row for row in csv.DictReader(file)}
    found: dict[str, Call] = {}
    with (folder / "dialogues.en.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["scenario_id"] not in profiles:
                continue  # 18 dialogues name a profile that is not in the file
            call = found.setdefault(
                row["dialogue_id"],
                Call(row["speaker_id"], row["scenario_id"], {item: [[] for _ in range(ATTEMPTS)] for item in ITEMS}),
            )
            call.heard[row["item"]][int(row["attempt_num"])] = json.loads(row["nbest"])
    return list(found.values()), profiles


def ours(item: str, heard: Sequence[str], true: str) -> float:
    """The product's matcher."""
    like = {"postcode": like_postcode, "name": like_name, "dob": like_date}[item]
    return like(heard, true)


def naive(item: str, heard: Sequence[str], true: str) -> float:
    """One of the attempts' first hypotheses is written as it is on file, but for case, blanks and punctuation; dates in their usual ways of writing."""
    said = {re.sub(r"[^a-z0-9]", "", text.lower()) for text in heard}
    if item != "dob":
        return float(re.sub(r"[^a-z0-9]", "", true.lower()) in said)
    year, month, day = true.split("-")
    word = dates._MONTHS[int(month) - 1]
    ordinal = f"{int(day)}{'th' if 10 < int(day) % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(int(day) % 10, 'th')}"
    usual = {
        day + month + year, f"{int(day)}{int(month)}{year}", f"{int(day)}{month}{year}", f"{day}{int(month)}{year}",
        f"{int(day)}{word}{year}", f"{ordinal}{word}{year}", f"{ordinal}of{word}{year}", f"the{ordinal}of{word}{year}",
        f"{word}{ordinal}{year}", f"{word}the{ordinal}{year}", f"{int(day)}of{word}{year}",
    }  # fmt: skip
    return float(not said.isdisjoint(usual))


def attempts_until(heard: Heard, item: str, attempts: int, *, nbest: bool) -> list[str]:
    """What was understood in the first attempts."""
    return [text for one in heard[item][:attempts] for text in (one if nbest else one[:1])]


def wilson(wrong: int, of: int) -> tuple[float, float, float]:
    """Share and its 95 % interval."""
    if not of:
        return 0.0, 0.0, 1.0
    p, z = wrong / of, 1.96
    middle, half = (p + z * z / (2 * of)), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return p, max(0.0, (middle - half) / (1 + z * z / of)), (middle + half) / (1 + z * z / of)


def share(wrong: int, of: int) -> dict[str, float | int | list[float]]:
    """For the JSON."""
    p, low, high = wilson(wrong, of)
    return {"rate": round(p, 5), "ci95": [round(low, 5), round(high, 5)], "wrong": wrong, "of": of}


class Scores:
    """Every trial's three likenesses, once: the calls' own profiles and their impostors'."""

    def __init__(
        self,
        calls: Sequence[Call],
        profiles: dict[str, dict[str, str]],
        matcher: Matcher,
        attempts: int,
        nbest: bool,
        impostors: int,
    ) -> None:
        rng = random.Random(SEED)
        everybody = list(profiles)
        sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key, row in profiles.items():
            for item in ITEMS:
                sharing[item, row[item]].append(key)
        true, false, near = [], [], []
        for call in calls:
            own = profiles[call.profile]
            heard = {item: attempts_until(call.heard, item, attempts, nbest=nbest) for item in ITEMS}

            def likeness(key: str, heard: dict[str, list[str]] = heard) -> list[float]:
                return [matcher(item, heard[item], profiles[key][item]) for item in ITEMS]

            true.append(likeness(call.profile))
            false += [likeness(key) for key in rng.sample(everybody, impostors) if key != call.profile]
            close = sorted({key for item in ITEMS for key in sharing[item, own[item]]} - {call.profile})
            for key in rng.sample(close, min(len(close), impostors)):
                row = likeness(key)
                # What an impostor shares with the caller says nothing of the matcher: it is no false accept of that item.
                near.append(
                    [math.nan if profiles[key][item] == own[item] else row[at] for at, item in enumerate(ITEMS)]
                    + [sum(row)]
                )
        self.true, self.false = np.array(true), np.array(false)
        self.near = np.array(near) if near else np.zeros((0, 4))


def threshold(true: NDArray[np.float64], false: NDArray[np.float64], most: float) -> float:
    """The lowest one that lets in at most this share of the impostors."""
    steps = np.unique(np.concatenate([true, false, [1.01]]))
    for step in steps:
        if np.mean(false >= step) <= most:
            return float(step)
    return 1.01


def eer(true: NDArray[np.float64], false: NDArray[np.float64]) -> float:
    """Where both errors are the same."""
    steps = np.unique(np.concatenate([true, false]))
    pairs = [(float(np.mean(true < step)), float(np.mean(false >= step))) for step in steps]
    return min((abs(left - right), (left + right) / 2) for left, right in pairs)[1]


def verification(dev: Scores, test: Scores) -> dict[str, object]:
    """Per item, and the three together."""
    report: dict[str, object] = {}
    for at, item in enumerate((*ITEMS, "all")):
        dev_true, dev_false = (
            (dev.true[:, at], dev.false[:, at]) if item != "all" else (dev.true.mean(1), dev.false.mean(1))
        )
        true, false = (
            (test.true[:, at], test.false[:, at]) if item != "all" else (test.true.mean(1), test.false.mean(1))
        )
        near_dev, near = (
            (dev.near[:, at], test.near[:, at]) if item != "all" else (dev.near[:, 3] / 3, test.near[:, 3] / 3)
        )
        near_dev, near = near_dev[~np.isnan(near_dev)], near[~np.isnan(near)]
        limit = threshold(
            dev_true, np.concatenate([dev_false, near_dev]) if item == "all" else dev_false, MAX_FAR[item]
        )
        report[item] = {
            "threshold": round(limit, 4),
            "false_reject": share(int(np.sum(true < limit)), len(true)),
            "false_accept": share(int(np.sum(false >= limit)), len(false)),
            "false_accept_sharing": share(int(np.sum(near >= limit)), len(near)),
            "eer": round(eer(true, false), 4),
        }
    return report


def identification(
    calls: Sequence[Call], profiles: dict[str, dict[str, str]], matcher: Matcher, attempts: int, nbest: bool
) -> list[tuple[bool, float, float]]:
    """For each call: is the best profile the right one, how alike is it, and how far before the second."""
    values = {item: sorted({row[item] for row in profiles.values()}) for item in ITEMS}
    keys = list(profiles)
    place = {item: {value: at for at, value in enumerate(values[item])} for item in ITEMS}
    column = {item: np.array([place[item][profiles[key][item]] for key in keys]) for item in ITEMS}
    quick = _Quick(values) if nbest else None
    found = []
    for call in calls:
        total = np.zeros(len(keys))
        for item in ITEMS:
            heard = attempts_until(call.heard, item, attempts, nbest=nbest)
            scores = np.zeros(len(values[item]))
            which = quick.near(item, heard) if quick else range(len(values[item]))
            for at in which:
                scores[at] = matcher(item, heard, values[item][at])
            total += scores[column[item]]
        order = np.argsort(-total)[:2]
        found.append(
            (keys[order[0]] == call.profile, float(total[order[0]] / 3), float((total[order[0]] - total[order[1]]) / 3))
        )
    return found


class _Quick:
    """Which values are worth a closer look: those that share pairs of letters with what was heard."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._index: dict[str, dict[str, list[int]]] = {}
        for item, listed in values.items():
            index: dict[str, list[int]] = defaultdict(list)
            for at, value in enumerate(listed):
                for gram in self._grams(item, value, true=True):
                    index[gram].append(at)
            self._index[item] = index

    def near(self, item: str, heard: Sequence[str]) -> list[int]:
        counts: dict[int, float] = defaultdict(float)
        for gram in {gram for text in heard for gram in self._grams(item, text, true=False)}:
            listed = self._index[item].get(gram, ())
            for at in listed:
                counts[at] += 1 / math.sqrt(len(listed))
        return sorted(counts, key=lambda at: -counts[at])[:SHORT_LIST]

    @staticmethod
    def _grams(item: str, text: str, *, true: bool) -> set[str]:
        if item == "dob":
            if true:
                year, month, day = text.split("-")
                return {
                    f"y{year}",
                    f"y{year[2:]}",
                    f"m{int(month)}",
                    f"d{int(day)}",
                    f"dm{int(day)}.{int(month)}",
                    f"my{int(month)}.{year}",
                } | {
                    form[at : at + 4]
                    for form in dates.forms(dates.date.fromisoformat(text))
                    for at in range(len(form) - 3)
                }
            words = re.findall(r"[a-z]+|\d+", text.lower())
            figures = list(dates._figures(words))
            months = [str(month) for word in words if (month := dates._month_of(word))]
            run = "".join(figures)
            return (
                {f"y{figure}" for figure in figures} | {f"m{month}" for month in months} | {f"d{figure}" for figure in figures}
                | {f"dm{figure}.{month}" for figure in figures for month in months}
                | {f"my{month}.{figure}" for figure in figures for month in months}
                | {run[at : at + 4] for at in range(len(run) - 3)}
            )  # fmt: skip
        if item == "name":
            plain = names.plain_name(text)
            padded = f" {plain} "
            spelled = f" {written(plain)} " if not true else ""
            sounds = {"~" + names._sound(word) for word in plain.split()}
            return (
                {padded[at : at + 3] for at in range(len(padded) - 2)}
                | {spelled[at : at + 3] for at in range(len(spelled) - 2)}
                | sounds
            )
        plain = postcodes.plain_postcode(text) if true else written(text)
        return {plain[at : at + 2] for at in range(len(plain) - 1)} | {
            plain[at : at + 3] for at in range(len(plain) - 2)
        }


def identified(
    dev: list[tuple[bool, float, float]], test: list[tuple[bool, float, float]], most_wrong: float
) -> dict[str, object]:
    """The lowest likeness at which at most this share of dev's calls would be taken for somebody else."""
    limit = 1.01
    for step in sorted({score for _, score, _ in dev}, reverse=True):
        if sum(not right and score >= step for right, score, _ in dev) > most_wrong * len(dev):
            break
        limit = step
    right = sum(ok and score >= limit for ok, score, _ in test)
    wrong = sum(not ok and score >= limit for ok, score, _ in test)
    return {
        "threshold": round(limit, 4),
        "right": share(right, len(test)),
        "wrong": share(wrong, len(test)),
        "first_right": share(sum(ok for ok, _, _ in test), len(test)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with dialogues.en.tsv and records.en.csv")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument(
        "--impostors", type=int, default=20, help="profiles of each kind that every dialogue is tried against"
    )
    parser.add_argument("--no-identification", action="store_true")
    options = parser.parse_args()
    calls, profiles = read(options.data)
    speakers = sorted({call.speaker for call in calls})
    random.Random(SEED).shuffle(speakers)
    chosen = set(speakers[: len(speakers) // 2])
    dev, test = (
        [call for call in calls if call.speaker in chosen],
        [call for call in calls if call.speaker not in chosen],
    )
    report: dict[str, object] = {
        "dev": {"calls": len(dev), "speakers": len(chosen)},
        "test": {"calls": len(test), "speakers": len(speakers) - len(chosen)},
    }
    for name, matcher, nbest in (
        ("ours", ours, True),
        ("ours, first hypothesis only", ours, False),
        ("naive", naive, False),
    ):
        for attempts in (1, ATTEMPTS):
            started = time.perf_counter()
            at = f"{name}, {attempts} attempt{'s' * (attempts > 1)}"
            scores = [Scores(part, profiles, matcher, attempts, nbest, options.impostors) for part in (dev, test)]
            rows = verification(*scores)
            report[at] = rows
            trials = sum(len(one.true) + len(one.false) + len(one.near) for one in scores)
            print(f"\n{at}  ({1e6 * (time.perf_counter() - started) / trials / 3:.0f} µs a comparison)")
            for item, row in rows.items():
                fr, fa, near = (row[key] for key in ("false_reject", "false_accept", "false_accept_sharing"))  # type: ignore[index]
                print(
                    f"  {item:9} threshold {row['threshold']:.3f}  false reject {fr['rate']:6.2%} [{fr['ci95'][0]:.2%}, {fr['ci95'][1]:.2%}]"  # type: ignore[index]
                    f"  false accept {fa['rate']:.3%} [{fa['ci95'][0]:.3%}, {fa['ci95'][1]:.3%}]  of sharers {near['rate']:.3%}  EER {row['eer']:.2%}"  # type: ignore[index]
                )
    if not options.no_identification:
        for name, matcher, nbest in (("ours", ours, True), ("naive", naive, False)):
            both = [identification(part, profiles, matcher, ATTEMPTS, nbest) for part in (dev, test)]
            found = identified(*both, 0.005)
            report[f"identification, {name}"] = found
            print(
                f"\nidentification among {len(profiles)}, {name}: right {found['right']}, wrong {found['wrong']}, best is right {found['first_right']}"
            )
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
