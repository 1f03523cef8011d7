"""How soon after an utterance is its `affect` event there, and does feeling slow the words? On recorded speech.

`python -m benchmarks.affect --json FILE` starts an inference worker of its own, plays recordings into a leg in real time
(voice detector, endpointing, decodes ahead, all as in a call), and does what the app does: commits the `affect` event of a
voice told ahead of its words; stores a final utterance, gets its sentence vector, fuses, follows the trend, commits the
`affect` event that revises the first. Every file is played twice, with the caller's consent and without, in turns, so
that a busy moment of the machine hits both.

*affect after end*: from the endpointer's decision that the utterance is over to the first committed event (the issue's
300 ms): by the voice alone where the words are late, else by voice and words. *fused after end*: to the event by both.
*after the voice*: from the last voiced sample, that is with the silence that the decision waits for.
*words*: the same to the final words, with and without emotion: what feeling costs recognition.
Then the parts alone, one request at a time: a decode without emotion, the same with it (`together`), and the emotion by
itself in this process (features and judgement, no encoder). It reports; it asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dialog.understanding import normal
from media.frames import FRAME_MS, SPEECH_RATE, Audio, Samples
from media.inference import InferenceClient
from media.leg import LegMedia
from media.options import MediaOptions
from prosody.model import EmotionModel
from server.calls.feelings import Feeler, Feelings, words_model
from server.calls.journal import LegRef, commit
from server.embedding import InferenceLink
from server.machine import machine
from server.settings import ROOT, Settings
from session import wire
from session.consent import EmotionConsent
from session.consents import Consents
from session.ids import new_id
from session.policy import POLICIES
from session.store import Store

FRAME = SPEECH_RATE * FRAME_MS // 1000
TAIL_MS = 1500  # of silence after each file: the longest that an end is waited for, and a little
LOAD_S = 180.0
DATA = Path("/work/shared/data")
SETS = (("emotion_ravdess", "en"), ("asr_en_read", "en"), ("asr_zh_aishell", "zh"))


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance of one playing. Times in ms; affect is None where there was no consent."""

    file: str
    language: str
    consent: bool
    seconds: float
    words_after_end: float
    words_after_voice: float
    affect_after_end: float | None
    affect_after_voice: float | None
    fused_after_end: float | None
    early: bool
    label: str
    model: str


@dataclass(frozen=True, slots=True)
class Alone:
    """One file by the parts. Times in ms."""

    file: str
    seconds: float
    decode: float
    together: float
    emotion: float
    emotion_cpu: float


