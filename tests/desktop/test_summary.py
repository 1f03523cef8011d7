"""Summaries without a language model: what is said of a contact is of its record, digits and hidden words never."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.desktop.dispositions import read_dispositions
from server.desktop.summary import Line, Record, summarise

FLOWS = Path(__file__).parents[2] / "flows"


def lines(*said: str) -> list[Line]:
    return [Line("customer" if text.startswith("c:") else "agent", text[2:].strip()) for text in said]


def test_an_english_call() -> None:
    record = Record(
        language="en",
        intent="refund_status",
        intent_title="where a refund is",
        verified=True,
        tickets=[("1042", "Billing", False)],
        lines=lines(
            "a: Hello, this is Amy, how can I help you?",
            "c: Hi. I sent my shoes back three weeks ago and my refund has not arrived. Where is my money?",
            "a: May I have your customer number?",
            "c: Sure. 100001, and my card ends in 4417 8803.",
            "c: [hidden]",
            "a: Thank you. Your refund of forty-nine euros was paid out on Monday.",
            "a: Your bank takes three to five working days. I will send you the confirmation by e-mail.",
            "c: All right, thank you.",
        ),
    )
    found = summarise(record)
    assert found.outcome == "open"  # its ticket is
    assert found.text.splitlines() == [
        "Reason: where a refund is.",
        "Asked: “I sent my shoes back three weeks ago and my refund has not arrived”; “Where is my money?”.",
        "Answered: Your refund of forty-nine euros was paid out on Monday; Your bank takes three to five working days.",
        "Done: identity verified; ticket 1042 at Billing.",
        "Outcome: open.",
        "Open: ticket 1042 at Billing; I will send you the confirmation by e-mail.",
    ]
    for secret in ("100001", "4417", "hidden"):
        assert secret not in found.text


def test_a_chinese_call() -> None:
    found = summarise(
        Record(
            language="zh-CN",
            intent_title="投诉",
            articles=["退货政策"],
            lines=lines(
                "a: 您好，很高兴为您服务。",
                "c: 你好。我买的咖啡机用了两天就坏了，你们怎么处理？我的电话是13800138000。",
                "a: 非常抱歉。质量问题三十天内可以免费退换。",
                "a: 我会在今天安排快递上门取件。",
                "c: 好的，谢谢。",
            ),
        )
    )
    assert found.outcome == "solved"
    text = found.text
    assert text.splitlines()[0] == "来电原因：投诉。"
    assert "我买的咖啡机用了两天就坏了，你们怎么处理？" in text
    assert "已告知：退货政策" in text and "质量问题三十天内可以免费退换" in text
    assert "待跟进：我会在今天安排快递上门取件。" in text
    assert "13800138000" not in text


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (Record("en", lines("c: hello"), left_waiting=True), "abandoned"),
        (Record("en", lines("c: where is my order?"), transferred=True), "transferred"),
        (Record("en", lines("c: where is my order?", "a: It is lost.", "c: this is useless, forget it")), "unsolved"),
        (Record("en", lines("c: where is my order?", "a: It comes tomorrow.", "c: great, thanks")), "solved"),
        (Record("en", lines("c: where is my order?")), "open"),
        (Record("en", lines("c: when are you open?"), articles=["Opening hours"]), "solved"),
        (Record("en", []), "abandoned"),
        (Record("zh-CN", lines("c: 我的订单呢？", "a: 还在查。", "c: 算了，没用")), "unsolved"),
    ],
)
def test_outcomes_and_what_they_suggest(record: Record, outcome: str) -> None:
    found = summarise(record)
    assert found.outcome == outcome
    listed = read_dispositions(FLOWS, FLOWS)
    assert listed.suggested("", found.outcome) == {"open": "follow_up"}.get(outcome, outcome)
    assert listed.suggested("complaint", "open") == "complaint_open"
    assert listed.suggested("order_status", "solved") == "solved"


@pytest.mark.parametrize(
    ("said", "there", "absent"),
    [
        (["c: Do you ship to Norway?", "a: Yes, in five days."], ["Reason: Do you ship to Norway?\n"], ["?."]),
        (["c: 运费谁出？", "a: 由买家承担运费。"], ["来电原因：运费谁出？\n"], ["？。"]),
        (["c: Why two charges?", "a: I can see two charges of 9.90."], ["two charges of 9.90"], []),
        (["c: When do you come?", "a: We will not be able to come today."], ["Answered: We will not"], ["Open: "]),
        (
            [
                "c: Can you check my order?",
                "a: Let me check that for you.",
                "a: I'm sorry about that.",
                "a: It is in Hamburg.",
            ],
            ["Answered: It is in Hamburg."],
            ["Let me check", "sorry"],
        ),
        (
            ["c: 快递还没到吗？", "a: 我帮您查一下。", "a: 包裹还在上海分拨中心。"],
            ["已答复：包裹还在上海"],
            ["我帮您查"],
        ),
        (["c: The app crashes when I log in.", "a: Install it again."], ["Reason: The app crashes"], []),
        (["c: I was charged twice for one thing.", "a: One was paid back."], ["Reason: I was charged twice"], []),
        (["c: Where is he?", "a: He is late.", "c: thanks for nothing"], ["Outcome: not solved."], []),
        (["c: Where is he?", "a: He is late.", "c: not really great, thanks"], ["Outcome: not solved."], []),
    ],
)
def test_nothing_is_told_that_was_not_so(said: list[str], there: list[str], absent: list[str]) -> None:
    """A point within a figure, a promise that is none, words to fill a pause, thanks that are none."""
    text = summarise(Record("zh-CN" if "？" in said[0] else "en", lines(*said))).text
    assert [part for part in there if part not in text] == [], text
    assert [part for part in absent if part in text] == [], text
