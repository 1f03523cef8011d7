"""Tickets: numbers, departments, the clock, breaches, what customers are told, and flows that open them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dialog.actions.options import ActionOptions
from dialog.actions.outside import Outside
from dialog.effects import Perform
from dialog.ticketing import NewTicket
from dialog.yamlfile import FileError
from server.desktop.catalogue import catalogues, read_catalogue
from server.desktop.flow_tickets import FlowTickets
from server.desktop.tickets import BadTicket, NoTicket, TicketDesk
from server.workflow_runs import StoredRuns
from session.model import EventRow
from session.store import Store
from tests.session.rows import call, utterance

FLOWS = Path(__file__).parents[2] / "flows"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_hours(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


async def first_with(text: str, examples: Sequence[Sequence[str]]) -> int | None:
    """The group that has a word of the text; a stand-in for the sentence vectors."""
    return next((i for i, listed in enumerate(examples) if any(text.strip() in one for one in listed)), None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(store: Store, clock: Clock) -> TicketDesk:
    return TicketDesk(store, catalogues(FLOWS), first_with, clock)


async def events(store: Store, kind: str) -> list[EventRow]:
    async with store.reading() as session:
        return list(await session.scalars(select(EventRow).where(EventRow.type == kind).order_by(EventRow.seq)))


async def test_a_ticket_gets_a_short_number_a_department_and_its_time(desk: TicketDesk, store: Store) -> None:
    first = await desk.create(NewTicket("you charged me twice", language="en"), by="amy")
    second = await desk.create(NewTicket("Lieferung", category="delivery", priority="urgent"), by="amy", key="k")
    assert (first.number, second.number) == (1001, 1002)
    assert (first.category, first.department, first.priority) == ("payment", "billing", "high")
    assert first.due_at == MONDAY + timedelta(hours=24)  # eight hours on Monday, one on Tuesday
    assert second.due_at == MONDAY + timedelta(hours=2)
    assert [event.what for event in first.events] == ["created"]
    assert (await desk.create(NewTicket("another"), by="amy", key="k")).number == 1002
    assert [ticket.number for ticket in await desk.listed()] == [1002, 1001]
    assert [ticket.number for ticket in await desk.listed(department="billing", status="unsolved")] == [1001]
    told = await events(store, "ticket.created")
    assert [event.payload["ticket_id"] for event in told] == ["1001", "1002"]
    assert "charged" not in str([event.payload for event in told])
    with pytest.raises(BadTicket, match="no category"):
        await desk.create(NewTicket("x", category="nonsense"), by="amy")
    with pytest.raises(NoTicket):
        await desk.get(7)


async def test_the_clock_stands_while_somebody_else_must_answer(desk: TicketDesk, clock: Clock) -> None:
    ticket = await desk.create(NewTicket("x", category="payment"), by="amy")
    clock.pass_hours(3)
    paused = await desk.change(ticket.number, {"status": "pending"}, by="amy")
    assert (paused.due_at, paused.left_ms) == (None, 6 * 3_600_000)
    clock.pass_hours(24 * 10)
    assert await desk.breach() == []
    back = await desk.change(ticket.number, {"status": "open"}, by="amy")
    assert back.due_at == datetime(2026, 12, 4, 9, 0, tzinfo=UTC)  # from Thursday 13:00 five hours, one on Friday
    urgent = await desk.change(ticket.number, {"priority": "urgent"}, by="sue", note="she called again")
    assert urgent.due_at == clock.now  # three of two hours are used
    assert await desk.breach() == [ticket.number]
    solved = await desk.change(ticket.number, {"status": "solved"}, by="amy")
    assert solved.solved_at == clock.now and solved.due_at is None and solved.breached
    history = [(e.what, e.old, e.new, e.by) for e in (await desk.get(ticket.number)).events]
    assert history == [
        ("created", "", "new", "amy"),
        ("status", "new", "pending", "amy"),
        ("status", "pending", "open", "amy"),
        ("priority", "high", "urgent", "sue"),
        ("breached", "", "", ""),
        ("status", "open", "solved", "amy"),
    ]


async def test_a_category_moves_it_to_its_department_and_a_closed_one_stays_as_it_is(desk: TicketDesk) -> None:
    ticket = await desk.create(NewTicket("x"), by="amy")
    assert ticket.department == "service"
    moved = await desk.change(ticket.number, {"category": "account", "assignee": "u1"}, by="amy")
    assert (moved.department, moved.assignee) == ("technical", "u1")
    moved = await desk.comment(ticket.number, "looks like the cache", by="u1")
    assert [(e.what, e.text) for e in moved.events][-1] == ("comment", "looks like the cache")
    await desk.change(ticket.number, {"status": "closed"}, by="u1")
    with pytest.raises(BadTicket, match="closed"):
        await desk.change(ticket.number, {"status": "open"}, by="u1")
    for bad in ({"department": "nowhere"}, {"category": "nothing"}, {"title": ""}, {"priority": "now"}):
        fresh = await desk.create(NewTicket("x"), by="amy")
        with pytest.raises(BadTicket):
            await desk.change(fresh.number, bad, by="amy")
        assert (await desk.get(fresh.number)).events[1:] == ()


async def test_who_sees_to_a_ticket_does_not_change_its_time(store: Store, clock: Clock, tmp_path: Path) -> None:
    """Its calendar was edited, even to one that never opens: what was promised stands until the clock is touched."""
    for name in ("tickets.yaml", "calendars.yaml"):
        (tmp_path / name).write_text((FLOWS / name).read_text())
    desk = TicketDesk(store, catalogues(tmp_path), None, clock)
    ticket = await desk.create(NewTicket("x", category="payment"), by="amy")
    (tmp_path / "calendars.yaml").write_text("calendars: {office: {timezone: Europe/Berlin, weekly: {}}}\n")
    desk = TicketDesk(store, catalogues(tmp_path), None, clock)
    mine = await desk.change(ticket.number, {"assignee": "u1"}, by="amy")
    assert mine.due_at == ticket.due_at
    assert await desk.breach() == []
    paused = await desk.change(ticket.number, {"status": "pending"}, by="amy")
    assert (paused.due_at, paused.left_ms) == (None, 24 * 3_600_000)  # it runs through now


async def test_a_breach_is_told_once_whatever_restarts_and_however_many_look(
    desk: TicketDesk, store: Store, clock: Clock
) -> None:
    conversation, contact, _, _ = await call(store)
    ticket = await desk.create(
        NewTicket("x", priority="urgent"), by="amy", conversation_id=conversation, contact_id=contact
    )
    clock.pass_hours(1.9)
    assert await desk.breach() == []
    clock.pass_hours(0.2)
    others = [TicketDesk(store, catalogues(FLOWS), None, clock) for _ in range(3)]  # as after a restart, and beside it
    found = await asyncio.gather(*(one.breach() for one in (desk, *others)))
    assert [number for one in found for number in one] == [ticket.number]
    assert await TicketDesk(store, catalogues(FLOWS), None, clock).breach() == []
    told = await events(store, "ticket.breached")
    assert [(event.conversation_id, event.payload["ticket_id"]) for event in told] == [(conversation, "1001")]
    assert (await desk.get(ticket.number)).breached


async def test_the_clock_task_tells_a_breach_when_it_is_due(desk: TicketDesk, store: Store, clock: Clock) -> None:
    watching = store.bus.subscribe(lambda event: event.type == "ticket.breached")
    ticket = await desk.create(NewTicket("x", priority="urgent"), by="amy")
    clock.pass_hours(3)
    running = asyncio.create_task(desk.run())
    event = await asyncio.wait_for(watching.get(), 20)
    assert event is not None and event.payload["ticket_id"] == str(ticket.number)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# ---------------------------------------------------------------------- flows


async def prove(store: Store, conversation: str, contact: str, customer: str = "100001", level: int = 2) -> None:
    """As the app does it when a caller has proven who they are."""
    await store.set_conversation(conversation, auth_level=level, customer_id=customer)
    await store.append(
        conversation, "verify", {"result": "passed", "level": level, "customer": customer}, contact_id=contact
    )


async def test_a_clock_that_finds_nothing_sleeps(
    desk: TicketDesk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    first = asyncio.Event()
    breach = desk.breach

    async def counted() -> list[int]:
        nonlocal looked
        looked += 1
        found = await breach()
        first.set()
        return found

    monkeypatch.setattr(desk, "breach", counted)
    running = asyncio.create_task(desk.run())
    await asyncio.wait_for(first.wait(), 20)
    for _ in range(40):
        await events(store, "ticket.breached")  # as many turns of the database as a clock that never sleeps needs
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert looked == 1


async def test_progress_is_told_to_whom_it_concerns_on_any_channel(desk: TicketDesk, store: Store) -> None:
    flows = FlowTickets(store, desk)
    conversation, contact, participant, leg = await call(store)
    await store.add_utterance(
        conversation, utterance(contact, participant, leg, "you charged me twice, card 4111 1111")
    )
    opened = await flows.open("run:ticket", contact, NewTicket(language="en"))
    assert (opened["ticket_no"], opened["category"], opened["department"]) == ("1001", "general", "Customer service")
    ticket = await desk.get(1001)
    assert ticket.title == "you charged me twice, card •••" and ticket.created_by == "bot"
    assert (ticket.customer_id, ticket.conversation_id, ticket.contact_id) == (None, conversation, contact)
    assert (await flows.open("run:ticket", contact, NewTicket()))["ticket_no"] == "1001"  # a restart asks again
    assert await flows.progress(contact, "en") == {"found": False}  # not verified
    await prove(store, conversation, contact, level=1)
    assert await flows.progress(contact, "en") == {"found": False}  # not surely enough

    await prove(store, conversation, contact)
    told = await flows.progress(contact, "zh-CN")
    assert (told["ticket_no"], told["state"], told["department"]) == ("1001", "已登记，等待处理", "客户服务部")
    chat = await store.create_conversation(language="en")
    written = await store.add_contact(chat, channel="chat", direction="inbound", initiation_method="inbound")
    assert await flows.progress(written, "en") == {"found": False}  # a claim alone tells nothing
    await prove(store, chat, written)
    told = await flows.progress(written, "en")
    assert told["found"] and told["ticket_no"] == "1001" and told["open"] == 1 and told["due"] == "2026-11-26"
    await desk.change(1001, {"status": "solved"}, by="amy")
    assert (await flows.progress(written, "en"))["state"] == "solved"
    stranger = await store.create_conversation(language="en")
    other = await store.add_contact(stranger, channel="chat", direction="inbound", initiation_method="inbound")
    await prove(store, stranger, other, "100002")
    assert await flows.progress(other, "en") == {"found": False}


WORKFLOW = """
format: workflow/v1
id: both
inputs: {{}}
steps:
  - id: ticket
    ticket: {{do: open, title: "broken on arrival", category: product}}
  - {last}
