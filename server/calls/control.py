"""What people ask of live calls, through the API: `server.api.ports.CallControl` over the controller."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from server.api.ports import NotNow, Turned, WebCall
from server.calls import pictures
from server.calls.admission import RETRY_AFTER_S
from server.calls.agent_control import AgentControl
from server.calls.caller_side import COMMAND_ERRORS
from server.calls.contact import Contact
from server.calls.controller import Controller
from server.calls.reading import Letter
from server.calls.supervise_control import SuperviseControl
from server.calls.writing import DRAIN_RETRY_S, nothing
from server.hub import NoWorker
from session import wire
from session.callbacks import Callback
from session.consents import Consents
from session.ids import new_id
from session.policy import EMOTION
from session.queries import Queries
from session.types import StoredEvent

log = structlog.get_logger(__name__)

WITHDRAW_S = 2.0  # s for a live contact to stop and delete; it takes milliseconds


class Control:
    """One per app; stateless. Agents and supervisors have objects of their own."""

    def __init__(self, controller: Controller, health: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._controller = controller
        self._health = health
        self.desk = AgentControl(controller)
        self.supervision = SuperviseControl(controller)

    # ------------------------------------------------------------------ callers

    async def offer_webrtc(
        self,
        sdp: str,
        *,
        conversation_id: str | None,
        customer_id: str | None,
        locale: str | None,
        remote: str,
        slow: bool = False,
        resume: bool = False,
    ) -> WebCall:
        """A browser calls: a leg, a contact, an answer."""
        controller = self._controller
        if controller.draining:
            raise Turned("this server is being restarted; call again in a moment", DRAIN_RETRY_S)
        live = controller.contact_in(conversation_id) if conversation_id is not None else None
        if live is not None and not live.chat and live.customer.leg_id and not live.ending:
            return await self._take_up(live, sdp, remote)
        if resume:
            raise NotNow("the call is over")
        arriving = controller.admission.arriving
        if conversation_id in arriving:
            raise NotNow("a call of this conversation is coming up already")
        if conversation_id is None:
            return await self._call(sdp, None, customer_id, locale, remote, slow)
        arriving.add(conversation_id)
        try:
            if not await controller.store.reopen_conversation(conversation_id):
                raise LookupError(f"there is no conversation {conversation_id}")
            return await self._call(sdp, conversation_id, customer_id, locale, remote, slow)
        finally:
            arriving.discard(conversation_id)

    async def _call(
        self,
        sdp: str,
        conversation_id: str | None,
        customer_id: str | None,
        locale: str | None,
        remote: str,
        slow: bool,
    ) -> WebCall:
        """A chat of the conversation goes on until this call is up: it may not come up."""
        controller = self._controller
        leg_id = new_id()
        try:
            worker = controller.hub.pick("webrtc")
        except NoWorker as error:
            raise Turned("all lines are busy", RETRY_AFTER_S) from error
        controller.hub.place(worker, leg_id)
        contact = await controller.admission.open_contact(
            leg_id,
            worker,
            transport="webrtc",
            remote=remote,
            number="web",
            name="",
            locale=locale,
            conversation_id=conversation_id,
            customer_id=customer_id,
            slow=slow,
        )
        offer = wire.OfferLeg(
            leg_id=leg_id,
            role="customer",
            sdp=sdp,
            record_path=str(controller.recording_path(contact)),
            hearing=wire.Hearing(speech=True, languages=contact.languages),
        )
        try:
            answer = await controller.hub.ask(leg_id, offer, wire.SdpAnswer)
        except COMMAND_ERRORS as error:
            await controller.leg_lost(leg_id, f"offer:{leg_id}")
            controller.hub.forget_leg(leg_id)
            raise ValueError(str(error)) from error
        return WebCall(answer.sdp, leg_id, contact.contact_id, contact.conversation_id)

    async def _take_up(self, contact: Contact, sdp: str, remote: str) -> WebCall:
        """The caller's page is back: a new leg in the old one's place."""
        controller = self._controller
        leg_id = new_id()
        try:
            worker = controller.hub.pick("webrtc")
        except NoWorker as error:
            raise Turned("all lines are busy", RETRY_AFTER_S) from error
        controller.hub.place(worker, leg_id)
        await controller.store.add_leg(
            leg_id=leg_id,
            participant_id=contact.customer.participant_id,
            transport="webrtc",
            remote=remote,
            worker_id=worker.worker_id,
        )
        recording = controller.recording_path(contact).with_suffix(f".{leg_id}.wav")
        offer = wire.OfferLeg(
            leg_id=leg_id,
            role="customer",
            sdp=sdp,
            record_path=str(recording),
            hearing=wire.Hearing(speech=False, languages=contact.languages),
        )
        try:
            answer = await controller.hub.ask(leg_id, offer, wire.SdpAnswer)
        except COMMAND_ERRORS as error:
            controller.hub.forget_leg(leg_id)
            raise ValueError(str(error)) from error
        if contact.gone:
            await contact.caller.give_back(leg_id)
            raise NotNow("the call is over")
        contact.presence.move(leg_id)
        return WebCall(answer.sdp, leg_id, contact.contact_id, contact.conversation_id)

    async def open_chat(self, *, customer_id: str | None, locale: str | None) -> str:
        """Somebody begins to write: their conversation."""
        if self._controller.draining:
            raise Turned("this server is being restarted; write again in a moment", DRAIN_RETRY_S)
        contact = await self._controller.admission.open_chat(locale=locale, customer_id=customer_id)
        contact.post(contact.open_chat)
        return contact.conversation_id

    async def message(self, conversation_id: str, text: str, *, role: str, user_id: str | None) -> None:
        """Keep and show what was written; the flow answers callers while no person does.

        Where all is over, a customer's words begin another contact.
        """
        store = self._controller.store
        kept: StoredEvent | None = None
        secret = False
        asker = self._controller.writing.asker(conversation_id)  # it may be over before this is kept

        async def keep(reader: Contact) -> None:
            nonlocal kept, secret
            secret = role == "customer" and (reader.customer.sensitive or asker not in (None, reader))
            told = {"role": role, "text": "[hidden]" if secret else text, "user_id": user_id}
            kept = await store.append(
                conversation_id, "message", told, contact_id=reader.contact_id, unread=role == "customer" and not secret
            )

        contact = await self._controller.writing.reader(conversation_id, role, keep)
        if role == "agent" and kept is not None:
            contact.post(lambda: contact.flagging.written(text, kept.seq))
        elif secret:
            if asker in (None, contact):  # for the one alone that asked
                contact.post(lambda: contact.text(text))
        elif kept is not None and kept.seq is not None:
            await self._controller.writing.hand(contact, Letter(kept.seq, text))

    def may_write(self, conversation_id: str, *, role: str) -> None:
        """Raises `NotNow` or `Turned` where nobody would see it."""
        self._controller.writing.check(conversation_id, role)

    async def lively(self, conversation_id: str, *, role: str) -> None:
        """Something was shown there: somebody sees it, and knows that the customer has not left."""
        await self._controller.writing.reader(conversation_id, role, nothing)

    async def pace(self, conversation_id: str, *, slow: bool) -> None:
        """How fast the bot speaks."""
        contact = self._controller.contact_in(conversation_id)
        if contact is not None:
            contact.post(lambda: contact.pace(slow))

    async def key(self, conversation_id: str, digit: str) -> None:
        """A key of the page's keypad."""
        contact = self._controller.contact_in(conversation_id)
        if contact is None:
            raise NotNow("there is no call in this conversation")
        contact.post(lambda: contact.key(digit))

    async def hang_up(self, conversation_id: str) -> None:
        """The caller, or staff, ends the call."""
        contact = self._controller.contact_in(conversation_id)
        if contact is not None:
            contact.post(lambda: contact.hang_up("hangup"))

    async def withdraw(self, conversation_id: str, purpose: str, *, by: str) -> None:
        """End an analysis at once and delete what it found; returns when both is done."""
        store = self._controller.store
        if not await Queries(store).exists(conversation_id):
            raise LookupError(f"there is no conversation {conversation_id}")
        contact = self._controller.contact_in(conversation_id)
        if contact is not None:
            done = asyncio.Event()

            async def work() -> None:
                try:
                    await contact.listening.withdraw(purpose, by)
                finally:
                    done.set()

            if purpose == EMOTION:
                await contact.listening.hush()  # at once: its actor may be waiting for something slow
            contact.post(work)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), WITHDRAW_S)
        # Again, in case its actor was too busy: the store then refuses whatever is still under way.
        await Consents(store).withdraw(conversation_id, purpose, by=by)

    async def callbacks(self) -> list[Callback]:
        """Those that are open, by their place."""
        return await self._controller.callbacks.listed()

    async def cancel_callback(self, callback_id: str, *, by: str) -> bool:
        """Take it back; its record says by whom."""
        return await self._controller.callbacks.cancel(callback_id, by)

    async def picture(self, conversation_id: str, request_id: str, data: bytes) -> str:
        """Keep what the flow asked for, and tell it."""
        contact = self._controller.contact_in(conversation_id)
        asked = contact.media.claim(request_id) if contact is not None else None
        if contact is None or asked is None:
            raise NotNow("no picture is asked for now")
        folder = self._controller.pictures
        try:
            ref = await asyncio.to_thread(pictures.keep, folder, conversation_id, data, want=asked.want)
        except BaseException:
            contact.media.disclaim(request_id)
            raise
        contact.post(lambda: contact.media.received(request_id, ref))
        return ref

    def picture_path(self, conversation_id: str, ref: str) -> Path | None:
        """Where a picture of this conversation lies."""
        return pictures.find(self._controller.pictures, conversation_id, ref)

    async def users_changed(self) -> None:
        """New or changed agents."""
        await self._controller.reload_agents()

    def page(self, user_id: str, up: bool) -> None:
        """Who answers in the browser cannot without a page; a phone rings without one."""
        card = self._controller.cards.get(user_id)
        if card is not None and (up or card.device == "browser"):
            desk = self._controller.desk
            desk.do(desk.desk.connection(user_id, up, desk.now()))

    async def queues_changed(self) -> None:
        """They hold at once."""
        await self._controller.reload_queues()

    async def health(self) -> dict[str, Any]:
        """All planes."""
        return await self._health()
