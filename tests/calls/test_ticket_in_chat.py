"""The shipped flow in the app: a complaint in a chat becomes a ticket; its progress is told in another chat, after proof."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.engine import FlowEngine
from dialog.flow import parse_flow
from dialog.ports import Understood
from dialog.understanding import read_levels
from dialog.verification.directory import FileDirectory
from dialog.verification.lockout import MemoryAttempts
from server.calls.contact import Contact
from server.desktop.catalogue import catalogues
from server.desktop.flow_tickets import FlowTickets
from server.desktop.tickets import TicketDesk
from server.workflow_runs import StoredRuns
from tests.calls.house import House, open_house
from tests.calls.test_chat import begin, said, write

FLOWS = Path(__file__).parents[2] / "flows"
MAIN = (FLOWS / "support.yaml").read_text(encoding="utf-8").replace("id: support", "id: main", 1)


class Words:
    """Understands the two sentences of this test."""

    async def classify(self, text: str, allowed: Any = None) -> Understood:
        known = {"your courier was rude": "complaint", "any progress on my case": "ticket_status"}
        return Understood(known.get(text, "unknown"), 0.9)

    async def match(self, text: str, options: Any) -> int | None:
        return None


async def test_a_complaint_is_a_ticket_and_its_progress_is_for_its_customer(tmp_path: Path) -> None:
    outside = Outside(ActionOptions())
    desks: list[TicketDesk] = []

    def furnish(house: House) -> None:
        desks.append(TicketDesk(house.store, catalogues(FLOWS)))
        outside.tickets, outside.runs = FlowTickets(house.store, desks[0]), StoredRuns(house.store)
        ports = replace(
            house.ports,
            understanding=Words(),
            customers=FileDirectory.read(FLOWS / "customers.sample.yaml"),
            attempts=MemoryAttempts(3, 900),
            levels=read_levels(FLOWS / "intents"),
            performer=outside.performer(FLOWS),
        )
        house.engines["main"] = FlowEngine(parse_flow(MAIN)[0], ports)

    async with open_house(tmp_path, {"main": MAIN}, ready=furnish) as house:
        first = await begin(house)
        await write(house, first, "your courier was rude")
        assert any("opened ticket 1001 for it" in text for text in await said(house, first))
        ticket = await desks[0].get(1001)
        assert (ticket.title, ticket.customer_id, ticket.conversation_id) == (
            "your courier was rude", None, first.conversation_id,
        )  # fmt: skip
        await desks[0].change(1001, {"customer_id": "100001", "status": "open"}, by="amy")

        later: Contact = await begin(house)
        await write(house, later, "any progress on my case")
        await write(house, later, "100001")
        assert "PIN" in (await said(house, later))[-1]
        await write(house, later, "2468")
        told = await said(house, later)
        assert any("Your ticket 1001 is being worked on. Customer service should settle it by" in text for text in told)
        assert "2468" not in str(await house.events(later, "message"))
        (proof,) = await house.events(later, "verify")
        assert proof == {"result": "passed", "level": 2, "customer": "100001"}
    await outside.close()
