"""Barge-in decisions in virtual time."""

from __future__ import annotations

from media.barge_in import BargeIn, Step


def run(pattern: str, machine: BargeIn | None = None) -> list[tuple[int, Step]]:
    """Frames of 20 ms; answers (ms at the frame's end, step)."""
    machine = machine or BargeIn()
    return [
        (20 * (n + 1), step) for n, mark in enumerate(pattern) for step in machine.push(mark == "v", 0.02 * (n + 1))
    ]


def test_duck_at_60_ms_and_ask_at_100_ms() -> None:
    machine = BargeIn()
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]
    assert machine.onset == 0.0


def test_a_click_does_nothing_and_is_forgotten() -> None:
    machine = BargeIn()
    assert run("vv......", machine) == []
    assert machine.onset is None


def test_a_refusal_is_believed_the_third_time_and_asked_about_seldom_from_then_on() -> None:
    machine = BargeIn()
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]
    assert machine.refused() == []  # the network often needs more of a voice: the prompt stays lowered
    assert run("vv", machine) == [(40, Step.CHECK)]
    assert machine.refused() == []
    assert run("vv", machine) == [(40, Step.CHECK)]
    assert machine.refused() == [Step.RESTORE]
    assert machine.refused() == []
    assert run("vvvvvv", machine) == [(120, Step.CHECK)]  # and not lowered again for the same noise


def test_after_a_noise_the_next_sound_is_a_new_matter() -> None:
    machine = BargeIn()
    run("vvvvvvvvv", machine)
    machine.refused()
    assert run("......", machine) == []
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]


def test_a_voice_that_ends_before_the_answer_restores() -> None:
    assert run("vvvv......") == [(60, Step.DUCK), (200, Step.RESTORE)]


def test_reset_restores_only_what_was_ducked() -> None:
    machine = BargeIn()
    assert machine.reset() == []
    run("vvvv", machine)
    assert machine.reset() == [Step.RESTORE]
    assert machine.reset() == []
