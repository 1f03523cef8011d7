"""Who stops the bot, and how soon is it silent? `python -m benchmarks.interruptions --json FILE`.

Plays sounds into a line while the bot speaks: recorded speech that wants the floor, listening noises ("uh-huh", 嗯), and
recorded noises and music. The caller's line carries the bot's own prompt as an echo at −30 dB, 60 ms late, lowered and silent
when the bot is, and a little noise; all of it goes through G.711 at 8 kHz. The product's echo guard, voice detector, endpointer, partial schedule, neural check, recogniser and barge-in stages decide in virtual time: a check
answers after one frame, a decode after `--decode-ms`. It reports; it asserts nothing.

*Time to silence* runs from the caller's first voiced 20 ms frame (of six in a row) on the clean line to the last sample of the prompt, with 30 ms
for the block under way and the fade. A *false stop* ends the prompt; a *dip* (−12 dB) and a *hold* (silent, then it goes on)
do not. Thresholds were chosen on the half `fit` (by file, digits and synthetic voices by speaker).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from asr.conditions import by_telephone
from asr.evaluation import read_manifest
from asr.files import read
from asr.gate import VoiceGate
from benchmarks.speech import DATA
from benchmarks.turns import Decodes
from media.backchannel import echoes
from media.barge_in import BargeIn, Step
from media.echo import EchoGuard, softened
from media.endpointing import Closed, Endpointer, Opened, Resumed, Speculated
from media.frames import FRAME_MS, SPEECH_RATE, Audio, Samples
from media.hearing import LEAST_VOICED_MS, PREROLL_MS
from media.leg import CHECK_AUDIO_MS, SPEECH_LIKELY
from media.options import MediaOptions
from media.partials import PartialRate
from media.playout import DUCK, LATELY
from media.turn_end import Bounds
from media.vad import VoiceActivity
from server.machine import machine
from server.settings import load
from tts.engine import Engine, EngineError
from tts.espeak import EspeakEngine
from tts.hibari import HibariEngine
from tts.kokoro import KokoroEngine
from tts.sound import finish

SEED = 11
PER_MS = SPEECH_RATE // 1000
FRAME = FRAME_MS * PER_MS
BEFORE_MS, AFTER_MS = 600, 1600
LONGEST_MS = 3500  # of a sentence; what comes later decides nothing
LINE_DB, ECHO_DB, SPEECH_DB = -66.0, -30.0, -26.0
ECHO_LATE_MS = 60
OUT_MS = 30  # the block that is under way (20) and the fade (10)
FLOOR = "wants the floor"
LISTENS = "listens"
NOISE = "noise"
ONSET = 6  # voiced frames in a row that are a voice: a room's noise, cut in, is up to 5 until the detector knows it
EACH = 24  # files of a set
PROMPT = (
    "Thank you for calling. Your order left our warehouse this morning and should arrive within two days. "
    "If you would like to change the delivery address, please tell me the new one after I have finished."
)
HUMS = {
    "en": ("mm-hmm", "uh-huh", "yeah", "okay", "right", "I see", "mhm", "yeah yeah"),
    "zh": ("嗯", "嗯嗯", "对", "对对", "好的", "哦", "是的", "啊"),
}
COMMANDS = {
    "en": ("stop", "wait", "no", "hold on", "yeah, but I want an agent", "what?"),
    "zh": ("不是", "等一下", "我要找人工", "停", "对，但是我想问一下", "不要"),
}


@dataclass(frozen=True, slots=True)
class Clip:
    """A sound of the caller's side. `half`: `fit` or `report`."""

    name: str
    group: str
    kind: str
    half: str
    audio: Audio


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the bot did. Times in ms from the first voiced frame; None where it did not happen."""

    name: str
    group: str
    kind: str
    half: str
    stopped: bool
    silent_ms: int | None
    dipped: bool
    held_ms: int
    heard: str


def clips(data: Path = DATA) -> Iterator[Clip]:
    """Everything there is."""
    for kind, folder in (
        ("read English", "asr_en_read"),
        ("Mandarin", "asr_zh_aishell"),
        ("presenter", "ivr_prompts_en_8k"),
    ):
        items, _ = read_manifest(data / folder / "manifest.tsv", "en")
        worded = [item for item in items if len(item.text.split()) > 1 or item.language == "zh"]
        for item in worded[:: max(1, len(worded) // EACH)][:EACH]:
            yield _clip(item.path.name, FLOOR, kind, item.path.name, read(item.path)[0])
    yield from _digits(data / "digits_en_8k")
    for row in (data / "noise_esc10" / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        path, _, label = row.split("\t")[:3]
        yield _clip(path, NOISE, label, path, read(data / "noise_esc10" / path)[0])
    music = sorted((data / "hold_music_and_tones").rglob("*.flac"))
    for file in music:
        if "dtmf" not in file.stem and "prompt" not in str(file):
            yield _clip(file.name, NOISE, "music, tones, ambience", file.name, read(file)[0])
    yield from _synthetic(LISTENS, "synthetic", HUMS)
    yield from _synthetic(FLOOR, "synthetic short words", COMMANDS)


def _clip(name: str, group: str, kind: str, key: str, audio: Audio) -> Clip:
    half = "fit" if hashlib.sha256(key.encode()).digest()[0] % 2 else "report"
    cut = Audio(audio.samples[: LONGEST_MS * PER_MS], SPEECH_RATE)
    return Clip(name, group, kind, half, _levelled(cut))


def _digits(folder: Path) -> Iterator[Clip]:
    dice = np.random.default_rng(SEED)
    for speaker in sorted(path.name for path in folder.iterdir() if path.is_dir()):
        for number in range(EACH // 4):
            digits = dice.integers(0, 10, 3)
            parts = [
                read(folder / speaker / f"{digit}_{int(dice.integers(0, 25))}.flac")[0].samples for digit in digits
            ]
            yield _clip(
                f"{speaker}-{number}", FLOOR, "spoken digits", speaker, Audio(np.concatenate(parts), SPEECH_RATE)
            )


def _voices() -> list[tuple[str, str, Engine, str]]:
    """(name, language, engine, voice): several of each language, most of them robots."""
    models = load().models_dir
    hibari = HibariEngine("heart", 1.0)
    kokoro = KokoroEngine(models / "kokoro", "zf_xiaoxiao", 1.0, 1, hibari)
    quick = KokoroEngine(models / "kokoro", "zf_xiaoxiao", 1.25, 1, hibari)
    robots = [EspeakEngine(10.0, pace) for pace in (0.8, 1.0, 1.25)]
    return [
        ("hibari", "en", hibari, ""),
        ("hibari quick", "en", HibariEngine("heart", 1.25), ""),
        ("af_heart", "en", kokoro, "af_heart"),
        *((f"espeak {n}", "en", engine, "") for n, engine in enumerate(robots)),
        ("zf_xiaoxiao", "zh", kokoro, "zf_xiaoxiao"),
        ("zm_yunxi", "zh", kokoro, "zm_yunxi"),
        ("zf_xiaoxiao quick", "zh", quick, "zf_xiaoxiao"),
        ("zm_yunxi quick", "zh", quick, "zm_yunxi"),
        *((f"espeak {n}", "zh", engine, "") for n, engine in enumerate(robots[1:])),
    ]


def _synthetic(group: str, kind: str, texts: Mapping[str, Sequence[str]]) -> Iterator[Clip]:
    for name, language, engine, voice in _voices():
        for text in texts[language]:
            try:
                wave, rate = engine.synthesise(text, language, engine.voice(voice))
                audio = finish(wave, rate, out_rate=SPEECH_RATE, dbfs=SPEECH_DB)
            except (EngineError, ValueError):
                continue
            key = f"{name}/{language}"
            yield _clip(f"{key}: {text}", group, f"{kind}, {language}", key, audio)


def _levelled(audio: Audio) -> Audio:
    """Its loudest half second at `SPEECH_DB`: noises as loud as voices."""
    wave = audio.samples.astype(np.float32) / 32768
    size = min(len(wave), SPEECH_RATE // 2)
    loudest = max(float(np.mean(wave[at : at + size] ** 2)) for at in range(0, len(wave) - size + 1, size // 2 or 1))
    gain = min(10 ** (SPEECH_DB / 20) / max(1e-6, loudest**0.5), 0.9 / max(1e-6, float(np.abs(wave).max())))
    return Audio((wave * gain * 32767).astype(np.int16), SPEECH_RATE)


def _quiet(ms: int) -> Samples:
    dice = np.random.default_rng(SEED)
    return (dice.standard_normal(PER_MS * ms) * 32768 * 10 ** (LINE_DB / 20)).astype(np.int16)


def on_the_line(clip: Clip, prompt: Samples | None) -> list[Samples]:
    """16 kHz frames as they come off the line; with the prompt's echo, or without (None)."""
    whole = np.concatenate(
        [np.zeros(BEFORE_MS * PER_MS, np.int16), clip.audio.samples, np.zeros(AFTER_MS * PER_MS, np.int16)]
    )
    mixed = whole.astype(np.float32) + _quiet(len(whole) // PER_MS + 1)[: len(whole)]
    if prompt is not None:
        late = np.concatenate([np.zeros(ECHO_LATE_MS * PER_MS, np.int16), np.resize(prompt, len(whole))])[: len(whole)]
        mixed += late * 10 ** (ECHO_DB / 20)
    heard = by_telephone(Audio(np.clip(mixed, -32768, 32767).astype(np.int16), SPEECH_RATE)).samples
    return [heard[at : at + FRAME] for at in range(0, len(heard) - FRAME + 1, FRAME)]


class Line:
    """One leg's ears in virtual time."""

    def __init__(self, decodes: Decodes, gate: VoiceGate, prompt: Samples, decode_ms: int) -> None:
        self._decodes = decodes
        self._gate = gate
        self._prompt = prompt
        self._decode_ms = decode_ms

    def play(self, clip: Clip) -> Outcome:
        """The bot speaks, the caller makes this sound."""
        onset = self._onset(clip)
        lines = {
            level: on_the_line(clip, (self._prompt * np.float32(level)).astype(np.int16)) for level in (1.0, DUCK, 0.0)
        }
        frames = list(lines[1.0])
        level, before, turns_at = 1.0, 1.0, 0
        options = MediaOptions()
        vad, echo, barge, rate = VoiceActivity(), EchoGuard(), BargeIn(), PartialRate()
        ear = Endpointer(bounds=Bounds.of(options), speculate_ms=options.speculate_silence_ms, max_ms=28_000)
        begun = spoke = 0
        check: tuple[int, bool] | None = None
        words: list[tuple[int, str, bool]] = []
        dipped, held_at, held_ms, heard = False, -1, 0, ""
        for number in range(len(frames)):
            now = number * FRAME_MS
            end = now + FRAME_MS
            frame = frames[number] = lines[level if now >= turns_at else before][number]
            at = number * FRAME % (len(self._prompt) - FRAME)
            echo.sent((self._prompt[at : at + FRAME] * np.float32(level)).astype(np.int16))
            only_echo = echo.is_echo(frame)
            voiced = vad.voiced(frame) and not only_echo
            if only_echo:
                frames[number] = softened(frame)
            steps: list[Step] = []
            if check is not None and check[0] <= now:
                steps += barge.checked(check[1])
                check = None
            for due in [item for item in words if item[0] <= now]:
                words.remove(due)
                said = "" if echoes(due[1], self._lately(now)) else due[1]
                heard = due[1] or heard
                rate.answered(self._decode_ms, words=bool(due[1]))
                steps += barge.words(said, ended=due[2])
            for signal in ear.push(now, voiced):
                match signal:
                    case Opened(t0_ms):
                        begun, spoke = max(0, end - PREROLL_MS), t0_ms
                        rate.begin()
                    case Speculated():
                        words = [(end + self._decode_ms, self._words(frames, begun, end, final=True), True)]
                    case Resumed():
                        words = []
                    case Closed(voiced_ms=voiced_ms) if voiced_ms < LEAST_VOICED_MS:
                        words = []
                        steps += barge.words("", ended=True)
                    case _:
                        pass
            if ear.open and not words and rate.due(end - spoke):
                rate.asked(end - spoke)
                words = [(end + self._decode_ms, self._words(frames, begun, end, final=False), False)]
            steps += barge.push(voiced, end / 1000)
            for step in steps:
                if step is not Step.CHECK:
                    before, turns_at = level, end + ECHO_LATE_MS
                    level = {Step.DUCK: DUCK, Step.HOLD: 0.0, Step.STOP: 0.0}.get(step, 1.0)
                match step:
                    case Step.DUCK:
                        dipped = True
                    case Step.CHECK if check is None and ear.open:
                        recent = np.concatenate(
                            frames[max(begun // FRAME_MS, number + 1 - CHECK_AUDIO_MS // FRAME_MS) : number + 1]
                        )
                        check = (end, self._gate.probability(Audio(recent, SPEECH_RATE)) >= SPEECH_LIKELY)
                    case Step.HOLD:
                        held_at = end
                    case Step.RESTORE if held_at >= 0:
                        held_ms += end - held_at
                        held_at = -1
                    case Step.STOP:
                        silent = (held_at if held_at >= 0 else end) + OUT_MS - onset
                        return Outcome(clip.name, clip.group, clip.kind, clip.half, True, silent, True, 0, heard)
                    case _:
                        pass
        return Outcome(clip.name, clip.group, clip.kind, clip.half, False, None, dipped, held_ms, heard)

    def _lately(self, now: int) -> str:
        """What the bot has just said, by how far into the prompt it is."""
        length = len(self._prompt) // PER_MS
        return PROMPT[: round(len(PROMPT) * (now % length) / length)][-LATELY:]

    def _onset(self, clip: Clip) -> int:
        """Where the clip's voice begins on a line without echo."""
        vad = VoiceActivity()
        flags = [vad.voiced(frame) for frame in on_the_line(clip, None)]
        runs = [at for at in range(len(flags) - ONSET + 1) if all(flags[at : at + ONSET])]
        return runs[0] * FRAME_MS if runs else BEFORE_MS

    def _words(self, frames: Sequence[Samples], from_ms: int, to_ms: int, *, final: bool) -> str:
        audio = Audio(np.concatenate(frames[from_ms // FRAME_MS : to_ms // FRAME_MS]), SPEECH_RATE)
        return self._decodes(audio, ("en", "zh"), final=final).text


def prompt(hibari: HibariEngine) -> Samples:
    """What the bot says all the time."""
    wave, rate = hibari.synthesise(PROMPT, "en", "heart")
    return finish(wave, rate, out_rate=SPEECH_RATE, dbfs=-20.0).samples


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Rates of one kind."""
    stopped = [o.silent_ms for o in outcomes if o.silent_ms is not None]
    held = [o.held_ms for o in outcomes if o.held_ms]
    return {
        "clips": len(outcomes),
        "stopped": round(sum(o.stopped for o in outcomes) / len(outcomes), 3),
        "silent_within_300_ms": round(sum(ms <= 300 for ms in stopped) / len(outcomes), 3),
        **{f"silence_p{q}_ms": round(float(np.percentile(stopped, q))) if stopped else None for q in (50, 90, 95)},
        "dipped": round(sum(o.dipped for o in outcomes) / len(outcomes), 3),
        "held": round(len(held) / len(outcomes), 3),
        "held_p50_ms": round(float(np.median(held))) if held else 0,
    }


def _table(rows: dict[str, dict[str, Any]], title: str) -> Table:
    table = Table(title=title)
    table.add_column("kind")
    first = next(iter(rows.values()))
    for column in first:
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in rows.items():
        table.add_row(name, *("" if value is None else str(value) for value in row.values()))
    return table


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--half", choices=("fit", "report", "both"), default="report")
    parser.add_argument("--decode-ms", type=int, default=250, help="ms after which a decode answers")
    args = parser.parse_args()
    line = Line(Decodes(), VoiceGate(), prompt(HibariEngine("heart", 1.0)), args.decode_ms)
    chosen = [clip for clip in clips() if args.half in (clip.half, "both")]
    outcomes = [line.play(clip) for clip in track(chosen, description="clips", console=Console(stderr=True))]
    rows: dict[str, dict[str, Any]] = {}
    for group in (FLOOR, LISTENS, NOISE):
        of_group = [o for o in outcomes if o.group == group]
        rows[f"{group}: all"] = summary(of_group)
        for kind in sorted({o.kind for o in of_group}):
            rows[f"{group}: {kind}"] = summary([o for o in of_group if o.kind == kind])
    Console(width=180).print(_table(rows, f"half {args.half}, G.711, echo {ECHO_DB:g} dB, decodes {args.decode_ms} ms"))
    report = {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine(),
        "half": args.half,
        "decode_ms": args.decode_ms,
        "rows": rows,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    args.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
