"""Agents who press Transfer on their own telephone: what it names becomes a target, and the rest is the API's blind transfer.

The phone's REFER does nothing by itself (`telephony.referrals`): here it is found out who is meant, by the same rules as on
the page, and the phone is told how it went. Whatever fails, the customer and the agent are where they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import structlog

from server.api.ports import NotNow, Turned
from server.api.views import Target
from server.calls import numbers, reaching
from telephony.dial_rules import SipUri, parse_uri

if TYPE_CHECKING:
    from server.calls.contact import Contact
    from server.calls.party import Party
    from server.calls.surroundings import Surroundings
    from session import wire

log = structlog.get_logger(__name__)

_REACH = {"unknown": 404, "away": 480, "busy": 486}


async def transfer_asked(contact: Contact, party: Party, event: wire.TransferAsked) -> None:
    """Begin it, or tell the phone why not."""
    party.transfer_id = event.transfer_id
    target = target_of(contact.around, event.to)
    code, why = _hindrance(contact, party, target)
    if target is not None and not code:
        try:
            await contact.consults.begin(party, target, blind=True)
        except NotNow as error:
            code, why = 480, str(error)
        except Turned as error:
            code, why = 503, str(error)
        except Exception:
            await party.tell_transfer(503)
            raise
    about: dict[str, Any] = {"by": party.user_id, "party_id": party.party_id, "code": code}
    if target is not None:
        about |= {"target": target.kind, "to": reaching.shown(target)}
    await contact.note("transfer.by_phone", about)
    if code:
        log.info("transfer.by_phone_refused", contact=contact.contact_id, code=code, why=why)
        await contact.note("transfer.refused", {"why": why, "by": party.user_id})
        await party.tell_transfer(code)


def target_of(around: Surroundings, to: str) -> Target | None:
    """Whom an address means: an agent by their phone's, a name or a number at our domain, or somebody outside; None: nobody."""
    if to.startswith("tel:"):
        return Target("number", to.removeprefix("tel:"))
    uri = parse_uri(to)
    for card in around.cards.values():
        if _same(card.target, uri):
            return Target("agent", card.user_id)
    home = parse_uri(f"sip:x@{around.domain}")
    if uri.host != home.host or uri.port not in (None, home.port or 5060):
        return Target("sip", to)
    name = unquote(uri.user)
    if (named := around.agent_named(name) or around.agent_named(name.lower())) is not None:
        return Target("agent", named.user_id)
    if name in around.desk.desk.queues:
        return Target("queue", name)
    if around.engine_of(name) is not None:
        return Target("flow", name)
    try:
        numbers.normal(name, around.outgoing.region)
    except numbers.NotAllowed:
        return None
    return Target("number", name)


def _same(address: str, uri: SipUri) -> bool:
    try:
        other = parse_uri(address)
    except ValueError:  # a browser's, or one that nobody can call
        return False
    return (other.user, other.host, other.port or 5060) == (uri.user, uri.host, uri.port or 5060)


def _hindrance(contact: Contact, party: Party, target: Target | None) -> tuple[int, str]:
    """Status and reason; 0: none is known yet."""
    if contact.phase != "talking" or party.role != "agent" or not party.connected:
        return 603, "only an agent who talks with a customer passes them on"
    if contact.consults.now is not None:
        return 491, "somebody is being asked already; cancel or complete that first"
    if target is None:
        return 404, "nobody has this name or number"
    if target.kind == "agent":
        return _REACH.get(contact.around.desk.desk.reach(target.to), 0), "this agent takes no call now"
    if target.kind in ("number", "sip"):
        try:
            reaching.address_of(contact, target)
        except NotNow as error:
            return 403, str(error)
    return 0, ""
