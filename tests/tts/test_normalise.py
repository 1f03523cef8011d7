"""Written forms that the engines' own libraries read wrongly."""

from __future__ import annotations

import pytest

from tts.normalise import for_speech


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("code 48213", "en", "code 4 8 2 1 3"),
        ("code 007", "en", "code 0 0 7"),
        ("in 2026", "en", "in 2026"),
        ("$48213 due", "en", "$48213 due"),
        ("12500 dollars", "en", "12500 dollars"),
        ("on 2026-11-21", "en", "on 2026-11-21"),
        ("call 555-0199", "en", "call 5 5 5, 0 1 9 9"),
        ("a.b@example.com", "en", "a dot b at example dot com"),
        ("订单号48213", "zh", "订单号四八二一三"),
        ("请拨10086", "zh", "请拨一零零八六"),
        ("共12800元", "zh", "共12800元"),
        ("余额1,280.50元", "zh", "余额1280.50元"),
        ("¥88.5", "zh", "88.5元"),
        ("2026-11-21", "zh", "2026年11月21日"),
        ("14:30到15:00", "zh", "14点30分到15点"),
        ("Ruf 10086", "de", "Ruf 10086"),
    ],
)
def test_spoken_form(text: str, language: str, spoken: str) -> None:
    assert for_speech(text, language) == spoken
