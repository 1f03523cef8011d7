"""Cards for agents, and how they fare; the form at the end of a contact."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from server.api.access import Staff, Supervisor
from server.desktop.desktop import desktop_of
from server.desktop.suggestions import Rate
from server.desktop.wrapups import NoContact
from session.strict import Strict

router = APIRouter(prefix="/api", tags=["assist"])


class CardSource(BaseModel):
    """Where a card's words come from: `article`, or `assist` (the file beside the flow)."""

    kind: str
    id: str
    version: str
    title: str


class Card(BaseModel):
    """What an agent is offered, in the customer's language."""

    card_id: str
    kind: Literal["knowledge", "next_step", "comfort"]
    title: str
    text: str
    source: CardSource
    score: float
    shown_at: datetime
    language: str


class CardAction(Strict):
    """What the agent did with it; `text` of an edited one is compared, not kept."""

    action: Literal["inserted", "copied", "dismissed", "edited"]
    text: str = Field(default="", max_length=10_000)


class WrapUpRates(BaseModel):
    """Summaries that agents finished, and how far on average they are from the suggested ones (0…1)."""

    finished: int
    edit_distance: float | None


class Rates(BaseModel):
    """Of cards by kind, and of summaries."""

    cards: list[Rate]
    wrapups: WrapUpRates


class DispositionOut(BaseModel):
    """A way in which a contact ends."""

    code: str
    title: str


class WrapUpForm(BaseModel):
    """What the form begins with; `disposition` is the suggested code, `intent_title` what people call the intent."""

    summary: str
    intent: str
    intent_title: str
    disposition: str
    follow_up: str
    dispositions: list[DispositionOut]


@router.get("/assist/rates")
async def rates(_supervisor: Supervisor, request: Request, since: AwareDatetime | None = None) -> Rates:
    """How often agents take what they are offered, by kind of card."""
    desktop = desktop_of(request)
    finished, mean = await desktop.wrapups.edits()
    return Rates(
        cards=await desktop.suggestions.rates(since),
        wrapups=WrapUpRates(finished=finished, edit_distance=mean),
    )


@router.get("/assist/{contact_id}")
async def cards(contact_id: str, _staff: Staff, request: Request) -> list[Card]:
    """At most three; none is an answer as well."""
    return [Card.model_validate(asdict(card)) for card in desktop_of(request).assist.cards(contact_id)]


@router.post("/assist/{card_id}", status_code=204)
async def act(card_id: str, body: CardAction, staff: Staff, request: Request) -> None:
    """What I did with a card."""
    if not await desktop_of(request).assist.act(card_id, body.action, by=staff.user_id, text=body.text):
        raise HTTPException(404, "there is no such card")


@router.get("/wrapup/{contact_id}")
async def form(
    contact_id: str, _staff: Staff, request: Request, language: str = Query("", max_length=16)
) -> WrapUpForm:
    """The form at the end of a contact, filled in from its record; titles in `language`, else the customer's."""
    try:
        found = await desktop_of(request).wrapups.prefill(contact_id, language)
    except NoContact as error:
        raise HTTPException(404, str(error)) from error
    return WrapUpForm(
        summary=found.summary,
        intent=found.intent,
        intent_title=found.intent_title,
        disposition=found.disposition,
        follow_up=found.follow_up,
        dispositions=[DispositionOut(code=code, title=title) for code, title in found.dispositions],
    )
