"""Prompt cache: memory for all, disk for what is known in advance."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from media.frames import Audio
from tts.cache import PromptCache, key_of


def _audio(seed: int, samples: int = 16_000) -> Audio:
    return Audio(np.random.default_rng(seed).integers(-9000, 9000, samples).astype(np.int16), 16_000)


def test_only_kept_entries_survive_a_restart(tmp_path: Path) -> None:
    first = PromptCache(tmp_path, 1 << 20, 1 << 20)
    first.put("aa" * 32, _audio(1), keep=True)
    first.put("bb" * 32, _audio(2), keep=False)
    assert first.get("bb" * 32) is not None
    second = PromptCache(tmp_path, 1 << 20, 1 << 20)
    found = second.get("aa" * 32)
    assert found is not None
    np.testing.assert_array_equal(found.samples, _audio(1).samples)
    assert second.get("bb" * 32) is None


def test_a_corrupt_entry_is_dropped_and_can_be_written_anew(tmp_path: Path) -> None:
    key = "cc" * 32
    PromptCache(tmp_path, 1 << 20, 1 << 20).put(key, _audio(1), keep=True)
    (file,) = tmp_path.glob("cc/*.flac")
    file.write_bytes(b"fLaC not really")
    cache = PromptCache(tmp_path, 1 << 20, 1 << 20)
    assert cache.get(key) is None
    assert not file.exists()
    cache.put(key, _audio(1), keep=True)
    assert PromptCache(tmp_path, 1 << 20, 1 << 20).get(key) is not None


def test_disk_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 100_000, 1 << 20)  # an entry of noise takes ~30 kB
    for number in range(3):
        key = f"{number:02d}" * 32
        cache.put(key, _audio(number), keep=True)
        (file,) = tmp_path.glob(f"{number:02d}/*.flac")
        os.utime(file, (1000 + number, 1000 + number))
    fresh = PromptCache(tmp_path, 100_000, 1 << 20)
    assert fresh.get("00" * 32) is not None  # now the most recently used
    fresh.put("77" * 32, _audio(7), keep=True)
    left = {path.parent.name for path in tmp_path.glob("*/*.flac")}
    assert "00" in left and "77" in left and "01" not in left
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*.flac")) <= 100_000


def test_memory_is_bounded(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 1 << 20, 80_000)
    for number in range(5):
        cache.put(str(number), _audio(number), keep=False)
    assert [cache.get(str(number)) is not None for number in range(5)] == [False, False, False, True, True]


def test_a_folder_that_cannot_be_written_costs_only_the_hit(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    cache = PromptCache(blocker / "cache", 1 << 20, 1 << 20)
    cache.put("dd" * 32, _audio(1), keep=True)
    assert cache.get("dd" * 32) is not None


@pytest.mark.parametrize("other", [("kokoro", "1", "text"), ("hibari", "2", "text"), ("hibari", "1", "other")])
def test_whatever_shapes_the_sound_shapes_the_key(other: tuple[str, str, str]) -> None:
    assert key_of("hibari", "1", "text") != key_of(*other)
