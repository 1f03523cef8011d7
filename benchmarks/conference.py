"""What a conference costs per 20 ms frame: `python -m benchmarks.conference --json FILE`.

Legs as the product makes them (16 kHz in and out, mixed over their real sockets, nobody listened to by a recogniser), all
in one process and as fast as it goes: everybody says a frame, the sockets are read, everybody takes the sum of the
others. CPU time of the process, divided by the frames; the sizes take turns, and the median of the rounds is told, so a
busy machine disturbs all alike. `alone` is a leg without a mix: what is above it, others cost. The ratios are to two
legs that talk to each other, in the same run. `stuck` adds three listeners to each of two talking legs who never
read: what those take from the two beside the system calls of sending to them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import socket
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rich.console import Console
from rich.table import Table

from media.frames import FRAME_MS, SPEECH_RATE, Audio
from media.inference import InferenceClient
from media.leg import LegMedia
from media.mix import socket_path
from media.options import MediaOptions
from server.machine import machine
from session import wire

FRAME = SPEECH_RATE * FRAME_MS // 1000
WARM = 20  # frames before the clock runs: everybody is there and sounds


class Conference:
    """`members` legs who all hear each other, and `stuck` listeners of each who do not read."""

    def __init__(self, folder: Path, members: int, stuck: int = 0) -> None:
        nobody = InferenceClient(f"unix:{folder}/none.sock", "benchmark")
        names = [f"{members}-{stuck}-{number}" for number in range(members)]
        self._deaf: list[socket.socket] = []
        self.legs = [
            LegMedia(
                name, "agent", options=MediaOptions(), inference=nobody, emit=lambda _event: None, bridge_dir=folder
            )
            for name in names
        ]
        walls = [f"wall-{number}" for number in range(stuck)]
        for leg, name in zip(self.legs, names, strict=True):
            leg.start(wire.Hearing(speech=False), None)
            others = [other for other in names if other != name]
            if others:
                leg.mix.order(others, [*others, *walls])
            for wall in walls:
                end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                end.bind(str(socket_path(folder, wall, name)))
                self._deaf.append(end)
        rng = np.random.default_rng(7)
        self._said = [
            Audio((rng.standard_normal(FRAME) * 2000).clip(-32768, 32767).astype(np.int16), SPEECH_RATE) for _ in names
        ]

    async def run(self, frames: int) -> float:
        """CPU milliseconds per 20 ms, all members together; None of it waits."""
        began = time.process_time()
        for _ in range(frames):
            for leg, said in zip(self.legs, self._said, strict=True):
                leg.receive(said)
            for _ in range(3):  # what came is taken, what was sent is read
                await asyncio.sleep(0)
            for leg in self.legs:
                leg.fetch(SPEECH_RATE, FRAME)
        return (time.process_time() - began) * 1000 / frames

    def sounds(self) -> bool:
        """Does every member hear somebody?"""
        return all(len(self.legs) == 1 or leg.fetch(SPEECH_RATE, FRAME).any() for leg in self.legs)

    async def close(self) -> None:
        """Free everything."""
        for leg in self.legs:
            await leg.close()
        for end in self._deaf:
            end.close()


async def measure(sizes: list[int], rounds: int, frames: int) -> dict[str, Any]:
    """Milliseconds of one core per 20 ms for each size. Raises RuntimeError when somebody hears nobody."""
    with tempfile.TemporaryDirectory(prefix="warmline-") as folder:
        place = Path(folder)
        all_of_them = {
            "alone": Conference(place, 1),
            **{str(size): Conference(place, size) for size in sizes},
            "2 and 3 stuck": Conference(place, 2, stuck=3),
        }
        for name, one in all_of_them.items():
            await one.run(WARM)
            if not one.sounds():
                raise RuntimeError(f"in the conference of {name} somebody hears nobody")
        costs: dict[str, list[float]] = {name: [] for name in all_of_them}
        for _ in range(rounds):
            for name, one in all_of_them.items():
                costs[name].append(await one.run(frames))
        for one in all_of_them.values():
            await one.close()
    return {name: statistics.median(taken) for name, taken in costs.items()}


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="benchmarks.conference", description="CPU per 20 ms of a conference.")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--members", default="2,4,8", help="sizes, comma separated; 2 is always among them")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--frames", type=int, default=100, help="frames of 20 ms per round and size")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sizes = sorted({2, *(int(size) for size in args.members.split(","))})
    costs = asyncio.run(measure(sizes, args.rounds, args.frames))
    two, alone = costs["2"], costs["alone"]
    rows = []
    table = Table("members", "ms of a core per 20 ms", "per leg", "core used", "ratio to two", title="Conference")
    for name, cost in costs.items():
        legs = 1 if name == "alone" else int(name.split()[0])
        row = {
            "members": name,
            "ms_per_frame": round(cost, 3),
            "ms_per_leg": round(cost / legs, 3),
            "mixing_ms_per_leg": round(cost / legs - alone, 3),
            "core_percent": round(cost / FRAME_MS * 100, 1),
            "ratio_to_two": round(cost / two, 2),
            "ratio_to_two_per_leg": round(cost / legs / (two / 2), 2),
        }
        rows.append(row)
        table.add_row(name, *(str(row[key]) for key in ("ms_per_frame", "ms_per_leg")), f"{row['core_percent']} %",
                      f"{row['ratio_to_two']} ({row['ratio_to_two_per_leg']} per leg)")  # fmt: skip
    Console(width=120).print(table)
    if args.json is not None:
        report = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "rounds": args.rounds, "sizes": rows}
        args.json.write_text(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
