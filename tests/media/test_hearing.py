"""A leg's ear frame by frame: time is what is pushed, and inference answers when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec
import numpy as np
import pytest

from media.frames import FRAME_MS
from media.hearing import Ear
from media.inference import InferenceClient
from media.options import MediaOptions
from media.partials import FIRST_MS
from media.vad import VoiceActivity
from session import channel, wire
from session.consent import issue
from tests.media.scripted import Told, speech

QUIET = np.zeros(320, np.int16)
VOICE = (3000 * np.sin(2 * np.pi * 150 * np.arange(320) / 16_000)).astype(np.int16)


class Asked:
    """The inference client's place: every decode waits for its answer."""

    def __init__(self) -> None:
        self.decodes: list[tuple[wire.Decode, asyncio.Future[wire.Decoded]]] = []
        self.felt: list[Callable[[wire.Felt], None] | None] = []

    async def decode(self, body: wire.Decode, felt: Callable[[wire.Felt], None] | None = None) -> wire.Decoded:
        answer: asyncio.Future[wire.Decoded] = asyncio.get_running_loop().create_future()
        self.decodes.append((body, answer))
        self.felt.append(felt)
        return await answer

    def finals(self) -> list[tuple[wire.Decode, asyncio.Future[wire.Decoded]]]:
        return [one for one in self.decodes if one[0].final]

    def partials(self) -> list[tuple[wire.Decode, asyncio.Future[wire.Decoded]]]:
        return [one for one in self.decodes if not one[0].final]


class Scene:
    """An ear, its clock, and what it told."""

    def __init__(self, hearing: wire.Hearing, options: MediaOptions | None = None) -> None:
        self.asked = Asked()
        self.told = Told()
        self.now = 0
        self.ear = Ear("leg-1", options or MediaOptions(), cast(InferenceClient, self.asked), self.told)
        self.ear.set_hearing(hearing)

    async def hear(self, pattern: str) -> None:
        """`v` is 20 ms of voice."""
        for mark in pattern:
            self.ear.push(self.now, VOICE if mark == "v" else QUIET, mark == "v")
            self.now += FRAME_MS
            await settle()

    async def until(self, what: Callable[[], bool], most_ms: int = 3000) -> int:
        """Silence until then; answers how much."""
        begun = self.now
        while not what():
            assert self.now - begun <= most_ms
            await self.hear(".")
        return self.now - begun


async def settle() -> None:
    """Lets what is ready run: the pushes are the only clock."""
    for _ in range(8):
        await asyncio.sleep(0)


def heard(text: str, **more: object) -> wire.Decoded:
    return wire.Decoded(text=text, language="en", confidence=0.9, **more)  # type: ignore[arg-type]


SAY = wire.Hearing(speech=True, partials=False, languages=["en"])


async def closed_after(text: str, hearing: wire.Hearing = SAY) -> int:
    """ms of silence before the end of an utterance whose words come at once."""
    scene = Scene(hearing)
    await scene.hear("v" * 40)
    quiet = await scene.until(lambda: bool(scene.asked.finals()))
    scene.asked.finals()[0][1].set_result(heard(text))
    await settle()
    quiet += await scene.until(lambda: not scene.ear.open)
    assert scene.told.of(wire.UtteranceFinal)[0].text == text
    assert len(scene.asked.finals()) == 1
    return quiet


async def test_the_words_decide_when_the_turn_is_over() -> None:
    done, half = await closed_after("Yes."), await closed_after("My number is")
    assert 240 <= done <= 300
    assert 700 <= half <= 1200


async def test_digits_are_asked_for_as_digits_and_waited_for() -> None:
    hearing = wire.Hearing(
        speech=True,
        partials=False,
        languages=["en"],
        expects="digits",
        digit_count=4,
        hotwords=["Warmline"],
        words=True,
    )
    assert await closed_after("1 2", hearing) == 1200
    assert await closed_after("1 2 3 4", hearing) == 240
    scene = Scene(hearing)
    await scene.hear("v" * 40 + "." * 10)
    [(asked, _)] = scene.asked.finals()
    assert (asked.grammar, asked.digit_count, asked.hotwords, asked.words) == ("digits", 4, ["Warmline"], True)
    assert asked.stream == scene.told.of(wire.SpeechStarted)[0].utterance_id


