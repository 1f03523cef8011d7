"""A conversation as one HTML file that needs nothing else: timeline, waveform, transcript, emotion curve, ledger."""

from __future__ import annotations

import wave
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, select_autoescape
from numpy.typing import NDArray

WIDTH, LANE = 1000, 56  # px of the picture's own coordinates
COLUMNS = 500
TEMPLATE = Path(__file__).with_name("page.html.j2")
COLOURS = ("#2b6cb0", "#6b46c1", "#2f855a", "#b7791f", "#c05621", "#4a5568", "#97266d", "#2c7a7b")


def peaks(recording: Path, columns: int = COLUMNS) -> tuple[NDArray[np.float64], float]:
    """Loudest sample (0…1) per column and channel, shape (2, columns), and the length in s. Raises OSError, wave.Error."""
    with wave.open(str(recording), "rb") as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, channels)
    length = len(samples) / rate
    padded = np.pad(np.abs(samples.astype(np.float64)), ((0, -len(samples) % columns), (0, 0)))
    return padded.reshape(columns, -1, channels).max(axis=1).T / 32768.0, length


def wave_path(values: NDArray[np.float64], middle: float) -> str:
    """One channel as an SVG path around `middle`."""
    step = WIDTH / len(values)
    return "".join(
        f"M{x * step:.1f} {middle - v * LANE / 2:.1f}V{middle + v * LANE / 2:.1f}"
        for x, v in enumerate(values)
        if v > 0.002
    )


def page(events: list[dict[str, Any]], recording: Path | None, title: str) -> str:
    """The HTML."""
    waves: list[str] = []
    if recording is not None:
        found, length = peaks(recording)
        loudest = max(0.05, float(found.max()))
        waves = [wave_path(found[lane] / loudest, LANE * (lane + 0.5)) for lane in range(len(found))]
    else:
        length = 0.0
    began = datetime.fromisoformat(events[0]["at"]) if events else datetime.now().astimezone()
    affects = affect_of(events)
    rows = [_row(event, began, affects) for event in events if event["type"] != "affect"]
    felt = [
        {"t": e["payload"]["t1_ms"] / 1000, **affects[e["payload"]["utterance_id"]]}
        for e in events
        if e["type"] == "utterance.final" and e["payload"]["utterance_id"] in affects
    ]
    span = max([length, 1.0, *(f["t"] for f in felt)])
    environment = Environment(autoescape=select_autoescape(default=True, default_for_string=True))
    return environment.from_string(TEMPLATE.read_text()).render(
        title=title,
        began=began.strftime("%Y-%m-%d %H:%M:%S %Z"),
        waves=waves,
        width=WIDTH,
        lane=LANE,
        length=length,
        recording=recording.as_uri() if recording else "",
        lines=[row for row in rows if row["kind"] == "line"],
        notes=[row for row in rows if row["kind"] == "note"],
        felt=[{**f, "x": f["t"] / span * WIDTH, "y": 60 - f["valence"] * 50} for f in felt],
        turns=_turns(events),
    )


def affect_of(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Utterance → what it conveyed, for those of callers who consented."""
    return {e["payload"]["utterance_id"]: e["payload"] for e in events if e["type"] == "affect"}


def _row(event: dict[str, Any], began: datetime, affects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    p = event["payload"]
    at = f"{(datetime.fromisoformat(event['at']) - began).total_seconds():.1f}"
    if event["type"] == "utterance.final":
        emotion = affects.get(p["utterance_id"])
        return {"kind": "line", "who": p["role"], "text": p["text"], "at": at, "emotion": emotion}
    if event["type"] == "bot.said" and p["text"]:
        return {"kind": "line", "who": "bot", "text": p["text"], "at": at, "emotion": None}
    detail = " · ".join(
        str(p[key]) for key in ("block", "exit", "why", "reason", "agent", "result", "disposition") if p.get(key)
    )
    return {"kind": "note", "type": event["type"], "detail": detail, "at": at}


def _turns(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ledgers = [e["payload"] for e in events if e["type"] == "turn.ledger"]
    names = list(dict.fromkeys(stage["name"] for ledger in ledgers for stage in ledger["stages"]))
    longest = max([1.0, *(ledger["total_ms"] for ledger in ledgers)])
    return [
        {
            "total": round(ledger["total_ms"]),
            "stages": [
                {
                    "name": stage["name"],
                    "ms": round(stage["ms"]),
                    "share": stage["ms"] / longest * 100,
                    "colour": COLOURS[names.index(stage["name"]) % len(COLOURS)],
                }
                for stage in ledger["stages"]
                if stage["ms"] >= 0.5
            ],
        }
        for ledger in ledgers
    ]
