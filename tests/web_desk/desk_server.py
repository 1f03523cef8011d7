"""A made-up server behind the built agent desktop: the API's answers from one view, and what the page asked of it."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

DIST = Path(__file__).resolve().parents[2] / "web" / "dist"


def at(seconds: float) -> str:
    """Now and so many seconds, as the API writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def party(party_id: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "party_id": party_id, "role": role, "name": "", "state": "connected", "mode": "active", "transport": "webrtc",
        "me": False, **more,
    }  # fmt: skip


def contact(contact_id: str, **more: Any) -> dict[str, Any]:
    return {
        "contact_id": contact_id, "conversation_id": f"talk-{contact_id}", "channel": "voice", "queue": "support",
        "customer_id": None, "customer_name": "Ada", "state": "connected", "since": at(-60), "acw_until": None,
        "asker": None, "asked": None,
        "emotion": None, "frustration": None, "muted": False, "recording": "on", "parked": None,
        "parties": [party("c", "customer", name="Ada", transport="sip"), party("m", "agent", name="Amy", me=True)],
        **more,
    }  # fmt: skip


def offer(contact_id: str, **more: Any) -> dict[str, Any]:
    return {
        "offer_id": f"offer-{contact_id}", "contact_id": contact_id, "conversation_id": f"talk-{contact_id}",
        "channel": "chat", "queue": "support", "reason": "asked for a person", "summary": "", "facts": {},
        "customer_name": "Ada", "waited_ms": 30_000, "until": at(60), "why": "longest idle", **more,
    }  # fmt: skip


def card(kind: str, text: str) -> dict[str, Any]:
    return {
        "card_id": f"card-{kind}", "kind": kind, "title": kind, "text": text, "score": 0.8, "shown_at": at(0),
        "language": "en", "source": {"kind": "article", "id": "a", "version": "1", "title": "Fees"},
    }  # fmt: skip


class DeskServer:
    """Answers from `view`; `asked` holds (method, path, body) of everything that changes something."""

    def __init__(self) -> None:
        self.view: dict[str, Any] = {
            "availability": "available", "reason": "", "next_availability": None, "status": "idle", "since": at(-30),
            "until": None, "missed": 0, "device": "browser", "uri": "", "registered": None,
            "capacity": {"voice": 1, "chat": 2}, "contacts": [], "offers": [],
            "queues": [{
                "queue": "support", "name": "Support", "waiting": 2, "longest_wait_ms": 30_000, "service_level": 0.8,
                "sl_target_s": 20,
            }],
        }  # fmt: skip
        self.cards: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.live: list[WebSocketRoute] = []
        self.parked: list[dict[str, Any]] = []
        self.tickets: list[dict[str, Any]] = []
        self.customer: dict[str, Any] = {}
        self.roles = ["agent"]
        self._seq = 0

    def event(self, contact_id: str, kind: str, **payload: Any) -> dict[str, Any]:
        """One more event of a contact's conversation, sent to whoever follows all."""
        self._seq += 1
        event = {
            "seq": self._seq, "conversation_id": f"talk-{contact_id}", "contact_id": contact_id,
            "participant_id": None, "leg_id": None, "type": kind, "at": at(0), "payload": payload,
        }  # fmt: skip
        self.events.setdefault(event["conversation_id"], []).append(event)
        for socket in self.live:
            socket.send(json.dumps(event))
        return event

    def serve(self, page: Page) -> None:
        page.route("**/api/**", self._answer)
        page.route_web_socket(re.compile("/api/events"), self._follow)

    def _follow(self, socket: WebSocketRoute) -> None:
        found = re.search(r"conversation=([\w-]+)", socket.url)
        if found is None:
            self.live.append(socket)
            return
        for event in self.events.get(found[1], []):
            socket.send(json.dumps(event))

    def _answer(self, route: Route) -> None:
        request = route.request
        path = request.url.split("/api", 1)[1].split("?")[0]
        if request.method != "GET":
            self.asked.append((request.method, path, request.post_data_json if request.post_data else None))
        status, body = self._of(request.method, path)
        if body is None:
            route.fulfill(status=status)
        else:
            route.fulfill(status=status, json=body)

    def _of(self, method: str, path: str) -> tuple[int, Any]:
        if path == "/me":
            return 200, {
                "id": "amy", "name": "amy", "display_name": "Amy", "roles": self.roles, "device": "browser", "uri": "",
                "locale": "en", "disabled": False, "skills": [],
            }  # fmt: skip
        if path == "/agent" or path == "/agent/availability":
            return 200, self.view
        if found := re.fullmatch(r"/agent/offers/offer-(\w+)/accept", path):
            self.view["offers"] = []
            self.view["contacts"] = [contact(found[1], channel="chat", recording="off")]
            talk = f"talk-{found[1]}"
            return 200, {"sdp": None, "leg_id": None, "contact_id": found[1], "conversation_id": talk}
        if found := re.fullmatch(r"/agent/contacts/(\w+)/park", path):
            talk, since = f"talk-{found[1]}", at(-5)
            self.parked = [
                {"code": "701", "contact_id": found[1], "conversation_id": talk, "customer_name": "Ada", "by": "Amy",
                 "since": since},
            ]  # fmt: skip
            self.view |= {"status": "idle", "contacts": []}
            return 200, {"code": "701"}
        if path == "/agent/parked/701/take":
            self.view |= {"status": "interacting", "contacts": [contact(self.parked.pop()["contact_id"])]}
            return 204, None
        if method != "GET":
            return 204, None
        if path == "/agent/parked":
            return 200, self.parked
        if path == "/tickets":
            return 200, self.tickets
        if path == "/departments":
            return 200, [
                {"department": name, "title": {"en": name.title()}, "categories": []}
                for name in ("billing", "delivery")
            ]
        if path == "/directory":
            return 200, [{"kind": "queue", "to": "sales", "name": "Sales", "state": None, "detail": ""}]
        if path == "/ice":
            return 200, {"ice_servers": []}
        if path.startswith("/assist/"):
            return 200, self.cards
        if path.startswith("/wrapup/"):
            return 200, {
                "summary": "Asked for a refund.", "intent": "refund", "intent_title": "a refund",
                "disposition": "resolved", "follow_up": "",
                "dispositions": [{"code": "resolved", "title": "Resolved"}, {"code": "escalated", "title": "Escalated"}],
            }  # fmt: skip
        if path.endswith("/customer"):
            return 200, {
                "customer_id": None, "name": "", "phones": [], "tier": "", "flags": [], "locale": "en", "attributes": [],
                "behaviour": [], "affect": [], "conversations": [], "verified_level": 0, "identity_how": "",
                "handed_over": {"reason": "asked for a person", "summary": "A fee of May.", "facts": {"amount": "12"}},
                **self.customer,
            }  # fmt: skip
        return 200, []


@contextmanager
def pages() -> Iterator[str]:
    """The built pages at an address of this machine, any path leading to the one document."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the tests speak for themselves."""

        def send_head(self) -> Any:
            if not Path(self.translate_path(self.path)).is_file():
                self.path = "/index.html"
            return super().send_head()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(DIST))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
