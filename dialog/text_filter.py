"""`{{value | filter}}` in wordings: values written as people of the locale do, and marked where a voice must spell them.

| filter | value | en | zh-CN | on voice |
| --- | --- | --- | --- | --- |
| `money`, `money:USD` | 350 | ¥350.00, $350.00 | ¥350.00, $350.00 | three hundred and fifty yuan, 三百五十元 |
| `number` | 12500 | 12,500 | 12,500 | twelve thousand five hundred |
| `percent` | 12.5 | 12.5% | 12.5% | twelve point five percent |
| `date` | 2026-03-04 | March 4, 2026 | 2026年3月4日 | March fourth, twenty twenty-six |
| `time` | 14:05 | 2:05 PM | 14:05 | two oh five PM |
| `phone` | 13800138000 | 138 0013 8000 | 138 0013 8000 | in groups, 幺 for 1 |
| `spell` | A4711 | A4711 | A4711 | A, four seven one one |

`money` without a currency takes the attribute `currency`, else CNY. A value that does not fit is said as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from session.speech import Reading, SayAs

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JPY ", "CAD": "CAD ", "AUD": "AUD "}
_CURRENCY = "CNY"
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PIPE = re.compile(r"(?P<what>.+?)\s*(?<!\|)\|(?!\|)\s*(?P<name>[A-Za-z_]*)\s*(?::\s*(?P<argument>\w*)\s*)?", re.DOTALL)
_OPEN, _CLOSE = {"spell": "\ue000", "phone": "\ue001"}, "\ue002"
_MARKS = re.compile("[\ue000-\ue002]")


def cut(part: str) -> tuple[str, str, str]:
    """What stands between the braces → (value's name or CEL, filter or empty, its argument or empty)."""
    found = _PIPE.fullmatch(part)
    return (found["what"], found["name"], found["argument"] or "") if found else (part, "", "")


def wrong(name: str, argument: str) -> str:
    """What is wrong with a filter; empty when nothing is."""
    if name not in FILTERS:
        return f"no filter is called {name!r}; there are {', '.join(FILTERS)}"
    if argument and name != "money":
        return f"the filter {name} takes no argument, {argument!r} was given"
    if argument and argument not in SYMBOLS:
        return f"money knows no currency {argument!r}; it knows {', '.join(SYMBOLS)}"
    return ""


def write(value: Any, name: str, argument: str, values: Mapping[str, Any], locale: str) -> str:
    """The value as it is written, marked where it is spelled; `split` takes the marks out."""
    plain = _MARKS.sub("", str(value)).strip()
    if not plain or name not in FILTERS:
        return plain
    if name in _OPEN:
        shown = _phone(plain) if name == "phone" else plain
        return f"{_OPEN[name]}{shown}{_CLOSE}"
    try:
        if name == "money":
            return _money(plain, argument or str(values.get("currency") or _CURRENCY))
        return FILTERS[name](plain, locale.startswith("zh"))
    except (ValueError, InvalidOperation):
        return plain


def split(text: str) -> tuple[str, list[SayAs]]:
    """The text without marks, and what they marked."""
    out: list[str] = []
    found: list[SayAs] = []
    at, begun = 0, -1
    kind: Reading = "spell"
    for char in text:
        if char == _CLOSE:
            if begun >= 0:
                found.append(SayAs(start=begun, end=at, kind=kind))
            begun = -1
        elif char in _OPEN.values():
            begun, kind = at, "spell" if char == _OPEN["spell"] else "phone"
        else:
            out.append(char)
            at += 1
    return "".join(out), found


def _number(plain: str) -> Decimal:
    return Decimal(re.sub(r"[,\s¥￥$€£元%]", "", plain))


def _money(plain: str, currency: str) -> str:
    amount = _number(plain)
    symbol = SYMBOLS.get(currency.upper(), f"{currency.upper()} ")
    digits = f"{abs(amount):,.0f}" if currency.upper() == "JPY" else f"{abs(amount):,.2f}"
    return f"{'-' if amount < 0 else ''}{symbol}{digits}"


def _date(plain: str, chinese: bool) -> str:
    day = date.fromisoformat(plain[:10])
    if chinese:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _time(plain: str, chinese: bool) -> str:
    at = datetime.fromisoformat(plain).time() if len(plain) > len("14:05:00") else time.fromisoformat(plain.zfill(5))
    if chinese:
        return f"{at.hour}:{at.minute:02d}"
    return f"{at.hour % 12 or 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}"


def _phone(plain: str) -> str:
    if re.fullmatch(r"1[3-9]\d{9}", plain):
        return f"{plain[:3]} {plain[3:7]} {plain[7:]}"
    return plain


FILTERS: dict[str, Callable[[str, bool], str]] = {
    "money": lambda plain, _: _money(plain, _CURRENCY),
    "number": lambda plain, _: f"{_number(plain):,f}",
    "percent": lambda plain, _: f"{_number(plain).normalize():f}%",
    "date": _date,
    "time": _time,
    "phone": lambda plain, _: _phone(plain),
    "spell": lambda plain, _: plain,
}
