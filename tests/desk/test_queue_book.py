"""Queues between the database and the desk: made for flows, changed while callers wait, from the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from desk.options import DeskOptions
from desk.queues import QueueError, check_queue
from dialog.flow import Flow, load_flow
from server.cli.queue import changed
from server.queues import Openings, QueueBook, queues_of
from session.callbacks import Callback, Callbacks
from session.queues import Queues
from session.store import Store
from session.users import Users

ROOT = Path(__file__).parents[2]
FLOWS = ROOT / "flows"
CALENDAR = """
calendars:
  shop:
    timezone: Europe/Berlin
    weekly: {mon-fri: ["09:00-18:00"]}
"""


def book(store: Store, flows: list[Flow], folder: Path = FLOWS) -> QueueBook:
    return QueueBook(Queues(store), DeskOptions(acw_s=25), Openings(folder), ROOT, lambda: flows)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/w.db")
    yield store
    await store.close()


async def test_every_queue_that_a_flow_names_is_there(store: Store) -> None:
    """With the desk's own settings, until a supervisor sets others; and it cannot be taken from the flow."""
    flow = load_flow(FLOWS / "support.yaml")
    queues = book(store, [flow])
    await queues.ensure()
    assert list(queues_of([flow])) == ["support"]
    assert {name: spec.acw_s for name, spec in (await queues.specs()).items()} == {"support": 25}
    await queues.put("support", {"acw_s": 5, "name": "Help"}, by="sue")
    await book(store, [flow]).ensure()  # a restart changes nothing
    assert (await queues.specs())["support"].shown == "Help"
    with pytest.raises(QueueError, match="flow support sends callers"):
        await queues.remove("support")


async def test_a_queue_that_somebody_needs_is_not_removed(store: Store) -> None:
    """Each time it says who does; when nobody needs it any more, it goes."""
    queues, users = book(store, []), Users(store)
    await queues.put("night", {}, by="sue")
    conversation = await store.create_conversation(language="en")
    contact = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    promised = Callback(
        id="cb1", key="k", conversation_id=conversation, contact_id=contact, number="+4930123456", called="", customer_id="",
        locale="en", queue="night", skills=[], priority=50, reason="", summary="", facts={}, enqueued_at=0, not_before=0,
        hours=[], timezone="", retries=0, retry_after_ms=0,
    )  # fmt: skip
    await Callbacks(store).book(promised)
    amy = await users.add(
        "amy", password_hash="-", roles=["agent"], display_name="Amy", device="browser", queues=["night"]
    )
    waits = b'{"phase": "queued", "queue": {"queue": "night", "skills": []}, "run": {}}'
    await store.save_run(contact, flow_id="f", flow_sha="s", state=waits)
    with pytest.raises(QueueError) as refused:
        await queues.remove("night")
    assert str(refused.value) == (
        "queue: somebody waits in 'night' (1); wait until they are served; "
        "customers are to be called back from it (…456); call them, or take the callbacks back; "
        "it was given to amy; give them other queues"
    )
    await store.stamp_contact(contact, ended=True)
    with pytest.raises(QueueError, match=r"^queue: customers are to be called back"):
        await queues.remove("night")
    await Callbacks(store).change("cb1", status="cancelled")
    with pytest.raises(QueueError, match=r"^queue: it was given to amy"):
        await queues.remove("night")
    await users.set_agent(amy.user_id, device="browser", queues=[])
    assert await queues.remove("night")


async def test_settings_that_cannot_be_read_any_more_do_not_stop_the_desk(store: Store) -> None:
    await Queues(store).put("odd", {"strategy": "magic"}, by="an older version")
    assert (await book(store, []).specs())["odd"].strategy == "longest_idle"


async def test_the_last_agent_of_a_customer_is_known_over_channels(store: Store) -> None:
    async def talked(customer: str, agent: str | None, channel: str) -> None:
        conversation = await store.create_conversation(language="en", customer_id=customer)
        contact = await store.add_contact(
            conversation, channel=channel, direction="inbound", initiation_method="inbound"
        )
        await store.add_participant(contact, role="customer", name="")
        if agent is not None:
            await store.add_participant(contact, role="agent", user_id=agent, name=agent)
            await store.stamp_contact(contact, connected_to_agent=True)

    for who in (("ann", "amy", "voice"), ("ann", "bob", "chat"), ("ann", None, "voice"), ("joe", "cat", "voice")):
        await talked(*who)
    queues = Queues(store)
    assert [await queues.last_agent(customer) for customer in ("ann", "joe", "nobody")] == ["bob", "cat", None]


def test_calendars_beside_the_flows_say_when_a_queue_is_open(tmp_path: Path) -> None:
    openings = Openings(tmp_path)
    (tmp_path / "calendars.yaml").write_text(CALENDAR)
    openings.refresh()
    monday_noon, sunday = 1_795_431_600_000, 1_795_345_200_000
    assert openings.is_open("shop", monday_noon)
    assert not openings.is_open("shop", sunday)
    assert openings.is_open("gone", sunday)  # nobody is shut out by a mistake
    openings.board.take({("flows", "shop"): "open"})
    assert openings.is_open("shop", sunday)  # switched by hand
    openings.board.take({})
    (tmp_path / "calendars.yaml").write_text("calendars: {shop: {weekly: {someday: []}}}")
    openings.refresh()
    assert not openings.is_open("shop", sunday), "a file with errors changes nothing"


def test_fields_from_the_command_line() -> None:
    before = {"announce": {"position": True, "every_s": 30.0}, "acw_s": 60.0, "max_wait_s": 300.0}
    values = ["announce.every_s=45", "skills=zh:4,tech", "overflow=queue:night", "max_wait_s=none", "strategy=top_down"]
    assert changed(before, values) == {
        "announce": {"position": True, "every_s": 45},
        "acw_s": 60.0,
        "max_wait_s": None,
        "skills": [{"skill": "zh", "min_level": 4}, {"skill": "tech"}],
        "overflow": {"to": "queue", "name": "night"},
        "strategy": "top_down",
    }
    with pytest.raises(QueueError, match="write FIELD=VALUE"):
        changed({}, ["acw_s"])
    with pytest.raises(QueueError, match="acw_s has no fields"):
        changed(before, ["acw_s.x=1"])


def test_a_field_that_is_none_is_told_where_fields_are_listed() -> None:
    with pytest.raises(QueueError, match=r"strategi: is no field of a queue; docs/queues\.md lists them"):
        check_queue({"queue": "day", "strategi": "ring_all"})
