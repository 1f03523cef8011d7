"""Three layers over real HTTP: intent, business data, rule; the recommendation, and the record of each layer's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.redeem import HERE, redeem
from dialog.flow import parse_flow
from dialog.ports import Ports, Understood
from dialog.rules.decide import failing_tests, load_rules
from dialog.validate import validate


class Redeem:
    async def classify(self, text: str, allowed: Sequence[str] | None = None) -> Understood:
        return Understood("redeem_fund", 0.93)

    async def match(self, text: str, options: Sequence[Sequence[str]]) -> int | None:
        return None


@pytest.mark.parametrize(
    ("words", "locale", "said"),
    [
        ("I want to redeem my fund", "en", "redeeming now costs 1.5 percent"),
        ("我想赎回基金", "zh-CN", "满七天后再赎回更划算"),
    ],
)
async def test_recommendation(ports: Ports, words: str, locale: str, said: str) -> None:
    result = await redeem(replace(ports, understanding=Redeem()), words, delay_s=0.05, locale=locale)
    assert said in result.said
    assert result.asked == ["/holdings/100001", "/quotes/F1"]
    layers = result.layers
    assert layers["intent"]["name"] == "redeem_fund" and layers["intent"]["confidence"] == 0.93
    assert [(item["block"], item["outcome"]) for item in layers["data"]] == [("holding", "ok"), ("quote", "ok")]
    assert all(item["ms"] >= 50 for item in layers["data"]), "the systems took their time"
    assert layers["rule"]["table"] == "redeem_advice" and layers["rule"]["rows"] == ["short"]
    assert layers["total_ms"] >= 100
    assert "8000" not in str(layers) and "100001" not in str(layers)


async def test_its_files_are_in_order() -> None:
    text = (HERE / "fund.yaml").read_text(encoding="utf-8").replace("{PORT}", "80")
    assert [str(p) for p in validate(*parse_flow(text, "fund.yaml")) if p.severity == "E"] == []
    path = HERE / "rules" / "redeem_advice.yaml"
    assert await failing_tests(path, load_rules(path)) == []
