"""Amounts of money, to ISO 4217 minor units: "三百五十块" → CNY 35000, "twelve pounds fifty" → GBP 1250."""

from __future__ import annotations

import re
from decimal import Decimal

from dialog.entities.base import Context, Entity, entity
from dialog.entities.reading import Reading

_NUMBER = r"(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_SCALE = r"(?P<scale>[万亿千百]|k\b|m\b| ?million| ?thousand)?"
_SIGNS = {"$": "USD", "£": "GBP", "€": "EUR", "¥": "CNY", "￥": "CNY", "us$": "USD", "hk$": "HKD"}
_WORDS = {
    "USD": r"us dollars?|dollars?|bucks?|usd|美元|美金|刀",
    "GBP": r"pounds?(?: sterling)?|quid|gbp|英镑",
    "EUR": r"euros?|eur|欧元",
    "HKD": r"hong kong dollars?|hkd|港币|港元",
    "JPY": r"yen|jpy|日元|日圆",
    "CNY": r"yuan|rmb|renminbi|cny|人民币|元人民币|块钱|元钱|块|元|圆",
}
_NO_MINOR = {"JPY"}
_ANY = "|".join(f"(?P<{code}>{words})" for code, words in _WORDS.items())
_AFTER = re.compile(
    rf"(?<![\d.]){_NUMBER} ?{_SCALE} ?(?:{_ANY})(?![a-z])"
    r"(?:(?:,? and)? ?(?P<sub>\d{1,2})(?: ?(?P<subunit>cents?|pence|p\b|毛|角|分))?(?P<fen>(?<=[毛角])[1-9]分?|[1-9]分)?(?!\d|%|号|点|天|年|月|日| days?| weeks?| items?))?",
    re.IGNORECASE,
)
_SIGN = re.compile(rf"(?P<sign>US\$|HK\$|[$£€¥￥]) ?{_NUMBER} ?{_SCALE}", re.IGNORECASE)
_CODE = re.compile(rf"\b(?P<code>USD|GBP|EUR|HKD|JPY|CNY|RMB) ?{_NUMBER} ?{_SCALE}", re.IGNORECASE)
_COINS = re.compile(
    r"(?<![\d.])(?P<n>\d{1,2}) ?(?:(?P<cents>cents?)|(?P<pence>pence)|(?P<mao>毛钱?|角))(?![a-z])", re.IGNORECASE
)
_SCALES = {
    "万": 10_000,
    "亿": 100_000_000,
    "千": 1000,
    "百": 100,
    "k": 1000,
    "m": 1_000_000,
    "million": 1_000_000,
    "thousand": 1000,
}


def money(reading: Reading, context: Context) -> list[Entity]:
    """Amounts with a currency, said or signed; a bare number is none."""
    text, found = reading.text, list[Entity]()
    taken: list[tuple[int, int]] = []

    def add(value: Decimal, code: str, start: int, end: int, sure: float) -> None:
        if not any(start < last and first < end for first, last in taken):
            taken.append((start, end))
            minor = value if code in _NO_MINOR else value * 100
            found.append(entity("money", f"{code} {int(minor.to_integral_value())}", reading, start, end, sure))

    for match in _AFTER.finditer(text):
        code = next(code for code in _WORDS if match.group(code))
        add(_amount(match) + _rest(match, code), code, *match.span(), 0.95)
    for match in _SIGN.finditer(text):
        code = _SIGNS[match["sign"].lower()]
        if match["sign"] in "¥￥" and not context.chinese and context.locale.startswith("ja"):
            code = "JPY"
        add(_amount(match), code, *match.span(), 0.97)
    for match in _CODE.finditer(text):
        code = match["code"].upper().replace("RMB", "CNY")
        add(_amount(match), code, *match.span(), 0.97)
    for match in _COINS.finditer(text):
        if match["mao"]:
            add(Decimal(match["n"]) / 10, "CNY", *match.span(), 0.9)
        else:
            add(Decimal(match["n"]) / 100, "GBP" if match["pence"] else "USD", *match.span(), 0.9)
    return sorted(found, key=lambda one: one.start)


def _amount(match: re.Match[str]) -> Decimal:
    scale = (match["scale"] or "").strip().lower()
    return Decimal(match["n"].replace(",", "")) * _SCALES.get(scale, 1)


def _rest(match: re.Match[str], code: str) -> Decimal:
    """What follows the unit: "three dollars fifty", "三块五", "三块五毛二分"."""
    if not match["sub"]:
        return Decimal(0)
    count, unit = Decimal(match["sub"]), match["subunit"] or ""
    tenth = unit in ("毛", "角") or (code == "CNY" and not unit and len(match["sub"]) == 1)
    fen = Decimal((match["fen"] or "0").rstrip("分")) / 100
    return (count / 10 if tenth else count / 100) + fen
