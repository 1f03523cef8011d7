"""A leg speaks, and is talked over: prompts, files, barge-in and keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

import media.inference as inference_module
from media.frames import Samples
from session import channel, wire
from tests.media.leg_world import Call, call
from tests.media.scripted import Inference, speech, tone

pytestmark = pytest.mark.virtual_time


async def test_a_prompt_is_heard_clause_by_clause(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.inference.clauses = lambda text: ["Good ", "day."]
        c.inference.clause_s = 0.1
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Good day.", locale="en"))
        started = await c.told.wait(wire.PlayStarted)
        assert 90 < sum(stage.ms for stage in started.ledger) < 190
        assert {stage.name for stage in started.ledger} == {"synthesis", "queue", "playout"}
        assert c.leg.playing == "p1"
        done = await c.told.wait(wire.PlayFinished)
        assert (done.outcome, done.spoken, done.played_ms) == ("done", "Good day.", 540)
        heard = np.concatenate(c.line.came)
        assert np.count_nonzero(np.abs(heard) > 100) / 16 == pytest.approx(535, abs=25)


@pytest.mark.parametrize("rate", [8000, 48_000])
async def test_other_rates_are_fetched_in_step(tmp_path: Path, rate: int) -> None:
    async with call(tmp_path) as c:
        c.line.close()
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Hello!", locale="en"))
        await asyncio.wait_for(c.leg._speaking["p1"], 3)
        out = np.concatenate([c.leg.fetch(rate, rate // 50) for _ in range(25)])
        assert len(out) == rate // 2
        spectrum = np.abs(np.fft.rfft(out[: rate // 5]))
        assert int(np.argmax(spectrum)) * 5 == pytest.approx(300, abs=5)


async def test_the_rest_of_a_prompt_is_asked_of_the_restarted_worker(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        texts: list[str] = []

        def clauses(text: str) -> list[str]:
            texts.append(text)
            if len(texts) == 1:
                asyncio.get_running_loop().call_later(0.15, lambda: [p.abort() for p in peers])
            return [text[:3], text[3:]]

        peers = [p for p in [c.leg._inference._link.peer] if p is not None]
        c.inference.clauses, c.inference.clause_s = clauses, 0.1
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Hi, you.", locale="en"))
        done = await c.told.wait(wire.PlayFinished)
        assert (done.outcome, done.spoken) == ("done", "Hi, you.")
        assert texts == ["Hi, you.", " you."]


async def test_a_prompt_that_breaks_off_has_failed_with_what_was_heard_of_it(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.inference.clauses, c.inference.mute_after = lambda text: ["May we ", "record this?"], 1
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="May we record this?", locale="en"))
        done = await c.told.wait(wire.PlayFinished)
        assert (done.outcome, done.spoken) == ("failed", "May we ")
        assert "no engine can speak" in done.error


async def test_a_worker_that_dies_after_the_last_clause_has_said_all(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        peer = c.leg._inference._link.peer
        assert peer is not None

        def clauses(text: str) -> list[str]:
            asyncio.get_running_loop().call_later(0.25, peer.abort)
            return [text[:6], text[6:], ""]

        c.inference.clauses, c.inference.clause_s = clauses, 0.1
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Good day.", locale="en"))
        done = await c.told.wait(wire.PlayFinished)
        assert (done.outcome, done.spoken, c.inference.count(wire.Speak)) == ("done", "Good day.", 1)


async def test_what_our_worker_cannot_speak_another_of_the_pool_does(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        other = Inference()
        address = f"unix:{tmp_path}/other.sock"
        server = await channel.serve(address, other, "inference")
        client = inference_module.InferenceClient(f"unix:{tmp_path}/leg-1-inference.sock", "test", [address])
        running = asyncio.create_task(client.run())
        for link in (client._link, *client._pool):
            await link.wait_up(5)
        try:
            c.inference.clauses, c.inference.mute_after = lambda text: ["Good ", "day."], 1
            clauses = [clause.text async for clause in client.speak("Good day.", "en", "")]
            assert clauses == ["Good ", "day."]
            assert [(body.text, body.ahead_ms) for body in other.asked if isinstance(body, wire.Speak)] == [
                ("day.", 300)
            ]
            other.mute_after = 0
            with pytest.raises(channel.RemoteError, match="no engine"):  # once each, and it is told
                [clause async for clause in client.speak("Good day.", "en", "")]
            assert (c.inference.count(wire.Speak), other.count(wire.Speak)) == (2, 2)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            server.close()


async def test_the_worker_is_told_how_long_nobody_waits_in_silence(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        for number, text in enumerate(("Your balance is nine euros.", "Anything else?")):
            await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id=f"p{number}", text=text, locale="en"))
        await c.told.wait(wire.PlayFinished, 2)
        first, second = (body.ahead_ms for body in c.inference.asked if isinstance(body, wire.Speak))
        assert first == 0
        assert second == pytest.approx(27 * 60, abs=100)


async def test_a_prompt_nobody_can_speak_fails_and_does_not_block_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference_module, "SPEAK_DEADLINE_S", 0.3)
    async with call(tmp_path) as c:
        c.server.close()
        peer = c.leg._inference._link.peer
        assert peer is not None
        peer.abort()
        Path(f"{tmp_path}/leg-1-inference.sock").unlink()
        sound = tmp_path / "beep.wav"
        soundfile.write(sound, tone(100, 8000), 8000)
        await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text="Hi.", locale="en"))
        await c.leg.handle(wire.PlayFile(leg_id="leg-1", play_id="p2", path=str(sound)))
        await c.told.wait(wire.PlayFinished, 2)
        assert [(e.play_id, e.outcome) for e in c.told.of(wire.PlayFinished)] == [("p1", "failed"), ("p2", "done")]


async def test_files_loop_until_stopped_and_bad_ones_say_so(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        music = tmp_path / "music.wav"
        soundfile.write(music, np.stack([tone(200, 8000)] * 2, axis=1), 8000)
        (tmp_path / "bad.wav").write_bytes(b"no music")
        for name, path in (("bad", tmp_path / "bad.wav"), ("none", tmp_path / "none.wav")):
            await c.leg.handle(wire.PlayFile(leg_id="leg-1", play_id=name, path=str(path)))
        await c.leg.handle(wire.PlayFile(leg_id="leg-1", play_id="music", path=str(music), loop=True, gain_db=-6))
        await c.told.wait(wire.PlayStarted)
        await asyncio.sleep(0.6)
        await c.leg.handle(wire.StopPlay(leg_id="leg-1"))
        last = await c.told.wait(wire.PlayFinished, 3)
        assert (last.play_id, last.outcome) == ("music", "stopped")
        assert last.played_ms > 500
        failed = c.told.of(wire.PlayFinished)[:2]
        assert [e.outcome for e in failed] == ["failed", "failed"]
        assert all("wav" in e.error for e in failed)


async def test_a_command_that_is_not_for_media_is_refused(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        with pytest.raises(ValueError, match="HangupLeg"):
            await c.leg.handle(wire.HangupLeg(leg_id="leg-1"))
        with pytest.raises(ValueError, match="rfc4733"):
            c.leg.dtmf("1", "telepathy")


# ------------------------------------------------------------------ barge-in


async def talk_over(c: Call, what: Samples, text: str = "Your balance is nine hundred euros.") -> int:
    """Lets the bot speak, then plays `what`; answers the block number at which it began."""
    await c.leg.handle(wire.PlaySpeech(leg_id="leg-1", play_id="p1", text=text, locale="en"))
    await c.told.wait(wire.PlayStarted)
    await asyncio.sleep(0.3)
    begun = len(c.line.sent)
    c.line.speak(what)
    return begun


@pytest.mark.parametrize("check_s", [0.0, 0.03, 5.0])
async def test_a_voice_silences_the_bot_within_300_ms(tmp_path: Path, check_s: float) -> None:
    async with call(tmp_path) as c:
        c.inference.check_s = check_s
        begun = await talk_over(c, speech()[16 * 400 : 16 * 1800])
        end = await c.told.wait(wire.PlayFinished)
        assert end.outcome == "barge_in"
        assert end.spoken
        assert "Your balance is nine hundred euros.".startswith(end.spoken)
        assert 0 < end.stop_ms <= 300
        await asyncio.sleep(0.1)
        loud = [n for n, block in enumerate(c.line.came) if np.abs(block).max() > 200]
        assert (loud[-1] - begun) * 20 < 500  # the clip's first 100–200 ms are not voiced yet
        await c.told.wait(wire.UtteranceFinal)


async def test_the_recogniser_does_not_hear_our_echo_before_a_voice(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        echo = tone(400, rate=16_000, level=200)  # 32 dB below the prompt
        await talk_over(c, np.concatenate([echo, speech()[16 * 400 : 16 * 1200], np.zeros(16 * 900, np.int16)]))
        await c.told.wait(wire.UtteranceFinal)
        heard = np.frombuffer(next(b.pcm for b in c.inference.asked if isinstance(b, wire.Decode)), np.int16)
        assert 0 < np.abs(heard[: 16 * 100]).max() <= 20  # the pre-roll, 20 dB softer
        assert np.abs(heard).max() > 3000


async def test_noise_lowers_the_bot_for_a_moment_and_does_not_stop_it(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.inference.probability = 0.1
        c.inference.decoded = wire.Decoded(text="", language="en", confidence=0, rejected="noise")
        await talk_over(c, np.concatenate([speech()[16 * 400 : 16 * 900], np.zeros(16 * 600, np.int16)]))
        await c.line.until_said()
        assert not c.told.of(wire.PlayFinished)
        assert c.inference.count(wire.SpeechCheck) >= 1
        assert np.abs(c.line.came[-1]).max() > 7000  # back at full level
        assert min(np.abs(block).max() for block in c.line.came[-60:]) < 2500  # was lowered meanwhile
        assert (await c.told.wait(wire.PlayFinished)).outcome == "done"


async def test_an_uh_huh_makes_the_bot_pause_and_go_on_and_wants_no_answer(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.inference.decoded = wire.Decoded(text="Uh-huh.", language="en", confidence=0.9)
        text = "Your balance is nine hundred euros. " * 3
        await talk_over(c, np.concatenate([speech()[16 * 500 : 16 * 900], np.zeros(16 * 1500, np.int16)]), text)
        assert (await c.told.wait(wire.UtteranceFinal)).aside
        end = await c.told.wait(wire.PlayFinished)
        assert (end.outcome, end.spoken) == ("done", text)


async def test_a_key_stops_the_bot_and_an_important_prompt_goes_on(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        await talk_over(c, np.zeros(0, np.int16))
        c.leg.dtmf("5", "rfc4733")
        assert (await c.told.wait(wire.PlayFinished)).outcome == "barge_in"
        assert c.told.of(wire.DtmfReceived)[0].digit == "5"
        await c.leg.handle(
            wire.PlaySpeech(leg_id="leg-1", play_id="p2", text="Recorded.", locale="en", interruptible=False)
        )
        await c.told.wait(wire.PlayStarted, 2)
        c.leg.dtmf("5", "info")
        c.line.speak(speech()[16 * 400 : 16 * 1200])
        assert (await c.told.wait(wire.PlayFinished, 2)).outcome == "done"
