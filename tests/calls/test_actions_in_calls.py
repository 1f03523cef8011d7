"""Actions, the content filter and experiments in the app: errands end as events of the flow, records are committed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.model import Announce
from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.experiment.assign import Choice, Experiments
from dialog.filter.service import Filters
from server.calls.control import Control
from session import wire
from tests.calls.house import House, open_house
from tests.dialog.test_filter import NAMES, PACKS

FLOW = """
format: flow/v1
id: main
title: {en: Main}
locales: [en]
start: split
blocks:
  split:
    type: branch
    experiment: {id: greeting, weights: {plain: 1, warm: 1}}
    exits: {plain: decide, warm: decide}
  decide:
    type: action
    rule: advice
    in: {days: "5"}
    sets: [words]
    exits: {done: tell, needs_approval: people, failed: people}
  tell: {type: play, text: {en: "Good news. This fund has {{words}}."}, exits: {next: people}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end}
handlers: {on_human_request: people, on_error: people}
"""
TABLE = """
format: rules/v1
id: advice
inputs: {days: {type: number}}
outputs: {words: {type: string}}
rows: [{id: only, then: {words: guaranteed returns}}]
"""


def _furnished(folder: Path, house: House) -> None:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "advice.yaml").write_text(TABLE)
    ports = replace(
        house.ports,
        performer=Outside(ActionOptions()).performer(folder),
        filters=Filters.load(PACKS, NAMES),
        experiments=Experiments("s", {"other": Choice(promoted="x")}),
    )
    house.engines["main"].ports = ports


async def test_decided_screened_recorded_and_flagged(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": FLOW}, ready=lambda house: _furnished(tmp_path, house)) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        assert house.spoken()[0].startswith("Good news.") and "guaranteed returns" not in house.spoken()[0]
        (layers,) = await house.events(contact, "decision.layers")
        assert layers["rule"]["table"] == "advice" and layers["rule"]["rows"] == ["only"]
        hits = await house.events(contact, "content_filter")
        assert {hit["block"] for hit in hits} == {"tell"} and all(len(hit["sha"]) == 64 for hit in hits)
        (exposed,) = await house.events(contact, "experiment.exposed")
        await house.said()
        leg = await house.answered_by_agent(contact)
        for number, words in enumerate(("I promise you a profit of ten percent", "Your parcel is on its way")):
            await house.tell(_heard(leg, number, words))
        (flag, *_) = flags = await house.events(contact, "content_flag")
        assert {found["utterance_id"] for found in flags} == {"u0"} and flag["role"] == "agent"
        assert flag["reason"]["en"] and flag["advice"]["en"]
        await house.ended("leg-1")
        (outcome,) = await house.events(contact, "experiment.outcome")
        assert outcome["transferred"] is True and outcome["variant"] == exposed["variant"]


async def test_an_agents_words_are_flagged_while_they_speak_once_a_rule(tmp_path: Path) -> None:
    async with open_house(tmp_path, {"main": FLOW}, ready=lambda house: _furnished(tmp_path, house)) as house:
        ids = await house.agents("amy")
        house.controller.set_availability(ids["amy"], "available")
        contact = await house.call()
        await house.said()
        leg = await house.answered_by_agent(contact)
        shown: list[dict[str, Any]] = []
        house.store.bus.publish_live = lambda _id, kind, payload, **_: (
            shown.append(payload) if kind == "content_flag" else None
        )
        words = "I promise you a profit of ten percent"
        assert house.of(wire.SetHearing, leg)[-1].hearing.newest or house.of(wire.OfferLeg)[-1].hearing.newest
        for length in (3, 5, 7, 8):
            newest = " ".join(words.split()[:length])
            sure = " ".join(words.split()[: max(0, length - 5)])  # what two decodes agree on comes later
            await house.tell(
                wire.UtterancePartial(leg_id=leg, utterance_id="u0", t0_ms=0, text=sure, newest=newest, language="en")
            )
        assert shown and all(flag["partial"] and flag["utterance_id"] == "u0" for flag in shown)
        assert len({(flag["pack"], flag["rule"]) for flag in shown}) == len(shown)
        assert await house.events(contact, "content_flag") == []
        await house.tell(_heard(leg, 0, words))
        kept = await house.events(contact, "content_flag")
        assert kept and all("partial" not in flag for flag in kept)
        await house.tell(wire.UtterancePartial(leg_id="leg-1", utterance_id="c0", t0_ms=0, text=words, language="en"))
        assert {flag["utterance_id"] for flag in shown} == {"u0"}, "a customer may say what they like"


async def test_what_an_agent_writes_is_flagged_and_what_a_queue_says_is_screened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "server.calls.queueing.position_text", lambda *_args, **_more: "Guaranteed returns, please wait."
    )
    async with open_house(tmp_path, {"main": FLOW}, ready=lambda house: _furnished(tmp_path, house)) as house:
        contact = await house.call()
        await house.said()
        await contact.queueing.announce(Announce(contact.contact_id, 1, 60))
        assert "uaranteed" not in house.spoken()[-1]
        assert {hit["block"] for hit in await house.events(contact, "content_filter")} == {"tell", "queue"}
        control = Control(house.controller, dict)  # type: ignore[arg-type]
        for role in ("customer", "agent"):
            await control.message(contact.conversation_id, "we guarantee a 10% return", role=role, user_id=None)
            await house.quiet()
        assert {flag["role"] for flag in await house.events(contact, "content_flag")} == {"agent"}


def _heard(leg: str, number: int, words: str) -> wire.UtteranceFinal:
    return wire.UtteranceFinal(
        leg_id=leg,
        utterance_id=f"u{number}",
        t0_ms=0,
        t1_ms=900,
        text=words,
        language="en",
        confidence=0.9,
        words=[],
        ledger=[],
    )
