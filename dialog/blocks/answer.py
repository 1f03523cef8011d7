"""`answer`: speak the knowledge article that fits the caller's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from dialog.blocks.base import Speaking
from dialog.blocks.testing import Experiment
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn


class Answer(Speaking):
    """Answers the request that led here; `gap` when no article fits, `asked_again` when it was given before."""

    required: ClassVar[frozenset[str]] = frozenset({"answered", "gap"})
    optional: ClassVar[frozenset[str]] = frozenset({"asked_again", "failed"})
    after: ClassVar[str] = "answered"
    tells: ClassVar[bool] = True

    type: Literal["answer"]
    experiment: Experiment | None = Field(default=None, description="tries other wordings of articles")
    wordings_of: dict[str, dict[str, Localised]] = Field(
        default_factory=dict,
        description="article → variant → what is said instead; a variant without one says the article as it is",
    )

    @model_validator(mode="after")
    def _variants(self) -> Answer:
        known = self.experiment.weights if self.experiment is not None else {}
        for article, variants in self.wordings_of.items():
            if unknown := sorted(set(variants) - set(known)):
                raise ValueError(f"wordings_of.{article}: the experiment has no variant {unknown[0]!r}")
        if self.experiment is not None and not self.wordings_of:
            raise ValueError("an experiment of answers needs `wordings_of`")
        return self

    def wordings(self) -> dict[str, dict[str, str]]:
        """The other wordings."""
        return {
            f"wordings_of.{article}.{variant}": wording
            for article, variants in self.wordings_of.items()
            for variant, wording in variants.items()
        }

    def expressions(self) -> dict[str, str]:
        """What counts as a success."""
        success = self.experiment.success if self.experiment is not None else ""
        return {"experiment.success": success} if success else {}

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
        words = found.text
        if self.experiment is not None and found.article in self.wordings_of:
            other = self.wordings_of[found.article].get(self.experiment.meet(turn))
            words = turn.render(other) if other else words
        turn.say(words, article=found.ref)

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """Name the article in the record."""
        await super().spoken(turn, interrupted)
        if turn.target is not None:
            turn.why = f"article {turn.state.memo.get('article', '')}"
