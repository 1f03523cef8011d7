"""Is it the same question again? `python -m benchmarks.same_question --data DIR [--json FILE]`.

Pairs of one intent count as the same question, pairs of two intents as different ones. The thresholds of
`prosody.context` were picked on half of BANKING77's intents; the other half and Chinese intents are reported on.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from dialog.understanding import read_examples
from prosody.context import Said, same_question
from prosody.train_words import Vectors
from prosody.words import plain

_PAIRS = 300  # of each kind
_APART = {"unknown", "yes", "no", "thanks", "goodbye"}  # no questions

Pairs = list[tuple[str, str]]


def draw(questions: Sequence[tuple[str, str]], seed: int = 3) -> tuple[Pairs, Pairs]:
    """Pairs of the same and pairs of different intents."""
    chance = random.Random(seed)
    listed: dict[str, list[str]] = {}
    for text, intent in questions:
        listed.setdefault(intent, []).append(text)
    names = sorted(listed)
    same, different = [], []
    for _ in range(_PAIRS):
        one, other = chance.sample(names, 2)
        left, right = chance.sample(listed[one], 2)
        same.append((left, right))
        different.append((left, chance.choice(listed[other])))
    return same, different


def share(pairs: Pairs, vectors: Vectors) -> float:
    """Of the pairs, how many are taken for the same question."""
    found = 0
    for left, right in pairs:
        one, other = vectors.of([plain(left), plain(right)])
        found += same_question(left, one, Said(right, other))
    return found / len(pairs)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_question", description="The same question again?")
    parser.add_argument("--data", type=Path, required=True, help="folder of the text sets")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    args = parser.parse_args(argv)
    with (args.data / "intent_en_banking77" / "train.tsv").open(encoding="utf-8", newline="") as file:
        banking = [(row[0], row[1]) for row in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]]
    names = sorted({intent for _, intent in banking})
    random.Random(3).shuffle(names)
    chosen = set(names[: len(names) // 2])
    own = read_examples(Path("flows/intents"))
    chinese = [
        (e.text, e.intent) for e in own if e.intent not in _APART and any("\u3400" <= c <= "\u9fff" for c in e.text)
    ]
    sets = {
        "BANKING77, intents chosen on": [row for row in banking if row[1] in chosen],
        "BANKING77, the other intents": [row for row in banking if row[1] not in chosen],
        "flows/intents, Chinese": chinese,
    }
    vectors, figures = Vectors(None), {}
    for name, questions in sets.items():
        same, different = draw(questions)
        figures[name] = {"found": share(same, vectors), "false": share(different, vectors)}
        sys.stdout.write(f"{name:30} found {figures[name]['found']:.2f}  false {figures[name]['false']:.3f}\n")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
