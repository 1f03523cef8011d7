"""How many entities are read with the right value: `python -m benchmarks.entities [--json FILE] [--misses dev|test]`.

`entities.tsv` holds utterances written for this purpose, typed and as a recogniser writes them (digits spelled out),
half of them Chinese; an empty value means that nothing of the type must be found. Every second line is the test half:
only the other half was looked at while the rules were written.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from dialog.entities import EntityType, extract

FILE = Path(__file__).with_name("entities.tsv")
ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo(ZONE))  # a Wednesday


@dataclass(frozen=True, slots=True)
class Case:
    """One utterance and the value it must give; empty = none."""

    kind: EntityType
    locale: str
    text: str
    value: str
    half: str


def read_cases(path: Path = FILE) -> list[Case]:
    """All lines; the even ones are the test half."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Case(
            cast(EntityType, row["type"]),
            row["locale"],
            row["text"],
            row["value"] or "",
            "test" if index % 2 else "dev",
        )
        for index, row in enumerate(rows)
    ]


def found(case: Case) -> str:
    """The value of the surest entity, or empty."""
    entities = extract(case.text, [case.kind], case.locale, NOW, ZONE)
    return entities[0].value if entities else ""


def score(cases: Sequence[Case]) -> dict[str, Any]:
    """Right values per type and language."""
    table: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in cases:
        right = found(case) == case.value
        for key in ((case.kind, case.locale[:2]), (case.kind, "all"), ("all", case.locale[:2]), ("all", "all")):
            table[key].append(right)
    return {f"{kind} {language}": {"right": sum(hits), "of": len(hits)} for (kind, language), hits in table.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--misses", choices=["dev", "test"])
    arguments = parser.parse_args(argv)
    cases = read_cases()
    halves = {half: score([case for case in cases if case.half == half]) for half in ("dev", "test")}
    print(f"{'entity':<14}{'dev en':>9}{'dev zh':>9}{'test en':>9}{'test zh':>9}{'test all':>10}")
    for kind in [*dict.fromkeys(case.kind for case in cases), "all"]:
        cells = [halves[half].get(f"{kind} {language}") for half, language in
                 (("dev", "en"), ("dev", "zh"), ("test", "en"), ("test", "zh"), ("test", "all"))]  # fmt: skip
        shown = [f"{cell['right']}/{cell['of']}" if cell else "–" for cell in cells]
        print(f"{kind:<14}" + "".join(f"{text:>9}" for text in shown[:4]) + f"{shown[4]:>10}")
    for case in cases:
        if case.half == arguments.misses and found(case) != case.value:
            print(f"miss {case.kind} {case.locale}: {case.text!r} gave {found(case)!r}, not {case.value!r}")
    if arguments.json:
        arguments.json.write_text(json.dumps(halves, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
