"""The customer beside a contact, and a conversation over all its channels."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from server.api.access import CallerOrStaff, Staff
from server.api.attachments import AttachmentOut
from server.api.told import LAST_SEQ, as_json
from server.desktop.customers import NoCustomer, Panel
from server.desktop.desktop import desktop_of
from server.desktop.timeline import timeline as read_timeline
from session.queries import MOST_EVENTS, Queries

router = APIRouter(prefix="/api", tags=["customers"])


class FactOut(BaseModel):
    """One thing known; `expires_at` null: as long as its source says so."""

    key: str
    value: Any
    source: str
    confidence: float
    purpose: str
    observed_at: datetime
    expires_at: datetime | None


class PastOut(BaseModel):
    """An earlier conversation in which the customer proved who they are."""

    conversation_id: str
    channels: list[str]
    opened_at: datetime
    subject: str
    summary: str
    disposition: str


class CustomerOut(BaseModel):
    """Three layers of facts, and what went before."""

    customer_id: str | None
    name: str
    phones: list[str]
    tier: str
    flags: list[str]
    locale: str
    attributes: list[FactOut]
    behaviour: list[FactOut]
    affect: list[FactOut] = Field(description="only with the customer's consent")
    conversations: list[PastOut]


class HandedOver(BaseModel):
    """What came with the customer."""

    reason: str
    summary: str
    facts: dict[str, str]


class ConversationCustomer(CustomerOut):
    """The same beside a conversation. Of an unverified customer only what this conversation said."""

    verified_level: int
    identity_how: str
    handed_over: HandedOver | None


class TimelineItem(BaseModel):
    """One thing that happened in a conversation; `kind` event has its type in `event`."""

    kind: Literal["contact", "utterance", "message", "image", "event"]
    at: datetime
    conversation_id: str
    contact_id: str | None
    channel: str
    role: str
    text: str
    attachment: AttachmentOut | None
    event: str
    details: dict[str, Any]
    seq: int | None


@router.get("/customers/{customer_id}")
async def customer(customer_id: str, _staff: Staff, request: Request) -> CustomerOut:
    """A customer, by number."""
    try:
        panel = await desktop_of(request).customers.panel(customer_id)
    except NoCustomer as error:
        raise HTTPException(404, str(error)) from error
    except (OSError, TimeoutError) as error:
        raise HTTPException(503, "the customer directory cannot be reached") from error
    return CustomerOut(**_fields(panel))


@router.get("/conversations/{conversation_id}/customer")
async def of_conversation(conversation_id: str, _staff: Staff, request: Request) -> ConversationCustomer:
    """Whom we talk with, and how surely we know it."""
    try:
        panel = await desktop_of(request).customers.of_conversation(conversation_id)
    except NoCustomer as error:
        raise HTTPException(404, str(error)) from error
    except (OSError, TimeoutError) as error:
        raise HTTPException(503, "the customer directory cannot be reached") from error
    handed = panel.handed_over
    return ConversationCustomer(
        **_fields(panel),
        verified_level=panel.verified_level,
        identity_how=panel.identity_how,
        handed_over=None
        if handed is None
        else HandedOver(
            reason=str(handed["reason"]),
            summary=str(handed["summary"]),
            facts={str(name): str(value) for name, value in handed["facts"].items()},
        ),
    )


@router.get("/conversations/{conversation_id}/timeline", response_model=list[TimelineItem])
async def timeline(
    conversation_id: str,
    who: CallerOrStaff,
    request: Request,
    before: Annotated[int | None, Query(ge=0, le=LAST_SEQ)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = MOST_EVENTS,
) -> Response:
    """Calls, messages and images of all channels in order; callers see their own talk.

    The newest part, made of up to `limit` events; the part before it: `before` = the lowest `seq` in it.
    """
    items = await read_timeline(
        Queries(request.app.state.store), conversation_id, for_caller=who is None, before=before, limit=limit
    )
    if items is None:
        raise HTTPException(404, f"there is no conversation {conversation_id}")
    return await as_json(items)


def _fields(panel: Panel) -> dict[str, Any]:
    return {
        "customer_id": panel.customer_id,
        "name": panel.name,
        "phones": panel.phones,
        "tier": panel.tier,
        "flags": panel.flags,
        "locale": panel.locale,
        "attributes": [FactOut(**asdict(fact)) for fact in panel.attributes],
        "behaviour": [FactOut(**asdict(fact)) for fact in panel.behaviour],
        "affect": [FactOut(**asdict(fact)) for fact in panel.affect],
        "conversations": [PastOut(**asdict(past)) for past in panel.conversations],
    }
