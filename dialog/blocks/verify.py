"""`verify`: who is it, proved by a PIN on the keypad. Digits live in `state.private` only, never in what is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import ALL_KEYS, Asking
from dialog.events import Heard, Verified, VerifyFailed
from dialog.ports import Customer, Understood
from dialog.text import Localised, spoken_digits
from dialog.verify import check_pin

if TYPE_CHECKING:
    from dialog.turn import Turn

PIN_LEVEL = 2
MOST_DOUBTS = 2  # askings for clearer digits; after that they are taken as heard, and count as a try


class Verify(Asking):
    """Finds the customer by the calling number, else asks for the customer number; then asks for the PIN.

    `failed` after `attempts` wrong PINs, `locked` while customer or number must wait, `unavailable` when the
    directory cannot be reached. An unknown customer number is asked for a PIN as well, which never fits.
    """

    required: ClassVar[frozenset[str]] = frozenset({"passed", "failed", "locked", "unavailable"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})

    type: Literal["verify"]
    level: Literal[2] = Field(default=2, description="2 = PIN")
    ask_number: Localised = Field(description="asks for the customer number when the calling number is not known")
    ask_pin: Localised
    wrong: Localised = Field(description="after a wrong PIN; asks again")
    unclear: Localised | None = Field(
        default=None, description="after spoken digits that were heard badly; without it the question is asked again"
    )
    number_digits: int = Field(default=6, ge=3, le=16, description="digits of a customer number; # ends it earlier")
    pin_digits: int = Field(default=4, ge=3, le=12, description="digits of a PIN; the last one ends it")
    attempts: int = Field(default=3, ge=1, le=5, description="wrong PINs until `failed`")

    def keys(self) -> frozenset[str]:
        """All."""
        return ALL_KEYS

    def wordings(self) -> dict[str, dict[str, str]]:
        """Its questions."""
        wordings = {"ask_number": self.ask_number, "ask_pin": self.ask_pin, "wrong": self.wrong}
        return wordings | {"unclear": self.unclear} if self.unclear else wordings

    def question(self, turn: Turn) -> dict[str, str]:
        """Number or PIN, as the phase is."""
        return self.ask_pin if turn.state.phase == "pin" else self.ask_number

    async def enter(self, turn: Turn) -> None:
        """Known already, locked, or asked."""
        state = turn.state
        if state.auth_level >= self.level:
            turn.leave("passed", "verified before")
            return
        if not state.memo.get("customer_no"):
            customer = await self._find(turn, phone=state.caller.number) if state.caller.number else None
            if turn.target is not None:
                return
            if customer is not None:
                state.memo["customer_no"] = customer.customer_id
        if await turn.ports.attempts.locked_ms(self._keys(turn), turn.now_ms):
            turn.leave("locked", "too many wrong tries before")
            return
        state.phase = "pin" if state.memo.get("customer_no") else "number"
        self.listen(turn)
        turn.say(turn.render(self.question(turn)))

    def listen(self, turn: Turn) -> None:
        """A number, privately."""
        turn.expect(sensitive=True, wants="digits", digit_count=self._wanted(turn))

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """Digits that were said; those heard badly are asked for again, for a secret is not read back."""
        digits = spoken_digits(heard.text)
        if not digits:
            return False
        turn.stop_speaking()
        doubts = turn.state.memo.get("doubts", 0)
        if heard.confidence < turn.options.sure_digits and doubts < MOST_DOUBTS:
            turn.state.memo["doubts"] = doubts + 1
            turn.state.private.digits = ""
            turn.cancel_timer("digits")
            turn.say(turn.render(self.unclear or self.question(turn)))
            return True
        turn.state.private.digits += digits
        if len(turn.state.private.digits) >= self._wanted(turn):
            await self._complete(turn)
        else:
            turn.start_timer("digits", round(turn.options.interdigit_s * 1000))
        return True

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """No digits: ask again, as often as a PIN may be wrong."""
        misses = turn.state.memo["misses"] = turn.state.memo.get("misses", 0) + 1
        if misses >= self.attempts:
            turn.leave("failed", "no digits were given")
            return
        turn.stop_speaking()
        turn.say(turn.render(self.question(turn)))

    async def pressed(self, turn: Turn, digit: str) -> None:
        """`#` ends, `*` starts over, the last digit ends by itself."""
        private = turn.state.private
        turn.stop_speaking()
        if digit == "*":
            private.digits = ""
            turn.cancel_timer("digits")
            turn.say(turn.render(self.question(turn)))
        elif digit == "#":
            await self._complete(turn)
        else:
            private.digits += digit
            if len(private.digits) >= self._wanted(turn):
                await self._complete(turn)
            else:
                turn.start_timer("digits", round(turn.options.interdigit_s * 1000))

    async def timer(self, turn: Turn, name: str) -> None:
        """A pause ends the entry."""
        if name == "digits":
            await self._complete(turn)

    async def resume(self, turn: Turn) -> None:
        """Digits given so far are lost: ask again."""
        turn.cancel_timer("digits")
        turn.stop_speaking()
        await self.enter(turn)

    def _wanted(self, turn: Turn) -> int:
        return self.pin_digits if turn.state.phase == "pin" else self.number_digits

    def _keys(self, turn: Turn) -> list[str]:
        customer_no = turn.state.memo.get("customer_no")
        keys = [f"customer:{customer_no}"] if customer_no else []
        return [*keys, f"number:{turn.state.caller.number}"] if turn.state.caller.number else keys

    async def _find(self, turn: Turn, *, phone: str = "", customer_no: str = "") -> Customer | None:
        try:
            return await turn.ports.customers.find(phone=phone, customer_no=customer_no)
        except (OSError, TimeoutError):
            turn.leave("unavailable", "the customer directory cannot be reached")
            return None

    async def _complete(self, turn: Turn) -> None:
        state = turn.state
        digits, state.private.digits = state.private.digits, ""
        turn.cancel_timer("digits")
        if not digits:
            turn.say(turn.render(self.question(turn)))
            return
        if state.phase == "number":
            state.memo["customer_no"] = digits
            state.phase = "pin"
            self.listen(turn)
            if await turn.ports.attempts.locked_ms(self._keys(turn), turn.now_ms):
                turn.leave("locked", "too many wrong tries before")
                return
            turn.say(turn.render(self.question(turn)))
            return
        customer = await self._find(turn, customer_no=state.memo["customer_no"])
        if turn.target is not None:
            return
        if await check_pin(customer, digits) and customer is not None:
            await self._passed(turn, customer)
        else:
            await self._failed(turn)

    async def _passed(self, turn: Turn, customer: Customer) -> None:
        state = turn.state
        await turn.ports.attempts.passed(self._keys(turn))
        state.auth_level, state.customer_id = PIN_LEVEL, customer.customer_id
        turn.effects.append(Verified(customer_id=customer.customer_id, level=PIN_LEVEL, name=customer.name))
        turn.set({"customer": {"name": customer.name, **customer.facts}})
        turn.leave("passed", "PIN is right")

    async def _failed(self, turn: Turn) -> None:
        state = turn.state
        tries = state.memo["attempts"] = state.memo.get("attempts", 0) + 1
        keys = self._keys(turn)
        await turn.ports.attempts.failed(keys, turn.now_ms)
        locked = await turn.ports.attempts.locked_ms(keys, turn.now_ms) > 0
        turn.effects.append(VerifyFailed(attempts=tries, locked=locked))
        if tries >= self.attempts:
            turn.leave("failed", f"wrong PIN {tries} times")
        elif locked:
            turn.leave("locked", "too many wrong tries over several calls")
        else:
            turn.say(turn.render(self.wrong))
