"""Words that nobody said: how many per hour of silence, noise, music and tones.

`python -m benchmarks.invention --json FILE` plays every sound to a leg's ear (voice activity, endpointing, partials and
finals, asked of a real inference worker's service over its socket) and, ungated, to stock faster-whisper, both in one
run: as recorded, by telephone (G.711 µ-law), 10 dB louder and 10 dB quieter. It reports; it asserts nothing.

The recogniser's thresholds were chosen with ESC-10 among the material, so its row flatters ours; hiss, hum and breath
are made here and served for nothing else. Ambience may hold distant real voices, whose words count as false too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from asr.conditions import by_telephone
from asr.files import read
from asr.scoring import readings
from benchmarks.speech import DATA, Stock
from media.frames import FRAME_MS, SPEECH_RATE, Audio
from media.hearing import Ear
from media.inference import InferenceClient
from media.options import MediaOptions
from media.vad import VoiceActivity
from server import models
from server.embedding import InferenceLink
from server.inference.service import InferenceService
from server.machine import machine
from server.settings import Settings, SettingsError, load
from session import channel, wire

FRAME = SPEECH_RATE * FRAME_MS // 1000
LOAD_S = 120.0
SEED = 7
MADE_S = 30  # s of each sound that is made here
BEFORE_MS, AFTER_MS = 1000, 1500  # silence around a sound: the line before, and the end of an utterance after
GAINS_DB = {"10 dB louder": 10, "10 dB quieter": -10}
FOLDERS = ("moh", "tones", "dtmf", "ambience")  # of hold_music_and_tones; greetings are speech


@dataclass(frozen=True, slots=True)
class Sound:
    """Something without words in it."""

    kind: str
    name: str
    audio: Audio


@dataclass(frozen=True, slots=True)
class Invented:
    """What was made of one sound under one variant. `shown`: most words of an utterance on a page at any moment, added up."""

    kind: str
    name: str
    variant: str
    audio_s: float
    finals: list[str]
    shown: int
    peer: str


def recorded(data: Path, limit: int) -> Iterator[Sound]:
    """ESC-10 (`limit` clips of each class at most), hold music, tones, keys, ambience."""
    for folder in sorted((data / "noise_esc10").iterdir()):
        for path in sorted(folder.glob("*.flac"))[:limit] if folder.is_dir() else ():
            yield Sound("ESC-10 noise", f"{folder.name}/{path.stem}", read(path)[0])
    for kind in FOLDERS:
        for path in sorted((data / "hold_music_and_tones" / kind).glob("*.flac")):
            yield Sound(kind, path.stem, read(path)[0])


def made() -> Iterator[Sound]:
    """Silence, hiss and hum of a line, breath in the receiver. Seeded."""
    dice = np.random.default_rng(SEED)
    yield Sound("silence", "zeros", Audio.silence(1000 * MADE_S, SPEECH_RATE))
    for level in (-65, -50, -38):
        yield Sound("line hiss", f"{level} dBFS", _audio(_band(dice, MADE_S, 50, 7000), level))
    hum = np.sum(
        [np.sin(2 * np.pi * 50 * n * np.arange(MADE_S * SPEECH_RATE) / SPEECH_RATE) / n for n in (1, 3, 5)], axis=0
    )
    yield Sound("line hiss", "50 Hz hum", _audio(hum + 0.1 * _band(dice, MADE_S, 50, 7000), -40))
    for level in (-45, -35, -25):
        yield Sound("breathing", f"{level} dBFS", _audio(_breath(dice, MADE_S), level))


def _band(dice: np.random.Generator, seconds: float, low: float, high: float) -> NDArray[np.float64]:
    """Noise between two frequencies, of about unit power."""
    count = round(seconds * SPEECH_RATE)
    spectrum = np.fft.rfft(dice.normal(size=count))
    frequencies = np.fft.rfftfreq(count, 1 / SPEECH_RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    shaped: NDArray[np.float64] = np.fft.irfft(spectrum, count)
    shaped /= np.sqrt(np.mean(shaped**2))
    return shaped


def _breath(dice: np.random.Generator, seconds: float) -> NDArray[np.float64]:
    """In (shorter, brighter) and out (longer, darker), at about 15 a minute, no two alike."""
    out = np.zeros(round(seconds * SPEECH_RATE))
    at = 0.0
    while at < seconds - 4:
        for low, high, seconds_each, strength in ((800, 5000, 1.0, 0.6), (300, 2500, 1.5, 1.0)):
            length = seconds_each * dice.uniform(0.8, 1.2)
            puff = _band(dice, length, low, high) * np.hanning(round(length * SPEECH_RATE)) * strength
            start = round(at * SPEECH_RATE)
            out[start : start + len(puff)] += puff[: len(out) - start]
            at += length + dice.uniform(0.1, 0.5)
        at += dice.uniform(0.3, 1.2)
    return out


def _audio(samples: NDArray[np.float64], level_db: float) -> Audio:
    scaled = samples / np.sqrt(np.mean(samples**2)) * 32768 * 10 ** (level_db / 20)
    return Audio(np.clip(np.rint(scaled), -32768, 32767).astype(np.int16), SPEECH_RATE)


def variants(audio: Audio) -> dict[str, Audio]:
    """The same sound in four ways."""
    louder = {
        name: Audio(np.clip(np.rint(audio.samples * 10 ** (gain / 20)), -32768, 32767).astype(np.int16), audio.rate)
        for name, gain in GAINS_DB.items()
    }
    return {"as recorded": audio, "by telephone": by_telephone(audio), **louder}


class Asking(InferenceClient):
    """Counts what was not answered in time: on a busy machine too few partials would flatter us."""

    unanswered = 0

    async def decode(self, body: wire.Decode, felt: Callable[[wire.Felt], None] | None = None) -> wire.Decoded:
        """As a leg's."""
        try:
            return await super().decode(body, felt)
        except (TimeoutError, channel.RemoteError):
            self.unanswered += 1
            raise


