"""Tickets, cards, customers, knowledge and images over HTTP."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from server.api import guard


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
