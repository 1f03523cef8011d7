"""Flows find what lies beside them, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dialog.library import flow_files, outermost
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Vectors
from dialog.service import Dialog
from dialog.yamlfile import FileError

FLOW = """format: flow/v1
id: {id}
title: {{en: A flow}}
locales: [en]
start: ask
blocks:
  ask:
    type: understand
    prompt: {{en: What is it}}
    no_match: {{en: Sorry}}
    exits: {{{intent}: people, unknown: people}}
  people:
    type: queue
    exits: {{answered: bye, overflow: bye, no_agents: bye}}
  bye: {{type: end}}
handlers: {{on_human_request: people, on_error: people}}
"""
CUSTOMERS = "format: customers/v1\ncustomers:\n  - {{customer_no: '{no}', pin_hash: $argon2id$x}}\n"


class Hashed:
    """A vector per text, without a model."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        self.asked += texts
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest() * 3, dtype=np.uint8) for text in texts]
        vectors = np.stack(rows).astype(np.float32) - 127.5
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


def put_intents(folder: Path, **intents: list[str]) -> None:
    (folder / "intents").mkdir(parents=True, exist_ok=True)
    for name, texts in intents.items():
        listed = ", ".join(texts)
        (folder / "intents" / f"{name}.yaml").write_text(
            f"format: intent/v1\nintent: '{name}'\nexamples: {{en: [{listed}]}}\n"
        )


def several(word: str) -> list[str]:
    return [f"{word} {number} {word}" for number in range(6)]


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    flows = tmp_path / "flows"
    put_intents(flows, parcel=several("parcel"), unknown=several("weather"), human_request=several("agent"))
    put_intents(flows / "packs" / "bank", card=several("card"), unknown=several("pizza"))
    (flows / "shop.yaml").write_text(FLOW.format(id="shop", intent="parcel"))
    (flows / "packs" / "bank" / "bank.yaml").write_text(FLOW.format(id="bank", intent="card"))
    (flows / "packs" / "bank" / "bank.flowtest.yaml").write_text("format: flowtest/v1\nflow: bank\n")
    (flows / "packs" / "bank" / "calendars.yaml").write_text("format: calendars/v1\n")
    (flows / "customers.sample.yaml").write_text(CUSTOMERS.format(no="1111"))
    (flows / "packs" / "bank" / "customers.sample.yaml").write_text(CUSTOMERS.format(no="2222"))
    return tmp_path


def load(root: Path, data_dir: Path | None = None, embedder: Hashed | None = None) -> Dialog:
    options = DialogOptions(numbers={"1": NumberOptions(flow="shop"), "2": NumberOptions(flow="bank")})
    return Dialog.load(options, root=root, data_dir=data_dir, embedder=embedder or Hashed())


def test_files_are_found_by_id(installation: Path) -> None:
    flows = installation / "flows"
    bank = flows / "packs" / "bank" / "bank.yaml"
    assert flow_files(flows) == {"shop": flows / "shop.yaml", "bank": bank}
    assert outermost(bank) == outermost(flows / "shop.yaml") == flows


def test_numbers_that_nobody_listed_are_answered_too(installation: Path) -> None:
    """`[dialog.numbers.200] flow = "bank"` alone left every other call without an answer."""
    (installation / "flows" / "support.yaml").write_text(FLOW.format(id="support", intent="parcel"))
    options = DialogOptions(numbers={"200": NumberOptions(flow="bank")})
    dialog = Dialog.load(options, root=installation, data_dir=None, embedder=Hashed())
    assert [dialog.answering(called).engine.flow.id for called in ("200", "100", "web")] == [
        "bank",
        "support",
        "support",
    ]


def test_an_id_may_be_in_one_place_only(installation: Path) -> None:
    (installation / "flows" / "bank.yaml").write_text(FLOW.format(id="bank", intent="parcel"))
    with pytest.raises(FileError, match=r"packs/bank/bank\.yaml:1: .*is also .*flows/bank\.yaml"):
        load(installation)


def test_a_file_and_its_id_have_one_name(installation: Path) -> None:
    (installation / "flows" / "shop.yaml").write_text(FLOW.format(id="store", intent="parcel"))
    with pytest.raises(FileError, match=r"id is 'store', but the file is called shop\.yaml"):
        load(installation)


async def test_each_folder_learns_its_own_intents_and_knows_its_own_customers(installation: Path) -> None:
    dialog = load(installation)
    assert not dialog.ready
    assert not await dialog.wait_ready("bank", 0.0)
    await dialog.prepare()
    assert dialog.ready
    assert await dialog.wait_ready("bank", 0.0)
    shop, bank = dialog.folder("shop").ports, dialog.folder("bank").ports
    assert (await shop.understanding.classify("parcel 3 parcel")).intent == "parcel"
    assert {example.intent for example in dialog.folder("shop").examples} == {"parcel", "unknown", "human_request"}
    assert (await bank.understanding.classify("card 3 card")).intent == "card"
    # what every flow needs comes from outside, its own notion of what is out of scope stays
    assert {example.intent for example in dialog.folder("bank").examples} == {"card", "unknown", "human_request"}
    assert "weather 1 weather" not in {example.text for example in dialog.folder("bank").examples}
    assert await shop.customers.find(customer_no="1111") and not await shop.customers.find(customer_no="2222")
    assert await bank.customers.find(customer_no="2222") and not await bank.customers.find(customer_no="1111")


async def test_vectors_are_kept_per_folder(installation: Path, tmp_path: Path) -> None:
    await load(installation, tmp_path / "data").prepare()
    again = Hashed()
    await load(installation, tmp_path / "data", again).prepare()
    assert again.asked == []


async def test_a_broken_flow_that_answers_no_number_stops_nothing(installation: Path) -> None:
    (installation / "flows" / "survey.yaml").write_text("format: flow/v1\nid: survey\nblocks: 3\n")
    dialog = load(installation)
    assert sorted(dialog.flows) == ["bank", "shop"]
