"""Conditions and values in CEL, compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import celpy
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError

_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})


class ExpressionError(ValueError):
    """The expression is not CEL, or its evaluation failed."""


@lru_cache(maxsize=512)
def _program(expression: str) -> Any:
    environment = celpy.Environment()
    try:
        return environment.program(environment.compile(expression))
    except CELParseError as error:
        raise ExpressionError(f"{expression!r} is not a CEL expression: {str(error).splitlines()[0]}") from None


def check(expression: str) -> None:
    """Compile. Raises `ExpressionError`."""
    _program(expression)


@lru_cache(maxsize=512)
def names(expression: str) -> tuple[str, ...]:
    """The variables that it reads, by their first name (`order` of `order.id`); none for what is no CEL."""
    try:
        tree = celpy.Environment().compile(expression)
    except CELParseError:
        return ()
    return tuple(dict.fromkeys(_names(tree, frozenset())))


def _names(node: Any, bound: frozenset[str]) -> Iterator[str]:
    """Identifiers of a tree in order, without those that a macro (`items.exists(i, …)`) binds."""
    children = getattr(node, "children", None)
    if children is None:
        return
    if node.data == "ident":
        if str(children[0]) not in bound:
            yield str(children[0])
        return
    if node.data == "member_dot_arg" and str(children[1]) in _MACROS and len(children) > 2:
        yield from _names(children[0], bound)
        first, *rest = children[2].children
        inner = bound | set(_names(first, frozenset()))
        for child in rest:
            yield from _names(child, inner)
        return
    for child in children:
        yield from _names(child, bound)


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The plain Python value of the expression. Raises `ExpressionError`."""
    try:
        activation = {name: json_to_cel(values[name]) for name in names(expression) if name in values}
    except (ValueError, TypeError) as error:
        raise ExpressionError(f"{expression!r}: a value is none of CEL ({error})") from None
    try:
        result = _program(expression).evaluate(activation)
    except CELEvalError as error:
        raise ExpressionError(f"{expression!r}: {str(error.args[0])[:120]}") from None
    return _plain(result)


def _plain(value: Any) -> Any:
    if isinstance(value, celpy.celtypes.BoolType):
        return bool(value)
    if isinstance(value, celpy.celtypes.IntType | celpy.celtypes.UintType):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None
