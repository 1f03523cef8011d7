"""The customer directory as a file: for trying out, for tests, and for small installations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dialog import yamlfile
from dialog.verification.ports import Customer

ARGON2 = r"^\$argon2id\$"


def normal_number(number: str) -> str:
    """Digits of a phone number without leading zeros of dialling; SIP users stay as they are, in lower case."""
    if re.fullmatch(r"[+\d\s().-]+", number):
        return re.sub(r"\D", "", number).lstrip("0")
    return number.strip().lower()


class CustomerEntry(BaseModel):
    """One customer of a directory file."""

    model_config = ConfigDict(extra="forbid")

    customer_no: str = Field(pattern=r"^\d{3,16}$", description="what is keyed in")
    name: str = ""
    phones: list[str] = Field(default_factory=list, description="numbers or SIP users that this customer calls from")
    pin_hash: str = Field(default="", pattern=rf"{ARGON2}|^$", description="made by `warmline flow hash-pin`")
    birth_date: date | None = Field(
        default=None, description="YYYY-MM-DD; readable, since it is compared however it is said"
    )
    postcode: str = Field(default="", description="as it is written; compared however it is said")
    last_four: dict[Literal["card", "phone", "id"], str] = Field(
        default_factory=dict, description="of what → argon2id hash of its last digits, made by `warmline flow hash-pin`"
    )
    reach: dict[Literal["sms", "email"], str] = Field(
        default_factory=dict, description="where one-time codes are sent; never where the caller says"
    )
    tier: str = Field(default="", max_length=32, description="what agents are shown, such as gold")
    flags: list[str] = Field(default_factory=list, max_length=20, description="what agents should know, such as vip")
    locale: str = Field(default="", max_length=16, description="the customer's own language")
    facts: dict[str, str | dict[str, str]] = Field(
        default_factory=dict, description="what the bot may tell once verified; a text, or a text by locale"
    )


class CustomerFile(BaseModel):
    """A directory file."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(pattern=r"^customers/v1$")
    customers: list[CustomerEntry]


class FileDirectory:
    """`CustomerDirectory` over a file read once."""

    def __init__(self, customers: Sequence[CustomerEntry]) -> None:
        self._by_number = {entry.customer_no: self._customer(entry) for entry in customers}
        self._by_phone = {
            normal_number(phone): self._by_number[entry.customer_no] for entry in customers for phone in entry.phones
        }

    @classmethod
    def read(cls, path: Path) -> FileDirectory:
        """Raises `yamlfile.FileError` naming file and line."""
        document = yamlfile.read(path)
        try:
            return cls(CustomerFile.model_validate(document.data).customers)
        except ValidationError as error:
            raise yamlfile.FileError(
                [
                    document.problem(item["loc"], f"{'.'.join(map(str, item['loc']))}: {item['msg']}")
                    for item in error.errors()
                ]
            ) from None

    async def find(self, *, phone: str = "", customer_no: str = "") -> Customer | None:
        """By customer number, else by phone."""
        if customer_no:
            return self._by_number.get(customer_no)
        return self._by_phone.get(normal_number(phone)) if phone else None

    @staticmethod
    def _customer(entry: CustomerEntry) -> Customer:
        facts: dict[str, Any] = dict(entry.facts)
        return Customer(
            customer_id=entry.customer_no,
            name=entry.name,
            pin_hash=entry.pin_hash,
            facts=facts,
            birth_date=entry.birth_date.isoformat() if entry.birth_date else "",
            postcode=entry.postcode,
            last_four={str(what): digest for what, digest in entry.last_four.items()},
            reach={str(by): to for by, to in entry.reach.items()},
            phones=tuple(entry.phones),
            tier=entry.tier,
            flags=tuple(entry.flags),
            locale=entry.locale,
        )
