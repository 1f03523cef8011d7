"""Playout block by block, on a clock of our own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from media.frames import Samples
from media.peers import Voices
from media.playout import BLOCK, QUEUE_MOST, Finished, Play, Playout, Started, cut_at_word


class Desk:
    """A playout, its clock, and what it told."""

    def __init__(self, others: Callable[[], npt.NDArray[np.float32] | None] = lambda: None) -> None:
        self.now = 100.0
        self.told: list[Started | Finished] = []
        self.playout = Playout(self.told.append, others, lambda: self.now)

    def blocks(self, count: int) -> Samples:
        out = []
        for _ in range(count):
            out.append(self.playout.block())
            self.now += 0.02
        return np.concatenate(out)

    def finished(self) -> list[Finished]:
        return [news for news in self.told if isinstance(news, Finished)]

    def play(self, name: str, *parts: tuple[int, str], complete: bool = True, **options: bool | float) -> Play:
        play = Play(name, bool(options.pop("interruptible", True)), **options)  # type: ignore[arg-type]
        play.ordered_at = self.now
        self.playout.add(play)
        for ms, text in parts:
            self.playout.feed(play, tone(ms), text)
        if complete:
            self.playout.complete(play)
        return play


def tone(ms: int, level: int = 8000) -> Samples:
    return (level * np.sin(2 * np.pi * 200 * np.arange(16 * ms) / 16_000)).astype(np.int16)


def test_nothing_to_play_is_silence() -> None:
    assert not Desk().blocks(3).any()


def test_clauses_follow_each_other_without_a_seam_and_prompts_too() -> None:
    desk = Desk()
    desk.play("a", (50, "One "), (50, "two."))
    desk.play("b", (40, "Three."))
    out = desk.blocks(8)
    assert (out[: 140 * 16] == np.concatenate([tone(50), tone(50), tone(40)])).all()
    assert not out[140 * 16 :].any()
    assert [(f.play.play_id, f.outcome, f.spoken) for f in desk.finished()] == [
        ("a", "done", "One two."),
        ("b", "done", "Three."),
    ]
    assert desk.finished()[0].play.played == 1600


def test_started_means_the_first_audible_sample() -> None:
    desk = Desk()
    play = desk.play("a", complete=False)
    desk.blocks(10)
    assert desk.told == []
    desk.playout.feed(play, np.concatenate([np.zeros(BLOCK * 2, np.int16), tone(100)]), "Hello.")
    desk.blocks(2)
    assert desk.told == []
    desk.blocks(1)
    assert desk.told == [Started(play)]
    assert play.audible_at == pytest.approx(100.24)


def test_a_clause_that_is_late_leaves_silence_and_the_prompt_goes_on() -> None:
    desk = Desk()
    play = desk.play("a", (20, "One "), complete=False)
    desk.play("b", (20, "Two."))
    assert not desk.blocks(4)[BLOCK:].any()
    assert not desk.finished()
    desk.playout.feed(play, tone(20), "more.")
    desk.playout.complete(play)
    assert desk.blocks(2).any()
    desk.blocks(1)
    assert [f.spoken for f in desk.finished()] == ["One more.", "Two."]


def test_barge_in_keeps_the_words_that_were_played_and_dies_away_without_a_click() -> None:
    desk = Desk()
    desk.play("a", (500, "Your balance is "), (500, "nine hundred euros."))
    desk.blocks(35)
    onset = desk.now - 0.15
    assert desk.playout.interruptible_audible()
    desk.playout.interrupt(onset)
    assert not desk.finished()
    out = desk.blocks(2)
    assert np.abs(np.diff(out.astype(int))).max() < 1000
    assert out[:100].any()
    assert not out[BLOCK // 2 :].any()
    (end,) = desk.finished()
    assert (end.outcome, end.spoken) == ("barge_in", "Your balance is nine ")
    assert end.stop_ms == pytest.approx(160, abs=1)


def test_a_stopped_prompt_ends_even_when_nobody_fetches() -> None:
    desk = Desk()
    desk.play("a", (500, "Hello."))
    desk.blocks(2)
    desk.playout.stop("a")
    desk.playout.settle()
    assert not desk.finished()
    desk.now += 0.2
    desk.playout.settle()
    assert [f.outcome for f in desk.finished()] == ["stopped"]


def test_barge_in_leaves_what_may_not_be_interrupted() -> None:
    desk = Desk()
    desk.play("law", (100, "This call is recorded."), interruptible=False)
    desk.play("ask", (100, "How may I help?"))
    desk.blocks(2)
    assert not desk.playout.interruptible_audible()
    desk.playout.interrupt(desk.now)
    assert [f.play.play_id for f in desk.finished()] == ["ask"]
    desk.blocks(5)
    assert [(f.play.play_id, f.outcome) for f in desk.finished()] == [("ask", "barge_in"), ("law", "done")]


def test_ducking_is_soft_and_restored() -> None:
    desk = Desk()
    desk.play("a", (1000, "Hello."))
    loud = np.abs(desk.blocks(5)).max()
    desk.playout.duck(True)
    out = desk.blocks(5)
    assert np.abs(np.diff(out.astype(int))).max() < 1000
    assert np.abs(out[BLOCK:]).max() == pytest.approx(loud / 4, rel=0.02)
    desk.playout.duck(False)
    assert np.abs(desk.blocks(5)[BLOCK:]).max() == pytest.approx(loud, rel=0.02)


def test_music_loops_until_it_is_stopped_at_its_gain() -> None:
    desk = Desk()
    desk.play("music", (70, ""), loop=True, gain=0.5)
    out = desk.blocks(50)
    assert np.abs(out).max() == pytest.approx(4000, abs=2)
    assert out[-BLOCK:].any()
    desk.playout.stop(None)
    desk.blocks(2)
    assert [(f.outcome, f.spoken) for f in desk.finished()] == [("stopped", "")]
    assert not desk.blocks(1).any()


def test_a_prompt_that_could_not_be_made_fails_and_the_next_one_plays() -> None:
    desk = Desk()
    play = desk.play("a", complete=False)
    desk.play("b", (20, "Hi."))
    desk.playout.complete(play, "no voice")
    assert desk.blocks(1).any()
    desk.blocks(1)
    assert [(f.play.play_id, f.outcome) for f in desk.finished()] == [("a", "failed"), ("b", "done")]


def test_another_leg_is_mixed_in_and_loud_sums_are_bent_not_clipped() -> None:
    voices = Voices()
    voices.choose(frozenset({"b"}))
    desk = Desk(voices.pull)
    play = Play("a", False)
    desk.playout.add(play)
    desk.playout.feed(play, tone(200, 20_000), "")
    for sequence in range(10):
        voices.push("b", 1, sequence, tone(20, 20_000))
    out = desk.blocks(10).astype(int)
    assert 28_000 < np.abs(out).max() <= 32_767
    assert np.abs(np.diff(out)).max() < 4000
    voices.choose(frozenset())
    assert not desk.blocks(3)[BLOCK:].any()


def test_too_many_prompts_are_refused() -> None:
    desk = Desk()
    for number in range(QUEUE_MOST):
        desk.play(str(number))
    with pytest.raises(ValueError, match="wait on this leg"):
        desk.play("one more")


@pytest.mark.parametrize(
    ("text", "share", "spoken"),
    [
        ("Your balance is nine", 0.5, "Your "),
        ("Your balance is nine", 1.0, "Your balance is nine"),
        ("您的余额是九百元", 0.5, "您的余额"),
        ("Hello", 0.9, ""),
        ("", 0.5, ""),
    ],
)
def test_words_that_were_cut_are_left_out(text: str, share: float, spoken: str) -> None:
    assert cut_at_word(text, share) == spoken


def gappy() -> Samples:
    """400 ms of tone, 40 ms of silence, 400 ms of tone."""
    return np.concatenate([tone(400), np.zeros(640, np.int16), tone(400)])


def test_a_held_prompt_is_silent_loses_nothing_and_goes_on_from_a_quiet_moment() -> None:
    desk = Desk()
    play = Play("a", True)
    desk.playout.add(play)
    desk.playout.feed(play, gappy(), "Your balance is nine.")
    desk.playout.complete(play)
    desk.blocks(30)  # 600 ms: 160 ms into the second tone
    desk.playout.hold(True)
    out = desk.blocks(20)
    assert out[:100].any()
    assert not out[BLOCK // 2 :].any()
    assert not desk.finished()
    desk.playout.hold(False)
    desk.blocks(1)
    assert 400 * 16 <= play.at_sample - BLOCK < 450 * 16
    again = desk.blocks(30)
    assert np.abs(again).max() > 7000
    (end,) = desk.finished()
    assert (end.outcome, end.spoken) == ("done", "Your balance is nine.")
    assert end.play.played == len(gappy())  # what was said twice counts once


def test_a_held_prompt_that_is_stopped_was_silent_since_it_was_held() -> None:
    desk = Desk()
    desk.play("a", (1000, "Your balance is nine hundred euros."))
    desk.blocks(10)
    onset = desk.now - 0.2
    desk.playout.hold(True)
    desk.blocks(25)
    desk.playout.interrupt(onset)
    (end,) = desk.finished()
    assert end.outcome == "barge_in"
    assert end.stop_ms == pytest.approx(210, abs=1)
    desk.play("b", (100, "Next."))
    assert desk.blocks(5).any()  # the hold ended with it


def test_while_held_no_other_prompt_begins_and_law_is_read_on() -> None:
    desk = Desk()
    desk.play("a", (30, "One."))
    desk.play("b", (100, "Two."))
    desk.blocks(1)
    desk.playout.hold(True)
    assert not desk.blocks(10)[2 * BLOCK :].any()
    desk.playout.hold(False)
    assert desk.blocks(8).any()
    desk.play("law", (200, "Recorded."), interruptible=False)
    desk.playout.hold(True)
    assert desk.blocks(5).any()
