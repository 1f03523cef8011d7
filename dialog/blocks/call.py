"""`call`: run another flow, and go on by what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block

if TYPE_CHECKING:
    from dialog.turn import Turn

_NAME = r"^[a-z][a-z0-9_]*$"


class Call(Block):
    """Exits are the outcomes that the sub-flow declares, and `error`.

    The sub-flow sees what `in` gives it and the verified customer, nothing else; `out` brings values back. Handlers that
    it has not are the caller's, but for errors, which take the exit `error`.
    """

    required: ClassVar[frozenset[str]] = frozenset({"error"})

    type: Literal["call"]
    flow: str = Field(
        pattern=r"^[a-z][a-z0-9_]*(@[1-9]\d*)?$",
        description="id of the sub-flow, or `id@version`; its file is beside this one or in `subflows/`",
    )
    inputs: dict[str, Any] = Field(
        default_factory=dict,
        alias="in",
        description="input of the sub-flow → value, or `= CEL` over this flow's attributes",
    )
    outputs: dict[str, str] = Field(
        default_factory=dict,
        alias="out",
        description="attribute here → CEL over the sub-flow's attributes when it is done",
    )

    def allowed_exits(self) -> frozenset[str] | None:
        """The outcomes are in another file."""
        return None

    def expressions(self) -> dict[str, str]:
        """What is given to it."""
        return {
            f"in.{name}": value[1:].strip()
            for name, value in self.inputs.items()
            if isinstance(value, str) and value.startswith("=")
        }

    def assigns(self) -> frozenset[str]:
        """What may come back."""
        return frozenset(self.outputs)

    def assigns_on(self, exit_name: str) -> frozenset[str]:
        """What surely comes back is for the sub-flow to say (dialog.validate_values)."""
        return frozenset()

    async def enter(self, turn: Turn) -> None:
        """Evaluate the inputs, and call."""
        computed = self.expressions()
        turn.call(
            self.flow,
            {
                name: turn.evaluate(computed[f"in.{name}"]) if f"in.{name}" in computed else value
                for name, value in self.inputs.items()
            },
        )

    async def resume(self, turn: Turn) -> None:
        """A call is left in the step in which it is entered; nobody is found here."""
        await self.enter(turn)
