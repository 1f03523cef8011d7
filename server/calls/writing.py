"""What customers write finds somebody who reads it: the contact that goes on, else another one in the same conversation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from server.api.ports import NotNow, Turned
from server.calls.admission import CHAT
from server.calls.contact import Contact
from server.calls.reading import Letter
from session.queries import Queries

if TYPE_CHECKING:
    from server.calls.controller import Controller

log = structlog.get_logger(__name__)

DRAIN_RETRY_S = 30
ENDING_S = 5.0  # s in which a contact that ends has written down that it has; it takes milliseconds


class Writing:
    """One per app."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._beginning = asyncio.Lock()  # two messages at once begin one contact, and it is greeted first

    def check(self, conversation_id: str, role: str) -> None:
        """Raises `NotNow` or `Turned`, and says what to do, where nobody would read what is written."""
        controller = self._controller
        if controller.contact_in(conversation_id, writing=True) is not None:
            return
        if role == "agent":
            raise NotNow("this conversation is over: the customer would not read it")
        if controller.draining:
            raise Turned("this server is being restarted; write again in a moment", DRAIN_RETRY_S)
        try:
            controller.dialog.answering(CHAT)
        except LookupError as error:
            raise NotNow("this conversation is over and nobody reads chats here; call instead") from error

    def asker(self, conversation_id: str) -> Contact | None:
        """Who asked for something private, and waits for the answer, or ends just now; what is written is for nobody else."""
        live = self._controller.contact_in(conversation_id, writing=True)
        gone = [c for c in self._controller.contacts.values() if c.conversation_id == conversation_id and c.gone]
        return next((c for c in (*gone, live) if c is not None and c.customer.sensitive), None)

    async def reader(self, conversation_id: str, role: str, keep: Callable[[Contact], Awaitable[None]]) -> Contact:
        """Who reads it, once it is kept: where all is over a contact that begins, and says nothing before that.

        Raises `NotNow` or `Turned` as `check` does, LookupError when there is no such conversation.
        """
        controller = self._controller
        language = await Queries(controller.store).language(conversation_id)
        if language is None:
            raise LookupError(f"there is no conversation {conversation_id}")
        for old in [c for c in controller.contacts.values() if c.conversation_id == conversation_id and c.gone]:
            with contextlib.suppress(TimeoutError):  # else its end would close what now begins
                await asyncio.wait_for(old.over.wait(), ENDING_S)
        async with self._beginning:
            self.check(conversation_id, role)
            contact = controller.contact_in(conversation_id, writing=True)
            if contact is None:
                return await self._begin(conversation_id, language, keep)
        await keep(contact)
        contact.post(contact.lively)
        return contact

    async def _begin(self, conversation_id: str, language: str, keep: Callable[[Contact], Awaitable[None]]) -> Contact:
        controller = self._controller
        await controller.store.reopen_conversation(conversation_id)
        contact = await controller.admission.open_chat(
            locale=language, customer_id=None, conversation_id=conversation_id
        )
        try:
            await keep(contact)
        finally:
            contact.post(contact.open_chat)
        return contact

    async def hand(self, contact: Contact, letter: Letter) -> None:
        """What a customer wrote, to who reads it; it is kept already."""
        if contact.over.is_set():  # while it was kept
            await self.go_on(contact.conversation_id, [letter])
        else:
            contact.reading.written(letter)

    async def go_on(self, conversation_id: str, unread: Sequence[Letter]) -> None:
        """These were taken just as their contact ended: another one reads them."""
        try:
            contact = await self.reader(conversation_id, "customer", nothing)
        except Turned as error:
            log.info("writing.later", conversation=conversation_id, messages=len(unread), error=str(error))
            return
        except (NotNow, LookupError) as error:
            log.warning("writing.unread", conversation=conversation_id, messages=len(unread), error=str(error))
            await self._controller.store.forget_unread([letter.seq for letter in unread])
            return
        for letter in unread:
            contact.reading.written(letter)

    async def recover(self) -> None:
        """What was kept and not read when the app ended: for the contact it was written to, where that goes on."""
        left: dict[str, list[Letter]] = {}
        for event in await self._controller.store.unread():
            contact = self._controller.contacts.get(event.contact_id or "")
            letter = Letter(event.seq or 0, str(event.payload["text"]))
            if contact is not None:
                contact.reading.unread.append(letter)
            else:
                left.setdefault(event.conversation_id, []).append(letter)
        for conversation_id, letters in left.items():
            self._controller.spawn(self.go_on(conversation_id, letters))


async def nothing(_contact: Contact) -> None:
    """It is kept already."""
