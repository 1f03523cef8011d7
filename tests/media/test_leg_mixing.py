"""Legs that hear each other, and what is recorded of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.frames import Samples
from session import wire
from tests.media.leg_world import call, phrase
from tests.media.scripted import tone

pytestmark = pytest.mark.virtual_time


async def test_the_recording_holds_the_caller_left_and_what_was_heard_right(tmp_path: Path) -> None:
    path = tmp_path / "rec" / "call.wav"
    async with call(tmp_path, record=path) as c:
        c.line.speak(tone(400, 16_000, 310))
        await c.line.until_said()
        await c.leg.handle(wire.MuteLeg(leg_id="leg-1", on=True))
        c.line.speak(tone(300, 16_000, 310))
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Hello.", locale="en"))
        await c.told.wait(wire.PlayFinished)
        await c.leg.close()
        closed = c.told.of(wire.RecordingClosed)[0]
    data, rate = soundfile.read(path, dtype="int16")
    assert rate == closed.rate == 16_000
    assert len(data) * 1000 // rate == closed.duration_ms
    left, right = data.T
    assert np.count_nonzero(np.abs(left) > 100) / 16 == pytest.approx(390, abs=30)
    assert np.count_nonzero(np.abs(right) > 100) / 16 == pytest.approx(350, abs=30)
    assert np.flatnonzero(np.abs(right) > 100)[0] > np.flatnonzero(np.abs(left) > 100)[-1]


async def test_two_mixed_legs_hear_each_other_within_80_ms_and_notice_the_end(tmp_path: Path) -> None:
    quiet = wire.Hearing(speech=False)
    async with call(tmp_path, quiet, name="a") as a, call(tmp_path, quiet, name="b") as b:
        await a.leg.handle(wire.MixLeg(leg_id="a", hears=["b"], sends_to=["b"]))
        await b.leg.handle(wire.MixLeg(leg_id="b", hears=["a"], sends_to=["a"]))
        assert (await a.told.wait(wire.PeerHeard)).heard
        assert (await b.told.wait(wire.PeerHeard)).heard
        await asyncio.sleep(0.3)
        for one, other in ((a, b), (b, a)):
            sent, came = len(one.line.sent) + len(one.line.say), len(other.line.came)
            moment = other.line.times[-1]
            one.line.speak(tone(300, 16_000, 500))
            await asyncio.sleep(0.7)
            heard = next(n for n in range(came, len(other.line.came)) if np.abs(other.line.came[n]).max() > 1000)
            said = next(n for n in range(sent - 2, len(one.line.sent)) if np.abs(one.line.sent[n]).max() > 1000)
            assert 1000 * (other.line.times[heard] - one.line.times[said]) < 80
            assert other.line.times[heard] > moment
        a.line.close()
        b.line.close()
        await b.leg.close()
        gone = await a.told.wait(wire.PeerHeard, 2, timeout_s=3)
        assert (gone.heard, gone.peer_leg_id, gone.reason) == (False, "b", "gone")
        assert not a.leg.mix.accompanied


def mix(leg: str, others: str) -> wire.MixLeg:
    return wire.MixLeg(leg_id=leg, hears=list(others), sends_to=list(others))


def strength(samples: Samples, hz: float) -> float:
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / 16_000)
    return float(abs(2 * np.mean(samples * wave)))


async def test_a_conference_is_in_the_customers_recording_and_a_held_or_muted_leg_is_not(tmp_path: Path) -> None:
    path = tmp_path / "rec" / "call.wav"
    quiet = wire.Hearing(speech=False)
    async with (
        call(tmp_path, quiet, name="c", record=path) as c,
        call(tmp_path, quiet, name="a") as a,
        call(tmp_path, quiet, name="s") as s,
    ):
        for leg, others in ((c, "as"), (a, "cs"), (s, "ca")):
            await leg.leg.handle(mix(leg.leg.leg_id, others))
        for leg, hz in ((c, 300), (a, 500), (s, 700)):
            leg.line.speak(tone(8000, 16_000, hz, 4000))
        await asyncio.sleep(2)
        a.leg.hold(True)  # their phone put us on hold: its music is nobody's
        await asyncio.sleep(2)
        a.leg.hold(False)
        await s.leg.handle(wire.MuteLeg(leg_id="s", on=True))
        await asyncio.sleep(2)
        await c.leg.close()
    left, right = soundfile.read(path, dtype="int16")[0].T
    spans = [slice(16_000 * second + 8_000, 16_000 * second + 24_000) for second in (0, 2, 4)]
    assert [strength(left[span], 300) > 3000 for span in spans] == [True, True, True]
    assert [strength(right[span], 500) > 3000 for span in spans] == [True, False, True]
    assert [strength(right[span], 700) > 3000 for span in spans] == [True, True, False]
    assert max(strength(right[span], 300) for span in spans) < 50  # nobody hears himself
    bend = np.abs(np.diff(right.astype(int), 2)).max()
    assert bend < 1.5 * (
        4000 * (2 * np.pi * 500 / 16_000) ** 2 + 4000 * (2 * np.pi * 700 / 16_000) ** 2
    )  # and no clicks


async def test_what_is_played_to_a_leg_is_heard_by_whom_it_is_played_on_to(tmp_path: Path) -> None:
    """A supervisor hears the bot as its caller does, talks to the caller, and does not hear himself come back."""
    music = tmp_path / "music.wav"
    soundfile.write(music, tone(500, 16_000, 440, 4000), 16_000)
    quiet = wire.Hearing(speech=False)
    async with call(tmp_path, quiet, name="c") as c, call(tmp_path, quiet, name="s") as s:
        played = wire.played("c")
        await c.leg.handle(wire.MixLeg(leg_id="c", hears=["s"], sends_to=["s"], plays_to=["s"]))
        await s.leg.handle(wire.MixLeg(leg_id="s", hears=["c", played], sends_to=["c"]))
        await c.leg.handle(wire.PlayFile(leg_id="c", play_id="m", path=str(music), loop=True, gain_db=0.0))
        for leg, hz in ((c, 300), (s, 700)):
            leg.line.speak(tone(4000, 16_000, hz, 4000))
        await asyncio.sleep(2)
        heard, own = np.concatenate(s.line.came[-50:]), np.concatenate(c.line.came[-50:])
        assert [strength(heard, hz) > 3000 for hz in (300, 440, 700)] == [True, True, False]
        assert strength(heard, 700) < 50
        assert [strength(own, hz) > 3000 for hz in (300, 440, 700)] == [False, True, True]
        await c.leg.handle(wire.MixLeg(leg_id="c", hears=["s"], sends_to=["s"]))
        await asyncio.sleep(1)
        after = np.concatenate(s.line.came[-40:])
        assert [strength(after, hz) > 3000 for hz in (300, 440)] == [True, False]


async def test_hold_music_is_neither_transcribed_nor_talked_over_and_a_signal_plays_alike(tmp_path: Path) -> None:
    music = tmp_path / "music.wav"
    soundfile.write(music, tone(500, 16_000, 440), 16_000)
    async with call(tmp_path) as c:
        await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=wire.Hearing(speech=False)))
        await c.leg.handle(wire.PlayFile(leg_id="leg-1", play_id="m", path=str(music), loop=True))
        await c.told.wait(wire.PlayStarted)
        c.line.speak(phrase())
        await c.line.until_said()
        assert not c.told.of(wire.SpeechStarted)
        assert not c.told.of(wire.PlayFinished)
        assert not c.inference.asked
        assert np.abs(np.concatenate(c.line.came[-50:])).max() > 7000  # undiminished
        await c.leg.handle(wire.StopPlay(leg_id="leg-1"))
        await c.leg.handle(wire.PlayTone(leg_id="leg-1", play_id="t", tone="courtesy", loop=True))
        await c.told.wait(wire.PlayStarted, 2)
        await asyncio.sleep(11)  # three rounds begin
        assert len([e for e in c.told.of(wire.PlayFinished) if e.play_id == "t"]) == 0
        heard = np.abs(np.concatenate(c.line.came[-500:])).reshape(-1, 320).max(axis=1) > 500
        assert 2 <= np.count_nonzero(np.diff(heard.astype(int)) == 1) <= 6
        await c.leg.handle(wire.StopPlay(leg_id="leg-1", play_id="t"))
        assert (await c.told.wait(wire.PlayFinished, 2)).outcome == "stopped"


async def test_keys_to_one_leg_are_heard_there_alone_and_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "rec" / "call.wav"
    quiet = wire.Hearing(speech=False)
    async with call(tmp_path, quiet, name="a", record=path) as a, call(tmp_path, quiet, name="b") as b:
        await a.leg.handle(mix("a", "b"))
        await b.leg.handle(mix("b", "a"))
        a.leg.send_keys("5")
        await asyncio.sleep(0.5)
        assert strength(np.concatenate(a.line.came), 770) > 300
        assert not np.concatenate(b.line.came).any()
        a.leg.dtmf("7", "rfc4733")  # what its phone presses is told of it alone
        assert [e.leg_id for e in a.told.of(wire.DtmfReceived)] == ["a"]
        assert not b.told.of(wire.DtmfReceived)
        await a.leg.close()
    assert not soundfile.read(path, dtype="int16")[0].any()
