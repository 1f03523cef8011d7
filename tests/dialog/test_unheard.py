"""A prompt that could not be spoken was not said: it is tried once more, then the flow's way for errors is taken."""

from __future__ import annotations

from typing import Any

import pytest

from dialog.effects import GrantConsent, Say, StopRecording
from dialog.events import Heard, Pressed, PromptDone, Started, TakenOver
from dialog.ports import Ports
from tests.dialog.verify_world import flow as verifies
from tests.dialog.virtual import Run, begun

FLOW = """
format: flow/v1
id: f
title: {en: F}
locales: [en]
start: hi
blocks:
  hi: {type: play, text: {en: Welcome.}, exits: {next: ask}}
  ask: {type: menu, prompt: {en: "Which?"}, no_match: {en: Pardon.}, retries: 0, options: [{id: a, key: "1"}], exits: {a: bye, no_match: bye}}
  sorry: {type: play, text: {en: Sorry.}, exits: {next: people}}
  people: {type: queue, text: {en: A colleague comes.}, exits: {answered: bye, overflow: bye, no_agents: bye}}
  bye: {type: end, text: {en: Bye.}}
handlers: {on_error: sorry, on_human_request: people, on_silence: bye}
shortcuts: {"0": people}
"""


async def unheard(run: Run, times: int = 2) -> list[str]:
    """The prompts under way cannot be spoken; what is said after the last of them."""
    for _ in range(times):
        for play in list(run.state.playing):
            await run.tell(PromptDone(play_id=play.play_id, outcome="failed"))
    return run.said


@pytest.mark.parametrize("saved", [False, True])
async def test_it_is_said_once_more_and_the_flow_waits_for_it(saved: bool) -> None:
    run = await begun(FLOW, saved=saved)
    assert await unheard(run, 1) == ["Welcome."]
    assert run.state.block == "hi"
    await run.finish()
    assert run.state.block == "ask"


async def test_twice_is_an_error_and_what_comes_after_it_is_not_held_up_by_silence() -> None:
    run = await begun(FLOW)
    assert await unheard(run) == ["Sorry."]
    assert await unheard(run) == ["A colleague comes."]  # not on_error again: the way to people is open
    await unheard(run, 1)
    assert (run.state.block, run.state.errors) == ("people", 1)


async def test_a_play_that_was_heard_since_makes_the_next_one_an_error_again() -> None:
    run = await begun(FLOW.replace("next: people", "next: hi"))
    await unheard(run)
    await run.finish("barge_in")
    await run.fire("barge")
    assert run.state.block == "hi"
    await unheard(run)
    assert (run.state.block, run.state.errors) == ("sorry", 2)


async def test_the_exit_failed_is_taken_where_there_is_one() -> None:
    run = await begun(FLOW.replace("{next: ask}", "{next: ask, failed: bye}"))
    assert await unheard(run) == ["Bye."]
    assert run.state.errors == 0


async def test_a_question_that_nobody_heard_is_asked_again_and_silence_does_not_count() -> None:
    run = await begun(FLOW)
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    assert await unheard(run, 1) == ["Which?"]
    assert "no_input" not in run.timers
    assert await unheard(run, 1) == ["Sorry."]
    assert run.state.no_input == 0


async def test_words_before_a_question_can_be_heard_are_no_wrong_answer() -> None:
    run = await begun(FLOW)
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    await run.tell(Heard(text="hello?", language="en", early=True))
    assert (run.state.block, run.said) == ("ask", ["Pardon."])
    await run.tell(Heard(text="what?", language="en"))
    assert run.state.block == "bye"


async def test_what_failed_beside_what_was_heard_is_said_after_it() -> None:
    flow = FLOW.replace("title:", "digressions: {answers: true}\ntitle:")
    run = await begun(flow, articles={"opening hours": "From nine to five."}, intents={"opening hours": "question"})
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    await run.say("opening hours")
    article, question = run.state.playing
    await run.tell(PromptDone(play_id=article.play_id, outcome="failed"))
    await run.tell(PromptDone(play_id=question.play_id, outcome="done", spoken=question.text))
    assert run.said == ["From nine to five."]
    assert [say.article for say in run.of(Say)] == [article.article]
    await run.finish()
    assert "no_input" in run.timers


async def test_a_caller_who_talks_over_the_rest_goes_on_as_they_wish() -> None:
    run = await begun(FLOW, articles={"opening hours": "From nine to five."}, intents={"opening hours": "question"})
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    await run.say("opening hours")
    article, question = run.state.playing
    await run.tell(PromptDone(play_id=article.play_id, outcome="failed"))
    await run.tell(PromptDone(play_id=question.play_id, outcome="barge_in", spoken="Back"))
    assert run.said == []


