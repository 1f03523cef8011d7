"""Conditions and values in CEL, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import celpy
from celpy.adapter import json_to_cel
from celpy.celparser import CELParseError
from celpy.evaluation import CELEvalError


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


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The plain Python value of the expression. Raises `ExpressionError`."""
    activation = {name: json_to_cel(value) for name, value in values.items()}
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
