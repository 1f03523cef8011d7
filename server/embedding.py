"""What the app asks of the inference worker: sentence vectors, its state, its counters."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from session import channel, wire

WAIT_S = 2.0
TIMEOUT_S = 20.0  # a whole knowledge base at once, on a busy machine; a caller's sentence takes 25 ms
BATCH = 64  # texts at once, so that a caller's sentence never waits long behind an index being built


class InferenceLink:
    """The app's connection to the inference worker. `dialog.ports.Embedder`, and the worker's state."""

    def __init__(self, address: str) -> None:
        self._link = channel.Link(address, self, "app-inference")

    async def run(self) -> None:
        """Keep it up; until cancelled."""
        await self._link.run()

    async def embed(self, texts: Sequence[str], query: bool = True) -> NDArray[np.float32]:
        """[len(texts), dims], rows of unit length. Raises OSError or TimeoutError."""
        parts = []
        for start in range(0, len(texts), BATCH):
            body = wire.Embed(texts=list(texts[start : start + BATCH]), query=query)
            peer = await self._link.wait_up(WAIT_S)
            try:
                found = await peer.ask(body, wire.Embedded, TIMEOUT_S)
            except channel.RemoteError as error:
                raise OSError(str(error)) from error
            parts.append(np.frombuffer(found.data, dtype="<f4").reshape(-1, found.dims))
        return np.concatenate(parts).astype(np.float32)

    async def state(self) -> wire.InferenceState:
        """What is loaded. Raises OSError or TimeoutError."""
        peer = await self._link.wait_up(0.2)
        try:
            return await peer.ask(wire.InferenceStatus(), wire.InferenceState, 2.0)
        except channel.RemoteError as error:
            raise OSError(str(error)) from error

    async def metrics(self) -> str:
        """Its counters in Prometheus's text format. Raises OSError or TimeoutError."""
        peer = await self._link.wait_up(0.2)
        try:
            return (await peer.ask(wire.InferenceMetrics(), wire.MetricsText, 2.0)).text
        except channel.RemoteError as error:
            raise OSError(str(error)) from error

    async def prefetch(self, texts: list[str], locale: str) -> None:
        """Have prompts synthesised ahead. Raises OSError or TimeoutError."""
        peer = await self._link.wait_up(WAIT_S)
        try:
            await peer.ask(wire.Prefetch(texts=texts, locale=locale), type(None), 5.0)
        except channel.RemoteError as error:
            raise OSError(str(error)) from error

    # ------------------------------------------------------------------ channel.Handler

    async def on_request(self, peer: channel.Peer, request: wire.Request) -> msgspec.Struct | None:
        """The inference worker asks nothing."""
        raise ValueError(f"the app answers no {type(request.body).__name__}")

    async def on_message(self, peer: channel.Peer, message: wire.Wire) -> None:
        """It tells nothing."""

    async def on_closed(self, peer: channel.Peer) -> None:
        """The link reconnects."""
