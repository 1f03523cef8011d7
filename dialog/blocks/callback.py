"""`callback`: offer to call the customer back, on the number they call from or say, with their place in the queue kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dialog.blocks.base import ALL_KEYS, Asking
from dialog.effects import BookCallback
from dialog.events import CallbackResult, Heard
from dialog.handover import facts_of, summary_of
from dialog.ports import Understood
from dialog.reasons import reason_in
from dialog.text import Localised, spoken_digits

if TYPE_CHECKING:
    from dialog.turn import Turn

BOOKING_MS = 8_000  # a row in the database; longer means that it failed
FEWEST, MOST = 3, 16  # digits of a number: an extension, an international one with 00
NUMBER = "callback_number"


class Window(BaseModel):
    """Hours of the day in which people may be called."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, in quotes")
    end: str = Field(alias="to", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, in quotes, after `from`")
    timezone: str = Field(description="IANA name, such as Europe/Berlin or Asia/Shanghai")

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone; write it like Europe/Berlin")
        return value

    @field_validator("end")
    @classmethod
    def _later(cls, value: str, info: object) -> str:
        start = getattr(info, "data", {}).get("start", "")
        if value <= start:
            raise ValueError(f"to {value} must be later than from {start}")
        return value


class Callback(Asking):
    """Asks with `offer`; a yes books. A number that was said is read back by the same words."""

    required: ClassVar[frozenset[str]] = frozenset({"booked", "refused", "failed"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    people: ClassVar[bool] = True
    own_names: ClassVar[frozenset[str]] = frozenset({"callback_number"})

    type: Literal["callback"]
    number: str = Field(
        default="caller",
        description="`caller` = the number they call from (asked for when it is withheld), `ask` = they say or key it, or `= CEL`",
    )
    offer: Localised = Field(description="the question; may name {{callback_number}}. 1/yes books, 2/no refuses")
    ask: Localised | None = Field(
        default=None, description="asks for the number; needed where it may have to be asked for"
    )
    no_match: Localised
    booked: Localised | None = Field(default=None, description="said when it is booked")
    queue: str = Field(default="support", pattern=r"^[a-z][a-z0-9_]*$", description="whose agents call back")
    skills: list[str] = Field(default_factory=list)
    priority: int = Field(default=50, ge=0, le=100)
    keep_place: bool = Field(default=True, description="the place in the queue that was waited for so far is kept")
    at: str = Field(
        default="", description="`= CEL` that gives the time: ISO 8601 or s since 1970; empty = when it is their turn"
    )
    window: Window | None = Field(default=None, description="when people may be called; outside it the call waits")
    retries: int = Field(default=2, ge=0, le=10, description="further tries when nobody answers")
    retry_after_s: float = Field(default=600.0, ge=30, le=86400, description="s between tries")
    tries: int = Field(default=2, ge=0, le=5, description="times it asks again after an answer that fits nothing")

    def keys(self) -> frozenset[str]:
        """All."""
        return ALL_KEYS

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question, question for the number, second question, confirmation."""
        said = {"offer": self.offer, "ask": self.ask, "no_match": self.no_match, "booked": self.booked}
        return {name: wording for name, wording in said.items() if wording}

    def expressions(self) -> dict[str, str]:
        """What is computed."""
        given = {"number": self.number, "at": self.at}
        return {name: value[1:].strip() for name, value in given.items() if value.startswith("=")}

    def assigns(self) -> frozenset[str]:
        """The number that is called."""
        return frozenset({NUMBER})

    # ------------------------------------------------------------------ asking

    def question(self, turn: Turn) -> dict[str, str]:
        """For the number, or the offer itself."""
        return self.ask if self.ask and turn.state.phase == "number" else self.offer

    def asked(self, turn: Turn) -> str:
        """The question; a number is read digit by digit."""
        return turn.render(self.question(turn), {NUMBER: " ".join(turn.state.memo.get("number", ""))})

    def listen(self, turn: Turn) -> None:
        """Digits, or yes and no."""
        turn.expect(wants="digits" if turn.state.phase == "number" else "answer")

    async def enter(self, turn: Turn) -> None:
        """Ask for what is not known yet."""
        number = "" if self.number == "ask" else turn.state.caller.number
        if self.number.startswith("="):
            value = turn.evaluate(self.number[1:].strip())
            number = "" if value is None else str(value)
        turn.state.memo["number"] = number
        if not number and self.ask is None:
            turn.leave("failed", "there is no number to call")
            return
        self._put(turn, "offer" if number else "number")

    async def first_look(self, turn: Turn, heard: Heard) -> bool:
        """A number that was said."""
        digits = spoken_digits(heard.text) if turn.state.phase == "number" else ""
        if len(digits) < FEWEST:
            return False
        self._given(turn, ("+" if heard.text.lstrip().startswith("+") else "") + digits)
        return True

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Yes or no."""
        if turn.state.phase == "offer" and meaning.intent in ("yes", "no"):
            self._answered(turn, meaning.intent == "yes")
        elif turn.state.phase in ("offer", "number"):
            self._miss(turn, "the answer fits nothing")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """1 or 2; or a number, ended by # or a pause."""
        state = turn.state
        if state.phase == "offer":
            if digit in "12":
                self._answered(turn, digit == "1")
            else:
                self._miss(turn, "a key without a meaning")
        elif state.phase == "number":
            turn.stop_speaking()
            if digit == "#":
                await self.timer(turn, "digits")
            elif digit == "*":
                state.private.digits = ""
                turn.say(self.asked(turn))
            else:
                state.private.digits = (state.private.digits + digit)[:MOST]
                turn.start_timer("digits", round(turn.options.interdigit_s * 1000))

    async def timer(self, turn: Turn, name: str) -> None:
        """The entry is finished; or nobody told that it was booked."""
        if name == "digits":
            digits, turn.state.private.digits = turn.state.private.digits, ""
            turn.cancel_timer("digits")
            self._given(turn, digits)
        elif name == "booking" and turn.state.phase == "booking":
            turn.leave("failed", "nobody told whether it was booked")

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """The caller's turn; or all is said."""
        if turn.state.phase == "booked":
            turn.leave("booked", "booked")
        elif turn.state.phase != "booking":
            turn.wait_for_caller()

    async def unspoken(self, turn: Turn, before: bool) -> bool:
        """What is booked is booked."""
        if turn.state.phase != "booked":
            return await super().unspoken(turn, before)
        turn.leave("booked", "booked, and could not be told")
        return True

    async def silence(self, turn: Turn) -> None:
        """Asked again, unless it is being booked."""
        if turn.state.phase in ("offer", "number"):
            await super().silence(turn)

    async def resume(self, turn: Turn) -> None:
        """Ask for the booking again, which makes no second one; keys pressed so far are lost."""
        phase = turn.state.phase
        if phase == "booking":
            self._book(turn)
        elif phase == "booked":
            if not turn.speaking:
                turn.leave("booked", "booked")
        else:
            turn.stop_speaking()
            self._put(turn, phase or "offer")

    # ------------------------------------------------------------------ booking

    async def called_back(self, turn: Turn, result: CallbackResult) -> None:
        """Booked, or not."""
        if turn.state.phase != "booking" or result.callback_id != self._id(turn):
            return
        turn.cancel_timer("booking")
        if result.outcome != "booked":
            turn.leave("failed", result.why or "it could not be booked")
        elif self.booked:
            turn.state.phase = "booked"
            turn.say(turn.render(self.booked, {NUMBER: " ".join(turn.state.memo["number"])}), interruptible=False)
        else:
            turn.leave("booked", "booked")

    def _put(self, turn: Turn, phase: str) -> None:
        turn.state.phase = phase
        self.listen(turn)
        turn.say(self.asked(turn))

    def _given(self, turn: Turn, number: str) -> None:
        if not FEWEST <= len(number.lstrip("+")) <= MOST:
            self._miss(turn, "wrong number of digits")
            return
        turn.state.memo["number"] = number
        turn.stop_speaking()
        self._put(turn, "offer")

    def _answered(self, turn: Turn, yes: bool) -> None:
        if yes:
            self._book(turn)
        elif self.number == "ask":
            turn.state.phase = "number"
            self._miss(turn, "the number was heard wrongly")
        else:
            turn.leave("refused", "does not want to be called")

    def _miss(self, turn: Turn, why: str) -> None:
        misses = self.missed(turn)
        if misses > self.tries:
            turn.leave("refused", why)
            return
        turn.stop_speaking()
        self.listen(turn)
        turn.say(turn.render(self.no_match))

    def _id(self, turn: Turn) -> str:
        return turn.visit_id

    def _book(self, turn: Turn) -> None:
        state = turn.state
        try:
            at_ms = self._at_ms(turn)
        except (ValueError, OverflowError):
            turn.leave("failed", "the time to call at is none")
            return
        turn.stop_speaking()
        state.phase = "booking"
        turn.set({NUMBER: state.memo["number"]})
        turn.expect(speech=False, digits=False)
        state.reason = state.reason or reason_in("asked to be called back", state.locale)
        state.to_people = True
        turn.effects.append(
            BookCallback(
                callback_id=self._id(turn),
                number=str(state.memo["number"]),
                queue=self.queue,
                skills=self.skills,
                priority=self.priority,
                keep_place=self.keep_place,
                at_ms=at_ms,
                hours=[self.window.start, self.window.end] if self.window else [],
                timezone=self.window.timezone if self.window else "",
                retries=self.retries,
                retry_after_s=self.retry_after_s,
                locale=state.locale,
                reason=state.reason,
                summary=summary_of(state),
                facts=facts_of(state),
            )
        )
        turn.start_timer("booking", BOOKING_MS)

    def _at_ms(self, turn: Turn) -> int | None:
        """When it was agreed upon. Raises ValueError for what is no time."""
        if not self.at:
            return None
        value = turn.evaluate(self.at[1:].strip()) if self.at.startswith("=") else self.at
        if isinstance(value, int | float) and not isinstance(value, bool):
            return round(value * 1000)
        when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if when.tzinfo is None:
            when = when.replace(tzinfo=ZoneInfo(self.window.timezone) if self.window else UTC)
        return round(when.timestamp() * 1000)
