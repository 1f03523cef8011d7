"""One tree in two forms; the generated pages are current."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dialog.canonical import meaning, to_json, to_yaml
from dialog.flow import BLOCKS, parse_flow
from dialog.reference_blocks import blocks_page

ROOT = Path(__file__).parents[2]
FLOWS = [
    path
    for path in sorted((ROOT / "flows").rglob("*.yaml"))
    if "format: flow/v1" in path.read_text(encoding="utf-8")[:2000]
]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_json_and_yaml_are_the_same_flow(path: Path) -> None:
    flow, document = parse_flow(path.read_text(encoding="utf-8"), str(path))
    as_json = to_json(document)
    flow_of_json, document_of_json = parse_flow(as_json, str(path))
    flow_of_yaml, document_of_yaml = parse_flow(to_yaml(document_of_json), str(path))
    unsigned = {"sha": ""}
    assert flow_of_json.model_copy(update=unsigned) == flow.model_copy(update=unsigned)
    assert flow_of_yaml.model_copy(update=unsigned) == flow.model_copy(update=unsigned)
    assert to_json(document_of_yaml) == as_json
    assert meaning(document) == meaning(document_of_json) == meaning(document_of_yaml)


SMALL = """format: flow/v1
id: small
title: {en: Small}
locales: [en]
start: bye
blocks:
  bye: {type: end, text: {en: "on, no, yes, 2024-01-01"}, disposition: "no", note: why}
layout: {bye: [1, 2]}
"""


def test_meaning_is_what_callers_meet() -> None:
    def of(text: str) -> str:
        return meaning(parse_flow(text)[1])

    same = SMALL.replace("[1, 2]", "[3, 4]").replace("note: why", "note: because").replace("locales: [en]\nstart: bye", "start: bye # here\nlocales: [en]")  # fmt: skip
    assert of(same) == of(SMALL)
    assert of(SMALL.replace("yes,", "yes!")) != of(SMALL)
    assert of(SMALL.replace('disposition: "no"', "disposition: well")) != of(SMALL)


def test_json_mistakes_are_named_with_their_line() -> None:
    bad = to_json(parse_flow(SMALL)[1]).replace('"type": "end"', '"type": "dance"')
    with pytest.raises(ValueError, match=r"flow\.json:13: E block-type-unknown"):
        parse_flow(bad, "flow.json")
    assert json.loads(to_json(parse_flow(SMALL)[1]))["blocks"]["bye"]["disposition"] == "no"


def test_reference_of_blocks_is_current_and_names_every_block() -> None:
    page = (ROOT / "docs" / "blocks.md").read_text(encoding="utf-8")
    assert page == blocks_page(), "run `warmline flow reference --out docs/blocks.md`"
    assert all(f"\n## {kind}\n" in page for kind in BLOCKS)


def test_reference_names_the_exits_of_a_transfer() -> None:
    """It said `next`, with which no flow is valid, and left out `failed`, without which none is."""
    line = blocks_page().split("\n## transfer\n")[1].split("\n\n")[1]
    assert set(re.findall(r"`(\w+)`", line)) == {"failed", "busy", "no_answer", "connected"}
