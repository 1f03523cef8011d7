"""`consent`: one short question; without a clear yes nothing that needs consent happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Asking
from dialog.effects import GrantConsent, ResumeRecording, StopRecording
from dialog.events import Heard
from dialog.ports import Understood
from dialog.text import Localised
from session.policy import Purpose

if TYPE_CHECKING:
    from dialog.turn import Turn


class Consent(Asking):
    """Yes (word or key 1) or no (key 2), not before the question can be heard. A request instead of an answer is kept for later."""

    required: ClassVar[frozenset[str]] = frozenset({"given", "refused"})

    type: Literal["consent"]
    purposes: list[Purpose] = Field(min_length=1)
    prompt: Localised
    again: Localised = Field(description="asked once more after an unclear answer or silence")
    default: Literal["given", "refused"] = Field(
        default="refused",
        description="what no clear answer means; `given` only where the law lets you record after a mere notice",
    )

    def keys(self) -> frozenset[str]:
        """Yes and no."""
        return frozenset("12")

    def wordings(self) -> dict[str, dict[str, str]]:
        """Question and second question."""
        return {"prompt": self.prompt, "again": self.again}

    def question(self, turn: Turn) -> dict[str, str]:
        """The question."""
        return self.prompt

    def listen(self, turn: Turn) -> None:
        """A short answer."""
        turn.expect(wants="answer")

    async def enter(self, turn: Turn) -> None:
        """Ask, unless every purpose was answered before."""
        consents = turn.state.consents
        if all(purpose in consents for purpose in self.purposes):
            given = all(consents[purpose] for purpose in self.purposes)
            turn.leave("given" if given else "refused", "answered before")
            return
        self.listen(turn)
        turn.say(turn.render(self.prompt))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Yes, no, or something else."""
        if turn.early:
            self._unasked(turn)
        elif meaning.intent in ("yes", "no"):
            self._decide(turn, meaning.intent == "yes", "said " + meaning.intent)
        else:
            if meaning.intent != "unknown":
                turn.state.pending = heard.text
            await self._unclear(turn, "no clear answer")

    async def pressed(self, turn: Turn, digit: str) -> None:
        """1 = yes, 2 = no."""
        if turn.early:
            self._unasked(turn)
        elif digit in ("1", "2"):
            self._decide(turn, digit == "1", "key")
        else:
            await self._unclear(turn, "a key that means nothing here")

    async def spoken(self, turn: Turn, interrupted: bool) -> None:
        """They know what they are asked."""
        if not turn.state.voiceless:
            turn.state.memo["heard"] = True
        await super().spoken(turn, interrupted)

    async def silence(self, turn: Turn) -> None:
        """Silence is no consent."""
        await self._unclear(turn, "no answer")

    async def taken_away(self, turn: Turn) -> None:
        """A person was asked for before the answer."""
        self._record(turn, self._by_default(turn))

    def _by_default(self, turn: Turn) -> bool:
        """What no clear answer means. Who has not heard a notice has agreed to nothing."""
        heard = "heard" in turn.state.memo or turn.early is False
        return self.default == "given" and heard

    def _unasked(self, turn: Turn) -> None:
        """Nobody can agree to a question before it is heard; that it was answered so soon makes it no second question."""
        turn.stop_speaking()
        turn.say(turn.render(self.again if turn.state.memo.get("asked_again") else self.prompt))

    async def _unclear(self, turn: Turn, why: str) -> None:
        if turn.state.memo.get("asked_again"):
            self._decide(turn, self._by_default(turn), why)
            return
        turn.state.memo["asked_again"] = True
        turn.stop_speaking()
        turn.say(turn.render(self.again))

    def _decide(self, turn: Turn, given: bool, why: str) -> None:
        self._record(turn, given)
        turn.leave("given" if given else "refused", why)

    def _record(self, turn: Turn, given: bool) -> None:
        turn.state.consents.update(dict.fromkeys(self.purposes, given))
        turn.effects.append(
            GrantConsent(purposes=list(self.purposes), given=given, wording=turn.render(self.prompt)),
        )
        if "recording" in self.purposes:
            turn.effects.append(ResumeRecording() if given else StopRecording())
