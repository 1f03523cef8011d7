"""The inference worker as a process: its own socket, its real engines, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from media.frames import Audio
from media.inference import InferenceClient
from session import channel, wire
from session.consent import EmotionConsent, issue
from tests.ports import free_port
from tests.speech_data import JFK, ROOT, SPEECH, cut, load, models_folder

LOAD_S = 240.0  # models load on a busy machine

pytestmark = pytest.mark.e2e


class Nobody:
    """A handler of a client that is asked and told nothing."""

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        raise AssertionError(request)

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        raise AssertionError(message)

    async def on_closed(self, peer: channel.Peer) -> None:
        return


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    address: str


@contextmanager
def worker(data: Path, models: Path, **settings: str) -> Iterator[Worker]:
    env = {
        **os.environ,
        **settings,
        "WARMLINE_SERVER__DATA_DIR": str(data),
        "WARMLINE_MODELS": str(models),
        "WARMLINE_TTS__CACHE_DIR": str(data / "cache"),
    }
    command = [sys.executable, "-m", "server.planes.inference_worker", "--id", "inference"]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Worker(process, f"unix:{data}/run/inference.sock")
    finally:
        process.kill()
        process.wait(30)


@asynccontextmanager
async def asking(address: str) -> AsyncIterator[channel.Peer]:
    link = channel.Link(address, Nobody(), "test")
    running = asyncio.create_task(link.run())
    try:
        yield await link.wait_up(LOAD_S)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def loaded(peer: channel.Peer) -> wire.InferenceState:
    async with asyncio.timeout(LOAD_S):
        while True:
            state = await peer.ask(wire.InferenceStatus(), wire.InferenceState, LOAD_S)
            if "loading" not in state.missing.values():
                return state
            await asyncio.sleep(0.1)


async def depth(peer: channel.Peer, enough: Callable[[int], bool]) -> None:
    """Until so many decodes wait."""
    async with asyncio.timeout(LOAD_S):
        while not enough((await peer.ask(wire.InferenceStatus(), wire.InferenceState, LOAD_S)).queue_depth):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def decode(
    audio: Audio,
    *languages: str,
    final: bool = True,
    deadline_ms: int = 80_000,
    affect: wire.AffectAsk | None = None,
) -> wire.Decode:
    return wire.Decode(
        pcm=audio.tobytes(),
        rate=audio.rate,
        languages=list(languages),
        final=final,
        deadline_ms=deadline_ms,
        affect=affect,
    )


def check(audio: Audio) -> wire.SpeechCheck:
    return wire.SpeechCheck(pcm=audio.tobytes(), rate=audio.rate)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One worker with everything, up and loaded."""
    with worker(tmp_path_factory.mktemp("inference"), models_folder("whisper-base", "kokoro")) as started:

        async def wait() -> None:
            async with asking(started.address) as peer:
                state = await loaded(peer)
                assert {"recognition", "embedding", "emotion", "voice hibari"} <= set(state.ready), state

        asyncio.run(wait())
        yield started


async def test_it_hears_in_both_languages(ready: Worker) -> None:
    async with asking(ready.address) as peer:
        english, chinese = await asyncio.gather(
            peer.ask(decode(load(SPEECH / "en-goforward.flac"), "en", "zh"), wire.Decoded, 90),
            peer.ask(decode(load(SPEECH / "zh-aishell-0078.flac"), "en", "zh"), wire.Decoded, 90),
        )
    assert "forward" in english.text.lower() and english.language == "en"
    assert "时间" in chinese.text and chinese.language == "zh"
    assert english.decode_ms > 0 and chinese.queue_ms > 0  # one after the other
    assert english.words == []  # not asked for by the settings


async def test_it_hears_eight_kilohertz_as_they_are(ready: Worker) -> None:
    wide = load(SPEECH / "en-goforward.flac")
    narrow = Audio(np.ascontiguousarray(wide.samples[::2]), 8000)
    async with asking(ready.address) as peer:
        heard = await peer.ask(decode(narrow, "en"), wire.Decoded, 90)
    assert "forward" in heard.text.lower()


async def test_silence_has_a_reason_instead_of_words(ready: Worker) -> None:
    async with asking(ready.address) as peer:
        heard = await peer.ask(decode(Audio.silence(2000, 16_000), "en", "zh"), wire.Decoded, 90)
    assert (heard.text, heard.rejected) == ("", "no human voice")


async def test_a_speech_check_does_not_wait_for_decodes(ready: Worker) -> None:
    """How long it takes beside them: `python -m benchmarks.checks`."""
    speech = load(JFK)
    async with asking(ready.address) as peer:
        decodes = [asyncio.create_task(peer.ask(decode(speech, "en"), wire.Decoded, 60)) for _ in range(3)]
        await depth(peer, lambda waiting: waiting >= 1)
        voice = await peer.ask(check(cut(speech, 1500, 1800)), wire.SpeechChecked, 30)
        nobody = await peer.ask(check(Audio.silence(300, 16_000)), wire.SpeechChecked, 30)
        assert not decodes[-1].done(), "the check was answered after what was asked before it"
        assert voice.probability > 0.6 and nobody.probability < 0.3
        await asyncio.gather(*decodes)


