"""No emotion leads to an offer or a price, and none is kept where a withdrawal could not delete it."""

from __future__ import annotations

import pytest

from dialog.flow import parse_flow
from dialog.validate import validate

FLOW = """format: flow/v1
id: small
title: {en: Small}
locales: [en]
start: may_we
blocks:
  may_we:
    type: consent
    purposes: [emotion]
    prompt: {en: "May we analyse your tone of voice?"}
    again: {en: "Yes or no?"}
    exits: {given: ask, refused: ask}
  ask:
    type: menu
    prompt: {en: "Prices or support?"}
    no_match: {en: "Pardon?"}
    options:
      - {id: prices, key: "1"}
      - {id: support, key: "2"}
    exits: {prices: deal, support: mood, no_match: bye}
  mood:
    type: branch
    cases:
      - {exit: cross, when: "emotion.frustration > 0.6"}
    exits: {cross: sorry, else: people}
  sorry:
    type: play
    text: {en: "I am sorry."}
    exits: {next: people}
  deal:
    type: play
    text: {en: "We have a special offer for you."}
    exits: {next: ask}
  people:
    type: queue
    priority: "emotion.frustration > 0.6 ? 80 : 50"
    exits: {answered: bye, overflow: bye, no_agents: bye}
  bye:
    type: end
    text: {en: "Bye."}
handlers: {on_human_request: people, on_error: bye, on_emotion: {when: "emotion.label == 'angry'", goto: sorry}}
"""


def problems(text: str) -> list[str]:
    flow, document = parse_flow(text, "f.yaml")
    return [str(problem) for problem in validate(flow, document) if "human" not in problem.message]


def changed(old: str, new: str) -> str:
    assert old in FLOW
    return FLOW.replace(old, new, 1)


def test_routing_and_comfort_are_allowed_and_so_is_an_offer_that_was_asked_for() -> None:
    assert problems(FLOW) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("goto: sorry}", "goto: deal}", "f.yaml:41:", "handler on_emotion leads by the caller's emotion to 'deal'"),
        ("cross: sorry", "cross: deal", "f.yaml:23:", "block 'mood' leads by the caller's emotion to 'deal'"),
        ("else: people", "else: deal", "f.yaml:23:", "'deal', which sounds like an offer (text: 'special offer')"),
        ('"I am sorry."}\n    exits: {next: people}', '"I am sorry."}\n    exits: {next: deal}', "f.yaml:41:", "'deal'"),
        ('{en: "I am sorry."}', '{en: "Sorry! 20% off."}', "f.yaml:41:", "'20% off'"),
        ('{en: "I am sorry."}', '{en: "Sorry."}\n    tags: [price]', "f.yaml:42:", "is tagged price"),
        ("priority:", "queue: sales\n    priority:", "f.yaml:42:", "hands over to sales (sales)"),
    ],
)  # fmt: skip
def test_an_offer_by_emotion_is_refused(old: str, new: str, place: str, words: str) -> None:
    found = problems(changed(old, new))
    assert any(one.startswith(place) and "E emotion-sale " in one and words in one for one in found), found
    assert all("tags: [service]" in one for one in found)


def test_chinese_offers_are_known_too() -> None:
    chinese = FLOW.replace("locales: [en]", "locales: [en, zh-CN]").replace(
        '"I am sorry."', '"Sorry.", zh-CN: "现在升级套餐有优惠"'
    )
    assert any("emotion-sale" in one and "升级套餐" in one for one in problems(chinese))


def test_an_offer_behind_a_question_that_only_emotion_leads_to_is_refused() -> None:
    hidden = changed(
        "  deal:\n",
        '  why:\n    type: menu\n    prompt: {en: "Want to hear something nice?"}\n    no_match: {en: "Pardon?"}\n'
        '    options: [{id: nice, key: "1"}]\n    exits: {nice: secret, no_match: people}\n'
        '  secret:\n    type: play\n    text: {en: "Nice."}\n    tags: [offer]\n    exits: {next: people}\n  deal:\n',
    )
    for old, new in (("goto: sorry", "goto: why"), ("cross: sorry", "cross: why")):
        assert any("'secret', which is tagged offer" in one for one in problems(hidden.replace(old, new)))


def test_what_every_exit_leads_to_hangs_on_no_emotion() -> None:
    both = changed("cross: sorry, else: people", "cross: deal, else: deal")
    assert problems(both) == []


def test_words_that_only_look_like_an_offer_are_tagged() -> None:
    sorry = changed('{en: "I am sorry."}', '{en: "Sorry about the discount that failed."}\n    tags: [service]')
    assert problems(sorry) == []


def test_an_emotion_is_not_kept_as_an_attribute() -> None:
    kept = changed(
        "  deal:\n", '  note:\n    type: set\n    values: {mood: "= emotion.label"}\n    exits: {next: ask}\n  deal:\n'
    ).replace("cross: sorry", "cross: note")
    assert any("f.yaml:" in one and "a withdrawal could not delete" in one for one in problems(kept))


@pytest.mark.parametrize(
    ("purposes", "severity", "words"),
    [("[recording, emotion]", "W", "consent-together"), ("[emotion, emotion_history]", "E", "consent-history-apart")],
)
def test_what_must_be_asked_apart(purposes: str, severity: str, words: str) -> None:
    found = problems(changed("[emotion]", purposes))
    assert any(f"f.yaml:9: {severity} " in one and words in one for one in found), found


def test_silence_is_no_consent_to_emotion() -> None:
    found = problems(changed("purposes: [emotion]", "purposes: [emotion]\n    default: given"))
    assert any("silence is no consent" in one and " E " in one for one in found), found
    assert problems(changed("purposes: [emotion]", "purposes: [emotion]\n    default: refused")) == []


NOTE = "  note:\n    type: set\n    values: {cross: true}\n    exits: {next: people}\n  deal:\n"


@pytest.mark.parametrize("way", ["cross: sorry", "goto: sorry"])
def test_what_is_set_only_where_an_emotion_leads_keeps_it_as_well(way: str) -> None:
    kept = changed("  deal:\n", NOTE).replace(way, way.replace("sorry", "note"))
    assert any("values.cross keeps an emotion" in one for one in problems(kept)), problems(kept)


def test_what_is_set_on_every_way_keeps_no_emotion() -> None:
    both = changed("  deal:\n", NOTE).replace("cross: sorry, else: people", "cross: note, else: note")
    assert not any("keeps an emotion" in one for one in problems(both))


@pytest.mark.parametrize("when", ["visits.sorry > 0", "'sorry' in visits"])
def test_an_offer_by_where_an_emotion_led_is_refused(when: str) -> None:
    """That a run was in a block to which only moods lead tells the mood."""
    hidden = changed(
        "  deal:\n",
        f'  been:\n    type: branch\n    cases: [{{exit: moody, when: "{when}"}}]\n    exits: {{moody: deal, else: bye}}\n  deal:\n',
    ).replace("exits: {answered: bye", "exits: {answered: been")
    assert any("emotion-sale block 'been'" in one for one in problems(hidden)), problems(hidden)
