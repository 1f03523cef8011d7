"""Tickets as flows know them: what a step of a workflow asks for, and who keeps them (`tickets.yaml` says how)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What is to be seen to. Empty: `title` the customer's last words, `category` by the words, `priority` the category's."""

    title: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    category: str = ""
    priority: str = ""
    language: str = ""


class Tickets(Protocol):
    """Where tickets are kept; the real one is `server.desktop.flow_tickets`."""

    async def open(self, key: str, contact_id: str, wanted: NewTicket) -> dict[str, Any]:
        """A ticket for the customer of this contact; the same `key` (a restart) gives the same one.

        `ticket_no`, `department`, `category`, `due` (ISO date or empty). Raises OSError or ValueError.
        """

    async def withdraw(self, key: str) -> None:
        """Close what was opened under this key, if anything was, since the rest failed."""

    async def progress(self, contact_id: str, language: str) -> dict[str, Any]:
        """The newest open ticket of the *verified* customer of this contact, else the newest.

        `found`; and where it is true `ticket_no`, `title`, `state`, `department` (words of the language), `due` (ISO date
        or empty), `open` (how many). Nobody's for callers below `dialog.guard.PRIVATE_LEVEL`. Raises OSError.
        """


class MemoryTickets:
    """`Tickets` of this process only: for tests of flows and trying out. Every caller is taken for verified."""

    def __init__(self) -> None:
        self.opened: dict[str, tuple[str, NewTicket]] = {}
        """Contact and ticket by key."""

    async def open(self, key: str, contact_id: str, wanted: NewTicket) -> dict[str, Any]:
        """As `Tickets.open`."""
        self.opened[key] = (contact_id, wanted)
        return {"ticket_no": self._number(key), "category": wanted.category, "department": "service", "due": ""}

    async def withdraw(self, key: str) -> None:
        """As `Tickets.withdraw`."""
        self.opened.pop(key, None)

    async def progress(self, contact_id: str, language: str) -> dict[str, Any]:
        """As `Tickets.progress`."""
        mine = [key for key, (contact, _) in self.opened.items() if contact == contact_id]
        if not mine:
            return {"found": False}
        state = "已受理" if language.startswith("zh") else "new"
        title = self.opened[mine[-1]][1].title
        number, department = self._number(mine[-1]), "客户服务部" if language.startswith("zh") else "Customer service"
        told = {"ticket_no": number, "title": title, "state": state, "department": department, "due": ""}
        return {"found": True, "open": len(mine), **told}

    def _number(self, key: str) -> str:
        return str(1001 + list(self.opened).index(key))
