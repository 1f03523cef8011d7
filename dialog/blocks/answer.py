"""`answer`: speak the knowledge article that fits the caller's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from dialog.blocks.base import Speaking

if TYPE_CHECKING:
    from dialog.turn import Turn


class Answer(Speaking):
    """Answers the request that led here; `gap` when no article fits, `asked_again` when it was given before."""

    required: ClassVar[frozenset[str]] = frozenset({"answered", "gap"})
    optional: ClassVar[frozenset[str]] = frozenset({"asked_again"})
    after: ClassVar[str] = "answered"
    tells: ClassVar[bool] = True

    type: Literal["answer"]

    async def enter(self, turn: Turn) -> None:
        """Search and speak."""
        turn.expect()
        state = turn.state
        found = await turn.search(state.query)
        if found is None:
            turn.leave("gap", "no article fits")
            return
        if found.article in state.answered and "asked_again" in self.exits:
            turn.leave("asked_again", f"article {found.ref} was given before")
            return
        state.answered.append(found.article)
        state.memo["article"] = found.ref
        turn.say(found.text, article=found.ref)

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Name the article in the record."""
        await super().spoken(turn, interrupted)
        if turn.target is not None:
            turn.why = f"article {turn.state.memo.get('article', '')}"
