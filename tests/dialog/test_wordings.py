"""Wordings: per channel, with variables and expressions in them."""

from __future__ import annotations

import pytest

from dialog import cel, text


@pytest.mark.parametrize(
    ("given", "flat"),
    [
        ({"en": "A", "zh-CN": "甲"}, {"en": "A", "zh-CN": "甲"}),
        ({"en": "A", "chat": {"en": "B"}}, {"en": "A", "en@chat": "B"}),
        ({"voice": {"en": "A"}, "chat": {"en": "B"}}, {"en": "A", "en@chat": "B"}),
    ],
)
def test_wordings_by_channel_become_flat(given: dict[str, object], flat: dict[str, str]) -> None:
    assert text.by_channel(given) == flat
    assert text.by_channel(flat) == flat


@pytest.mark.parametrize(
    ("channel", "locale", "words"),
    [
        ("voice", "en", "said"),
        ("video", "en", "said"),
        ("chat", "en", "written"),
        ("chat", "en-GB", "written"),
        ("chat", "zh-CN", "说"),
        ("chat", "fr", "said"),
    ],
)
def test_the_channels_own_wording_goes_first(channel: str, locale: str, words: str) -> None:
    assert text.pick({"en": "said", "zh-CN": "说", "en@chat": "written"}, locale, channel) == words


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("You pay {{ total * 2.0 }}.", "You pay 5.0."),
        ("{{n}} {{ n > 1 ? 'items' : 'item' }}", "2 items"),
        ("Hello {{a.b}}{{missing}}{{ missing + 1 }}!", "Hello x!"),
        ("{{kind}}", "blue"),
    ],
)
def test_a_template_is_filled_in(template: str, words: str) -> None:
    values = {"total": 2.5, "n": 2, "a": {"b": "x"}, "kind": {"en": "blue", "zh-CN": "蓝"}}
    assert text.render(template, values, "en") == words


def test_names_read_by_an_expression() -> None:
    found = cel.names("order.total > 3 && items.exists(i, i.price > tier) && has(a.b) && 'x' in bag && size(n) > 1")
    assert found == ("order", "items", "tier", "a", "bag", "n")
    assert cel.names("1 +") == ()
    assert set(text.variables("{{a.b}} {{ total > q ? 'x' : 'y' }}")) == {"a.b", "total", "q"}
