"""A made-up server behind the built pages that need no desk: the customer's, login, conversations, one of them."""

from __future__ import annotations

import functools
import http.server
import io
import json
import math
import re
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

DIST = Path(__file__).resolve().parents[2] / "web" / "dist"
PHOTO = """<svg xmlns="http://www.w3.org/2000/svg" width="800" height="500"><rect width="800" height="500" fill="#aabed2"/>
<path d="M200 170h400v250H200z" fill="#b48250"/><path d="m200 170 60-60h400l-60 60zM600 170l60-60v250l-60 60z" fill="#96683c"/>
<path d="m250 190 90 80-30 40 110 100" fill="none" stroke="#3c2814" stroke-width="9"/></svg>"""
WORDS = {
    "en": {
        "subject": "Damaged parcel", "hello": "Hello! This is Harbour Books. How can I help?", "agent": "Ana",
        "asks": "My parcel arrived damaged.", "sorry": "I am sorry to hear that. I am putting you through to a colleague.",
        "ana": "Hi, this is Ana. I can see the picture; we will send you a new one today.", "thanks": "That is great, thank",
        "why": "asked for a person",
    },
    "zh-CN": {
        "subject": "包裹破损", "hello": "您好，这里是海港书店。有什么可以帮您？", "agent": "安娜",
        "asks": "我的包裹到货时已经破损。", "sorry": "非常抱歉。我这就为您转接同事。",
        "ana": "您好，我是安娜。我看到图片了，今天就给您重新寄一份。", "thanks": "太好了，谢",
        "why": "要求人工服务",
    },
}  # fmt: skip
EMOTION = {"confidence": 0.8, "evidence": ["30 % faster than most speakers"], "frustration": 0.4}


