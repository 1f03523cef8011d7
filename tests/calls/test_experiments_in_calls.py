"""Experiments over a whole contact: through other flows, people and other contacts of one conversation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dialog.experiment.assign import Experiments
from tests.calls.house import House, open_house
from tests.calls.test_chat import begin
from tests.calls.test_presence import web_call

SPLIT = """
format: flow/v1
id: main
title: {en: M}
locales: [en]
start: split
blocks:
  split:
    type: branch
    experiment: {id: way, weights: {one: 1, two: 1}, success: "ended == 'satisfied' && visits.split == 1"}
    exits: {one: next, two: next}
"""
MAIN = (
    SPLIT
    + """
  next: {type: transfer, target: flow, to: other, exits: {connected: bye, busy: bye, no_answer: bye, failed: bye}}
  bye: {type: end}
"""
)
OTHER = """
format: flow/v1
id: other
title: {en: O}
locales: [en]
start: bye
blocks:
  bye: {type: end, text: {en: Goodbye.}, disposition: satisfied}
"""


def _experiments(house: House) -> None:
    for engine in house.engines.values():
        engine.ports = replace(engine.ports, experiments=Experiments("s"))


async def test_a_variant_that_leads_to_another_flow_is_judged_by_the_end_of_the_contact(tmp_path: Path) -> None:
    """It used to be judged as it left its own flow, as if the other flow were a person: the guardrail stopped it for that."""
    async with open_house(tmp_path, {"main": MAIN, "other": OTHER}, ready=_experiments) as house:
        contact = await house.call()
        assert contact.flow_id == "other" and house.spoken() == ["Goodbye."]
        await house.said()
        await house.ended("leg-1", party="local")
        (exposed,) = await house.events(contact, "experiment.exposed")
        (outcome,) = await house.events(contact, "experiment.outcome")
        assert outcome["variant"] == exposed["variant"]
        assert (outcome["success"], outcome["transferred"]) == (True, False)


CHATTY = {
    "main": SPLIT
    + """
  next: {type: menu, prompt: {en: "People?"}, no_match: {en: Pardon.}, options: [{id: people, key: "1", intents: ["yes"]}],
         exits: {people: people, no_match: bye}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end}
"""
}


async def test_who_writes_and_then_calls_is_one_customer(tmp_path: Path) -> None:
    """Nobody is known by a number on the page. The call of a conversation meets what its chat met, and counts with it."""
    async with open_house(tmp_path, CHATTY, ready=_experiments) as house:
        for _ in range(6):
            chat = await begin(house)
            call, leg = await web_call(house, chat.conversation_id)
            written, spoken = await house.events(call, "experiment.exposed")
            assert (written["unit"], written["variant"]) == (spoken["unit"], spoken["variant"])
            await house.ended(leg)
