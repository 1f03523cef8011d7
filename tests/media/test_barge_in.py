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


def test_noise_is_asked_about_again_while_it_lasts_and_the_voice_comes_back() -> None:
    machine = BargeIn()
    assert run("vvvvv", machine) == [(60, Step.DUCK), (100, Step.CHECK)]
    assert machine.refused() == [Step.RESTORE]
    assert machine.refused() == []
    assert [step for _, step in run("vvvvvv", machine)] == [Step.DUCK, Step.CHECK]


def test_a_voice_that_ends_before_the_answer_restores() -> None:
    assert run("vvvv......") == [(60, Step.DUCK), (200, Step.RESTORE)]


def test_reset_restores_only_what_was_ducked() -> None:
    machine = BargeIn()
    assert machine.reset() == []
    run("vvvv", machine)
    assert machine.reset() == [Step.RESTORE]
    assert machine.reset() == []
