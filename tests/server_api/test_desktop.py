"""Tickets, cards, customers, knowledge and images over HTTP."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from PIL import Image

from server.api import guard
from server.desktop import attachments


def photo(size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


async def test_a_ticket_from_desk_to_done(world: Any) -> None:
    conversation = await world.store.create_conversation(language="en")
    async with await world.as_user("amy") as amy:
        departments = (await amy.get("/api/departments")).json()
        assert [one["department"] for one in departments] == ["service", "billing", "delivery", "technical"]
        assert departments[1]["title"]["zh-CN"] == "财务部"
        made = await amy.post(
            "/api/tickets",
            json={"title": "charged twice", "category": "payment", "conversation_id": conversation, "customer_id": "7"},
        )
        ticket = made.json()
        assert (made.status_code, ticket["ticket_id"], ticket["department"]) == (201, "1001", "billing")
        assert ticket["due_at"] and not ticket["breached"] and ticket["status"] == "new"
        path = "/api/tickets/1001"
        assert (await amy.patch(path, json={"status": "pending"})).json()["due_at"] is None
        assert (await amy.patch(path, json={"assignee": world.ids["amy"]})).status_code == 200
        assert (await amy.post(f"{path}/comments", json={"text": "asked the bank"})).status_code == 201
        whole = (await amy.get(path)).json()
        assert [event["what"] for event in whole["events"]] == ["created", "status", "assignee", "comment"]
        for query, count in (
            ("state=pending", 1), ("state=new", 0), ("state=unsolved&department=billing", 1), ("customer=7", 1),
            ("mine=true", 1), ("department=delivery", 0), (f"conversation={conversation}", 1),
        ):  # fmt: skip
            assert len((await amy.get(f"/api/tickets?{query}")).json()) == count, query
        assert (await amy.patch(path, json={"status": "closed"})).status_code == 200
        assert (await amy.patch(path, json={"status": "open"})).status_code == 409
        assert (await amy.get("/api/tickets/1")).status_code == 404
        assert (await amy.patch(path, json={"number": 3})).status_code == 422
        wrong = {"title": "x", "category": "nothing"}
        assert (await amy.post("/api/tickets", json=wrong)).status_code == 422
        assert (await amy.post("/api/tickets", json={"title": "x", "conversation_id": "none"})).status_code == 404
        assert (await amy.get("/api/knowledge/search?q=returns")).json() == []
        assert (await amy.get("/api/assist/nobody")).json() == []
        assert (await amy.post("/api/assist/nothing", json={"action": "copied"})).status_code == 404
        assert (await amy.get("/api/assist/rates")).status_code == 403
        assert (await amy.get("/api/customers/999")).status_code == 404
        assert (await amy.get("/api/wrapup/none")).status_code == 404
    async with await world.as_user("dee") as dee:
        assert (await dee.get("/api/tickets")).status_code == 403
    async with await world.as_user("sue") as sue:
        assert (await sue.get("/api/assist/rates")).json() == {
            "cards": [],
            "wrapups": {"finished": 0, "edit_distance": None},
        }


async def test_a_ticket_that_somebody_else_changed_meanwhile_is_not_overwritten(world: Any) -> None:
    async with await world.as_user("amy") as amy, await world.as_user("sue") as sue:
        seen = (await amy.post("/api/tickets", json={"title": "late", "category": "delivery"})).json()["updated_at"]
        path = "/api/tickets/1001"
        first = await sue.patch(path, json={"status": "pending", "seen": seen})
        assert first.status_code == 200
        second = await amy.patch(path, json={"status": "solved", "seen": seen})
        assert (second.status_code, (await amy.get(path)).json()["status"]) == (409, "pending")
        assert "meanwhile" in second.json()["detail"]
        again = await amy.patch(path, json={"status": "solved", "seen": first.json()["updated_at"]})
        assert (again.status_code, again.json()["status"]) == (200, "solved")


async def test_what_does_not_fit_a_ticket_names_its_field(world: Any) -> None:
    """Also what came to nothing without a word: a remark alone, somebody who is not there, a contact of another call."""
    store = world.store
    conversation, other = [await store.create_conversation(language="en") for _ in range(2)]
    contact = await store.add_contact(other, channel="voice", direction="inbound", initiation_method="inbound")
    gone = await world.users.add("zoe", password_hash="x", roles=["agent"], device="browser")
    await world.users.set_disabled(gone.user_id, True)
    async with await world.as_user("amy") as amy:
        for body, field in (
            ({"title": "  "}, "title"),
            ({"title": "x", "assignee": "nobody"}, "assignee"),
            ({"title": "x", "assignee": gone.user_id}, "assignee"),
            ({"title": "x", "conversation_id": conversation, "contact_id": contact}, "contact_id"),
            ({"title": "x", "contact_id": contact}, "contact_id"),
            ({"title": "x", "customer_id": ""}, "customer_id"),
        ):
            refused = await amy.post("/api/tickets", json=body)
            assert (refused.status_code, refused.json()["detail"].split(":")[0]) == (422, field), body
        whole = {"title": "x", "conversation_id": other, "contact_id": contact, "assignee": world.ids["amy"]}
        assert (await amy.post("/api/tickets", json=whole)).status_code == 201
        path = "/api/tickets/1001"
        for change in ({"assignee": "nobody"}, {"category": "nothing"}, {"title": None}, {"status": None}):
            refused = await amy.patch(path, json=change)
            assert (refused.status_code, next(iter(change)) in refused.json()["detail"]) == (422, True), change
        assert (await amy.get("/api/tickets?state=nonsense")).status_code == 422
        noted = await amy.patch(path, json={"note": "she called again"})
        assert [(e["what"], e["text"]) for e in noted.json()["events"]] == [
            ("created", ""), ("comment", "she called again"),
        ]  # fmt: skip


async def test_changes_made_together_are_written_in_one_order(world: Any) -> None:
    async with await world.as_user("amy") as amy:
        await amy.post("/api/tickets", json={"title": "x", "category": "delivery"})
        change = {"assignee": world.ids["amy"], "status": "open", "priority": "high", "title": "y", "note": "why"}
        made = await amy.patch("/api/tickets/1001", json=change)
    told = [(event["what"], event["text"]) for event in made.json()["events"]]
    assert told == [("created", ""), ("title", "why"), ("status", ""), ("priority", ""), ("assignee", "")]


async def test_lists_of_tickets_are_read_in_parts(world: Any) -> None:
    async with await world.as_user("amy") as amy:
        for priority in ("high", "urgent", "low"):
            await amy.post("/api/tickets", json={"title": "x", "category": "delivery", "priority": priority})
        parts = [(await amy.get(f"/api/tickets?limit=2&offset={n}")).json() for n in (0, 2, 4)]
    assert [[one["priority"] for one in part] for part in parts] == [["urgent", "high"], ["low"], []]


async def test_an_image_lies_in_the_conversation_beside_the_call(world: Any) -> None:
    """One conversation holds a call and a chat with an image; the timeline tells all in order, with one id."""
    store = world.store
    conversation = await store.create_conversation(language="en")
    call = await store.add_contact(conversation, channel="voice", direction="inbound", initiation_method="inbound")
    await store.append(conversation, "bot.said", {"role": "bot", "text": "Hello."}, contact_id=call)
    web = await store.add_contact(conversation, channel="video", direction="inbound", initiation_method="inbound")
    await store.append(
        conversation, "message", {"role": "customer", "text": "look at this", "user_id": None}, contact_id=web
    )
    path = f"/api/conversations/{conversation}/attachments"
    async with world.as_caller(conversation) as caller:
        sent = await caller.post(path, files={"file": ("a.svg", photo(), "image/svg+xml")})
        kept = sent.json()
        assert (sent.status_code, kept["mime"], kept["width"], kept["height"]) == (201, "image/png", 60, 40)
        seen = await caller.get(f"{path}/{kept['attachment_id']}")
        assert seen.headers["content-type"] == "image/png"
        assert "sandbox" in seen.headers["content-security-policy"]
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert len(seen.content) == kept["size"]
        assert (await caller.post(path, files={"file": ("a.png", b"no picture")})).status_code == 415
        odd = await caller.post(path, files={"file": ("a.png", photo())}, data={"caption": "look"})
        assert (odd.status_code, "caption: is no field" in odd.text) == (422, True)
        assert world.control.asked == [
            ("lively", conversation, "customer")
        ]  # once: what is no picture is no sign of life
        large = bytes(guard.MAX_PICTURE + 1)
        assert (await caller.post(path, files={"file": ("a.png", large)})).status_code == 413
        own = (await caller.get(f"/api/conversations/{conversation}/timeline")).json()
    async with world.as_caller("another") as other:
        assert (await other.get(f"{path}/{kept['attachment_id']}")).status_code == 401
    async with await world.as_user("amy") as amy:
        assert (await amy.get(f"{path}/{kept['attachment_id']}")).status_code == 200
        elsewhere = path.replace(conversation, await store.create_conversation(language="en"))
        assert (await amy.get(f"{elsewhere}/{kept['attachment_id']}")).status_code == 404
        assert (await amy.post(path, files={"file": ("b.png", photo())})).status_code == 201
        items = (await amy.get(f"/api/conversations/{conversation}/timeline")).json()
    told = [(item["kind"], item["role"], item["channel"]) for item in items]
    assert told == [
        ("contact", "", "voice"), ("utterance", "bot", "voice"), ("contact", "", "video"),
        ("message", "customer", "chat"), ("image", "customer", "chat"), ("image", "agent", "chat"),
    ]  # fmt: skip
    assert {item["conversation_id"] for item in items} == {conversation}
    assert items[4]["attachment"]["attachment_id"] == kept["attachment_id"] and items[4]["contact_id"] == web
    assert [item["kind"] for item in own] == [item["kind"] for item in items][:5]


async def test_images_sent_at_once_do_not_overrun_the_count(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST_PER_CONVERSATION", 2)
    conversation = await world.store.create_conversation(language="en")
    path = f"/api/conversations/{conversation}/attachments"
    async with world.as_caller(conversation) as caller:
        sent = await asyncio.gather(*(caller.post(path, files={"file": ("a.png", photo())}) for _ in range(5)))
    assert sorted(one.status_code for one in sent) == [201, 201, 409, 409, 409]
