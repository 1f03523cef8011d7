"""Transfers as the app carries them out: the caller is let through, or had back, whatever happens outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialog.state import Frame
from server.calls import numbers
from server.calls.options import CallOptions
from server.calls.transfers import enter_flow
from session import channel, wire
from tests.calls.house import NUMBER, OPTIONS, House, open_house

FLOW = """
format: flow/v1
id: main
title: {en: T}
locales: [en]
start: go
blocks:
  go:
    type: transfer
    target: %s
    to: "%s"
    %s
    exits: {connected: done, no_answer: silent, busy: taken, failed: broken}
  done: {type: understand, prompt: {en: Anything else?}, no_match: {en: Pardon}, exits: {unknown: bye}}
  silent: {type: understand, prompt: {en: They do not answer.}, no_match: {en: Pardon}, exits: {unknown: bye}}
  taken: {type: understand, prompt: {en: They are busy.}, no_match: {en: Pardon}, exits: {unknown: bye}}
  broken: {type: understand, prompt: {en: That did not work.}, no_match: {en: Pardon}, exits: {unknown: bye}}
  lost: {type: understand, prompt: {en: The line broke.}, no_match: {en: Pardon}, exits: {unknown: bye}}
  bye: {type: end}
handlers: {on_agent_lost: lost}
"""
OTHER = """
format: flow/v1
id: bank
title: {en: B}
locales: [en]
start: hi
blocks:
  hi: {type: understand, prompt: {en: "This is the bank about {{topic}}."}, no_match: {en: Pardon}, exits: {unknown: bye}}
  bye: {type: end}
