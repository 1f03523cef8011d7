"""Sentence vectors, each computed once: recent queries in memory, training texts on disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dialog.ports import Embedder, Vectors

_BATCH = 32  # ~0.3 s of inference: a caller's query never waits longer behind us
_TIMEOUT_S = 60.0


class CachedEmbedder:
    """An `Embedder` that asks another one only for texts it has not seen.

    `classify` and `search` embed the same words within a turn; that costs one request. The folders of a start share
    their universal intents' vectors: 4 096 hold those of some folders, 6 MB.
    """

    def __init__(self, inner: Embedder, *, recent: int = 4096) -> None:
        self._inner = inner
        self._recent: OrderedDict[tuple[str, bool], Vectors] = OrderedDict()
        self._size = recent

    async def embed(self, texts: Sequence[str], query: bool = True) -> Vectors:
        """As `Embedder.embed`."""
        missing = list(dict.fromkeys(text for text in texts if (text, query) not in self._recent))
        if missing:
            vectors = await self._inner.embed(missing, query)
            for text, vector in zip(missing, vectors, strict=True):
                self._recent[text, query] = vector
        result = np.stack([self._recent[text, query] for text in texts])
        for text in texts:
            self._recent.move_to_end((text, query))
        while len(self._recent) > max(self._size, len(texts)):
            self._recent.popitem(last=False)
        return result


async def embed_all(embedder: Embedder, texts: Sequence[str], cache: Path | None, *, query: bool = True) -> Vectors:
    """Vectors [len(texts), dims] of many texts, in small batches; kept in `cache` (.npz) for the next start."""
    prefix = "" if query else "passage: "
    keys = [hashlib.sha256(f"{prefix}{text}".encode()).hexdigest()[:24] for text in texts]
    known = await asyncio.to_thread(_load, cache) if cache else {}
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    waiting = list(missing.items())
    for start in range(0, len(waiting), _BATCH):
        batch = waiting[start : start + _BATCH]
        vectors = await asyncio.wait_for(embedder.embed([text for _, text in batch], query), _TIMEOUT_S)
        known.update({key: vector for (key, _), vector in zip(batch, vectors, strict=True)})
    if cache and missing:
        await asyncio.to_thread(_save, cache, {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]).astype(np.float32)


def _load(cache: Path) -> dict[str, Vectors]:
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), np.load(cache) as data:
        return dict(zip(data["keys"].tolist(), data["vectors"].astype(np.float32), strict=True))
    return {}


def _save(cache: Path, vectors: dict[str, Vectors]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_suffix(".part.npz")
    np.savez(partial, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())).astype(np.float16))
    partial.replace(cache)
