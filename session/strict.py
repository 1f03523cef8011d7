"""What people and programs hand in: no field that there is not, and numbers that are numbers."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_UNIONS = (Union, UnionType, Annotated)


class Strict(BaseModel):
    """Base of it. Python takes yes for 1 and pydantic takes "5" for 5: whoever wrote that meant something else."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value: Any, info: ValidationInfo) -> Any:
        if info.field_name is not None and is_no_number(cls, info.field_name, value):
            raise PydanticCustomError("number", "Input should be a number")
        return value


def is_no_number(model: type[BaseModel], field: str, value: object) -> bool:
    """The field takes numbers, and this is yes or no, or a text where it takes none."""
    if not isinstance(value, bool | str) or field not in model.model_fields:
        return False
    kinds = _kinds(model, field)
    return bool(kinds & {int, float}) and type(value) not in kinds


@cache
def _kinds(model: type[BaseModel], field: str) -> frozenset[Any]:
    return frozenset(_parts(model.model_fields[field].annotation))


def _parts(annotation: Any) -> list[Any]:
    if get_origin(annotation) in _UNIONS:
        return [kind for part in get_args(annotation) for kind in _parts(part)]
    return [annotation]
