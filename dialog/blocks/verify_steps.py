"""What a verification asks, in which order, and what an answer does; `verify` adds how answers are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dialog.blocks.base import Asking
from dialog.effects import Verified, VerifyFailed
from dialog.text import Localised
from dialog.verification import standing
from dialog.verification.factors import Answer, AnyFactor, Asked, Factor
from dialog.verification.levels import WEAK, level_of
from dialog.verification.lockout import number_key
from dialog.verification.plan import enough, following, lock_keys, set_aside
from dialog.verification.ports import Ticket

if TYPE_CHECKING:
    from dialog.turn import Turn


class Steps(Asking):
    """Parameters of `verify` and its way from factor to factor, until the level is reached or cannot be."""

    type: Literal["verify"]
    level: int = Field(default=2, ge=1, le=3, description="1 = likely the customer, 2 = private matters, 3 = payments")
    factors: list[AnyFactor] = Field(
        min_length=1,
        description="in the order in which they are asked; who says that they have not got one is asked the next",
    )
    ask_number: Localised = Field(description="asks for the customer number when the calling number is not known")
    wrong: Localised = Field(description="after a wrong answer; asks again")
    unclear: Localised | None = Field(
        default=None, description="after words that were heard badly; without it the question is asked again"
    )
    resumed: Localised | None = Field(
        default=None, description="before the question, to a caller who was cut off and goes on where they were"
    )
    number_digits: int = Field(default=6, ge=3, le=16, description="digits of a customer number; # ends it earlier")
    attempts: int = Field(default=3, ge=1, le=5, description="wrong answers until `failed`")

    def wordings(self) -> dict[str, dict[str, str]]:
        """Its questions."""
        found = {"ask_number": self.ask_number, "wrong": self.wrong}
        found |= {"unclear": self.unclear} if self.unclear else {}
        found |= {"resumed": self.resumed} if self.resumed else {}
        for factor in self.factors:
            found |= factor.wordings()
        return found

    def question(self, turn: Turn) -> dict[str, str]:
        """The customer number or a factor, as the phase is."""
        return self.ask_number if turn.state.phase == "number" else self._factor(turn).question()

    def asked(self, turn: Turn) -> str:
        """The question; a phrase is spelled out."""
        return turn.render(self.question(turn), {"phrase": " ".join(turn.state.private.phrase)})

    # ------------------------------------------------------------------ coming in

    async def enter(self, turn: Turn) -> None:
        """Known already, locked, taken up again, or asked."""
        state = turn.state
        if state.auth_level >= self.level:
            turn.leave("passed", "verified before")
            return
        if not state.claimed:
            await self._recall(turn)
        if turn.target is None and not state.claimed and state.caller.number:
            customer = await standing.find(turn, phone=state.caller.number)
            if customer is not None:
                state.claimed = customer.customer_id
        if turn.target is not None:
            return
        if state.claimed:
            await self._next(turn)
        else:
            await self._ask_number(turn)

    async def _recall(self, turn: Turn) -> None:
        """Take up what this number had proven before the call dropped."""
        state = turn.state
        if not state.caller.number:
            return
        kept = await turn.ports.verification.progress.load(number_key(state.caller.number), turn.now_ms)
        if kept is not None:
            state.claimed, state.proven = kept.customer_id, list(kept.proven)
            state.carried, state.memo["wrong"] = True, kept.wrong
            if self.resumed is not None:
                turn.say(turn.render(self.resumed))

    async def _ask_number(self, turn: Turn) -> None:
        if await standing.locked(turn):
            return
        turn.state.phase = "number"
        self.listen(turn)
        turn.say(turn.render(self.ask_number))

    async def _next(self, turn: Turn) -> None:
        """Passed, or the next factor, or nothing is left."""
        state, levels = turn.state, turn.options.verification.levels
        if await standing.locked(turn):
            return
        while True:
            if enough(state, self.level, levels):
                await self._passed(turn)
                return
            index = following(state, self.factors, self.level, levels)
            if index is None:
                await self._give_up(turn)
                return
            state.memo["at"] = index
            factor = self.factors[index]
            asked = await standing.asked_of(turn, self.factors)
            if asked is None:
                return
            begun = await factor.begin(asked)
            if begun == "ask":
                await self._ask(turn, factor, asked)
                return
            if begun == "proven":
                state.proven.append(factor.name)
            set_aside(state)

    async def _ask(self, turn: Turn, factor: Factor, asked: Asked) -> None:
        state = turn.state
        state.phase = factor.type
        if factor.type == "voiceprint":
            await standing.new_phrase(turn, factor)
        if factor.sent and not state.memo.get("sent"):
            standing.send_code(turn, factor)
        await self._listen_to(turn, factor, asked)
        turn.say(self.asked(turn))

    async def _give_up(self, turn: Turn) -> None:
        if turn.state.memo.get("unavailable"):
            turn.leave("unavailable", "a factor that is needed cannot be used now")
            return
        await standing.forget(turn)
        turn.leave("failed", "what is left to ask does not give the level")

    def listen(self, turn: Turn) -> None:
        """A customer number, privately."""
        turn.expect(sensitive=True, wants="digits", digit_count=self.number_digits)

    async def _listen_to(self, turn: Turn, factor: Factor, asked: Asked) -> None:
        consent = await factor.consent(asked)
        digits = factor.digit_count() if factor.wants() == "digits" else 0
        turn.expect(sensitive=True, wants=factor.wants(), digit_count=digits, voiceprint=consent)

    # ------------------------------------------------------------------ answers

    async def _complete(self, turn: Turn, answer: Answer) -> None:
        state = turn.state
        if not answer.digits and not answer.texts:
            turn.say(self.asked(turn))
            return
        if state.phase == "number":
            state.claimed, state.proven, state.carried = answer.digits, [], False
            await self._next(turn)
            return
        asked = await standing.asked_of(turn, self.factors)
        if asked is None:
            return
        ticket = await turn.ports.attempts.take(lock_keys(turn.state), turn.now_ms)
        if ticket.wait_ms:
            await standing.forget(turn)
            turn.leave("locked", "too many wrong answers meanwhile")
            return
        state.private.phrase = ""
        factor = self._factor(turn)
        if await factor.check(asked, answer) and asked.customer is not None:
            await self._right(turn, factor, ticket)
        else:
            await self._wrong(turn, factor, ticket)

    async def _right(self, turn: Turn, factor: Factor, ticket: Ticket) -> None:
        state, levels = turn.state, turn.options.verification.levels
        await turn.ports.attempts.passed(ticket, state.memo.get("wrong_" + factor.name, 0))
        if factor.name not in state.proven:
            state.proven.append(factor.name)
        if factor.name not in WEAK:
            state.carried = False
        state.memo["doubts"] = 0
        if not enough(state, self.level, levels):
            await standing.keep(turn)
        await self._next(turn)

    async def _wrong(self, turn: Turn, factor: Factor, ticket: Ticket) -> None:
        state = turn.state
        tries = state.memo["wrong"] = state.memo.get("wrong", 0) + 1
        state.memo["wrong_" + factor.name] = state.memo.get("wrong_" + factor.name, 0) + 1
        turn.effects.append(VerifyFailed(attempts=tries, locked=bool(ticket.locks)))
        if tries >= self.attempts or ticket.locks:
            await standing.forget(turn)
            if tries >= self.attempts:
                turn.leave("failed", f"wrong {factor.name} {tries} times")
            else:
                turn.leave("locked", "too many wrong answers over several calls")
            return
        await standing.keep(turn)
        if factor.type == "voiceprint":
            await standing.new_phrase(turn, factor)
        turn.say(turn.render(factor.again() or self.wrong))
        if factor.type == "voiceprint":
            turn.say(self.asked(turn))

    async def _passed(self, turn: Turn) -> None:
        state = turn.state
        customer = await standing.find(turn, customer_no=state.claimed)
        if customer is None:
            if turn.target is None:
                turn.leave("failed", "there is no such customer any more")
            return
        await standing.forget(turn)
        level = level_of(turn.options.verification.levels, state.proven)
        state.auth_level, state.customer_id = level, customer.customer_id
        turn.effects.append(Verified(customer_id=customer.customer_id, level=level, name=customer.name))
        turn.set({"customer": {**customer.facts, "no": customer.customer_id, "name": customer.name}})
        turn.leave("passed", "proven: " + ", ".join(sorted(state.proven)))

    # ------------------------------------------------------------------ small things

    def _factor(self, turn: Turn) -> Factor:
        at: int = turn.state.memo["at"]
        return self.factors[at]
