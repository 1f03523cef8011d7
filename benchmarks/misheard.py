"""Texts as a recogniser may mishear them: `python -m benchmarks.misheard --in TSV --out TSV [--errors 0.1] [--seed 1]`.

A stand-in for speech when there is only text: the output goes to `warmline nlu eval --test`. Of the words (of Han, the
characters) a share of `errors` is changed as recognisers change them: to one that sounds alike (the same syllable
whatever the tone; in English the same key of consonants, from the words of the file itself), else left out, else,
rarely, doubled; case and punctuation are lost. The kinds occur 7 : 2 : 1, which is assumed, not measured. Real
recognition makes other errors as well: names and rare words suffer more than here, common ones less.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import jellyfish
from pypinyin import lazy_pinyin

from dialog.understanding import normal

_UNIT = re.compile(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+")
_SUBSTITUTED, _LOST = 0.7, 0.9


class Confusions:
    """What sounds like what, among the words of a corpus."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._alike: dict[str, list[str]] = defaultdict(list)
        for unit in sorted({unit for text in texts for unit in _UNIT.findall(normal(text))}):
            self._alike[_sound(unit)].append(unit)

    def mishear(self, text: str, errors: float, dice: random.Random) -> str:
        """The text with a share of its units misheard; never empty."""
        heard = []
        units = _UNIT.findall(normal(text))
        for unit in units:
            if dice.random() >= errors:
                heard.append(unit)
                continue
            kind = dice.random()
            alike = [other for other in self._alike[_sound(unit)] if other != unit]
            if kind < _SUBSTITUTED and alike:
                heard.append(dice.choice(alike))
            elif kind >= _LOST:
                heard += [unit, unit]
        return normal(" ".join(heard or units))


def _sound(unit: str) -> str:
    if "\u3400" <= unit <= "\u9fff":
        return lazy_pinyin(unit)[0]
    return jellyfish.metaphone(unit) or unit


def main(argv: Sequence[str] | None = None) -> None:
    """Write the misheard file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--errors", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    with arguments.source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    head = rows[:1] if rows and "text" in rows[0] else []
    body, column = rows[len(head) :], head[0].index("text") if head else 0
    confusions = Confusions(row[column] for row in body)
    dice = random.Random(arguments.seed)
    for row in body:
        row[column] = confusions.mishear(row[column], arguments.errors, dice)
    lines = ["\t".join(row) for row in head + body]
    arguments.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