class Chain:
    """A leg's ear in front of the inference worker's service, both in this process but for the socket between them."""

    def __init__(self, client: Asking) -> None:
        self.client = client

    @classmethod
    @asynccontextmanager
    async def up(cls, settings: Settings) -> AsyncIterator[Chain]:
        """Loaded and connected. Raises InstallError."""
        models.resolve(settings.asr.model, settings.models_dir)
        with tempfile.TemporaryDirectory(prefix="wl-inv-") as folder:
            address = f"unix:{folder}/i.sock"
            service = InferenceService(settings.asr, settings.tts, settings.prosody, settings.models_dir)
            client, link = Asking(address, "bench"), InferenceLink(address)
            tasks = [asyncio.create_task(part) for part in (service.run(address), client.run(), link.run())]
            try:
                async with asyncio.timeout(LOAD_S):
                    while not await _loaded(link):
                        await asyncio.sleep(0.2)
                yield cls(client)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def hear(self, audio: Audio) -> tuple[list[str], int]:
        """Finals, and the words shown, of one sound with silence around it.

        Time is the leg's: after every frame all that was asked is answered, as on a machine of any speed.
        """
        background = asyncio.all_tasks()
        events: list[wire.LegEvent] = []
        ear = Ear("bench", MediaOptions(), self.client, events.append)
        ear.set_hearing(wire.Hearing(speech=True))
        voice = VoiceActivity()
        padded = np.pad(audio.samples, [round(ms * SPEECH_RATE / 1000) for ms in (BEFORE_MS, AFTER_MS)])
        for number in range(len(padded) // FRAME):
            frame = padded[number * FRAME : (number + 1) * FRAME]
            ear.push(number * FRAME_MS, frame, voice.voiced(frame))
            await _settle(background)
        await ear.close()
        await _settle(background)
        shown: dict[str, int] = {}
        for event in events:
            if isinstance(event, wire.UtterancePartial | wire.UtteranceFinal):
                shown[event.utterance_id] = max(shown.get(event.utterance_id, 0), words(event.text))
        return [event.text for event in events if isinstance(event, wire.UtteranceFinal)], sum(shown.values())


async def _loaded(link: InferenceLink) -> bool:
    try:
        return "loading" not in (await link.state()).missing.values()
    except (OSError, TimeoutError):
        return False


async def _settle(background: set[asyncio.Task[Any]]) -> None:
    """Until nothing runs but what ran before."""
    while rest := asyncio.all_tasks() - background:
        await asyncio.wait(rest)


def words(text: str) -> int:
    """Latin words and Chinese characters."""
    return len(readings(text, "zh")[0])


async def measure(
    settings: Settings, sounds: list[Sound], *, peer: bool, progress: Progress
) -> tuple[list[Invented], int]:
    """Every sound in every variant by both; and how many of our requests were not answered."""
    stock = Stock(settings.asr, models.resolve(settings.asr.model, settings.models_dir)) if peer else None
    found = []
    task = progress.add_task("sounds", total=len(sounds))
    async with Chain.up(settings) as chain:
        for sound in sounds:
            for variant, audio in variants(sound.audio).items():
                finals, shown = await chain.hear(audio)
                other = stock.transcribe(audio, "en") if stock is not None else ""
                seconds = audio.ms / 1000
                found.append(Invented(sound.kind, sound.name, variant, seconds, finals, shown, other))
            progress.advance(task)
        return found, chain.client.unanswered


def per_hour(found: list[Invented]) -> dict[str, Any]:
    """Rates of a part of it."""
    hours = sum(item.audio_s for item in found) / 3600
    counts = {
        "ours": sum(words(text) for item in found for text in item.finals),
        "ours_shown": sum(item.shown for item in found),
        "stock": sum(words(item.peer) for item in found),
    }
    return {
        "pieces": len(found),
        "minutes": round(60 * hours, 1),
        "pieces_with_words": {
            "ours": sum(bool(item.finals) for item in found),
            "stock": sum(words(item.peer) > 0 for item in found),
        },
        "words": counts,
        "words_per_hour": {name: round(count / hours, 1) for name, count in counts.items()},
    }


def show(report: dict[str, Any], console: Console, *, peer: bool) -> None:
    """Kinds of sound, then variants, then everything."""
    table = Table("", "minutes", "pieces", "ours", "ours, with partials", "stock", title="false words per hour")

    def row(name: str, part: dict[str, Any]) -> None:
        rates = part["words_per_hour"]
        stock = f"{rates['stock']:g} ({part['pieces_with_words']['stock']} pieces)" if peer else "–"
        ours = f"{rates['ours']:g} ({part['pieces_with_words']['ours']} pieces)"
        table.add_row(name, str(part["minutes"]), str(part["pieces"]), ours, f"{rates['ours_shown']:g}", stock)

    for group in ("kinds", "variants"):
        for name, part in report[group].items():
            row(name, part)
        table.add_section()
    row("all", report["all"])
    console.print(table)
    if report["unanswered"]:
        console.print(f"{report['unanswered']} requests of ours were not answered in time; measure on an idle machine")
    for item in report["pieces"]:
        if item["finals"]:
            console.print(f"ours: {item['name']}, {item['variant']}: {' | '.join(item['finals'])}", markup=False)


def main() -> int:
    """The command; exit status 1 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="benchmarks.invention", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, piece by piece")
    parser.add_argument("--limit", type=int, default=8, help="clips of each class of ESC-10")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with noise_esc10 and hold_music_and_tones")
    parser.add_argument(
        "--no-peer", action="store_true", help="without stock faster-whisper, which takes most of the time"
    )
    arguments = parser.parse_args()
    if not (arguments.data / "noise_esc10").is_dir():
        parser.error(f"{arguments.data} holds no noise_esc10; name the folder of the sets with --data")
    console = Console()
    before = machine()
    sounds = [*made(), *recorded(arguments.data, arguments.limit)]
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            found, unanswered = asyncio.run(measure(load(), sounds, peer=not arguments.no_peer, progress=progress))
    except (models.InstallError, SettingsError, TimeoutError) as error:
        Console(stderr=True).print(str(error) or "the engines did not load in time", style="red")
        return 1
    report = {
        "all": per_hour(found),
        "kinds": {
            kind: per_hour([i for i in found if i.kind == kind]) for kind in dict.fromkeys(i.kind for i in found)
        },
        "variants": {
            name: per_hour([i for i in found if i.variant == name]) for name in dict.fromkeys(i.variant for i in found)
        },
        "unanswered": unanswered,
        "command": " ".join(["python -m benchmarks.invention", *sys.argv[1:]]),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"before": before, "after": machine()},
        "pieces": [asdict(item) for item in found],
    }
    show(report, console, peer=not arguments.no_peer)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
