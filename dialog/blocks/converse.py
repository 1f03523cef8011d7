"""`converse`: a goal and what must be known for it, asked for in whatever order the caller talks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dialog.blocks.base import Asking
from dialog.effects import Perform, Think
from dialog.entities import EntityType
from dialog.events import Heard, Performed, Thought
from dialog.ports import Understood
from dialog.text import Localised

if TYPE_CHECKING:
    from dialog.turn import Turn

_NAME = r"^[a-z][a-z0-9_]*$"
THINK_MS = 8000  # ms that a model may take before the rules go on without it
TOOL_MS = 10_000


class Slot(BaseModel):
    """One thing to find out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=_NAME, description="attribute that gets the value")
    kind: EntityType | Literal["free"] = Field(description="what kind of value; `free` takes the whole answer")
    ask: Localised
    optional: bool = Field(default=False, description="taken when it is said, not asked for")


class Guardrails(BaseModel):
    """What a language model's words must keep to; the rule agent says only what is written here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    never: list[str] = Field(
        default_factory=list, max_length=100, description="regular expressions of what must not be said"
    )
    max_chars: int = Field(default=400, ge=20, le=2000, description="characters of one reply")

    @field_validator("never")
    @classmethod
    def _patterns(cls, never: list[str]) -> list[str]:
        for pattern in never:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return never

    def allow(self, words: str) -> bool:
        """May it be said?"""
        return len(words) <= self.max_chars and not any(re.search(one, words, re.IGNORECASE) for one in self.never)


class Converse(Asking):
    """`done`: every slot is filled; `gave_up`: too many turns, or no progress; `human`: a person is wanted.

    `agent: rules` asks for one missing slot after the other, and takes whatever the caller gives at once or corrects.
    `agent: model` lets a language model (effect `Think`, event `Thought`) word the questions and use `tools`; where it
    fails or breaks a guardrail, the rules go on.
    """

    required: ClassVar[frozenset[str]] = frozenset({"done", "gave_up", "human"})
    optional: ClassVar[frozenset[str]] = frozenset({"no_input"})
    digressible: ClassVar[bool] = True
    tells: ClassVar[bool] = True

    type: Literal["converse"]
    goal: str = Field(min_length=3, max_length=500, description="what it is for, in a sentence; a model is told it")
    slots: list[Slot] = Field(min_length=1, max_length=20)
    agent: Literal["rules", "model"] = "rules"
    tools: list[str] = Field(default_factory=list, max_length=20, description="workflows that a model may run")
    max_turns: int = Field(default=8, ge=1, le=50, description="utterances of the caller until `gave_up`")
    guardrails: Guardrails = Guardrails()

    @field_validator("slots")
    @classmethod
    def _once(cls, slots: list[Slot]) -> list[Slot]:
        names = [slot.name for slot in slots]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"slot {twice[0]!r} is given twice")
        return slots

    def wordings(self) -> dict[str, dict[str, str]]:
        """The questions."""
        return {f"slots.{index}.ask": slot.ask for index, slot in enumerate(self.slots)}

    def assigns(self) -> frozenset[str]:
        """What may be filled."""
        return frozenset(slot.name for slot in self.slots)

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """Needed slots are there when it is done."""
        return frozenset(s.name for s in self.slots if not s.optional) if exit_name == "done" else frozenset()

    def question(self, turn: Turn) -> dict[str, str]:
        """The first missing slot's."""
        missing = self._missing(turn)
        return missing[0].ask if missing else self.slots[-1].ask

    async def enter(self, turn: Turn) -> None:
        """Fill what was said before, then ask."""
        turn.state.memo["filled"] = {}
        self.listen(turn)
        pending, turn.state.pending = turn.state.pending, ""
        if pending:
            self._fill(turn, pending)
        await self._go_on(turn)

    async def accepts(self, turn: Turn, heard: Heard, meaning: Understood) -> bool:
        """Words with a value in them, and whatever a free slot or a model takes."""
        missing = self._missing(turn)
        if self.agent == "model" or (missing and missing[0].kind == "free"):
            return True
        return bool(self._values(turn, heard.text))

    async def heard(self, turn: Turn, heard: Heard, meaning: Understood) -> None:
        """Take what is in it, and go on with what is missing."""
        memo = turn.state.memo
        memo["turns"] = memo.get("turns", 0) + 1
        if meaning.intent == "human_request":
            turn.leave("human", "asked for a person")
            return
        turn.stop_speaking()
        memo["missed"] = 0 if self._fill(turn, heard.text) else memo.get("missed", 0) + (0 if turn.early else 1)
        if self._missing(turn) and (memo["turns"] >= self.max_turns or memo["missed"] > turn.options.max_no_input):
            turn.leave("gave_up", "no progress" if memo["turns"] < self.max_turns else f"{self.max_turns} turns")
            return
        if turn.state.phase == "tool" and self._missing(turn):
            return  # what the tool did is known soon, and the model thinks on with these words
        await self._go_on(turn)

    async def pressed(self, turn: Turn, digit: str) -> None:
        """Keys mean nothing here but shortcuts."""
        if not turn.speaking:
            turn.wait_for_caller()

    async def thought(self, turn: Turn, event: Thought) -> None:
        """What the model wants; what it may not is not done."""
        if event.request_id != self._request(turn) or turn.state.phase != "thinking":
            return
        turn.cancel_timer("think")
        turn.state.phase = ""
        known = {slot.name for slot in self.slots}
        self._take(turn, {name: value for name, value in event.values.items() if name in known})
        if event.move == "human":
            turn.leave("human", "the model asks for a person")
        elif event.move == "give_up":
            self._ask(turn)
        elif not self._missing(turn):
            turn.leave("done", "everything is known")
        elif event.tool and event.tool in self.tools:
            self._use(turn, event.tool, event.arguments)
        elif event.say and self.guardrails.allow(event.say):
            turn.say(event.say)
        else:
            self._ask(turn)

    async def performed(self, turn: Turn, result: Performed) -> None:
        """A tool answered: the model thinks on."""
        if result.call_id != f"{self._request(turn)}:tool" or turn.state.phase != "tool":
            return
        turn.cancel_timer("think")
        turn.state.memo["tool"] = {"outcome": result.outcome, "values": result.values}
        self._think(turn)

    async def timer(self, turn: Turn, name: str) -> None:
        """Model or tool are too slow: the rules ask."""
        if name == "think":
            turn.state.phase = ""
            self._ask(turn)

    async def resume(self, turn: Turn) -> None:
        """Listen on, have it thought again, or ask for what the tool did: under its id it does nothing twice."""
        using = turn.state.memo.get("using")
        if turn.state.phase == "tool" and using is not None:
            self.listen(turn)
            self._use(turn, using["tool"], using["arguments"])
        elif turn.state.phase in ("thinking", "tool"):
            self.listen(turn)
            turn.state.phase = ""
            self._ask(turn)
        else:
            await super().resume(turn)

    async def _go_on(self, turn: Turn) -> None:
        if not self._missing(turn):
            turn.leave("done", "everything is known")
        elif self.agent == "model":
            self._think(turn)
        else:
            self._ask(turn)

    def _ask(self, turn: Turn) -> None:
        if self._missing(turn):
            turn.say(turn.render(self.question(turn)))
        else:
            turn.leave("done", "everything is known")

    def _think(self, turn: Turn) -> None:
        state = turn.state
        state.phase = "thinking"
        state.memo["asked"] = state.memo.get("asked", 0) + 1
        tool = state.memo.pop("tool", None)
        turn.effects.append(
            Think(
                request_id=self._request(turn),
                goal=self.goal,
                missing=[slot.name for slot in self._missing(turn)],
                filled=dict(state.memo["filled"]),
                said=[[said.who, said.text] for said in state.said[-12:]],
                tools=list(self.tools),
                never=list(self.guardrails.never),
                max_chars=self.guardrails.max_chars,
                locale=state.locale,
                timeout_ms=THINK_MS,
                tool_result=tool,
            )
        )
        turn.start_timer("think", THINK_MS)

    def _use(self, turn: Turn, tool: str, arguments: dict[str, Any]) -> None:
        turn.state.phase = "tool"
        turn.state.memo["using"] = {"tool": tool, "arguments": arguments}
        turn.effects.append(
            Perform(
                call_id=f"{self._request(turn)}:tool",
                kind="workflow",
                block=turn.state.block,
                request={"id": tool, "inputs": arguments, "approval": False},
                timeout_ms=TOOL_MS,
            )
        )
        turn.start_timer("think", TOOL_MS)

    def _request(self, turn: Turn) -> str:
        return f"{turn.visit_id}:{turn.state.memo.get('asked', 0)}"

    def _missing(self, turn: Turn) -> list[Slot]:
        filled = turn.state.memo.get("filled", {})
        return [slot for slot in self.slots if slot.name not in filled and not slot.optional]

    def _fill(self, turn: Turn, words: str) -> bool:
        values = self._values(turn, words)
        missing = self._missing(turn)
        if not values and missing and missing[0].kind == "free":
            values = {missing[0].name: words}
        self._take(turn, values)
        return bool(values)

    def _values(self, turn: Turn, words: str) -> dict[str, Any]:
        """What the words hold, each value for one slot: missing ones first, else it replaces what was said before."""
        filled = turn.state.memo.get("filled", {})
        ordered = sorted(self.slots, key=lambda slot: slot.name in filled)
        found: dict[str, Any] = {}
        used: list[tuple[int, int]] = []
        for slot in ordered:
            if slot.kind == "free":
                continue
            for entity in turn.extract(words, [slot.kind]):
                if all(entity.end <= start or entity.start >= end for start, end in used):
                    found[slot.name] = entity.value
                    used.append((entity.start, entity.end))
                    break
        return found

    def _take(self, turn: Turn, values: dict[str, Any]) -> None:
        if values:
            turn.state.memo["filled"] = {**turn.state.memo.get("filled", {}), **values}
            turn.set(values)