"""


def flow(target: str = "number", to: str = NUMBER, more: str = "timeout_s: 20") -> dict[str, str]:
    return {
        "main": (FLOW % (target, to, more)).replace("?}", '?"}').replace("{en: Anything", '{en: "Anything'),
        "bank": OTHER,
    }


def bridged(house: House, outside: str) -> bool:
    mixes = {order.leg_id: (order.hears, order.sends_to) for order in house.of(wire.MixLeg)}
    return mixes == {"leg-1": ([outside], [outside]), outside: (["leg-1"], ["leg-1"])}


def alone(house: House, leg_id: str) -> bool:
    last = house.of(wire.MixLeg, leg_id)[-1]
    return not last.hears and not last.sends_to


async def test_who_answers_is_let_through_and_the_bot_is_deaf(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow()) as house:
        contact = await house.call()
        dialled = house.dialled()
        assert (dialled.target, dialled.role, dialled.timeout_s) == (f"sip:{NUMBER}@gateway.example", "agent", 20.0)
        assert dialled.headers == {"P-Asserted-Identity": "<sip:+4940999@warm.example>"}
        assert not dialled.hearing.speech  # nobody outside is recognised
        assert contact.phase == "transfer"
        assert house.of(wire.PlayFile, "leg-1")  # music
        assert not house.of(wire.SetHearing, "leg-1")[-1].hearing.speech
        await house.tell(wire.LegProgress(leg_id=dialled.leg_id, state="up"))
        assert bridged(house, dialled.leg_id)
        assert contact.phase == "talking"
        assert house.of(wire.RecordLeg)[-1].action == "pause"  # who is outside was never asked
        await house.tell(wire.DtmfReceived(leg_id="leg-1", digit="7", source="rfc4733"))
        assert house.of(wire.SendDtmf)[-1].digits == "7"
        await house.ended(dialled.leg_id)
        assert house.spoken() == ["Anything else?"]
        assert house.of(wire.RecordLeg)[-1].action == "resume"
        assert contact.phase == "flow"
        told = await house.events(contact, "transfer.started")
        assert told == [{"target": "number", "to": "…456", "blind": False}]


@pytest.mark.parametrize(
    ("reason", "words"),
    [("no_answer", "They do not answer."), ("busy", "They are busy."), ("declined", "They are busy."), ("failed", "That did not work.")],
)  # fmt: skip
async def test_who_does_not_answer_gives_the_caller_back(tmp_path: Path, reason: str, words: str) -> None:
    async with open_house(tmp_path, flow()) as house:
        contact = await house.call()
        await house.ended(house.dialled().leg_id, reason)
        assert house.spoken() == [words]
        assert contact.phase == "flow"
        assert house.of(wire.StopPlay, "leg-1")  # no music over it
        assert house.of(wire.SetHearing, "leg-1")[-1].hearing.speech


@pytest.mark.parametrize("party", ["network", "error"])
async def test_a_line_that_dies_in_the_middle_gives_the_caller_back(tmp_path: Path, party: str) -> None:
    async with open_house(tmp_path, flow()) as house:
        contact = await house.call()
        outside = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        await house.ended(outside, "worker_lost", party)
        assert house.spoken() == ["The line broke."]
        assert alone(house, "leg-1")
        assert contact.phase == "flow"


async def test_audio_that_breaks_off_gives_the_caller_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow()) as house:
        await house.call()
        outside = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        await house.tell(wire.PeerHeard(leg_id="leg-1", peer_leg_id=outside, heard=False, reason="gone"))
        assert house.of(wire.HangupLeg, outside)
        await house.ended(outside, "failed", "local")
        assert house.spoken() == ["The line broke."]


async def test_a_bridge_that_cannot_be_made_is_taken_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow()) as house:
        contact = await house.call()
        outside = house.dialled().leg_id
        ordered = house.controller.hub.command

        async def refuse(leg: str, order: wire.LegCommand) -> None:
            if isinstance(order, wire.MixLeg) and order.hears and leg == "leg-1":
                raise channel.RemoteError("not now")
            await ordered(leg, order)

        house.controller.hub.command = refuse  # type: ignore[method-assign]
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        assert house.spoken() == ["That did not work."]
        assert house.of(wire.HangupLeg, outside)
        assert alone(house, "leg-1")
        assert contact.transfers.line is None


async def test_a_whisper_comes_before_the_caller(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow(more="whisper: {en: A caller for you.}")) as house:
        contact = await house.call()
        outside = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        whisper = house.of(wire.PlaySpeech, outside)[-1]
        assert whisper.text == "A caller for you."
        assert not house.of(wire.MixLeg)
        done = wire.PlayFinished(
            leg_id=outside, play_id=whisper.play_id, outcome="done", spoken=whisper.text, at_ms=0, played_ms=1
        )
        await house.tell(done)
        assert bridged(house, outside)
        assert contact.phase == "talking"


async def test_who_hangs_up_during_the_whisper_was_not_reached(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow(more="whisper: {en: A caller for you.}")) as house:
        await house.call()
        outside = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        await house.ended(outside)
        assert house.spoken()[-1] == "That did not work."


async def test_a_caller_who_gives_up_stops_the_ringing(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow()) as house:
        contact = await house.call()
        await house.ended("leg-1")
        assert house.of(wire.HangupLeg, house.dialled().leg_id)
        assert contact.phase == "ended"


async def test_a_blind_transfer_ends_with_the_talk(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow(more="mode: blind")) as house:
        await house.call()
        outside = house.dialled().leg_id
        await house.tell(wire.LegProgress(leg_id=outside, state="up"))
        await house.ended(outside)
        assert house.of(wire.HangupLeg, "leg-1")


@pytest.mark.parametrize(
    ("to", "options"),
    [
        ("+900123456", OPTIONS),
        (NUMBER, OPTIONS.model_copy(update={"numbers_refused": ["+493012*"]})),
        (NUMBER, CallOptions()),
        (NUMBER, OPTIONS.model_copy(update={"trunk": ""})),
    ],
)
async def test_nothing_is_dialled_that_no_rule_allows(tmp_path: Path, to: str, options: CallOptions) -> None:
    async with open_house(tmp_path, flow(to=to), options) as house:
        contact = await house.call()
        await house.quiet()
        assert not house.of(wire.DialLeg)
        assert house.spoken() == ["That did not work."]
        assert await house.events(contact, "transfer.refused")


async def test_calls_of_an_hour_are_bounded(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow(), OPTIONS.model_copy(update={"per_hour": 1})) as house:
        await house.call("leg-1")
        await house.call("leg-2")
        await house.quiet()
        assert len(house.of(wire.DialLeg)) == 1
        assert house.spoken() == ["That did not work."]


async def test_without_a_free_line_the_bot_has_the_caller(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow()) as house:
        house.refuses = wire.DialLeg
        contact = await house.call()
        await house.quiet()
        assert house.spoken() == ["That did not work."]
        assert contact.phase == "flow"


async def test_the_run_goes_on_in_another_flow(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow("flow", "bank", 'context: {topic: "a card"}')) as house:
        contact = await house.call()
        await house.quiet()
        assert house.spoken() == ["This is the bank about a card."]
        assert contact.flow_id == contact.snapshot().flow_id == "bank"
        assert await house.events(contact, "flow.changed") == [{"previous": "main", "next": "bank"}]


@pytest.mark.parametrize("agreed", [True, False])
async def test_what_was_proven_and_agreed_goes_along(tmp_path: Path, agreed: bool) -> None:
    asks = OTHER.replace(
        "  bye:", "  may: {type: consent, purposes: [recording], default: refused, prompt: {en: May we}, again: {en: Well}, exits: {given: bye, refused: bye}}\n  bye:"
    )  # fmt: skip
    async with open_house(tmp_path, flow("flow", "bank") | {"bank": asks}) as house:
        contact = await house.call()
        await house.quiet()
        old = contact.run
        old.policy, old.auth_level, old.customer_id, old.proven = "cn", 2, "100001", ["pin"]
        old.consents = {"recording": agreed}
        house.orders.clear()
        await enter_flow(contact, house.engines["bank"], {"topic": "you"})
        new = contact.run
        assert (new.policy, new.auth_level, new.customer_id, new.proven) == ("cn", 2, "100001", ["pin"])
        assert new.next_play > 1  # a prompt's end is not taken for another's
        assert house.of(wire.RecordLeg)[-1].action == ("resume" if agreed else "pause")


@pytest.mark.parametrize(
    ("uri", "rung"),
    [
        ("sip:+4930900123@gateway.example", False),
        ("SIP:+4930900123@GATEWAY.example:5060;transport=tcp", False),
        ("sip:+4930123456@gateway.example", True),
        ("sip:desk@gateway.example", True),
        ("sip:+4930900123@office.example", True),
    ],
)
async def test_a_refused_number_is_not_reached_by_its_address_on_the_trunk(
    tmp_path: Path, uri: str, rung: bool
) -> None:
    options = OPTIONS.model_copy(update={"numbers_refused": ["+4930900*"]})
    async with open_house(tmp_path, flow("sip", uri), options) as house:
        await house.call()
        await house.quiet()
        assert bool(house.of(wire.DialLeg)) is rung


async def test_nothing_done_before_is_taken_for_what_the_next_flow_asks_for(tmp_path: Path) -> None:
    """Work outside is known by flow, block and visit: a second refund under the id of the first was never made."""
    async with open_house(tmp_path, flow("flow", "bank")) as house:
        contact = await house.call()
        await house.quiet()
        contact.run.flow, contact.run.visits = "refund@2", {"pay": 1}
        contact.run.other_visits = {"": {"pay": 2}, "survey@1": {"ask": 4}}
        contact.run.stack = [Frame(flow="", block="refund", attributes={"order": "4711"})]
        await enter_flow(contact, house.engines["bank"], {"topic": "you"})
        assert (contact.run.attributes["order"], contact.run.attributes["topic"]) == ("4711", "you")
        assert contact.run.flow == "" and contact.run.visits["pay"] == 2
        assert contact.run.other_visits == {"refund@2": {"pay": 1}, "survey@1": {"ask": 4}}


async def test_an_unknown_flow_is_a_failure(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow("flow", "nowhere")) as house:
        await house.call()
        await house.quiet()
        assert house.spoken() == ["That did not work."]


# ---------------------------------------------------------------------- one agent


async def test_one_agent_alone_is_offered_the_caller(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow("agent", "bob", "whisper: {en: One for you.}")) as house:
        ids = await house.agents("amy", "bob")
        for user_id in ids.values():
            house.controller.set_availability(user_id, "available")
        contact = await house.call()
        await house.quiet()
        assert contact.agent is not None
        assert contact.agent.card.user_id == ids["bob"]
        leg = await house.answered_by_agent(contact)
        assert house.spoken() == ["One for you."]  # alone with him
        assert not house.of(wire.MixLeg)
        play = house.of(wire.PlaySpeech)[-1].play_id
        await house.tell(wire.PlayFinished(leg_id=leg, play_id=play, outcome="done", spoken="", at_ms=0, played_ms=1))
        assert bridged(house, leg)
        await house.ended(leg)
        assert house.spoken()[-1] == "Anything else?"


async def test_an_agent_who_is_told_of_a_caller_who_hangs_up_is_free_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, flow("agent", "bob", "whisper: {en: One for you.}")) as house:
        ids = await house.agents("bob")
        house.controller.set_availability(ids["bob"], "available")
        contact = await house.call()
        await house.quiet()
        leg = await house.answered_by_agent(contact)
        bob = house.controller.desk.desk.agents[ids["bob"]]
        assert bob.held
        await house.ended("leg-1")
        assert house.of(wire.HangupLeg, leg)
        await house.ended(leg)
        assert not bob.held


async def test_a_restart_while_the_agent_is_told_of_the_caller_loses_nobody(tmp_path: Path) -> None:
    flows = flow("agent", "bob", "whisper: {en: One for you.}")
    async with open_house(tmp_path, flows) as house:
        ids = await house.agents("bob")
        house.controller.set_availability(ids["bob"], "available")
        contact = await house.call()
        await house.quiet()
        leg = await house.answered_by_agent(contact)
    async with open_house(tmp_path, flows) as house:
        await house.controller.reload_agents()
        again = await house.resumed(contact)
        assert bridged(house, leg)
        assert again.contact_id in house.controller.desk.desk.agents[ids["bob"]].held
        await house.ended(leg)
        assert house.spoken()[-1] == "Anything else?"


@pytest.mark.parametrize(
    ("state", "words"), [("break", "They do not answer."), ("available", "They are busy."), ("", "That did not work.")]
)
async def test_an_agent_who_cannot_is_told_of_at_once(tmp_path: Path, state: Any, words: str) -> None:
    async with open_house(tmp_path, flow("agent", "bob")) as house:
        if state:
            ids = await house.agents("bob")
            house.controller.set_availability(ids["bob"], state)
            desk = house.controller.desk.desk
            if state == "available":
                desk.assign(ids["bob"], "another", 0)
        contact = await house.call()
        await house.quiet()
        assert house.spoken() == [words]
        assert contact.phase == "flow"


@pytest.mark.parametrize(("missed", "words"), [(True, "They do not answer."), (False, "They are busy.")])
async def test_an_agent_who_does_not_take_it_gives_the_caller_back(tmp_path: Path, missed: bool, words: str) -> None:
    async with open_house(tmp_path, flow("agent", "Bob")) as house:
        ids = await house.agents("bob")
        house.controller.set_availability(ids["bob"], "available")
        contact = await house.call()
        await house.quiet()
        assert contact.agent is not None
        await contact.agent.give_up("no_answer" if missed else "declined")
        await house.quiet()
        assert house.spoken() == [words]
        assert house.controller.desk.desk.waiting == {}


# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("said", "region", "number"),
    [
        ("0049 30/12 34-56", "", NUMBER),
        ("030 123456", "DE", NUMBER),
        ("4711", "", "4711"),
        ("010 6552 9988", "CN", "+861065529988"),
    ],
)
def test_spellings_of_a_number(said: str, region: str, number: str) -> None:
    assert numbers.normal(said, region) == number


@pytest.mark.parametrize("said", ["demo", "", "+1", "12", "+49301234567890123456", "4711;maddr=evil", "sip:x@y"])
def test_what_is_no_number(said: str) -> None:
    with pytest.raises(numbers.NotAllowed) as caught:
        numbers.normal(said, "")
    assert said == "" or said not in str(caught.value)


def test_workers_and_edge_get_the_same_rules() -> None:
    assert OPTIONS.dial_rules() == ["sip:+4930*@gateway.example", "sip:4711@gateway.example"]
    assert CallOptions().dial_rules() == []
    with pytest.raises(ValueError, match="is no number"):
        CallOptions(numbers_allowed=["*@evil"])
