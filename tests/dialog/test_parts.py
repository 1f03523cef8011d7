"""Words, digits, PINs, attempts, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

from dialog import cel
from dialog.blocks.base import Asking
from dialog.blocks.working import Working
from dialog.embedding import CachedEmbedder, embed_all
from dialog.options import DialogOptions, NumberOptions
from dialog.ports import Vectors
from dialog.service import Dialog
from dialog.text import agrees, count_words, language_of, pick, render, spoken_digits
from dialog.verification.directory import FileDirectory, normal_number
from dialog.verification.factors import Factor
from dialog.yamlfile import FileError

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two four six eight", "2468"),
        ("2, 4, 6, 8.", "2468"),
        ("2468", "2468"),
        ("my PIN is double two four oh", "2240"),
        ("二四六八", "2468"),
        ("我的密码是幺三五七", "1357"),
        ("I want one coffee for my two friends please", ""),
        ("我要转人工", ""),
        ("", ""),
    ],
)
def test_spoken_digits(text: str, digits: str) -> None:
    assert spoken_digits(text) == digits


def test_languages_by_script() -> None:
    assert (language_of("hello there"), language_of("你好"), language_of("123")) == ("en", "zh", "")
    assert agrees("OK 好的", "zh") and not agrees("OK", "zh") and not agrees("好的", "en")
    assert count_words("I'd like 退货") == 4


def test_templates() -> None:
    values = {"customer": {"order": {"en": "sent", "zh-CN": "已发货"}}, "n": 3}
    assert render("It is {{customer.order}}, {{ n }} {{gone}}times", values, "zh-CN") == "It is 已发货, 3 times"
    assert pick({"en": "a", "zh-CN": "b"}, "zh-HK") == "b"
    assert pick({"en": "a", "zh-CN": "b"}, "fr") == "a"


async def test_the_sample_directory() -> None:
    directory = FileDirectory.read(FLOWS / "customers.sample.yaml")
    found = await directory.find(phone="0049 (30) 555-0100")
    assert found is not None and found.customer_id == "100001"
    assert await directory.find(phone="") is None
    assert await directory.find(customer_no="999999") is None
    assert normal_number("Alice") == "alice"


def test_a_bad_directory_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "customers.yaml"
    path.write_text('format: customers/v1\ncustomers:\n  - customer_no: "1"\n    pin_hash: "1234"\n')
    with pytest.raises(FileError, match=r"customers\.yaml:3:"):
        FileDirectory.read(path)


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: list[str] | tuple[str, ...] | object, query: bool = True) -> Vectors:
        listed = [str(text) for text in texts]  # type: ignore[attr-defined]
        self.asked += listed
        return np.array([[len(text), 1.0] for text in listed], dtype=np.float32)


async def test_vectors_are_asked_for_once(tmp_path: Path) -> None:
    inner = Counting()
    cached = CachedEmbedder(inner, recent=2)
    await cached.embed(["a", "bb"])
    assert (await cached.embed(["bb", "ccc", "bb"]))[:, 0].tolist() == [2, 3, 2]
    assert inner.asked == ["a", "bb", "ccc"]
    cache = tmp_path / "deep" / "v.npz"
    first = await embed_all(inner, ["x", "yy"], cache)
    inner.asked.clear()
    assert np.array_equal(await embed_all(inner, ["yy", "x"], cache), first[::-1])
    assert inner.asked == []
    cache.write_bytes(b"broken")
    assert np.array_equal(await embed_all(inner, ["x", "yy"], cache), first)


def test_a_number_that_names_no_flow_is_told_what_there_is() -> None:
    options = DialogOptions(numbers={"100": NumberOptions(flow="sales")})
    with pytest.raises(FileError, match=r"numbers\.100\.flow is 'sales'.*flows here: .*support"):
        Dialog.load(options, root=FLOWS.parent, data_dir=None, embedder=Counting())


def test_numbers() -> None:
    options = DialogOptions(numbers={"*": NumberOptions(), "800": NumberOptions(locale="zh-CN", languages=["zh"])})
    assert options.number("800").languages == ["zh"]
    assert options.number("web").locale == "en"


def test_a_number_too_large_for_cel_spoils_only_what_reads_it() -> None:
    """Every condition and wording of the run failed, so its caller was hung up on."""
    assert cel.evaluate("tier == 'gold'", {"tier": "gold", "id": 10**30}) is True
    with pytest.raises(cel.ExpressionError):
        cel.evaluate("id > 5", {"id": 10**30})


@pytest.mark.parametrize("kind", [Working, Asking, Factor])
def test_what_every_block_or_factor_must_bring_is_missed_when_it_is_made(kind: type[BaseModel]) -> None:
    assert kind.__abstractmethods__
    incomplete = type("Incomplete", (kind,), {"__module__": __name__})
    with pytest.raises(TypeError, match="abstract"):
        incomplete(type="x")