async def test_without_an_answer_time_decides_and_the_words_come_later() -> None:
    scene = Scene(SAY)
    await scene.hear("v" * 40)
    assert await scene.until(lambda: not scene.ear.open) == 600
    assert not scene.told.of(wire.UtteranceFinal)
    scene.asked.finals()[0][1].set_result(heard("At last."))
    await settle()
    assert scene.told.of(wire.UtteranceFinal)[0].text == "At last."


async def test_words_of_a_pause_that_was_none_are_dropped() -> None:
    scene = Scene(SAY)
    await scene.hear("v" * 40 + "." * 10)
    late = scene.asked.finals()[0][1]
    await scene.hear("v" * 10 + "." * 3)
    assert late.cancelled()
    quiet = 60 + await scene.until(lambda: len(scene.asked.finals()) == 2)
    scene.asked.finals()[1][1].set_result(heard("I called because"))
    await settle()
    assert quiet + await scene.until(lambda: not scene.ear.open) > 700
    assert [final.text for final in scene.told.of(wire.UtteranceFinal)] == ["I called because"]


async def test_an_engine_that_fails_at_the_pause_ends_no_turn_early() -> None:
    scene = Scene(SAY)
    await scene.hear("v" * 40 + "." * 10)
    scene.asked.finals()[0][1].set_exception(channel.RemoteError("no room"))
    await settle()
    assert 200 + await scene.until(lambda: not scene.ear.open) == 600
    await settle()
    [lost] = scene.told.of(wire.AsrDegraded)
    assert lost.lost


async def test_figures_go_with_the_words_and_a_poorer_policy_is_told_once() -> None:
    scene = Scene(SAY)
    answers = [
        heard("twenty one dollars.", normalised="$21.", degraded=True),
        heard("Yes.", degraded=True),
        heard("Yes."),
        heard("Yes.", degraded=True),
    ]
    for number, answer in enumerate(answers):
        await scene.hear("v" * 40 + "." * 10)
        scene.asked.finals()[number][1].set_result(answer)
        await settle()
        await scene.until(lambda: not scene.ear.open)
        await scene.hear("." * 100)
    finals = scene.told.of(wire.UtteranceFinal)
    assert [(final.text, final.normalised) for final in finals][:2] == [("twenty one dollars.", "$21."), ("Yes.", "")]
    told = scene.told.of(wire.AsrDegraded)
    assert [one.utterance_id for one in told] == [finals[0].utterance_id, finals[3].utterance_id]
    assert not any(one.lost for one in told)


# ------------------------------------------------------------------ partials

SHOW = wire.Hearing(speech=True, languages=["en"], words=True)


