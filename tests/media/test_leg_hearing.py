"""A leg hears: from packets to utterances, what a voice conveys under consent, and what is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

import media.hearing as hearing_module
from session import wire
from session.consent import ConsentError, EmotionConsent, issue
from tests.media.leg_world import CONSENT, FEEL, HEAR, call, noise, phrase
from tests.media.scripted import CALM, until

pytestmark = pytest.mark.virtual_time


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
