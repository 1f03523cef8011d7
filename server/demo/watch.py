"""The conversation as it happens: the live feed, printed line by line."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import websockets
from rich.console import Console
from rich.text import Text

WHO = {"customer": ("caller", "cyan"), "agent": ("agent", "green"), "bot": ("bot", "yellow")}


@dataclass(slots=True)
class Watch:
    """Follows all events of an instance until the conversation has ended."""

    console: Console
    events: list[dict[str, Any]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    began: datetime | None = None

    async def run(self, http: str, token: str) -> None:
        """Read the feed; ends when the conversation does, or by cancellation."""
        url = f"{http.replace('http', 'ws', 1)}/api/events?after=0"
        async with websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as feed:
            async for message in feed:
                event = json.loads(message)
                if event["seq"] is None:
                    continue
                self.events.append(event)
                self.show(event)
                if event["type"] == "conversation.ended":
                    self.ended.set()
                    return

    def show(self, event: dict[str, Any]) -> None:
        """One event as a line, if people would want to see it."""
        at = datetime.fromisoformat(event["at"])
        self.began = self.began or at
        line = describe(event)
        if line is not None:
            seconds = (at - self.began).total_seconds()
            self.console.print(Text.assemble((f"{seconds:7.2f} s  ", "dim"), line))


def describe(event: dict[str, Any]) -> Text | None:
    """What happened in one line; None for what is of no interest here."""
    p = event["payload"]
    match event["type"]:
        case "utterance.final":
            name, colour = WHO.get(p["role"], (p["role"], "white"))
            span = f" [{p['t0_ms'] / 1000:.2f}–{p['t1_ms'] / 1000:.2f} s]"
            return Text.assemble((f"{name:<7}", f"bold {colour}"), p["text"], (span, "dim"))
        case "affect":
            by = " by the voice" if p["early"] else ""
            return Text(
                f"        felt{by}: {p['label']} {p['confidence']:.0%}, arousal {p['arousal']:+.2f}, "
                f"frustration {p['frustration']:.2f}",
                style="magenta",
            )
        case "bot.said" if p["text"]:
            cut = "  (interrupted)" if p["outcome"] == "barge_in" else ""
            return Text.assemble((f"{'bot':<7}", "bold yellow"), p["text"], (cut, "dim"))
        case "decision":
            return _small(f"decides: {p['block']} → {p['exit']} ({p['why']})")
        case "turn.ledger":
            stages = " + ".join(f"{s['name']} {s['ms']:.0f}" for s in p["stages"] if s["ms"] >= 0.5)
            return _small(f"turn: {p['total_ms']:.0f} ms = {stages}")
        case "consent":
            return _small(f"consent to {', '.join(p['purposes'])}: {'given' if p['given'] else 'refused'}")
        case "verify":
            return _small(f"verification {p['result']}")
        case "queue.entered":
            return _small(f"queue {p['queue']}: {p['reason']}")
        case "queue.offered":
            return _small(f"offered to {p['agent']}: {p['why']}")
        case "queue.accepted":
            return Text(f"{p['agent']} is on the line", style="bold green")
        case "agent.left":
            return _small(f"the agent left ({p['reason']})")
        case "contact.ended":
            return _small(f"ended: {p['reason']} by {p['party']}, {p['disposition'] or 'no disposition'}")
        case _:
            return None


def _small(text: str) -> Text:
    return Text(f"        {text}", style="dim")