async def test_partials_come_early_and_show_what_is_agreed_on() -> None:
    scene = Scene(SHOW)
    await scene.hear("v" * (FIRST_MS // FRAME_MS - 1))
    assert not scene.asked.partials()
    await scene.hear("v")
    [(first, answer)] = scene.asked.partials()
    assert not first.words
    assert first.stream == scene.told.of(wire.SpeechStarted)[0].utterance_id
    assert first.deadline_ms < 2000
    await scene.hear("v" * 60)
    assert len(scene.asked.partials()) == 1  # one at a time
    answer.set_result(heard("I would like two"))
    await settle()
    assert [page.text for page in scene.told.of(wire.UtterancePartial)] == ["I would like"]
    await scene.hear("v" * 60)
    scene.asked.partials()[1][1].set_result(heard("I would like to know"))
    await settle()
    assert len(scene.told.of(wire.UtterancePartial)) == 1  # nothing new is agreed on
    await scene.hear("." * 10)
    scene.asked.finals()[0][1].set_result(heard("I would like to know when"))
    await settle()
    assert scene.told.of(wire.UtterancePartial)[-1].text == "I would like to know"  # a pause's words agree, too


async def test_every_decode_is_told_whole_to_who_wants_the_newest_words() -> None:
    scene = Scene(msgspec.structs.replace(SHOW, newest=True))
    await scene.hear("v" * 60)
    for number, words in enumerate(("We", "We guarantee", "We guarantee profits")):
        scene.asked.partials()[number][1].set_result(heard(words))
        await settle()
        await scene.hear("v" * 60)
    pages = [(page.text, page.newest) for page in scene.told.of(wire.UtterancePartial)]
    assert pages == [("We", "We"), ("We", "We guarantee"), ("We guarantee", "We guarantee profits")]


async def test_partials_that_are_shed_are_asked_for_less_often() -> None:
    scene = Scene(SHOW)
    await scene.hear("v" * 20)
    for _ in range(3):
        scene.asked.partials()[-1][1].set_exception(TimeoutError())
        await settle()
        count = len(scene.asked.partials())
        before = scene.now
        while len(scene.asked.partials()) == count:
            await scene.hear("v")
        last = scene.now - before
    assert last > 2000
    assert not scene.told.of(wire.UtterancePartial)


async def test_a_partial_nobody_wants_any_more_shows_nothing() -> None:
    scene = Scene(SHOW)
    await scene.hear("v" * 20)
    scene.ear.set_hearing(SAY)
    scene.asked.partials()[0][1].set_result(heard("I would like"))
    await settle()
    assert not scene.told.of(wire.UtterancePartial)
    scene.ear.interrupt("enough")
    assert scene.told.of(wire.SpeechDropped)[0].reason == "enough"


# ------------------------------------------------------------------ recorded speech


@pytest.mark.parametrize(
    ("text", "utterances"), [("what your country can do for you,", 1), ("What your country can do for you.", 2)]
)
async def test_recorded_speech_is_cut_where_its_words_say(text: str, utterances: int) -> None:
    """“What your country can do for you – ask what you can do” has a pause of 540 ms."""
    scene = Scene(SAY, MediaOptions(endpoint_unheard_ms=1000))
    vad = VoiceActivity()
    samples = np.concatenate([speech()[16 * 5200 :], np.zeros(16 * 1500, np.int16)])
    for at in range(0, len(samples) - 319, 320):
        frame = samples[at : at + 320]
        scene.ear.push(scene.now, frame, vad.voiced(frame))
        scene.now += FRAME_MS
        await settle()
        for _, answer in scene.asked.finals():
            if not answer.done():
                answer.set_result(heard(text))
        await settle()
    finals = [final for final in scene.told.of(wire.UtteranceFinal) if final.t1_ms - final.t0_ms > 200]
    assert len(finals) == utterances


# ------------------------------------------------------------------ what the voice conveys

CONSENT = issue("c1", "v1", "eu", keep=True)
FEEL = msgspec.structs.replace(SAY, emotion=CONSENT)
PIN = msgspec.structs.replace(FEEL, expects="digits", digit_count=4, private=True)
ANGRY = wire.Emotion(arousal=0.7, valence=-0.6, label="angry", confidence=0.8)
FELT = wire.Felt(emotion=ANGRY, baseline=b"learnt")


async def felt(scene: Scene, text: str = "Yes.") -> tuple[bool, bool]:
    """Lets the utterance end: was the voice to be judged, and was what it conveyed told?"""
    await scene.until(lambda: bool(scene.asked.finals()))
    body, answer = scene.asked.finals()[-1]
    assert (scene.asked.felt[-1] is None) is (body.affect is None)
    if (tell := scene.asked.felt[-1]) is not None:
        tell(FELT)
    answer.set_result(heard(text))
    await scene.until(lambda: bool(scene.told.of(wire.UtteranceFinal)))
    return body.affect is not None, scene.told.of(wire.UtteranceFinal)[-1].emotion is not None


async def test_with_consent_the_voice_is_judged() -> None:
    scene = Scene(FEEL)
    await scene.hear("v" * 40)
    assert await felt(scene) == (True, True)


async def test_a_spoken_pin_is_neither_judged_nor_learnt_from() -> None:
    scene = Scene(PIN)
    await scene.hear("v" * 40)
    assert await felt(scene, "1 2 3 4") == (False, False)
    scene.ear.set_hearing(FEEL)
    scene.asked.decodes.clear()
    await scene.hear("v" * 40 + "." * 10)
    asked = scene.asked.finals()[0][0].affect
    assert asked is not None
    assert asked.baseline == b""


async def test_a_pin_begun_before_it_was_asked_for_is_not_judged_either() -> None:
    scene = Scene(FEEL)
    await scene.hear("v" * 10)
    scene.ear.set_hearing(PIN)
    await scene.hear("v" * 30)
    scene.ear.set_hearing(FEEL)
    assert await felt(scene, "1 2 3 4") == (False, False)


async def test_what_was_begun_before_the_yes_is_not_judged() -> None:
    scene = Scene(SAY)
    await scene.hear("v" * 20)
    scene.ear.set_hearing(FEEL)
    await scene.hear("v" * 20)
    assert await felt(scene) == (False, False)


async def ended(scene: Scene) -> Callable[[wire.Felt], None]:
    """Nine frames of "yes" and the pause that ends them, no answer yet: who is to be told of the voice."""
    await scene.hear("v" * 40)
    await scene.until(lambda: bool(scene.asked.finals()))
    tell = scene.asked.felt[-1]
    assert tell is not None
    return tell


async def closed(scene: Scene) -> None:
    await scene.until(lambda: scene.ear._spoken is None)


async def test_a_voice_is_told_only_when_the_utterance_is_over() -> None:
    scene = Scene(FEEL)
    tell = await ended(scene)
    tell(FELT)
    assert not scene.told.of(wire.UtteranceFelt)
    await closed(scene)
    (told,) = scene.told.of(wire.UtteranceFelt)
    assert told.emotion == ANGRY


async def test_a_voice_judged_after_the_end_is_told_at_once() -> None:
    scene = Scene(FEEL)
    tell = await ended(scene)
    await closed(scene)
    assert not scene.told.of(wire.UtteranceFelt)
    tell(FELT)
    assert len(scene.told.of(wire.UtteranceFelt)) == 1


async def test_words_that_are_there_at_the_end_bring_the_voice_with_them() -> None:
    scene = Scene(FEEL)
    tell = await ended(scene)
    tell(FELT)
    scene.asked.finals()[-1][1].set_result(heard("yes"))
    await closed(scene)
    await settle()
    assert not scene.told.of(wire.UtteranceFelt)
    assert scene.told.of(wire.UtteranceFinal)[-1].emotion == ANGRY


async def test_a_voice_judged_at_a_pause_that_was_none_is_not_told() -> None:
    scene = Scene(FEEL)
    old = await ended(scene)
    old(FELT)
    await scene.hear("v" * 30)  # speech went on
    await scene.until(lambda: len(scene.asked.finals()) > 1)
    await closed(scene)
    old(FELT)  # was under way
    assert not scene.told.of(wire.UtteranceFelt)


@pytest.mark.parametrize("hearing", [SAY, msgspec.structs.replace(FEEL, emotion=issue("c2", "v1", "eu", keep=True))])
async def test_a_voice_is_not_told_when_its_consent_is_gone(hearing: wire.Hearing) -> None:
    scene = Scene(FEEL)
    tell = await ended(scene)
    tell(FELT)
    scene.ear.set_hearing(hearing)
    await closed(scene)
    scene.asked.finals()[-1][1].set_result(heard("yes"))
    await settle()
    assert not scene.told.of(wire.UtteranceFelt)
    assert scene.told.of(wire.UtteranceFinal)[-1].emotion is None
    assert scene.ear._baseline == b""
