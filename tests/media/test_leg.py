"""A leg from packets to events and back, against a scripted inference worker on a real socket, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

import media.hearing as hearing_module
import media.inference as inference_module
from media.frames import Audio, Samples
from media.inference import InferenceClient
from media.leg import LegMedia
from media.options import MediaOptions
from session import channel, wire
from session.consent import ConsentError, EmotionConsent, issue
from tests.media.scripted import CALM, Inference, Line, Told, speech, tone, until

pytestmark = pytest.mark.virtual_time

HEAR = wire.Hearing(speech=True, languages=["en"])
CONSENT = issue("c1", "v1", "eu", keep=False)
FEEL = wire.Hearing(speech=True, emotion=CONSENT, languages=["en"])


@dataclass
class Call:
    leg: LegMedia
    line: Line
    told: Told
    inference: Inference
    server: asyncio.Server


@contextlib.asynccontextmanager
async def call(
    tmp_path: Path, hearing: wire.Hearing = HEAR, *, record: Path | None = None, name: str = "leg-1"
) -> AsyncIterator[Call]:
    inference = Inference()
    address = f"unix:{tmp_path}/{name}-inference.sock"
    server = await channel.serve(address, inference, "inference")
    client = InferenceClient(address, "test")
    link = asyncio.create_task(client.run())
    await client._link.wait_up(5)
    told = Told()
    leg = LegMedia(name, "customer", options=MediaOptions(), inference=client, emit=told, bridge_dir=tmp_path)
    leg.start(hearing, str(record) if record else None)
    line = Line(lambda frame: leg.receive(Audio(frame, 16_000)), lambda: leg.fetch(16_000, 320))
    try:
        yield Call(leg, line, told, inference, server)
    finally:
        line.close()
        await leg.close()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
        server.close()


def phrase() -> Samples:
    """0.3 s of silence and "And so, my fellow Americans"."""
    return np.concatenate([np.zeros(16 * 300, np.int16), speech()[16 * 320 : 16 * 2300]])


def noise(ms: int, level: int = 3000) -> Samples:
    return (np.random.default_rng(5).standard_normal(16 * ms) * level).clip(-32768, 32767).astype(np.int16)


# ------------------------------------------------------------------ hearing


async def test_speech_becomes_an_utterance_with_partials_emotion_and_a_ledger_that_adds_up(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.decode_s = 0.05
        c.line.speak(phrase())
        final = await c.told.wait(wire.UtteranceFinal)
        now = asyncio.get_running_loop().time()
        started = c.told.of(wire.SpeechStarted)[0]
        assert final.utterance_id == started.utterance_id
        assert 290 <= final.t0_ms < 400
        assert 1800 < final.t1_ms - final.t0_ms < 2400
        assert final.emotion == CALM
        assert len(c.told.of(wire.UtterancePartial)) >= 1
        # The ledger runs from the last voiced frame, which is known by its place in what was sent.
        voiced_at = c.line.times[0] + final.t1_ms / 1000
        total = sum(stage.ms for stage in final.ledger)
        assert total == pytest.approx(1000 * (now - voiced_at), abs=60)
        assert 230 < total < 760  # the decode was done ahead: the end of the turn is all that is waited for
        asked = [b for b in c.inference.asked if isinstance(b, wire.Decode) and b.final]
        assert len(asked) == len(c.told.of(wire.UtteranceFinal))
        assert asked[0].rate == 16_000
        assert asked[0].affect == wire.AffectAsk(consent=CONSENT)
        partials = [b for b in c.inference.asked if isinstance(b, wire.Decode) and not b.final]
        assert all(b.affect is None for b in partials)
        assert 2 * 16 * 1900 < len(asked[0].pcm) < 2 * 16 * 2800


async def test_words_are_placed_in_leg_time(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        word = wire.DecodedWord(text="and", t0_ms=300, t1_ms=500, confidence=0.8)
        c.inference.decoded = wire.Decoded(text="and", language="en", confidence=0.9, words=[word])
        c.line.speak(phrase())
        final = await c.told.wait(wire.UtteranceFinal)
        # 300 ms of pre-roll up to the opening frame (60–100 ms after the onset) stand before the utterance's sound.
        assert final.t0_ms - 10 <= final.words[0].t0_ms <= final.t0_ms + 110


async def test_speech_that_goes_on_after_a_short_pause_is_one_utterance(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.inference.decode_s = 0.02
        c.line.speak(
            np.concatenate([phrase()[: 16 * 1000], np.zeros(16 * 300, np.int16), phrase()[16 * 500 : 16 * 1500]])
        )
        await c.told.wait(wire.UtteranceFinal)
        await asyncio.sleep(0.3)
        assert len(c.told.of(wire.UtteranceFinal)) == 1
        assert c.inference.count(wire.Decode, final=True) >= 2


async def test_no_words_is_told_as_dropped(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.decoded = wire.Decoded(text="", language="en", confidence=0, rejected="music")
        c.line.speak(phrase())
        assert (await c.told.wait(wire.SpeechDropped)).reason == "music"
        assert not c.told.of(wire.UtteranceFinal)


async def test_without_consent_no_emotion_is_asked_for(tmp_path: Path) -> None:
    async with call(tmp_path, HEAR) as c:
        c.line.speak(phrase())
        assert (await c.told.wait(wire.UtteranceFinal)).emotion is None
        assert all(b.affect is None for b in c.inference.asked if isinstance(b, wire.Decode))


async def test_what_was_learnt_of_the_voice_goes_with_the_next_request(tmp_path: Path) -> None:
    keep = issue("c1", "v1", "eu", keep=True)
    async with call(tmp_path, wire.Hearing(speech=True, emotion=keep, baseline=b"before", languages=["en"])) as c:
        c.line.speak(np.concatenate([phrase(), noise(800, 0), phrase(), noise(800, 0)]))
        first, second = await c.told.wait(wire.UtteranceFinal), await c.told.wait(wire.UtteranceFinal, 2)
        assert (first.baseline, second.baseline) == (b"beforex", b"beforexx")


async def test_what_may_not_be_kept_is_not_told(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.line.speak(phrase())
        assert (await c.told.wait(wire.UtteranceFinal)).baseline == b""
        assert c.leg._ear._baseline == b"x"


async def test_the_voice_is_told_ahead_of_words_that_are_late(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.decode_s = 1.0
        c.line.speak(phrase())
        early = await c.told.wait(wire.UtteranceFelt)
        assert not c.told.of(wire.UtteranceFinal)
        final = await c.told.wait(wire.UtteranceFinal)
        assert (early.utterance_id, early.emotion, final.emotion) == (final.utterance_id, CALM, CALM)
        assert [stage.name for stage in early.ledger] == ["endpointing", "voice"]
        assert early.ledger[0] == final.ledger[0]
        assert len(c.told.of(wire.UtteranceFelt)) == 1


async def test_a_withdrawal_after_the_voice_was_judged_costs_the_words_no_second_decode(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.decode_s = 1.0
        c.line.speak(phrase())
        await c.told.wait(wire.UtteranceFelt)
        await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=HEAR))
        asked = c.inference.count(wire.Decode)
        final = await c.told.wait(wire.UtteranceFinal)
        assert (final.text, final.emotion, final.baseline) == (c.inference.decoded.text, None, b"")
        assert (c.inference.count(wire.Decode), c.leg._ear._baseline) == (asked, b"")


async def test_a_withdrawal_ends_the_work_under_way_and_keeps_the_words(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.encode_s = 1.0
        c.line.speak(phrase())
        await until(lambda: bool(c.leg._ear._closing))  # the utterance is over, its words are not there yet
        await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=HEAR))
        final = await c.told.wait(wire.UtteranceFinal)
        assert (final.text, final.emotion) == (c.inference.decoded.text, None)
        finals = [b for b in c.inference.asked if isinstance(b, wire.Decode) and b.final]
        assert finals[-1].affect is None
        assert finals[-2] in c.inference.cancelled
        assert c.leg._ear._baseline == b""
        assert not c.leg._ear._closing


async def test_a_withdrawal_before_the_end_of_the_sentence_does_so_too(tmp_path: Path) -> None:
    async with call(tmp_path, FEEL) as c:
        c.inference.encode_s = 0.3
        c.line.speak(phrase())
        await until(lambda: c.inference.count(wire.Decode, final=True) > 0)  # asked ahead, at the first silence
        await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=HEAR))
        assert (await c.told.wait(wire.UtteranceFinal)).emotion is None
        assert any(isinstance(b, wire.Decode) and b.affect is not None for b in c.inference.cancelled)
        assert not c.told.of(wire.AsrDegraded)


async def test_the_voice_of_an_agent_is_never_analysed(tmp_path: Path) -> None:
    async with call(tmp_path, HEAR) as c:
        c.leg.role = "agent"
        with pytest.raises(ValueError, match="only the customer"):
            await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=FEEL))
        c.leg.role = "customer"
        made_up = wire.Hearing(
            speech=True, emotion=EmotionConsent(consent_id="c1", conversation_id="v1", policy="eu"), languages=["en"]
        )
        with pytest.raises(ConsentError, match="no consent token"):
            await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=made_up))
        assert c.leg._ear.hearing == HEAR


async def test_an_inference_worker_that_dies_in_between_is_asked_again(tmp_path: Path) -> None:
    async with call(tmp_path, wire.Hearing(speech=True, partials=False, languages=["en"])) as c:
        c.inference.die_on = wire.Decode
        c.line.speak(phrase())
        assert (await c.told.wait(wire.UtteranceFinal)).text
        assert c.inference.count(wire.Decode) >= 2
        assert not c.told.of(wire.AsrDegraded)


async def test_without_inference_the_utterance_is_told_as_lost_and_nothing_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, "FINAL_DEADLINE_MS", 300)
    async with call(tmp_path, FEEL) as c:
        c.inference.decode_s = 9.0
        c.line.speak(phrase())
        lost = await c.told.wait(wire.AsrDegraded)
        assert "recognition failed" in lost.reason
        assert lost.utterance_id == c.told.of(wire.SpeechStarted)[0].utterance_id
        await asyncio.sleep(0.05)
        assert not c.leg._ear._tasks


async def test_a_caller_whose_packets_stop_has_finished_speaking(tmp_path: Path) -> None:
    async with call(tmp_path) as c:
        c.line.speak(phrase())
        await c.told.wait(wire.SpeechStarted)
        await asyncio.sleep(0.8)
        c.line.close()
        assert (await c.told.wait(wire.UtteranceFinal, timeout_s=2)).text


async def test_a_deaf_or_muted_leg_hears_nothing(tmp_path: Path) -> None:
    async with call(tmp_path, wire.Hearing(speech=False)) as c:
        c.line.speak(phrase()[: 16 * 1500])
        await c.line.until_said()
        await c.leg.handle(wire.SetHearing(leg_id="leg-1", hearing=HEAR))
        await c.leg.handle(wire.MuteLeg(leg_id="leg-1", on=True))
        c.line.speak(phrase()[: 16 * 1500])
        await c.line.until_said()
        assert not c.told.events
        await c.leg.handle(wire.MuteLeg(leg_id="leg-1", on=False))
        c.line.speak(phrase())
        await c.told.wait(wire.SpeechStarted)
        c.leg.hold(True)
        assert (await c.told.wait(wire.SpeechDropped)).reason == "the leg is on hold"


# ------------------------------------------------------------------ speaking


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


# ------------------------------------------------------------------ recording and bridge


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
