"""Barge-in decisions in virtual time."""

from __future__ import annotations

import numpy as np
import pytest

from media.backchannel import echoes, only_backchannel
from media.barge_in import BargeIn, Step
from media.echo import EchoGuard, softened


def run(pattern: str, machine: BargeIn, at: int = 0) -> list[tuple[int, Step]]:
    """Frames of 20 ms from `at` ms on; answers (ms at the frame's end, step)."""
    found = []
    for number, mark in enumerate(pattern, 1):
        end = at + 20 * number
        found += [(end, step) for step in machine.push(mark == "v", end / 1000)]
    return found


def spoken(ms: int) -> BargeIn:
    """A machine after so much of a voice that the network knows for one."""
    machine = BargeIn()
    run("v" * 5, machine)
    machine.checked(True)
    run("v" * (ms // 20 - 5), machine, 100)
    return machine


def test_duck_at_60_ms_ask_at_100_ms_and_silent_before_200_ms() -> None:
    machine = BargeIn()
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]
    assert machine.onset == 0.0
    assert machine.checked(True) == []
    assert run("vvvvv", machine, 100) == [(140, Step.CHECK), (180, Step.CHECK), (180, Step.HOLD)]


def test_a_short_word_holds_when_it_pauses() -> None:
    """A "no" or 停 of 140 ms was over before the hold: the bot spoke on until its words were known, 400 ms later."""
    machine = BargeIn()
    run("vvvvv", machine)
    assert machine.checked(True) == []
    assert run("vv.", machine, 100) == [(140, Step.CHECK), (160, Step.HOLD)]
    assert machine.words("no", ended=True) == [Step.STOP]
    machine = BargeIn()
    run("vvvvv", machine)
    machine.checked(True)
    run("vv.", machine, 100)
    assert machine.words("mm-hm", ended=True) == [Step.RESTORE]


def test_a_pause_holds_nothing_that_the_network_has_not_taken_for_speech() -> None:
    machine = BargeIn()
    run("vvvvvv", machine)
    assert Step.HOLD not in [step for _, step in run("..", machine, 120)]
    assert machine.checked(True) == [Step.HOLD]  # its answer comes while it pauses


def test_an_answer_that_comes_late_holds_at_once() -> None:
    machine = BargeIn()
    run("v" * 12, machine)
    assert machine.checked(True) == [Step.HOLD]


def test_a_click_does_nothing_and_is_forgotten() -> None:
    machine = BargeIn()
    assert run("vv......", machine) == []
    assert machine.onset is None


def test_a_refusal_is_believed_the_third_time_and_asked_about_seldom_from_then_on() -> None:
    machine = BargeIn()
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]
    assert machine.checked(False) == []  # the network often needs more of a voice: the prompt stays lowered
    assert run("vv", machine, 100) == [(140, Step.CHECK)]
    assert machine.checked(False) == []
    assert run("vv", machine, 140) == [(180, Step.CHECK)]
    assert machine.checked(False) == [Step.RESTORE]
    assert machine.checked(False) == []
    assert run("vvvv", machine, 180) == [
        (220, Step.CHECK),
        (260, Step.CHECK),
    ]  # and not lowered again for the same noise
    run("vvvvvvv", machine, 260)
    assert run("v" * 12, machine, 400) == [(420, Step.CHECK), (540, Step.CHECK)]


def test_the_last_answer_before_the_hold_counts() -> None:
    """The network takes the first 100 ms of many a noise for speech."""
    machine = BargeIn()
    run("vvvvv", machine)
    machine.checked(True)
    run("vvv", machine, 100)
    assert machine.checked(False) == []
    assert run("v", machine, 160) == [(180, Step.CHECK)]
    assert machine.checked(False) == [Step.RESTORE]
    assert Step.HOLD not in [step for _, step in run("vvvvv", machine, 180)]
    assert machine.checked(True) == [Step.HOLD]  # it was a voice that began softly


def test_a_noise_that_passed_for_a_voice_lets_the_bot_go_on_after_three_refusals() -> None:
    machine = spoken(200)
    found = []
    for number in range(20):
        steps = run("v", machine, 200 + 20 * number)
        found += steps
        if Step.CHECK in [step for _, step in steps]:
            found += [(steps[0][0], step) for step in machine.checked(False)]
    assert [at for at, step in found if step is Step.RESTORE] == [420]
    machine = spoken(200)
    assert [machine.checked(answer) for answer in (False, False, True, False, False)] == [[]] * 5


@pytest.mark.parametrize("word", ["No.", "停"])
def test_a_quick_no_is_over_before_it_is_decoded_and_stops_the_bot_all_the_same(word: str) -> None:
    machine = BargeIn()
    run("v" * 8 + "......", machine, 1000)
    assert machine.onset is None  # the prompt goes on at full level
    assert machine.words(word, ended=True) == [Step.STOP]
    assert machine.onset == 1.0
    machine.reset()
    assert machine.words(word, ended=True) == []  # that prompt is over


def test_words_of_the_second_half_stop_a_bot_that_went_on_after_the_first() -> None:
    machine = spoken(300)
    assert machine.words("", ended=True) == [Step.RESTORE]
    assert machine.words("不是", ended=True) == [Step.STOP]


