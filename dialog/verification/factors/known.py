"""What the customer knows of themselves: birth date, postcode, name. Weak against acquaintances; a combination is needed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from dialog.events import Heard
from dialog.verification.factors.base import Answer, Asked, Spoken
from dialog.verification.hashing import same
from dialog.verification.matching import ENOUGH
from dialog.verification.matching.dates import keyed_date, like_date, mentions_date
from dialog.verification.matching.names import like_name
from dialog.verification.matching.postcodes import like_postcode

NOBODY_BORN = "1900-02-29"  # no day at all
NOBODY = "zzzzzz qqqqqq"


class BirthDate(Spoken):
    """A date of birth, said in words or figures, or keyed as eight digits."""

    type: Literal["birth_date"]
    keys: Literal["auto", "ymd", "dmy", "mdy"] = Field(
        default="auto", description="order of eight keys; auto = year first in Chinese, day first elsewhere"
    )

    def digit_count(self) -> int:
        """YYYYMMDD."""
        return 8

    def wants(self) -> Literal["sentence"]:
        """Months have names."""
        return "sentence"

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """Words that hold a date."""
        return Answer(texts=(heard.text,)) if mentions_date(heard.text) else None

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """Keys exactly; words as far as they were understood."""
        true = asked.customer.birth_date if asked.customer else ""
        if answer.digits:
            order = {"auto": "ymd" if asked.locale.startswith("zh") else "dmy"}.get(self.keys, self.keys)
            given = keyed_date(answer.digits, {"ymd": "YYYYMMDD", "dmy": "DDMMYYYY", "mdy": "MMDDYYYY"}[order])
            return same(given, true or NOBODY_BORN) and bool(true)
        return like_date(answer.texts, true or NOBODY_BORN) >= ENOUGH["birth_date"] and bool(true)


class _Words(Spoken):
    """Any words may be the answer."""

    words: ClassVar[bool] = True

    def read(self, heard: Heard, locale: str) -> Answer | None:
        """All of them."""
        return Answer(texts=(heard.text,)) if heard.text.strip() else None


class Postcode(_Words):
    """The postcode on file, in letters, figures, or any spelling alphabet."""

    type: Literal["postcode"]

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """As far as it was understood."""
        true = asked.customer.postcode if asked.customer else ""
        return like_postcode(answer.texts, true or NOBODY) >= ENOUGH["postcode"] and bool(true)


class Name(_Words):
    """The full name on file."""

    type: Literal["name"]

    async def check(self, asked: Asked, answer: Answer) -> bool:
        """As far as it was understood."""
        true = asked.customer.name if asked.customer else ""
        return like_name(answer.texts, true or NOBODY) >= ENOUGH["name"] and bool(true)
