"""`set`: attributes and language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from dialog.blocks.base import Block
from dialog.effects import SetLocale
from dialog.text import match_locale

if TYPE_CHECKING:
    from dialog.turn import Turn


class Set(Block):
    """Sets attributes; a string that begins with `=` is a CEL expression."""

    silent: ClassVar[bool] = True

    type: Literal["set"]
    values: dict[str, Any] = Field(default_factory=dict, description="attribute → value, or `= CEL`")
    locale: str = Field(default="", description="go on in this language")

    def expressions(self) -> dict[str, str]:
        """The values that are computed."""
        return {
            f"values.{name}": value[1:].strip()
            for name, value in self.values.items()
            if isinstance(value, str) and value.startswith("=")
        }

    def assigns(self) -> frozenset[str]:
        """Its attributes."""
        return frozenset(self.values)

    async def enter(self, turn: Turn) -> None:
        """Set and go on."""
        computed = self.expressions()
        if self.values:
            turn.set(
                {
                    name: turn.evaluate(computed[f"values.{name}"]) if f"values.{name}" in computed else value
                    for name, value in self.values.items()
                }
            )
        locale = match_locale(turn.flow.locales, self.locale) if self.locale else None
        if locale and locale != turn.state.locale:
            turn.state.locale = locale
            turn.effects.append(SetLocale(locale=locale, why="set by the flow"))
        turn.leave("next", "set")
