"""One cell of a table's condition: read, compiled to the zen engine's language, and compared with others.

(empty), -            anything
42   "gold, silver"   one of these values        not gold      none of them
> 5  <= 10            a comparison               5..10  (5..10]  [5..10)   a range, bounds included by default
null                  the input is missing       = $ > fee * 2             an expression of the zen engine
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import zen

Kind = Literal["number", "string", "boolean"]
Value = float | str | bool | None

_NUMBER = r"-?\d+(?:\.\d+)?"
_COMPARISON = re.compile(rf"(<=|>=|<|>|==|=|!=)\s*({_NUMBER})")
_RANGE = re.compile(rf"([\[(]?)\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\])]?)")
_WORDS = {"true": True, "false": False, "yes": True, "no": False}


ME = "\0"
"""Stands for the input in a cell's code."""
_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")


class CellError(ValueError):
    """The cell cannot be read; the text says why and what is accepted."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers between two bounds; `low_in` and `high_in`: the bound itself belongs to it."""

    low: float = -math.inf
    high: float = math.inf
    low_in: bool = True
    high_in: bool = True

    def holds(self, number: float) -> bool:
        """Is it inside?"""
        above = number > self.low or (self.low_in and number == self.low)
        return above and (number < self.high or (self.high_in and number == self.high))


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition on one input; an expression's truth is not known ahead.

    `code` is a whole expression of the zen engine with `ME` for the input. (Its short form for table cells, with `$`,
    takes parentheses for ranges and answers no where it cannot read, so it is not used.)
    """

    code: str
    anything: bool = False
    expression: bool = False
    negated: bool = False
    values: frozenset[Value] = frozenset()
    intervals: tuple[Interval, ...] = ()

    def holds(self, value: Value) -> bool | None:
        """Is it true of this value? None when only the engine can say."""
        if self.anything:
            return True
        if self.expression:
            return None
        if value is None:
            return None in self.values and not self.negated
        inside = value in self.values or (
            isinstance(value, float) and any(interval.holds(value) for interval in self.intervals)
        )
        return inside != self.negated

    def landmarks(self) -> Iterable[Value]:
        """Values at which it changes."""
        yield from self.values
        for interval in self.intervals:
            yield from (bound for bound in (interval.low, interval.high) if math.isfinite(bound))


def read_cell(raw: Any, kind: Kind) -> Cell:
    """Parse a cell of a column of this kind. Raises `CellError`."""
    text = _text_of(raw)
    if text in ("", "-"):
        return Cell("", anything=True)
    if text.startswith("= ") or (text.startswith("=") and not text.startswith("==") and "$" in text):
        return _expression(text.lstrip("=").strip())
    negated = text.startswith("not ") or (text.startswith("!=") and kind != "number")
    parts = [
        part.strip()
        for part in (text[4:] if text.startswith("not ") else text.removeprefix("!=") if negated else text).split(",")
    ]
    if kind == "number":
        return _numbers(parts, negated)
    values = frozenset(_value(part, kind) for part in parts)
    listed = ", ".join(_literal(value) for value in sorted(values, key=str))
    if negated:
        if None in values:
            raise CellError("`not null` is written as an expression: `= $ != null`")
        return Cell(f"{ME} != null and not({ME} in [{listed}])", negated=True, values=values)
    return Cell(f"{ME} in [{listed}]" if None not in values else _any_of(values), values=values)


def read_output(raw: Any, kind: Kind) -> str:
    """The zen expression of an output cell: a value of the kind, or `= expression` over the inputs. Raises `CellError`."""
    if isinstance(raw, str) and raw.startswith("="):
        code = raw[1:].strip()
        _compiled(code)
        return code
    if raw is None:
        return "null"
    fits = {"number": int | float, "string": str, "boolean": bool}[kind]
    if not isinstance(raw, fits) or (kind == "number" and isinstance(raw, bool)):
        raise CellError(f"{raw!r} is no {kind}")
    if isinstance(raw, str) and ('"' in raw or "\n" in raw):
        raise CellError("a text may hold neither double quotes nor line breaks")
    return json.dumps(raw, ensure_ascii=False)


def _text_of(raw: Any) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, list):
        return ", ".join(_text_of(item) for item in raw)
    if isinstance(raw, int | float | str):
        return str(raw).strip()
    raise CellError(f"{raw!r} is no condition; write a value, a comparison, a range, or `= expression`")


def _expression(code: str) -> Cell:
    parts = _QUOTED.split(code)
    mine = "".join(part if index % 2 else part.replace("$", ME) for index, part in enumerate(parts))
    _compiled(mine)
    return Cell(mine, expression=True)


def _compiled(code: str) -> None:
    try:
        zen.compile_expression(code.replace(ME, "x"))
    except RuntimeError as error:
        found = re.search(r'"source":"([^"]*)"', str(error))
        shown = code.replace(ME, "$")
        raise CellError(f"{shown!r} is no expression: {found.group(1) if found else 'not readable'}") from None


def _numbers(parts: list[str], negated: bool) -> Cell:
    values: set[Value] = set()
    intervals: list[Interval] = []
    codes: list[str] = []
    for part in parts:
        if part == "null":
            values.add(None)
            codes.append("null")
        elif re.fullmatch(_NUMBER, part):
            values.add(float(part))
            codes.append(part)
        elif found := _COMPARISON.fullmatch(part):
            sign, number = found.group(1), float(found.group(2))
            if sign in ("=", "==", "!="):
                if sign == "!=" and len(parts) > 1:
                    raise CellError("`!=` stands alone; several are written `not 1, 2`")
                values.add(number)
                negated = negated or sign == "!="
                codes.append(found.group(2))
            else:
                intervals.append(_half_line(sign, number))
                codes.append(f"{sign} {found.group(2)}")
        elif found := _RANGE.fullmatch(part):
            low, high = float(found.group(2)), float(found.group(3))
            opens, closes = found.group(1) or "[", found.group(4) or "]"
            if low > high or (low == high and (opens, closes) != ("[", "]")):
                raise CellError(f"the range {part!r} is empty")
            intervals.append(Interval(low, high, opens == "[", closes == "]"))
            codes.append(f"{opens}{found.group(2)}..{found.group(3)}{closes}")
        else:
            raise CellError(
                f"{part!r} is no condition on a number; write like `5`, `> 5`, `5..10`, `not 5`, `= $ > fee`"
            )
    if negated:
        if intervals or None in values:
            raise CellError("`not` takes single numbers; turn a comparison round instead")
        listed = ", ".join(codes)
        return Cell(f"{ME} != null and not({ME} in [{listed}])", negated=True, values=frozenset(values))
    if None in values:
        return Cell(_any_of(values) if not intervals else _refuse(), values=frozenset(values))
    return Cell(_guarded(codes, intervals, values), values=frozenset(values), intervals=tuple(intervals))


def _refuse() -> str:
    raise CellError("`null` and a comparison cannot stand in one cell; make two rows")


def _guarded(codes: list[str], intervals: list[Interval], values: set[Value]) -> str:
    """Comparisons with a missing input are an error for the engine, not a no: ask for it first."""
    if not intervals:
        return f"{ME} in [{', '.join(codes)}]"
    tests = []
    for interval in intervals:
        bounds = []
        if math.isfinite(interval.low):
            bounds.append(f"{ME} {'>=' if interval.low_in else '>'} {_plain(interval.low)}")
        if math.isfinite(interval.high):
            bounds.append(f"{ME} {'<=' if interval.high_in else '<'} {_plain(interval.high)}")
        tests.append(f"({' and '.join(bounds)})")
    tests += [f"{ME} == {_plain(value)}" for value in sorted(value for value in values if isinstance(value, float))]
    return f"{ME} != null and ({' or '.join(tests)})"


def _half_line(sign: str, number: float) -> Interval:
    if sign in (">", ">="):
        return Interval(low=number, low_in=sign == ">=")
    return Interval(high=number, high_in=sign == "<=")


def _value(part: str, kind: Kind) -> Value:
    if part == "null":
        return None
    if kind == "boolean":
        if part not in _WORDS:
            raise CellError(f"{part!r} is no boolean; write true or false")
        return _WORDS[part]
    bare = part[1:-1] if len(part) >= 2 and part[0] == part[-1] and part[0] in "\"'" else part
    if not bare or '"' in bare:
        raise CellError(f"{part!r} is no text")
    return bare


def _any_of(values: Iterable[Value]) -> str:
    return " or ".join(f"{ME} == {_literal(value)}" for value in sorted(values, key=str))


def _literal(value: Value) -> str:
    return _plain(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