async def test_the_last_words_and_courtesies_hold_nothing_up() -> None:
    run = await begun(FLOW)
    await run.tell(Pressed(digit="0"))
    assert run.said == ["A colleague comes."]
    assert await unheard(run, 1) == []
    assert run.state.block == "people"
    run = await begun(FLOW.replace("next: ask", "next: bye"))
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    await unheard(run, 1)
    assert run.state.ended == "completed"


async def test_how_it_was_to_be_said_is_kept() -> None:
    flow = FLOW.replace("{en: Welcome.}", '{en: "Order {{order | spell}}."}, barge_in: false, style: calm')
    run = await begun(flow, attributes={"order": "A47"})
    first = run.of(Say)[0]
    await unheard(run, 1)
    again = run.of(Say)[0]
    assert again.play_id != first.play_id
    assert (again.say_as, again.style, again.interruptible) == (first.say_as, "calm", False)
    assert again.say_as


async def test_time_for_a_prompt_that_waits_behind_another_counts_both() -> None:
    article = "word " * 100
    run = await begun(FLOW, articles={"opening hours": article}, intents={"opening hours": "question"})
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="Welcome."))
    await run.say("opening hours")
    assert run.timers["prompt"] - run.now > 100 * 400 + 15_000  # else it ran out while the article was being spoken


# ------------------------------------------------------------------ consent

NOTICE = """
format: flow/v1
id: f
title: {en: F}
locales: [en]
start: may
blocks:
  may: {type: consent, purposes: [recording], default: given, prompt: {en: "We record this."}, again: {en: "We record."}, exits: {given: bye, refused: bye}}
  people: {type: queue, exits: {answered: bye, overflow: bye, no_agents: people}}
  bye: {type: end, text: {en: Bye.}}
handlers: {on_error: people, on_human_request: people, on_silence: bye}
shortcuts: {"0": people}
"""


async def test_a_notice_that_nobody_heard_is_no_consent() -> None:
    run = await begun(NOTICE)
    await unheard(run)
    assert run.state.block == "people"
    assert not run.ever(GrantConsent)
    assert "recording" not in run.state.consents


async def test_nor_is_one_whose_second_asking_nobody_knows_of() -> None:
    run = await begun(NOTICE)
    await run.fire("prompt")
    await run.fire("no_input")
    await run.fire("prompt")
    await run.fire("no_input")
    assert [grant.given for grant in run.ever(GrantConsent)] == [False]
    assert run.ever(StopRecording)


@pytest.mark.parametrize("event", [Pressed(digit="0", early=True), TakenOver()])
async def test_nor_one_that_somebody_led_away_from_before_it_was_heard(event: Any) -> None:
    run = await begun(NOTICE)
    await run.tell(event)
    assert run.state.consents == {"recording": False}


async def test_one_that_was_heard_counts_as_the_flow_says() -> None:
    run = await begun(NOTICE)
    await run.tell(Pressed(digit="0"))  # over its words
    assert run.state.consents == {"recording": True}
    run = await begun(NOTICE)
    await run.tell(PromptDone(play_id=run.state.playing[0].play_id, outcome="done", spoken="We record this."))
    await run.tell(TakenOver())
    assert run.state.consents == {"recording": True}


# ------------------------------------------------------------------ a PIN, a phrase

PEOPLE = "\nhandlers: {on_error: out, on_human_request: out}\n"


async def test_a_pin_that_nobody_was_asked_for_burns_no_try(world: Ports) -> None:
    run = Run(verifies("pin") + PEOPLE, world, number="demo")
    await run.tell(Started())
    assert run.said == ["Your PIN?"]
    for _ in range(4):  # more than there are tries
        await run.tell(Heard(text="hello? is anybody there?", language="en", early=True))
    assert await unheard(run, 1) == ["Your PIN?"]
    assert (run.state.block, run.state.memo.get("wrong", 0), run.state.no_input) == ("who", 0, 0)
    for digit in "2468":
        await run.tell(Pressed(digit=digit))
    assert run.said == ["Welcome."]


async def test_a_phrase_that_nobody_heard_has_its_time_from_when_it_is_said_again(world: Ports) -> None:
    run = Run(verifies("voiceprint", level=1) + PEOPLE, world, number="demo")
    await run.tell(Started())
    run.now += 20_000
    await unheard(run, 1)
    assert run.state.private.phrase_until_ms - run.now == 30_000
