"""Tickets through the front door: a complaint in a chat becomes one, and its progress is told to whom it concerns."""

from __future__ import annotations

import httpx

from tests.e2e.world import Instance


class Chat:
    """Somebody who writes."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        answer = httpx.post(f"{instance.url}/api/chat", json={"locale": "en"}, timeout=60)
        assert answer.status_code == 200, answer.text
        self.conversation, self._token = answer.json()["conversation_id"], answer.json()["token"]
        self.hears("How can I help you")

    def hears(self, text: str) -> None:
        """The bot writes something with these words."""
        self._instance.wait(self.conversation, "message", 60, role="bot", text=text)

    def writes(self, text: str) -> None:
        path = f"/api/conversations/{self.conversation}/messages"
        assert self._instance.ask("POST", path, self._token, json={"text": text}).status_code == 204


def test_a_complaint_becomes_a_ticket_whose_progress_the_customer_hears(instance: Instance) -> None:
    token, _ = instance.agent("tess", "browser")
    chat = Chat(instance)
    chat.writes("your courier was rude to me")
    made = instance.wait(chat.conversation, "ticket.created", 60)
    number = made["ticket_id"]
    chat.hears(f"I've opened ticket {number}")
    ticket = instance.ask("GET", f"/api/tickets/{number}", token).json()
    assert (ticket["category"], ticket["department"], ticket["priority"]) == ("conduct", "service", "high")
    assert ticket["due_at"] and ticket["conversation_id"] == chat.conversation and ticket["customer_id"] is None
    change = {"status": "open", "customer_id": "100001", "note": "called back, it is Alex Morgan"}
    assert instance.ask("PATCH", f"/api/tickets/{number}", token, json=change).status_code == 200

    later = Chat(instance)
    later.writes("is there any progress on my case")
    later.hears("customer number")
    later.writes("100001")
    later.hears("PIN")
    later.writes("2468")
    later.hears(f"Your ticket {number} is being worked on. Customer service should settle it by")
    panel = instance.ask("GET", f"/api/conversations/{later.conversation}/customer", token).json()
    assert (panel["name"], panel["verified_level"], panel["identity_how"]) == ("Alex Morgan", 2, "pin")
    form = instance.ask("GET", f"/api/wrapup/{later.conversation}", token)
    assert form.status_code == 404  # a contact's, not a conversation's
    contact = instance.history(later.conversation)["contacts"][0]["id"]
    form = instance.ask("GET", f"/api/wrapup/{contact}", token).json()
    assert form["intent"] == "ticket_status" and "identity verified" in form["summary"]
    assert "2468" not in instance.story(later.conversation) + form["summary"]
