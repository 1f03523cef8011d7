"""How often the words of a complaint choose the right category of `flows/tickets.yaml`.

    python -m benchmarks.ticket_categories --json FILE

The sentences of `ticket_categories.tsv` were written for this and are in no file of the installation; they chose nothing. Whoever
wrote the examples wrote them too, so real complaints will be harder. Beside it: everything in the first category, which is
what the intent `complaint` alone would say; and the same for departments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from dialog.options import DialogOptions
from dialog.service import Dialog
from server.cli.flow_testing import LocalEmbedder
from server.desktop.catalogue import read_catalogue
from server.settings import ROOT


async def measure() -> dict[str, Any]:
    """Shares right, by category and department, and what was taken for what."""
    dialog = await asyncio.to_thread(
        lambda: Dialog.load(DialogOptions(), root=ROOT, data_dir=ROOT / "var", embedder=LocalEmbedder())
    )
    folder = dialog.folder("support")
    await folder.learn()
    catalogue, _ = read_catalogue(ROOT / "flows")
    groups = [[text for listed in one.examples.values() for text in listed] for one in catalogue.categories]
    departments = {one.id: one.department for one in catalogue.categories}
    first = catalogue.categories[0].id
    rows = [line.split("\t") for line in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()]
    right = by_department = alone = alone_department = 0
    wrong: Counter[str] = Counter()
    for wanted, text in rows:
        found = await folder.ports.understanding.match(text, groups)
        chosen = catalogue.categories[found].id if found is not None else first
        right += chosen == wanted
        by_department += departments[chosen] == departments[wanted]
        alone += wanted == first
        alone_department += departments[wanted] == departments[first]
        if chosen != wanted:
            wrong[f"{wanted} as {chosen}"] += 1
    total = len(rows)
    return {
        "sentences": total,
        "category": round(right / total, 4),
        "department": round(by_department / total, 4),
        "category_by_intent_alone": round(alone / total, 4),
        "department_by_intent_alone": round(alone_department / total, 4),
        "wrong": dict(wrong.most_common()),
    }


def main() -> None:
    """Entry of `python -m benchmarks.ticket_categories`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = asyncio.run(measure())
    for name, value in result.items():
        print(f"{name}: {value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
