"""Differences of flows by meaning."""

from __future__ import annotations

from dialog.flow import parse_flow
from dialog.versions import diff

FLOW = """format: flow/v1
id: shop
title: {en: Customer support, zh-CN: 客户服务}
locales: [en, zh-CN]
start: greet
blocks:
  greet:
    type: play
    note: Nothing is recorded in a chat.
    text:
      en: Hello, this is {{company}}.
      zh-CN: 您好，这里是{{company}}。
    exits: {next: consent}
  consent:
    type: consent
    purposes: [recording]
    default: refused
    prompt: {en: May we record, zh-CN: 可以录音吗}
    again: {en: Yes or no, zh-CN: 可以还是不可以}
    exits: {given: people, refused: no_recording}
  no_recording:
    type: play
    text: {en: Nothing is recorded, zh-CN: 不会录音}
    exits: {next: people}
  people:
    type: queue
    exits: {answered: bye, overflow: bye, no_agents: bye}
  bye: {type: end}
handlers:
  on_human_request: people
  on_error: people
  on_silence: bye
"""


def changes(*edits: tuple[str, str]) -> list[str]:
    text = FLOW
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(change) for change in diff(parse_flow(FLOW)[0], parse_flow(text)[0])]


def test_layout_notes_and_comments_mean_nothing() -> None:
    more = ("blocks:\n", "# another comment\nlayout: {greet: [1, 2]}\nblocks:\n")
    assert changes(more, ("note: Nothing is recorded in a chat", "note: Chats are not kept")) == []


def test_wordings_are_told_by_locale() -> None:
    assert changes(("en: Hello, this is {{company}}.", "en: Good day.")) == [
        "~ greet: wording text (en): Hello, this is {{company}}. → Good day."
    ]


def test_parameters_exits_and_blocks() -> None:
    found = changes(
        ("default: refused", "default: given"),
        ("exits: {given: people, refused: no_recording}", "exits: {given: people, refused: nothing_kept}"),
        ("  no_recording:\n", "  nothing_kept:\n"),
    )
    assert "~ consent: default: refused → given" in found
    assert "~ consent: exit refused: no_recording → nothing_kept" in found
    assert "- block 'no_recording' (play)" in found
    assert "+ block 'nothing_kept' (play)" in found
    assert len(found) == 4


def test_handlers_and_what_is_outside_blocks() -> None:
    found = changes(("on_silence:", "on_hangup:"), ("title: {en: Customer support,", "title: {en: Help,"))
    assert any(line.startswith("~ flow: handlers.on_silence") for line in found)
    assert any(line.startswith("~ flow: handlers.on_hangup") for line in found)
    assert "~ flow: wording title (en): Customer support → Help" in found
