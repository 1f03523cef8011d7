"""`menu`: one of several options, by key or by voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from dialog import layers
from dialog.blocks.base import Asking
from dialog.events import Heard
from dialog.ports import Understood
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn


class Option(BaseModel):
    """One choice; its `id` is the exit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    key: str = Field(pattern=r"^[0-9*#]$", description="the key that chooses it")
    intents: list[str] = Field(default_factory=list, description="intents that choose it, such as `yes`")
    say: dict[str, list[str]] = Field(
        default_factory=dict, description="by locale, phrases that choose it; wordings near them do, too"
    )


class Menu(Asking):
    """Asks, and takes the exit of the chosen option."""

    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    digressible: ClassVar[bool] = True

    type: Literal["menu"]
    prompt: Localised
    no_match: Localised
    options: list[Option] = Field(min_length=1)
    retries: int = Field(default=2, ge=0, le=5, description="times it asks again after an answer that fits no option")

    def required_exits(self) -> frozenset[str]:
        """One per option, and `no_match`."""
        return frozenset({option.id for option in self.options} | {"no_match"})

    def keys(self) -> frozenset[str]:
        """The options' keys."""
        return frozenset(option.key for option in self.options)

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question and second question."""
        return {"prompt": self.prompt, "no_match": self.no_match}

    def question(self, turn: Turn) -> dict[str, str]:
        """The question."""
        return self.prompt

    def listen(self, turn: Turn) -> None:
        """A short answer."""
        turn.expect(wants="answer")

    async def enter(self, turn: Turn) -> None:
        """Ask."""
        self.listen(turn)
        turn.say(turn.render(self.prompt))

    async def accepts(self, turn: Turn, heard: Heard, meaning: Understood) -> bool:
        """Whether it fits an option."""
        return await self._chosen(turn, heard, meaning) is not None

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """The option of that intent, else the one whose phrases are nearest."""
        option = await self._chosen(turn, heard, meaning)
        if option is None:
            self._miss(turn, "the answer fits no option")
        else:
            understood = meaning.intent in option.intents
            if understood and turn.ports.levels.get(meaning.intent, 0) > turn.state.intent_level:
                layers.intend(turn, meaning, heard.text)  # private by its words, wherever the option leads
            turn.leave(option.id, f"said, understood as {meaning.intent}" if understood else "said")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """The option with this key."""
        for option in self.options:
            if option.key == digit:
                turn.leave(option.id, "key")
                return
        self._miss(turn, "a key without an option")

    async def _chosen(self, turn: Turn, heard: Heard, meaning: Understood) -> Option | None:
        for option in self.options:
            if meaning.intent in option.intents:
                return option
        phrases = [[phrase for listed in option.say.values() for phrase in listed] for option in self.options]
        index = await turn.ports.understanding.match(heard.text, phrases)
        return None if index is None else self.options[index]

    def _miss(self, turn: Turn, why: str) -> None:
        misses = self.missed(turn)
        if misses > self.retries:
            turn.leave("no_match", why)
            return
        turn.stop_speaking()
        turn.say(turn.render(self.no_match))
