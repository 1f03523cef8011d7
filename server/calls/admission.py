"""Who is let in: callers, those who write, customers whom we call; and agents who dial the code of a parked customer."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

import structlog

from dialog.engine import FlowEngine
from dialog.events import Channel
from dialog.options import NumberOptions
from dialog.state import CallerInfo
from dialog.text import match_locale
from server.api.ports import NotNow
from server.calls.asking import asked
from server.calls.contact import Contact
from server.calls.journal import LegRef
from server.calls.snapshot import PlaceSnapshot
from server.calls.surroundings import AgentCard
from server.hub import Worker
from session import wire
from session.callbacks import Callback
from telephony.edge import AGENT_HEADER

if TYPE_CHECKING:
    from server.calls.controller import Controller

log = structlog.get_logger(__name__)

CHAT = "chat"  # the number, in `dialog.numbers`, of who writes on the page
RETRY_AFTER_S = 10  # told to callers turned away; a call or two usually ends in that time
WITHHELD = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})
_PARKED = re.compile(r"\*5(\d{1,9})")
"""What an agent dials: the code by which a customer was parked, after *5."""


class Admission:
    """One per app. `edge_word`: what our edge alone can say, so that who dials is who they are; empty = nobody is sure."""

    def __init__(self, controller: Controller, edge_word: str) -> None:
        self._controller = controller
        self._word = edge_word
        self.arriving: set[str] = set()
        """Conversations of which a call is coming up: two at once would be two calls."""

    async def admit(self, worker: Worker, event: wire.LegOffered) -> None:
        """A call arrived."""
        controller = self._controller
        if controller.draining:
            self._refuse(event, 503, "draining", RETRY_AFTER_S)
            return
        number = sip_user(event.to_uri)
        if (dialled := _PARKED.fullmatch(number)) is not None:
            controller.spawn(self._take_parked(worker, event, dialled[1]))
            return
        try:
            contact = await self.open_contact(
                event.leg_id,
                worker,
                transport="sip",
                remote=event.from_uri,
                number=number,
                name=event.display_name,
                locale=None,
            )
        except LookupError as error:
            log.warning("admission.no_flow", error=str(error))
            self._refuse(event, 404, "no flow for this number")
            return
        controller.callbacks.customer_called(contact)
        answer = wire.AnswerLeg(
            leg_id=event.leg_id,
            role="customer",
            record_path=str(controller.recording_path(contact)),
            hearing=wire.Hearing(speech=True, languages=contact.languages),
        )
        contact.post(lambda: controller.order(event.leg_id, answer))

    def _refuse(self, event: wire.LegOffered, code: int, reason: str, retry_after_s: int = 0) -> None:
        reject = wire.RejectLeg(leg_id=event.leg_id, code=code, reason=reason, retry_after_s=retry_after_s)
        self._controller.spawn(self._controller.order(event.leg_id, reject))

    # ------------------------------------------------------------------ agents who dial

    async def _take_parked(self, worker: Worker, event: wire.LegOffered, code: str) -> None:
        card, contact = self._who(event), self._controller.parked(code)
        if card is None or contact is None:
            log.warning("admission.no_parked", agent=card is not None, known=contact is not None)
            self._refuse(event, 403 if card is None else 404, "nobody is parked under this code for you")
            return
        try:
            await asked(contact, lambda: contact.keeping.dialled(card, event, worker.worker_id))
        except NotNow as error:
            self._refuse(event, 480, str(error))

    def _who(self, event: wire.LegOffered) -> AgentCard | None:
        """The agent whose password the edge saw with this call."""
        said = next((value for name, value in event.headers.items() if name.lower() == AGENT_HEADER.lower()), "")
        word, _, login = said.partition(" ")
        if not self._word or not hmac.compare_digest(word.encode(), self._word.encode()):
            return None
        return next((c for c in self._controller.cards.values() if c.login.lower() == login.strip().lower()), None)

    # ------------------------------------------------------------------ contacts

    async def open_contact(
        self,
        leg_id: str,
        worker: Worker,
        *,
        transport: wire.Transport,
        remote: str,
        number: str,
        name: str,
        locale: str | None,
        conversation_id: str | None = None,
        customer_id: str | None = None,
        slow: bool = False,
    ) -> Contact:
        """Rows and actor of a new contact. `slow`: the bot speaks slower."""
        answering = self._controller.dialog.answering(number)
        engine, served = answering.engine, answering.number
        language = match_locale(engine.flow.locales, locale or served.locale) or served.locale
        if conversation_id is None:
            conversation_id = await self._controller.store.create_conversation(
                language=language, customer_id=customer_id
            )
        caller = CallerInfo(number=caller_number(remote), called=number, name=name)
        return await self._open(
            engine, served, conversation_id, language, leg_id, worker, transport, remote, caller, slow=slow
        )

    async def open_chat(
        self, *, locale: str | None, customer_id: str | None, conversation_id: str | None = None
    ) -> Contact:
        """Somebody writes on the page, anew or on: a flow answers once `Contact.open_chat` is posted. Raises LookupError when none does."""
        answering = self._controller.dialog.answering(CHAT)
        engine, served = answering.engine, answering.number
        language = match_locale(engine.flow.locales, locale or served.locale) or served.locale
        if conversation_id is None:
            conversation_id = await self._controller.store.create_conversation(
                language=language, customer_id=customer_id
            )
        caller = CallerInfo(called=CHAT)
        return await self._open(engine, served, conversation_id, language, "", None, "webrtc", "", caller)

    async def call_out(self, row: Callback, leg_id: str, worker: Worker, place: PlaceSnapshot) -> Contact:
        """A contact for a call that we place, in the conversation it belongs to. Raises LookupError without a flow."""
        engine = self._controller.dialog.engine(self._controller.around.outgoing.callback_flow)
        if engine is None or not await self._controller.store.reopen_conversation(row.conversation_id):
            raise LookupError("there is no flow that greets, or the conversation is gone")
        served = self._controller.dialog.options.number(row.called)
        caller = CallerInfo(number=row.number, called=row.called)
        return await self._open(
            engine, served, row.conversation_id, row.locale, leg_id, worker, "sip", "", caller, place
        )

    async def _open(
        self,
        engine: FlowEngine,
        served: NumberOptions,
        conversation_id: str,
        language: str,
        leg_id: str,
        worker: Worker | None,
        transport: wire.Transport,
        remote: str,
        caller: CallerInfo,
        place: PlaceSnapshot | None = None,
        *,
        slow: bool = False,
    ) -> Contact:
        """`worker` None: no leg, somebody writes."""
        store = self._controller.store
        channel: Channel = "chat" if worker is None else "voice"
        contact_id = await store.add_contact(
            conversation_id,
            channel=channel,
            direction="outbound" if place else "inbound",
            initiation_method="callback" if place else "inbound",
        )
        participant_id = await store.add_participant(contact_id, role="customer", name=caller.name)
        bot_id = await store.add_participant(contact_id, role="bot", name="Warmline")
        if worker is not None:
            await store.add_leg(
                leg_id=leg_id,
                participant_id=participant_id,
                transport=transport,
                remote=remote,
                worker_id=worker.worker_id,
            )
        ref = LegRef(leg_id, "customer", conversation_id, contact_id, participant_id)
        run = engine.new_state(
            contact_id=contact_id,
            channel=channel,
            locale=language,
            caller=caller,
            attributes={"callback_reason": place.queue.reason} if place else None,
            policy=served.emotion,
            conversation_id=conversation_id,
        )
        run.slow = slow
        contact = Contact(
            around=self._controller.around,
            engine=engine,
            run=run,
            conversation_id=conversation_id,
            contact_id=contact_id,
            flow_id=engine.flow.id,
            language=language,
            languages=served.languages,
            customer=ref,
            bot_participant_id=bot_id,
            policy=served.emotion,
            callback=place,
        )
        self._controller.adopt(contact)
        await store.append(
            conversation_id,
            "contact.started",
            {
                "channel": channel,
                "transport": transport if worker else "",
                "flow": contact.flow_id,
                "language": contact.language,
            },
            contact_id=contact_id,
            participant_id=participant_id,
            leg_id=leg_id or None,
        )
        contact.start()
        return contact


def caller_number(uri: str) -> str:
    """Whom a call is from; empty when that is withheld. RFC 3323 4.1.1.3 writes `anonymous`, gateways have words of their own."""
    user = sip_user(uri)
    return "" if user.lower() in WITHHELD else user


def sip_user(uri: str) -> str:
    """The user part of a SIP address (`"A" <sip:+49123@host;x=y>` → `+49123`); empty when there is none."""
    _, _, rest = uri.rpartition("sip:") if "sip:" in uri else uri.rpartition("sips:")
    user, at, _ = rest.partition("@")
    return user.partition(";")[0].partition(":")[0] if at else ""