def sound() -> bytes:
    """Two seconds of stereo: what the recording's player shows."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        frames = bytearray()
        for i in range(16_000):
            left = int(9000 * math.sin(i / 9) * max(0.0, math.sin(i / 1500)))
            right = int(7000 * math.sin(i / 7) * max(0.0, -math.sin(i / 1500)))
            frames += left.to_bytes(2, "little", signed=True) + right.to_bytes(2, "little", signed=True)
        file.writeframes(bytes(frames))
    return data.getvalue()


def history(language: str) -> list[dict[str, Any]]:
    """One conversation: a chat with a picture beside a call that a person took."""
    words = WORDS[language]
    photo = {"attachment_id": "a1", "mime": "image/svg+xml", "size": 900, "width": 800, "height": 500}
    agreed = {"purposes": ["recording", "emotion"], "given": True}
    stages = [
        {"name": "endpointing", "ms": 300}, {"name": "decode", "ms": 210}, {"name": "emotion", "ms": 40},
        {"name": "dialog", "ms": 60}, {"name": "synthesis", "ms": 190}, {"name": "playout", "ms": 60},
    ]  # fmt: skip
    told: list[tuple[int, str, dict[str, Any]]] = [
        (0, "contact.started", {"channel": "voice", "flow": "support"}),
        (1, "leg.up", {"role": "customer", "codec": "opus", "srtp": True}),
        (4, "bot.said", {"text": words["hello"], "outcome": "done", "played_ms": 2500, "language": language}),
        (6, "consent", agreed),
        (9, "utterance.final", {"role": "customer", "utterance_id": "u1", "text": words["asks"], "language": language, "t0_ms": 6000, "t1_ms": 8200, "confidence": 0.93}),
        (9, "affect", {"utterance_id": "u1", "label": "angry", "arousal": 0.5, "valence": -0.6, **EMOTION}),
        (9, "turn.ledger", {"stages": stages, "total_ms": 860}),
        (10, "decision", {"block": "ask", "exit": "human", "why": "asked for a person"}),
        (12, "bot.said", {"text": words["sorry"], "outcome": "done", "played_ms": 2500, "language": language}),
        (13, "message", {"role": "customer", "text": "", "attachment": photo}),
        (14, "queue.entered", {"queue": "support", "reason": words["why"], "summary": "", "facts": {}}),
        (20, "queue.accepted", {"agent": words["agent"]}),
        (27, "utterance.final", {"role": "agent", "utterance_id": "u2", "text": words["ana"], "language": language, "confidence": 0.9}),
        (31, "utterance.final", {"role": "customer", "utterance_id": "u3", "text": words["thanks"], "language": language, "t0_ms": 28000, "t1_ms": 30200, "confidence": 0.5}),
        (31, "affect", {"utterance_id": "u3", "label": "content", "arousal": 0.2, "valence": 0.6, **EMOTION}),
    ]  # fmt: skip
    return [
        {
            "seq": index + 1, "conversation_id": "c1", "contact_id": "k1", "participant_id": None, "leg_id": None,
            "type": kind, "at": f"2026-11-21T06:00:{second:02d}Z", "payload": payload,
        }
        for index, (second, kind, payload) in enumerate(told)
    ]  # fmt: skip


class PagesServer:
    """Answers in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.upload_fails = False
        self.roles = ["agent", "admin"]
        self._live: list[WebSocketRoute] = []

    def serve(self, page: Page) -> None:
        page.route("**/api/**", self._answer)
        page.route_web_socket(re.compile("/api/events"), self._follow)

    def _follow(self, socket: WebSocketRoute) -> None:
        self._live.append(socket)
        for event in history(self.language):
            socket.send(json.dumps(event))

    def tell(self, kind: str, **payload: Any) -> None:
        """One more event of the conversation, to every page that follows it."""
        last = history(self.language)[-1]
        for socket in self._live:
            socket.send(json.dumps(last | {"seq": last["seq"] + 1, "type": kind, "payload": payload}))

    def _answer(self, route: Route) -> None:
        path = route.request.url.split("/api", 1)[1].split("?")[0]
        if path.endswith("/attachments/a1"):
            route.fulfill(body=PHOTO, content_type="image/svg+xml")
        elif path.endswith("/recording"):
            route.fulfill(body=sound(), content_type="audio/wav")
        elif (body := self._of(path)) is not None:
            route.fulfill(json=body)
        else:
            route.fulfill(status=204)

    def _of(self, path: str) -> Any:
        row = {
            "conversation_id": "c1", "customer_id": None, "status": "open", "language": self.language, "auth_level": 0,
            "opened_at": "2026-11-21T06:00:00Z", "closed_at": None, "subject": WORDS[self.language]["subject"],
        }  # fmt: skip
        over = {"status": "closed", "closed_at": "2026-11-21T06:04:12Z"}
        match path:
            case "/me":
                return {
                    "id": "amy", "name": "amy", "display_name": "Amy", "roles": self.roles, "device": "browser",
                    "uri": "", "locale": "en", "disabled": False, "skills": [],
                }  # fmt: skip
            case "/chat":
                return {"conversation_id": "c1", "token": "t"}
            case "/conversations":
                return [
                    row,
                    row | over | {"conversation_id": "c2"},
                    row | over | {"conversation_id": "c3", "status": "abandoned"},
                ]
            case "/conversations/c1":
                leg = {
                    "id": "l1", "participant_id": "p1", "transport": "webrtc", "state": "up", "codec": "opus", "srtp": True,
                    "ended_reason": "hangup", "stats": {"rx_packets": 1500, "rx_lost": 2, "jitter_ms": 4.2},
                }  # fmt: skip
                people = [{"id": "p1", "role": "customer", "name": "", "user_id": None}]
                recordings = [{"leg_id": "l1"}]
                return {
                    "conversation": row, "participants": people, "legs": [leg], "events": [], "recordings": recordings,
                    "contacts": [], "utterances": [],
                }  # fmt: skip
        return None


class _Files(http.server.SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if "." not in self.path.rsplit("/", 1)[-1]:
            self.path = "/index.html"  # every page is the same document
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def built_pages() -> Iterator[str]:
    """Address of the built pages."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(DIST))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