async def test_a_final_overtakes_partials(ready: Worker) -> None:
    speech, short = cut(load(JFK), 0, 4000), load(SPEECH / "en-surpassed.flac")
    done: list[str] = []

    async def ask(peer: channel.Peer, name: str, body: wire.Decode) -> None:
        await peer.ask(body, wire.Decoded, 60)
        done.append(name)

    async with asking(ready.address) as peer:
        tasks = [
            asyncio.create_task(ask(peer, f"partial {n}", decode(speech, "en", final=False, deadline_ms=60_000)))
            for n in range(4)
        ]
        await depth(peer, lambda waiting: waiting >= 2)
        tasks.append(asyncio.create_task(ask(peer, "final", decode(short, "en"))))
        await asyncio.gather(*tasks)
    assert done[-1] != "final", done  # what is under way may end first, what waits may not


async def test_sentences_of_the_same_meaning_lie_together(ready: Worker) -> None:
    texts = ["Where is my parcel?", "我的包裹在哪里？", "What is the weather like on Mars?"] + ["filler"] * 6
    async with asking(ready.address) as peer:
        found = await peer.ask(wire.Embed(texts=texts), wire.Embedded, 90)
        with pytest.raises(channel.RemoteError, match="1 to 4096 texts"):
            await peer.ask(wire.Embed(texts=[]), wire.Embedded, 90)
    vectors = np.frombuffer(found.data, "<f4").reshape(len(texts), found.dims)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert np.allclose(vectors[3], vectors[8], atol=1e-5)  # whatever slice it was in


async def test_it_feels_with_the_words_and_remembers_the_caller(ready: Worker) -> None:
    speech = cut(load(JFK), 0, 3000)
    consent = issue("c1", "v1", "eu", keep=False)
    parts: list[wire.Felt] = []

    def felt(part: msgspec.Raw) -> None:
        parts.append(msgspec.msgpack.decode(part, type=wire.Felt))

    async with asking(ready.address) as peer:
        heard = await peer.ask(decode(speech, "en", affect=wire.AffectAsk(consent=consent)), wire.Decoded, 90, felt)
        (first,) = parts
        ask = wire.AffectAsk(consent=consent, baseline=first.baseline)
        await peer.ask(decode(speech, "en", affect=ask), wire.Decoded, 90, felt)
        plain = await peer.ask(decode(speech, "en"), wire.Decoded, 90, felt)
    _, second = parts
    assert -1 <= first.emotion.arousal <= 1 and not first.emotion.model.endswith("-voice")  # the encoder was heard
    assert 0 < len(second.baseline) <= 4096 and second.baseline != first.baseline
    assert heard.text == plain.text


async def test_it_feels_nothing_without_a_consent_token(ready: Worker) -> None:
    speech = cut(load(JFK), 0, 3000)
    made_up = EmotionConsent(consent_id="c1", conversation_id="v1", policy="eu")
    async with asking(ready.address) as peer:
        with pytest.raises(channel.RemoteError, match="only with the conversation's consent token"):
            await peer.ask(decode(speech, "en", affect=wire.AffectAsk()), wire.Decoded, 90)
        with pytest.raises(channel.RemoteError, match="no consent token"):
            await peer.ask(decode(speech, "en", affect=wire.AffectAsk(consent=made_up)), wire.Decoded, 90)


async def test_silence_conveys_nothing(ready: Worker) -> None:
    ask = wire.AffectAsk(consent=issue("c1", "v1", "eu", keep=False), baseline=b"before")
    parts: list[msgspec.Raw] = []
    async with asking(ready.address) as peer:
        await peer.ask(decode(Audio.silence(2000, 16_000), "en", affect=ask), wire.Decoded, 90, parts.append)
    assert parts == []


async def test_it_speaks_clause_by_clause_and_remembers(ready: Worker) -> None:
    text = "Thank you for calling. How can I help you today?"
    async with asking(ready.address) as peer:
        first = [item async for item in peer.stream(wire.Speak(text=text, locale="en"), wire.SpeechAudio, 90)]
        again = [item async for item in peer.stream(wire.Speak(text=text, locale="en"), wire.SpeechAudio, 90)]
    assert "".join(item.text for item in first) == text
    assert len(first) >= 2 and first[0].engine == "hibari"
    assert all(item.cached for item in again)
    seconds = sum(len(item.pcm) / 2 / item.rate for item in first)
    assert 1.5 < seconds < 8