def recordings(root: Path, each: int) -> list[tuple[Path, str]]:
    """Files of 1 to 8 s, evenly over each set, so that no speaker has them all."""
    found = []
    for name, language in SETS:
        lines = (root / name / "manifest.tsv").read_text().splitlines()
        columns = lines[0].split("\t")
        rows = [dict(zip(columns, line.split("\t"), strict=False)) for line in lines[1:]]
        fit = [row for row in rows if 1.0 <= float(row["duration_s"]) <= 8.0]
        found += [(root / name / row["path"], language) for row in fit[:: max(1, len(fit) // each)][:each]]
    return found


def load(path: Path) -> Samples:
    """16 kHz mono. Raises ValueError for another rate."""
    samples, rate = soundfile.read(path, dtype="int16")
    if rate != SPEECH_RATE:
        raise ValueError(f"{path} has {rate} Hz; this benchmark plays {SPEECH_RATE}")
    return np.asarray(samples, dtype=np.int16)


class App:
    """The app's side of one call: commits what the leg tells, and feels it."""

    def __init__(self, store: Store, ref: LegRef, feelings: Feelings) -> None:
        self.feelings = feelings
        self.finals: list[tuple[wire.UtteranceFinal, float | None]] = []
        self.early: dict[str, float] = {}
        """Utterance → ms from its end to the event by its voice alone."""
        self._store = store
        self._ref = ref
        self._seq = 0
        self._reports: asyncio.Queue[tuple[wire.LegEvent, float]] = asyncio.Queue()
        self._working = asyncio.create_task(self._work())

    def emit(self, event: wire.LegEvent) -> None:
        """The leg's report."""
        self._reports.put_nowait((event, time.monotonic()))

    async def _work(self) -> None:
        """One after the other, as a contact does."""
        while True:
            event, told = await self._reports.get()
            try:
                await self._do(event, told)
            finally:
                self._reports.task_done()

    async def _do(self, event: wire.LegEvent, told: float) -> None:
        at = time.time_ns() // 1_000_000
        self._seq += 1
        match event:
            case wire.UtteranceFelt():
                await self.feelings.felt(event)
                self.early[event.utterance_id] = event.ledger[-1].ms + 1000 * (time.monotonic() - told)
            case wire.SpeechDropped():
                await self.feelings.dropped(event.utterance_id)
            case wire.UtteranceFinal():
                await commit(self._store, self._ref, wire.Report(seq=self._seq, at=at, event=event), self._ref.leg_id)
                feeling = await self.feelings.heard(at, event)
                self.finals.append((event, None if feeling is None else 1000 * (time.monotonic() - told)))

    async def settle(self) -> None:
        """Wait for what is under way."""
        await self._reports.join()
        self._working.cancel()


@contextmanager
def inference(folder: Path) -> Iterator[str]:
    """A worker of our own, loaded; its address."""
    env = {
        **os.environ, "WARMLINE_SERVER__DATA_DIR": str(folder), "WARMLINE_MODELS": str(Settings().models_dir),
        "WARMLINE_TTS__CACHE_DIR": str(folder / "cache"),
    }  # fmt: skip
    command = [sys.executable, "-m", "server.planes.inference_worker", "--id", "inference"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"unix:{folder}/run/inference.sock"
    finally:
        process.kill()
        process.wait(5)


async def ready(link: InferenceLink) -> None:
    """Wait for the engines. Raises RuntimeError naming the one that is missing."""
    end = time.monotonic() + LOAD_S
    while time.monotonic() < end:
        try:
            state = await link.state()
        except (OSError, TimeoutError):
            await asyncio.sleep(0.5)
            continue
        if "loading" not in state.missing.values():
            if missing := {k: v for k, v in state.missing.items() if k in ("recognition", "emotion", "embedding")}:
                raise RuntimeError(f"engines are missing: {missing}")
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the inference worker does not get ready")


async def call(store: Store, feeler: Feeler, client: InferenceClient, folder: Path, *, consent: bool) -> tuple[App, LegMedia, wire.Hearing]:  # fmt: skip
    """A call that is up, its caller asked or not."""
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    participant = await store.add_participant(contact, role="customer")
    ref = LegRef(new_id(), "customer", conversation, contact, participant)
    await store.add_leg(leg_id=ref.leg_id, participant_id=participant, transport="sip", remote="", worker_id="bench")
    feelings = Feelings(feeler, ref, "eu")
    app = App(store, ref, feelings)
    leg = LegMedia(ref.leg_id, "customer", options=MediaOptions(), inference=client, emit=app.emit, bridge_dir=folder)
    token = await feeler.consents.record(
        conversation, contact, purposes=["emotion"], given=consent, wording="benchmark", policy=POLICIES["eu"]
    )
    if token is not None and not await feelings.resume(None, ""):
        raise RuntimeError("the consent that was just written is not there")
    hearing = wire.Hearing(speech=True, emotion=token)
    leg.start(hearing, None)
    return app, leg, hearing


async def play(leg: LegMedia, samples: Samples) -> None:
    """In real time, with silence after it."""
    loop = asyncio.get_running_loop()
    quiet = np.zeros(SPEECH_RATE * TAIL_MS // 1000, np.int16)
    wave = np.concatenate([quiet[: SPEECH_RATE // 4], samples, quiet])
    due = loop.time()
    for at in range(0, len(wave) - FRAME + 1, FRAME):
        leg.receive(Audio(wave[at : at + FRAME], SPEECH_RATE))
        due += FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due - loop.time()))


def _told(path: Path, language: str, app: App, event: wire.UtteranceFinal, app_ms: float | None) -> Heard:
    voice = sum(stage.ms for stage in event.ledger)
    end = voice - event.ledger[0].ms
    early = app.early.get(event.utterance_id)
    fused = None if app_ms is None else end + app_ms
    first = fused if early is None else early
    return Heard(
        file=f"{path.parent.name}/{path.name}", language=language, consent=app.feelings.consent is not None,
        seconds=(event.t1_ms - event.t0_ms) / 1000, words_after_end=end, words_after_voice=voice,
        affect_after_end=first, affect_after_voice=None if first is None else first + event.ledger[0].ms,
        fused_after_end=fused, early=early is not None,
        label=event.emotion.label if event.emotion else "", model=event.emotion.model if event.emotion else "",
    )  # fmt: skip


async def pipeline(files: Sequence[tuple[Path, str]], store: Store, feeler: Feeler, client: InferenceClient, folder: Path) -> list[Heard]:  # fmt: skip
    """Every file with consent and without, in turns."""
    heard = []
    for number, (path, language) in enumerate(track(list(files), "calls")):
        for consent in (number % 2 == 0, number % 2 == 1):
            app, leg, hearing = await call(store, feeler, client, folder, consent=consent)
            await leg.handle(
                wire.SetHearing(
                    leg_id=leg.leg_id,
                    hearing=wire.Hearing(speech=True, emotion=hearing.emotion, languages=[language]),
                )
            )
            await play(leg, load(path))
            await leg.close()
            await app.settle()
            heard += [_told(path, language, app, *final) for final in app.finals]
    return heard


async def alone(files: Sequence[tuple[Path, str]], client: InferenceClient, token: EmotionConsent, model: EmotionModel) -> list[Alone]:  # fmt: skip
    """Decode without emotion, with it, and emotion by itself; one at a time, order changing from file to file."""
    found = []
    for number, (path, language) in enumerate(track(list(files), "parts")):
        audio = Audio(load(path), SPEECH_RATE)
        took: dict[bool, float] = {}
        for felt in (number % 2 == 0, number % 2 == 1):
            body = wire.Decode(
                pcm=audio.tobytes(), rate=audio.rate, languages=[language], deadline_ms=20_000,
                affect=wire.AffectAsk(consent=token) if felt else None,
            )  # fmt: skip
            started = time.perf_counter()
            await client.decode(body)
            took[felt] = 1000 * (time.perf_counter() - started)
        started, used = time.perf_counter(), time.process_time()
        model.judge(model.listen(audio))
        took_ms, cpu_ms = 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - used)
        name = f"{path.parent.name}/{path.name}"
        found.append(Alone(name, audio.ms / 1000, took[False], took[True], took_ms, cpu_ms))
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 90th and 95th percentile, greatest, in ms."""
    if not values:
        return {}
    at = {"p50": 50, "p90": 90, "p95": 95, "max": 100}
    return {name: round(float(np.percentile(values, q)), 1) for name, q in at.items()}


def figures(heard: Sequence[Heard], parts: Sequence[Alone]) -> dict[str, Any]:
    """All that the table shows."""
    felt, plain = [h for h in heard if h.consent], [h for h in heard if not h.consent]
    seconds = sum(part.seconds for part in parts)
    return {
        "affect_after_end_ms": spread([h.affect_after_end for h in felt if h.affect_after_end is not None]),
        "affect_after_voice_ms": spread([h.affect_after_voice for h in felt if h.affect_after_voice is not None]),
        "fused_after_end_ms": spread([h.fused_after_end for h in felt if h.fused_after_end is not None]),
        "fused_after_words_ms": spread(
            [h.fused_after_end - h.words_after_end for h in felt if h.fused_after_end is not None]
        ),
        "told_ahead_of_the_words": round(float(np.mean([h.early for h in felt])), 3),
        "within_300_ms": round(
            float(np.mean([(h.affect_after_end or 0) <= 300 for h in felt if h.affect_after_end is not None])), 3
        ),
        "words_with_emotion_after_end_ms": spread([h.words_after_end for h in felt]),
        "words_alone_after_end_ms": spread([h.words_after_end for h in plain]),
        "utterances": {"with": len(felt), "without": len(plain), "voice_missing": sum(not h.model for h in felt)},
        "decode_alone_ms": spread([part.decode for part in parts]),
        "decode_together_ms": spread([part.together for part in parts]),
        "together_minus_alone_ms": spread([part.together - part.decode for part in parts]),
        "emotion_alone_ms": spread([part.emotion for part in parts]),
        "emotion_cpu_share_of_speech": round(sum(part.emotion_cpu for part in parts) / 1000 / seconds, 4),
    }


def show(found: dict[str, Any]) -> Table:
    """The table."""
    table = Table("ms", "median", "90 %", "95 %", "most", title="Emotion beside recognition")
    for name, row in found.items():
        if isinstance(row, dict) and "p50" in row:
            table.add_row(
                name.removesuffix("_ms").replace("_", " "), *(f"{row[k]:.0f}" for k in ("p50", "p90", "p95", "max"))
            )
    table.add_row("first affect events within 300 ms of the end", f"{found['within_300_ms']:.0%}", "", "", "")
    table.add_row("told by the voice ahead of the words", f"{found['told_ahead_of_the_words']:.0%}", "", "", "")
    table.add_row("CPU of emotion, share of the speech", f"{found['emotion_cpu_share_of_speech']:.1%}", "", "", "")
    return table


async def measure(files: Sequence[tuple[Path, str]]) -> tuple[list[Heard], list[Alone]]:
    """Both parts against one worker."""
    with tempfile.TemporaryDirectory(prefix="affect") as name:
        folder = Path(name)
        with inference(folder) as address:
            link, client = InferenceLink(address), InferenceClient(address, "bench")
            running = [asyncio.create_task(link.run()), asyncio.create_task(client.run())]
            store = await Store.open(f"sqlite+aiosqlite:///{folder}/w.db")
            try:
                await ready(link)

                async def vector(text: str) -> np.ndarray:
                    return np.asarray((await link.embed([normal(text)]))[0])

                feeler = Feeler(Consents(store), words_model(), vector)
                heard = await pipeline(files, store, feeler, client, folder)
                app, leg, _ = await call(store, feeler, client, folder, consent=True)
                await leg.close()
                token = app.feelings.consent
                if token is None:
                    raise RuntimeError("no consent")
                model = await asyncio.to_thread(EmotionModel.load)
                return heard, await alone(files, client, token, model)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await store.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of `python -m benchmarks.affect`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the recorded sets")
    parser.add_argument("--each", type=int, default=10, help="files of each set")
    parser.add_argument("--json", type=Path, help="write the figures and every utterance here")
    options = parser.parse_args(arguments)
    files = recordings(options.data, options.each)
    before = machine()
    heard, parts = asyncio.run(measure(files))
    found = figures(heard, parts)
    Console().print(show(found))
    if options.json:
        report = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": before, "load_after": os.getloadavg(),
            "figures": found, "utterances": [asdict(h) for h in heard], "parts": [asdict(p) for p in parts],
        }  # fmt: skip
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