def test_after_a_noise_the_next_sound_is_a_new_matter() -> None:
    machine = BargeIn()
    run("vvvvvvvvv", machine)
    machine.checked(False)
    assert run("......", machine, 180) == []
    assert run("vvvvv", machine, 300) == [(360, Step.DUCK), (400, Step.CHECK)]


def test_a_short_hum_costs_a_moment_and_nothing_of_the_prompt() -> None:
    machine = spoken(160)
    assert run("......", machine, 160) == [(180, Step.HOLD)]
    assert machine.words("mm", ended=True) == [Step.RESTORE]
    machine = BargeIn()
    run("vvvv", machine)  # shorter still, and nothing stands still
    assert run("......", machine, 80) == [(200, Step.RESTORE)]


@pytest.mark.parametrize("words", ["Mm-hm.", "Yeah, yeah.", "Okay.", "", "对对对。", "好的，明白了"])
def test_a_listening_noise_that_is_over_lets_the_bot_go_on(words: str) -> None:
    machine = spoken(400)
    assert run("....", machine, 400) == []  # still silent: the words are not there
    assert machine.words(words, ended=True) == [Step.RESTORE]


@pytest.mark.parametrize(
    "words", ["Wait.", "Yeah, but", "no", "What?", "不是", "等一下", "我要找人工", "Thank you, but no"]
)
def test_words_that_want_the_floor_stop_the_bot(words: str) -> None:
    assert spoken(400).words(words, ended=False) == [Step.STOP]
    short = spoken(160)
    assert short.words(words, ended=True) == [Step.STOP]


def test_yeah_waits_while_the_caller_goes_on_and_but_decides() -> None:
    machine = spoken(700)
    assert machine.words("Yeah", ended=False) == []
    run("vvvvv", machine, 700)
    assert machine.words("Yeah but", ended=False) == [Step.STOP]


def test_words_stop_the_bot_for_a_voice_that_passed_for_noise() -> None:
    machine = BargeIn()
    run("v" * 9, machine)
    machine.checked(False)
    assert machine.words("Stop it", ended=False) == [Step.STOP]


def test_where_an_answer_is_awaited_yes_is_one() -> None:
    machine = spoken(300)
    machine.answering = True
    assert machine.words("Yes.", ended=True) == [Step.STOP]
    machine = spoken(300)
    machine.answering = True
    assert machine.words("", ended=True) == [Step.RESTORE]


def test_without_words_who_spoke_longer_wanted_to_be_heard() -> None:
    for ms, step in ((380, Step.RESTORE), (420, Step.STOP)):
        assert run("." * 40, spoken(ms), ms)[0] == (ms + 600, step)


def test_speech_that_goes_on_and_on_stops_the_bot_but_a_noise_without_words_does_not() -> None:
    assert (1200, Step.STOP) in run("v" * 60, spoken(400), 400)
    machine = spoken(800)
    machine.words("", ended=False)
    assert Step.STOP not in [step for _, step in run("v" * 60, machine, 800)]


def test_reset_restores_only_what_was_lowered() -> None:
    machine = BargeIn()
    assert machine.reset() == []
    run("vvvv", machine)
    assert machine.reset() == [Step.RESTORE]
    assert machine.reset() == []
    assert machine.words("Wait", ended=True) == []  # of a voice that is over


@pytest.mark.parametrize(
    "text",
    [
        "uh-huh",
        "Mm-hmm.",
        "Uh huh, uh huh",
        "Yeah.",
        "OK, I see.",
        "Right...",
        "嗯嗯",
        "对的对的",
        "哦，好的。",
        "是啊",
        "啊",
        "I'm",
        "Hi.",
        "You know",
        "谢谢观看。",
    ],
)
def test_listening_noises(text: str) -> None:
    assert only_backchannel(text)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "okay stop", "I'm done", "hi there", "no", "hello?", "one two three", "right, but why", "agent", "yeah " * 9,
        "不对", "好像不是", "是不是", "行不行", "对不起", "可以转人工吗", "嗯我想问一下", "停",
    ],
)  # fmt: skip
def test_what_wants_to_be_heard(text: str) -> None:
    assert not only_backchannel(text)


def test_our_own_words_that_come_back_are_no_callers() -> None:
    prompt = "Thank you for calling. Your order left"
    assert echoes("Thank you for coming.", prompt)
    assert echoes("your order", prompt)
    assert not echoes("order", prompt)
    assert not echoes("I want to stop my order", prompt)
    assert not echoes("", prompt)
    assert echoes("您的订单", "您的订单已经发货")


def test_what_is_no_louder_than_our_echo_is_no_voice() -> None:
    guard = EchoGuard()
    loud = (8000 * np.sin(np.arange(320) / 5)).astype(np.int16)
    quiet = (loud * 10 ** (-29 / 20)).astype(np.int16)
    assert not guard.is_echo(quiet)  # nothing was sent
    guard.sent(loud)
    assert guard.is_echo(quiet)
    assert not guard.is_echo(loud)
    for _ in range(20):
        guard.sent(np.zeros(320, np.int16))
    assert not guard.is_echo(quiet)  # 400 ms after the prompt it would be somebody


def test_the_recogniser_hears_an_echo_twenty_db_softer() -> None:
    frame = np.array([1000, -1000, 0], dtype=np.int16)
    assert softened(frame).tolist() == [100, -100, 0]