async def test_wrong_requests_are_answered_with_what_is_wrong(ready: Worker) -> None:
    async with asking(ready.address) as peer:
        with pytest.raises(channel.RemoteError, match="'xx'"):
            await peer.ask(decode(Audio.silence(100, 16_000), "xx"), wire.Decoded, 90)
        with pytest.raises(channel.RemoteError, match="not a whole number"):
            await peer.ask(wire.SpeechCheck(pcm=b"odd", rate=16_000), wire.SpeechChecked, 90)
        with pytest.raises(channel.RemoteError, match="rate 7 Hz"):
            await peer.ask(wire.SpeechCheck(pcm=b"even", rate=7), wire.SpeechChecked, 90)
        with pytest.raises(channel.RemoteError, match="does not answer HangupLeg"):
            await peer.ask(wire.HangupLeg(leg_id="1"), wire.Decoded, 90)
        assert (await peer.ask(wire.InferenceStatus(), wire.InferenceState, 90)).queue_depth == 0


async def test_a_client_that_goes_takes_its_waiting_work_along(ready: Worker) -> None:
    speech = load(JFK)
    async with asking(ready.address) as stays:
        async with asking(ready.address) as goes:
            before = await finals(stays)
            tasks = [asyncio.create_task(goes.ask(decode(speech, "en"), wire.Decoded, 60)) for _ in range(6)]
            await depth(stays, lambda waiting: waiting >= 2)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(ends[-1], channel.Disconnected)
        await depth(stays, lambda waiting: waiting == 0)
        assert await finals(stays) - before < len(tasks)


async def test_without_models_it_says_what_to_do_and_answers_the_rest(tmp_path: Path) -> None:
    with worker(tmp_path, tmp_path / "no models", WARMLINE_PROSODY__WEIGHTS="mine.npz") as started:
        async with asking(started.address) as peer:
            state = await loaded(peer)
            assert "warmline models install" in state.missing["recognition"]
            assert state.missing["emotion"] == "prosody.weights: [Errno 2] No such file or directory: 'mine.npz'"
            assert "Traceback" not in (tmp_path / "log").read_text()
            assert "embedding" in state.ready
            with pytest.raises(channel.Refused, match=r"recognition is not ready.*warmline models install"):
                await peer.ask(decode(load(JFK), "en"), wire.Decoded, 90)
            assert (await peer.ask(check(cut(load(JFK), 1500, 1800)), wire.SpeechChecked, 90)).probability > 0.6
            assert (await peer.ask(wire.Embed(texts=["hello"]), wire.Embedded, 90)).dims == 384


@pytest.mark.parametrize("moment", ["loading", "busy"])
async def test_sigterm_ends_it_with_its_work_undone(tmp_path: Path, moment: str) -> None:
    with worker(tmp_path, models_folder("whisper-base", "kokoro")) as started:
        async with asking(started.address) as peer:
            if moment == "busy":
                await loaded(peer)
                speech = load(JFK)
                work = [asyncio.create_task(peer.ask(decode(speech, "en"), wire.Decoded, 60)) for _ in range(4)]
                texts = [f"A long prompt to be made ahead, number {n}, with several words." for n in range(20)]
                await peer.ask(wire.Prefetch(texts=texts, locale="en"), type(None), 90)
                await depth(peer, lambda waiting: waiting >= 2)
            started.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(started.process.wait, 60) == 0
            if moment == "busy":
                ends = await asyncio.gather(*work, return_exceptions=True)
                assert isinstance(ends[-1], channel.Disconnected), "what waits is not waited for"


async def test_decodes_go_to_the_pool_and_home_while_it_is_away(ready: Worker, tmp_path: Path) -> None:
    place = f"tcp:127.0.0.1:{free_port()}"
    client = InferenceClient(ready.address, "leg", [place])
    running = asyncio.create_task(client.run())
    speech = load(SPEECH / "en-goforward.flac")

    async def words() -> str:
        return (await client.decode(decode(speech, "en"))).text.lower()

    try:
        assert "forward" in await words()  # nobody of the pool is there yet
        async with asking(ready.address) as home:
            before = await finals(home)
            with worker(tmp_path, models_folder("whisper-base"), WARMLINE_ASR__LISTEN=place) as other:
                async with asking(place) as there, asking(other.address) as same:
                    await loaded(there)
                    for link in client._pool:  # it tries to connect in steps of its own
                        await link.wait_up(LOAD_S)
                    assert "forward" in await words()
                    assert await finals(same) == 1
                    assert await finals(home) == before
            assert "forward" in await words()  # it died; its connection is seen to be gone or the request goes again
            assert await finals(home) == before + 1
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def finals(peer: channel.Peer) -> int:
    text = (await peer.ask(wire.InferenceMetrics(), wire.MetricsText, 90)).text
    [line] = [line for line in text.splitlines() if line.startswith('warmline_asr_decode_seconds_count{kind="final"}')]
    return int(float(line.split()[-1]))
