"""What the customer wrote is read in its turn and once, also where the app is killed between its commit and its reading."""

from __future__ import annotations

import zlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.calls.contact import Contact


@dataclass(frozen=True, slots=True)
class Letter:
    """A committed message. No secret is one: that is for one contact alone, which asks for it again after a restart."""

    seq: int
    text: str


class Reading:
    """One contact's; works in its actor but for `written`."""

    def __init__(self, contact: Contact) -> None:
        self.unread: deque[Letter] = deque()
        """Where this contact ends before, another one reads it."""
        self._contact = contact
        self._done: list[int] = []
        self._now = self._answers = 0

    def written(self, letter: Letter) -> None:
        """The customer wrote."""
        self.unread.append(letter)
        self._contact.post(self._read)

    def resumed(self) -> None:
        """The app was restarted, and the contact is where it was."""
        for _ in self.unread:
            self._contact.post(self._read)

    async def _read(self) -> None:
        contact = self._contact
        if not self.unread or contact.gone or contact.ending or contact.waiting_for_leg:
            return
        letter = self.unread.popleft()
        self._done.append(letter.seq)  # also where the flow breaks over it: it would again
        self._now, self._answers = letter.seq, 0
        try:
            await contact.text(letter.text)
        finally:
            self._now = 0

    def answering(self, text: str) -> str | None:
        """The key of an answer in writing: read again after a restart, for its reading was not saved, nothing is said twice."""
        if not self._now:
            return None
        self._answers += 1
        return f"answer:{self._now}:{self._answers}:{zlib.crc32(text.encode()):08x}"

    def done(self) -> tuple[int, ...]:
        """Read, and not saved yet."""
        return tuple(self._done)

    def saved(self, read: tuple[int, ...]) -> None:
        """The contact's state holds what came of them."""
        del self._done[: len(read)]
