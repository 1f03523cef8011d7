"""`understand`: an open question; the exit is what the caller wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog import layers
from dialog.blocks.base import Asking
from dialog.events import Heard
from dialog.ports import Understood
from dialog.state import Request
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn


class Understand(Asking):
    """Exits are intents, and `unknown`; with `knowledge`, words of no intent that an article answers go there."""

    required: ClassVar[frozenset[str]] = frozenset({"unknown"})

    type: Literal["understand"]
    prompt: Localised
    no_match: Localised
    retries: int = Field(default=1, ge=0, le=5, description="times it asks again when it did not understand")

    def allowed_exits(self) -> frozenset[str] | None:
        """Any intent's name."""
        return None

    def intents(self) -> frozenset[str]:
        """The exits that are intents."""
        return self.exit_names - {"unknown", "no_input", "knowledge"}

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question and second question."""
        return {"prompt": self.prompt, "no_match": self.no_match}

    def question(self, turn: Turn) -> dict[str, str]:
        """The question."""
        return self.prompt

    async def enter(self, turn: Turn) -> None:
        """Serve what was asked before; otherwise ask."""
        turn.expect()
        pending, turn.state.pending = turn.state.pending, ""
        if pending:
            meaning = await layers.classify(turn, pending)
            if await self._take(turn, pending, meaning):
                return
        turn.say(turn.render(self.prompt))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Go where it leads, or ask again."""
        if await self._take(turn, heard.text, meaning):
            return
        misses = self.missed(turn)
        if misses > self.retries:
            turn.state.query = heard.text
            turn.leave("unknown", "not understood")
            return
        turn.stop_speaking()
        turn.say(turn.render(self.no_match))

    async def pressed(self, turn: Turn, digit: str) -> None:
        """Keys mean nothing here but shortcuts; go on waiting."""
        if not turn.speaking:
            turn.wait_for_caller()

    async def _take(self, turn: Turn, words: str, meaning: Understood) -> bool:
        if meaning.intent in self.intents():
            layers.intend(turn, meaning, words)
            turn.leave(meaning.intent, f"understood with {meaning.confidence:.2f}")
            return True
        if "knowledge" in self.exits and meaning.intent == "unknown":
            found = await turn.search(words)
            if found is not None:
                turn.state.request = Request(intent="unknown", query=words)
                turn.leave("knowledge", f"article {found.ref} fits with {found.score:.2f}")
                return True
        return False
