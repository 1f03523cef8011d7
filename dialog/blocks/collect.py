"""`collect`: digits by key or voice, or free words, into an attribute. For secrets use `verify`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dialog.blocks.base import ALL_KEYS, Asking
from dialog.entities import EntityType
from dialog.events import Heard
from dialog.ports import Understood
from dialog.text import Localised, spoken_digits

if TYPE_CHECKING:
    from dialog.turn import Turn


class Collect(Asking):
    """Asks for one value. Digits end by `#`, by `max`, or by a pause between keys."""

    required: ClassVar[frozenset[str]] = frozenset({"ok", "failed"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    digressible: ClassVar[bool] = True

    type: Literal["collect"]
    slot: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="attribute that gets the value; kept with the conversation"
    )
    kind: Literal["digits", "free"] | EntityType = Field(
        default="digits",
        description="`digits` by key or voice; `free` takes the whole answer; the others are read from what is said: "
        "order_number, phone (+49…), money (`EUR 1250`: code and minor units), date (2024-03-05), time, name, plate, address, "
        "id_card, number",
    )
    sensitive: bool = Field(
        default=False,
        description="like a card number: not recorded, shown, stored or logged; known until the end of the call or a restart",
    )
    prompt: Localised
    no_match: Localised
    confirm: Localised | None = Field(
        default=None, description="read-back with {{slot name}}; 1/yes takes it, 2/no asks again"
    )
    confirm_when: Literal["always", "unsure"] = Field(
        default="always", description="unsure = only digits that were said, and heard badly, are read back"
    )
    min: int = Field(default=1, ge=1, le=32, description="fewest digits")
    max: int = Field(default=16, ge=1, le=32, description="most digits; reaching it ends the entry")
    retries: int = Field(default=2, ge=0, le=5)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min is {self.min}, but max is {self.max}, so no digits would ever do")
        return self

    def keys(self) -> frozenset[str]:
        """All."""
        return ALL_KEYS

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question, second question, read-back."""
        wordings = {"prompt": self.prompt, "no_match": self.no_match}
        return wordings | {"confirm": self.confirm} if self.confirm else wordings

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """The slot, when a value was taken."""
        return frozenset({self.slot}) if exit_name == "ok" else frozenset()

    def read(self, turn: Turn, words: str) -> str | None:
        """The value in the words, if there is one of its kind."""
        if self.kind == "free":
            return words.strip() or None
        if self.kind == "digits":
            digits = spoken_digits(words)
            return digits if self.min <= len(digits) <= self.max else None
        found = turn.extract(words, [self.kind])
        return found[0].value if found else None

    def shown(self, value: str) -> str:
        """The value as it is read back: digits one by one, not as "four thousand seven hundred eleven"."""
        return " ".join(value) if self.kind == "digits" else value

    async def accepts(self, turn: Turn, heard: Heard, meaning: Understood) -> bool:
        """Yes and no to the read-back, free words, and values."""
        if turn.state.phase == "confirm":
            return meaning.intent in ("yes", "no")
        return self.read(turn, heard.text) is not None

    def question(self, turn: Turn) -> dict[str, str]:
        """The question."""
        return self.confirm if self.confirm and turn.state.phase == "confirm" else self.prompt

    def asked(self, turn: Turn) -> str:
        """The question, or the read-back of the value, unless that is nothing to be said aloud."""
        value = "" if self.sensitive else str(turn.values().get(self.slot, ""))
        return turn.render(self.question(turn), {self.slot: self.shown(value)})

    async def enter(self, turn: Turn) -> None:
        """Ask."""
        turn.state.phase = "value"
        self.listen(turn)
        turn.say(turn.render(self.prompt))

    def listen(self, turn: Turn) -> None:
        """Digits, free words, or yes and no to the read-back."""
        if turn.state.phase == "confirm":
            turn.expect(wants="answer", sensitive=self.sensitive)
        elif self.kind == "digits":
            exact = self.max if self.min == self.max else 0
            turn.expect(wants="digits", digit_count=exact, sensitive=self.sensitive)
        else:
            turn.expect(sensitive=self.sensitive)

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """Digits that were said."""
        if self.kind != "digits":
            return False
        words = heard.text
        if turn.state.phase == "confirm":
            # "no, 4712": the right value with the no
            words = re.sub(
                r"^\W*(?:no|nope|不对|不是|错了)\W*(?:it'?s|i meant|i said|that'?s|是|应该是)?\W*",
                "",
                words,
                flags=re.I,
            )
        digits = spoken_digits(words)
        if len(digits) < self.min:
            return False
        turn.stop_speaking()
        self._complete(turn, digits, sure=heard.confidence >= turn.options.sure_digits)
        return True

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Free words, or yes and no to the read-back."""
        if turn.state.phase == "confirm":
            value = self.read(turn, heard.text) if self.kind != "free" else None
            if meaning.intent == "yes":
                turn.leave("ok", "confirmed")
            elif value is not None:
                turn.stop_speaking()
                self._complete(turn, value)
            else:
                self._miss(turn, "not confirmed")
        elif (value := self.read(turn, heard.text)) is not None:
            self._complete(turn, value)
        else:
            self._miss(turn, f"no {self.kind} in the answer")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """Collect keys."""
        state = turn.state
        turn.stop_speaking()
        if state.phase == "confirm":
            if digit == "1":
                turn.leave("ok", "confirmed by key")
            else:
                self._miss(turn, "not confirmed")
        elif digit == "#":
            await self.timer(turn, "digits")
        elif digit == "*":
            state.private.digits = ""
            turn.say(turn.render(self.prompt))
        else:
            state.private.digits += digit
            if len(state.private.digits) >= self.max:
                await self.timer(turn, "digits")
            else:
                turn.start_timer("digits", round(turn.options.interdigit_s * 1000))

    async def resume(self, turn: Turn) -> None:
        """Keys pressed so far are lost: ask again."""
        turn.cancel_timer("digits")
        turn.stop_speaking()
        if self.sensitive and self.slot not in turn.state.private.values:
            turn.state.phase = "value"
        self.listen(turn)
        turn.say(self.asked(turn))

    async def timer(self, turn: Turn, name: str) -> None:
        """The entry is finished."""
        if name == "digits":
            digits, turn.state.private.digits = turn.state.private.digits, ""
            turn.cancel_timer("digits")
            self._complete(turn, digits)

    def _complete(self, turn: Turn, value: str, *, sure: bool = True) -> None:
        if self.kind == "digits" and not self.min <= len(value) <= self.max:
            self._miss(turn, "wrong number of digits")
            return
        if self.sensitive:
            turn.state.private.values[self.slot] = value
        else:
            turn.state.slots.pop(self.slot, None)
            turn.state.slots[self.slot] = turn.state.block
            turn.set({self.slot: value})
        if self.confirm is None or (sure and self.confirm_when == "unsure"):
            turn.leave("ok", "given")
            return
        turn.state.phase = "confirm"
        self.listen(turn)
        turn.say(self.asked(turn))

    def _miss(self, turn: Turn, why: str) -> None:
        misses = self.missed(turn)
        turn.state.phase = "value"
        if misses > self.retries:
            turn.leave("failed", why)
            return
        self.listen(turn)
        turn.stop_speaking()
        turn.say(turn.render(self.no_match))
