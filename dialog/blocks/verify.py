"""`verify`: who is it? Factors are asked until they add up to a level. Answers live in `state.private` only, never in what is saved.

What was proven stays with the run (`state.proven`), so that a later block of a higher level asks for the rest only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dialog.blocks.base import ALL_KEYS
from dialog.blocks.verify_steps import Steps
from dialog.events import Heard, Performed
from dialog.ports import Understood
from dialog.text import spoken_digits
from dialog.verification import standing
from dialog.verification.factors import Answer
from dialog.verification.plan import set_aside

if TYPE_CHECKING:
    from dialog.turn import Turn

MOST_DOUBTS = 2  # askings for clearer words; after that they are taken as heard, and count as a try
MOST_RESENT = 2
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


class Verify(Steps):
    """Finds the customer by the calling number, else asks for the customer number; then asks `factors`, in their order.

    It is `passed` as soon as what is proven gives `level` (dialog.verification.levels), `failed` after `attempts` wrong
    answers or when what remains cannot give it, `locked` while customer or number must wait, `unavailable` when the
    directory, or what sends codes, cannot be reached. An unknown customer number is asked the same and never fits.
    """

    required: ClassVar[frozenset[str]] = frozenset({"passed", "failed", "locked", "unavailable"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    own_names: ClassVar[frozenset[str]] = frozenset({"phrase"})
    digressible: ClassVar[bool] = True

    def keys(self) -> frozenset[str]:
        """All."""
        return ALL_KEYS

    # ------------------------------------------------------------------ listening

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
            await standing.new_phrase(turn, self._factor(turn))
            turn.say(self.asked(turn))
        else:
            turn.say(turn.render(self.unclear) if self.unclear else self.asked(turn))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Words that nobody took for an answer: ask again, as often as an answer may be wrong."""
        turn.stop_speaking()
        if self.missed(turn) >= self.attempts:
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
            standing.send_code(turn, factor)
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
            await standing.new_phrase(turn, self._factor(turn))
        await super().silence(turn)

    async def resume(self, turn: Turn) -> None:
        """What was given so far is lost: ask again."""
        turn.cancel_timer("digits")
        turn.stop_speaking()
        state = turn.state
        under_way = state.claimed and state.phase != "number" and "at" in state.memo
        asked = await standing.asked_of(turn, self.factors) if under_way else None
        if turn.target is not None:
            return
        if asked is None:
            await self.enter(turn)
        else:
            if self._factor(turn).sent:
                standing.send_code(turn, self._factor(turn))
            await self._ask(turn, self._factor(turn), asked)

    async def performed(self, turn: Turn, result: Performed) -> None:
        """The code is on its way, or it could not be sent."""
        state = turn.state
        if result.call_id != state.memo.get("sent") or result.outcome == "sent" or state.phase != "sent_code":
            return
        state.memo["unavailable"] = True
        set_aside(state)
        turn.stop_speaking()
        await self._next(turn)

    # ------------------------------------------------------------------ small things

    def _wanted(self, turn: Turn) -> int:
        return self.number_digits if turn.state.phase == "number" else self._factor(turn).digit_count()

    def _typed(self, turn: Turn) -> Answer:
        digits, turn.state.private.digits = turn.state.private.digits, ""
        turn.cancel_timer("digits")
        return Answer(digits=digits)
