"""`verify`: who is it? Factors are asked until they add up to a level. Answers live in `state.private` only, never in what is saved.

What was proven stays with the run (`state.proven`), so that a later block of a higher level asks for the rest only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import ALL_KEYS, Asking
from dialog.effects import Perform, Verified, VerifyFailed
from dialog.events import Heard, Performed
from dialog.ports import Understood
from dialog.text import Localised, spoken_digits
from dialog.verification.factors import Answer, AnyFactor, Asked, Factor
from dialog.verification.factors.voice import PHRASE_MS
from dialog.verification.levels import WEAK, level_of
from dialog.verification.lockout import number_key
from dialog.verification.plan import enough, following, lock_keys, set_aside
from dialog.verification.ports import Customer, Progress, Ticket

if TYPE_CHECKING:
    from dialog.turn import Turn

MOST_DOUBTS = 2  # askings for clearer words; after that they are taken as heard, and count as a try
MOST_RESENT = 2
SEND_MS = 8000  # a code that was not sent by then is not waited for
DECLINED = {
    "en": [
        "I don't have it",
        "I don't have that",
        "I forgot it",
        "I don't know it",
        "I don't remember",
        "I can't find it",
    ],
    "zh": ["我没有", "忘了", "忘记了", "不记得了", "我不知道", "想不起来了", "找不到"],
}
"""Ways to say that an answer cannot be given; the next factor is asked then."""
NO_NAMES = frozenset({"human_request", "repeat"})
"""What is wanted in words where any words may be the answer."""


class Verify(Asking):
    """Finds the customer by the calling number, else asks for the customer number; then asks `factors`, in their order.

    It is `passed` as soon as what is proven gives `level` (dialog.verification.levels), `failed` after `attempts` wrong
    answers or when what remains cannot give it, `locked` while customer or number must wait, `unavailable` when the
    directory, or what sends codes, cannot be reached. An unknown customer number is asked the same and never fits.
    """

    required: ClassVar[frozenset[str]] = frozenset({"passed", "failed", "locked", "unavailable"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    own_names: ClassVar[frozenset[str]] = frozenset({"phrase"})
    digressible: ClassVar[bool] = True

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

    def keys(self) -> frozenset[str]:
        """All."""
        return ALL_KEYS

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
            customer = await self._find(turn, phone=state.caller.number)
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
        if await self._locked(turn):
            return
        turn.state.phase = "number"
        self.listen(turn)
        turn.say(turn.render(self.ask_number))

    async def _next(self, turn: Turn) -> None:
        """Passed, or the next factor, or nothing is left."""
        state, levels = turn.state, turn.options.verification.levels
        if await self._locked(turn):
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
            asked = await self._asked(turn)
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
            await self._new_phrase(turn, factor)
        if factor.sent and not state.memo.get("sent"):
            self._send(turn)
        await self._listen_to(turn, factor, asked)
        turn.say(self.asked(turn))

    async def _give_up(self, turn: Turn) -> None:
        if turn.state.memo.get("unavailable"):
            turn.leave("unavailable", "a factor that is needed cannot be used now")
            return
        await self._forget(turn)
        turn.leave("failed", "what is left to ask does not give the level")

    # ------------------------------------------------------------------ listening

    def listen(self, turn: Turn) -> None:
        """A customer number, privately."""
        turn.expect(sensitive=True, wants="digits", digit_count=self.number_digits)

    async def _listen_to(self, turn: Turn, factor: Factor, asked: Asked) -> None:
        consent = await factor.consent(asked)
        digits = factor.digit_count() if factor.wants() == "digits" else 0
        turn.expect(sensitive=True, wants=factor.wants(), digit_count=digits, voiceprint=consent)

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """What is clearly an answer; one that was heard badly is asked for again, for a secret is not read back."""
        state = turn.state
        if state.phase == "number":
            digits = spoken_digits(heard.text)
            answer = Answer(digits=digits) if digits else None
        else:
            factor = self._factor(turn)
            answer = factor.read(heard, state.locale)
            if factor.words or answer is None:
                if await self._declines(turn, heard.text):
                    turn.stop_speaking()
                    set_aside(state)
                    await self._next(turn)
                    return True
                if factor.words and (await turn.ports.understanding.classify(heard.text)).intent in NO_NAMES:
                    answer = None
        if answer is None:
            return False
        turn.stop_speaking()
        if self._doubtful(turn, heard, answer):
            await self._ask_clearer(turn)
            return True
        if not answer.digits or answer.voice is not None:
            await self._complete(turn, answer)
            return True
        state.private.digits += answer.digits
        if len(state.private.digits) >= self._wanted(turn):
            await self._complete(turn, self._typed(turn))
        else:
            turn.start_timer("digits", round(turn.options.interdigit_s * 1000))
        return True

    def _doubtful(self, turn: Turn, heard: Heard, answer: Answer) -> bool:
        if turn.state.memo.get("doubts", 0) >= MOST_DOUBTS:
            return False
        if turn.state.phase == "voiceprint":
            return answer.voice is None  # too little of it, or it could not be looked at
        return bool(answer.digits) and heard.confidence < turn.options.sure_digits

    async def _ask_clearer(self, turn: Turn) -> None:
        state = turn.state
        state.memo["doubts"] = state.memo.get("doubts", 0) + 1
        state.private.digits = ""
        turn.cancel_timer("digits")
        if state.phase == "voiceprint":
            await self._new_phrase(turn, self._factor(turn))
            turn.say(self.asked(turn))
        else:
            turn.say(turn.render(self.unclear) if self.unclear else self.asked(turn))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Words that nobody took for an answer: ask again, as often as an answer may be wrong."""
        state = turn.state
        turn.stop_speaking()
        misses = state.memo["misses"] = state.memo.get("misses", 0) + 1
        if misses >= self.attempts:
            turn.leave("failed", "no answer was given")
            return
        turn.say(self.asked(turn))

    async def _declines(self, turn: Turn, words: str) -> bool:
        phrases = DECLINED.get(turn.state.locale.partition("-")[0], DECLINED["en"])
        return await turn.ports.understanding.match(words, [phrases]) is not None

    async def pressed(self, turn: Turn, digit: str) -> None:
        """`#` ends, `*` starts over (or has a new code sent), the last digit ends by itself."""
        state = turn.state
        turn.stop_speaking()
        if digit == "*":
            await self._start_over(turn)
        elif not self._wanted(turn) or state.phase == "voiceprint":
            turn.say(self.asked(turn))
        elif digit == "#":
            await self._complete(turn, self._typed(turn))
        else:
            state.private.digits += digit
            if len(state.private.digits) >= self._wanted(turn):
                await self._complete(turn, self._typed(turn))
            else:
                turn.start_timer("digits", round(turn.options.interdigit_s * 1000))

    async def _start_over(self, turn: Turn) -> None:
        state = turn.state
        typed, state.private.digits = state.private.digits, ""
        turn.cancel_timer("digits")
        factor = None if state.phase == "number" else self._factor(turn)
        if factor is not None and factor.sent and not typed and state.memo.get("resent", 0) < MOST_RESENT:
            state.memo["resent"] = state.memo.get("resent", 0) + 1
            self._send(turn)
            turn.say(turn.render(getattr(factor, "resent", None) or factor.question()))
            return
        turn.say(self.asked(turn))

    async def timer(self, turn: Turn, name: str) -> None:
        """A pause ends the entry."""
        if name == "digits":
            await self._complete(turn, self._typed(turn))

    async def silence(self, turn: Turn) -> None:
        """Asked again; a phrase has had its time, so there is another."""
        if turn.state.phase == "voiceprint":
            await self._new_phrase(turn, self._factor(turn))
        await super().silence(turn)

    async def resume(self, turn: Turn) -> None:
        """What was given so far is lost: ask again."""
        turn.cancel_timer("digits")
        turn.stop_speaking()
        state = turn.state
        asked = await self._asked(turn) if state.claimed and state.phase != "number" and "at" in state.memo else None
        if turn.target is not None:
            return
        if asked is None:
            await self.enter(turn)
        else:
            if self._factor(turn).sent:
                self._send(turn)
            await self._ask(turn, self._factor(turn), asked)

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
        asked = await self._asked(turn)
        if asked is None:
            return
        ticket = await turn.ports.attempts.take(lock_keys(turn.state), turn.now_ms)
        if ticket.wait_ms:
            await self._forget(turn)
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
            await self._keep(turn)
        await self._next(turn)

    async def _wrong(self, turn: Turn, factor: Factor, ticket: Ticket) -> None:
        state = turn.state
        tries = state.memo["wrong"] = state.memo.get("wrong", 0) + 1
        state.memo["wrong_" + factor.name] = state.memo.get("wrong_" + factor.name, 0) + 1
        turn.effects.append(VerifyFailed(attempts=tries, locked=bool(ticket.locks)))
        if tries >= self.attempts or ticket.locks:
            await self._forget(turn)
            if tries >= self.attempts:
                turn.leave("failed", f"wrong {factor.name} {tries} times")
            else:
                turn.leave("locked", "too many wrong answers over several calls")
            return
        await self._keep(turn)
        if factor.type == "voiceprint":
            await self._new_phrase(turn, factor)
        turn.say(turn.render(factor.again() or self.wrong))
        if factor.type == "voiceprint":
            turn.say(self.asked(turn))

    async def _passed(self, turn: Turn) -> None:
        state = turn.state
        customer = await self._find(turn, customer_no=state.claimed)
        if customer is None:
            if turn.target is None:
                turn.leave("failed", "there is no such customer any more")
            return
        await self._forget(turn)
        level = level_of(turn.options.verification.levels, state.proven)
        state.auth_level, state.customer_id = level, customer.customer_id
        turn.effects.append(Verified(customer_id=customer.customer_id, level=level, name=customer.name))
        turn.set({"customer": {**customer.facts, "no": customer.customer_id, "name": customer.name}})
        turn.leave("passed", "proven: " + ", ".join(sorted(state.proven)))

    # ------------------------------------------------------------------ codes and phrases

    def _send(self, turn: Turn) -> None:
        """Have a code sent; the same one is asked for again after a restart."""
        state = turn.state
        factor = self._factor(turn)
        call_id = f"{turn.visit_id}:code{state.memo.get('resent', 0)}"
        state.memo["sent"] = call_id
        request = {
            "customer": state.claimed,
            "by": getattr(factor, "by", "sms"),
            "locale": state.locale,
            "at_ms": turn.now_ms,
        }
        turn.effects.append(
            Perform(call_id=call_id, kind="code", block=state.block, request=request, timeout_ms=SEND_MS)
        )

    async def performed(self, turn: Turn, result: Performed) -> None:
        """The code is on its way, or it could not be sent."""
        state = turn.state
        if result.call_id != state.memo.get("sent") or result.outcome == "sent" or state.phase != "sent_code":
            return
        state.memo["unavailable"] = True
        set_aside(state)
        turn.stop_speaking()
        await self._next(turn)

    async def _new_phrase(self, turn: Turn, factor: Factor) -> None:
        private = turn.state.private
        private.phrase = await turn.ports.verification.voices.fresh_phrase(turn.state.claimed, factor.digit_count())
        private.phrase_until_ms = turn.now_ms + PHRASE_MS

    # ------------------------------------------------------------------ small things

    def _factor(self, turn: Turn) -> Factor:
        at: int = turn.state.memo["at"]
        return self.factors[at]

    def _wanted(self, turn: Turn) -> int:
        return self.number_digits if turn.state.phase == "number" else self._factor(turn).digit_count()

    def _typed(self, turn: Turn) -> Answer:
        digits, turn.state.private.digits = turn.state.private.digits, ""
        turn.cancel_timer("digits")
        return Answer(digits=digits)

    async def _locked(self, turn: Turn) -> bool:
        if await turn.ports.attempts.locked_ms(lock_keys(turn.state), turn.now_ms):
            await self._forget(turn)
            turn.leave("locked", "too many wrong answers before")
            return True
        return False

    async def _keep(self, turn: Turn) -> None:
        """For the case that the call drops now."""
        state = turn.state
        if state.caller.number and turn.options.verification.resume_min and (state.proven or state.memo.get("wrong")):
            progress = Progress(state.claimed, tuple(state.proven), state.memo.get("wrong", 0))
            await turn.ports.verification.progress.save(number_key(state.caller.number), progress, turn.now_ms)

    async def _forget(self, turn: Turn) -> None:
        if turn.state.caller.number:
            await turn.ports.verification.progress.forget(number_key(turn.state.caller.number))

    async def _asked(self, turn: Turn) -> Asked | None:
        """Of whom; None when the directory cannot be reached, and the block is left."""
        state = turn.state
        customer = await self._find(turn, customer_no=state.claimed)
        if turn.target is not None:
            return None
        known = None
        if state.caller.number and any(factor.type == "known_number" for factor in self.factors):
            known = await self._find(turn, phone=state.caller.number)
            if turn.target is not None:
                return None
        private = state.private
        return Asked(
            customer_id=state.claimed,
            customer=customer,
            ports=turn.ports.verification,
            options=turn.options.verification,
            known_number=known is not None and known.customer_id == state.claimed,
            locale=state.locale,
            now_ms=turn.now_ms,
            phrase=private.phrase if turn.now_ms <= private.phrase_until_ms else "",
        )

    async def _find(self, turn: Turn, *, phone: str = "", customer_no: str = "") -> Customer | None:
        try:
            return await turn.ports.customers.find(phone=phone, customer_no=customer_no)
        except (OSError, TimeoutError):
            turn.leave("unavailable", "the customer directory cannot be reached")
            return None