outputs: {{ticket_no: ticket.ticket_no}}
"""


def perform(workflow: str, contact: str, visit: int = 1) -> Perform:
    return Perform(
        call_id=f"{contact}:{visit}",
        kind="workflow",
        block="b",
        request={"id": workflow, "inputs": {}},
        timeout_ms=9000,
    )


@pytest.mark.parametrize(
    ("last", "outcome", "status"),
    [("{id: more, set: {a: 1}}", "done", "new"), ('{id: more, set: {a: "= ticket.nothing"}}', "failed", "closed")],
)
async def test_a_workflow_opens_one_and_takes_it_back_when_a_later_step_fails(
    desk: TicketDesk, store: Store, tmp_path: Path, last: str, outcome: str, status: str
) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "both.yaml").write_text(WORKFLOW.format(last=last))
    outside = Outside(ActionOptions())
    outside.runs, outside.tickets = StoredRuns(store), FlowTickets(store, desk)
    _, contact, _, _ = await call(store)
    performer = outside.performer(tmp_path)
    done = await performer.perform(perform("both", contact))
    again = await performer.perform(perform("both", contact))  # the same call, as after a restart
    assert (done.outcome, again.outcome) == (outcome, outcome)
    assert [ticket.status for ticket in await desk.listed()] == [status]
    assert done.values == ({"ticket_no": "1001"} if outcome == "done" else {})
    await outside.close()


# ---------------------------------------------------------------------- the file


def test_an_edit_holds_at_once_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    text = (FLOWS / "tickets.yaml").read_text()
    (tmp_path / "calendars.yaml").write_text((FLOWS / "calendars.yaml").read_text())
    file = tmp_path / "tickets.yaml"
    file.write_text(text)
    edited = catalogues(tmp_path)
    assert edited.now()[0].sla_hours["high"] == 9
    file.write_text(text.replace("high: 9", "high: 5") + "\n")
    assert edited.now()[0].sla_hours["high"] == 5
    file.write_text("format: nonsense")
    assert edited.now()[0].sla_hours["high"] == 5


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("department: billing", "department: nowhere", "no department 'nowhere'"),
        ("id: conduct", "id: general", "given twice"),
        ("urgent: 2, ", "", "sla_hours lacks urgent"),
        ("urgent: 2", "urgent: 0", "more than 0"),
        ("hours: office", "hours: night", "no calendar 'night'"),
        ("  hold: {", "  held: {", "'hold'"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(tmp_path: Path, old: str, new: str, why: str) -> None:
    (tmp_path / "calendars.yaml").write_text((FLOWS / "calendars.yaml").read_text())
    (tmp_path / "tickets.yaml").write_text((FLOWS / "tickets.yaml").read_text().replace(old, new))
    with pytest.raises(FileError) as caught:
        read_catalogue(tmp_path)
    assert why in str(caught.value) and "tickets.yaml:" in str(caught.value)
