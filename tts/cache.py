"""Prompts already spoken: recent ones in memory, those known in advance on disk.

Only prefetched texts (greetings, menus, announcements) are written to disk; a sentence with a caller's name or balance
stays in memory and goes with the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
import soundfile
import structlog

from media.frames import Audio

log = structlog.get_logger(__name__)


def key_of(*parts: str | float) -> str:
    """Name of an entry: a hash over everything that shapes the sound."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


class PromptCache:
    """Thread-safe; both layers drop what was used longest ago when full. A disk that fails only costs the hit."""

    def __init__(self, folder: Path, disk_bytes: int, memory_bytes: int) -> None:
        self._folder = folder
        self._disk_bytes = disk_bytes
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, Audio] = OrderedDict()
        self._memory_used = 0
        self._disk_used = -1  # counted at the first write
        self._lock = threading.Lock()

    def get(self, key: str) -> Audio | None:
        """The audio under `key`, or None."""
        with self._lock:
            if (audio := self._memory.get(key)) is not None:
                self._memory.move_to_end(key)
                return audio
            if (audio := self._read(key)) is not None:
                self._remember(key, audio)
            return audio

    def put(self, key: str, audio: Audio, *, keep: bool) -> None:
        """Store; `keep` also writes it to disk."""
        with self._lock:
            self._remember(key, audio)
            if keep and not self._path(key).exists():
                self._write(key, audio)

    def on_disk(self, key: str) -> bool:
        """Whether a restart would still find the entry."""
        return self._path(key).exists()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.flac"

    def _remember(self, key: str, audio: Audio) -> None:
        if (old := self._memory.pop(key, None)) is not None:
            self._memory_used -= old.samples.nbytes
        self._memory[key] = audio
        self._memory_used += audio.samples.nbytes
        while self._memory_used > self._memory_bytes and self._memory:
            _, dropped = self._memory.popitem(last=False)
            self._memory_used -= dropped.samples.nbytes

    def _read(self, key: str) -> Audio | None:
        path = self._path(key)
        if not path.exists():
            return None
        try:
            samples, rate = soundfile.read(path, dtype="int16")
            audio = Audio(np.ascontiguousarray(samples), int(rate))
            if len(audio.samples) == 0:
                raise ValueError("no samples")
            os.utime(path)
        except (OSError, RuntimeError, ValueError) as error:
            log.warning("tts.cache_entry_dropped", file=path.name, error=str(error))
            with contextlib.suppress(OSError):
                path.unlink()
            self._disk_used = -1
            return None
        return audio

    def _write(self, key: str, audio: Audio) -> None:
        path = self._path(key)
        temporary = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            os.close(handle)
            soundfile.write(temporary, audio.samples, audio.rate, format="FLAC", subtype="PCM_16")
            Path(temporary).replace(path)
            if self._disk_used < 0:
                self._disk_used = sum(size for _, size, _ in self._entries())
            else:
                self._disk_used += path.stat().st_size
            if self._disk_used > self._disk_bytes:
                self._shrink()
        except (OSError, RuntimeError) as error:
            log.warning("tts.cache_not_written", folder=str(self._folder), error=str(error))
            if temporary:
                Path(temporary).unlink(missing_ok=True)

    def _entries(self) -> list[tuple[float, int, Path]]:
        return [(stat.st_mtime, stat.st_size, path) for path in self._folder.glob("??/*.flac") if (stat := path.stat())]

    def _shrink(self) -> None:
        """Down to 90 %, so that not every write shrinks."""
        entries = sorted(self._entries())
        self._disk_used = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if self._disk_used <= self._disk_bytes * 0.9:
                break
            path.unlink(missing_ok=True)
            self._disk_used -= size
