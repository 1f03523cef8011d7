"""English numbers, amounts, dates, times and units as words (num2words); which of them a figure is, patterns say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from num2words import num2words

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# Symbol or ISO code → (one, many, a hundredth, hundredths)
CURRENCIES = {
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "JPY": ("yen", "yen", "sen", "sen"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
}
SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "HK$": "HKD", "RMB": "CNY"}
_UNITS = {
    "kg": ("kilogram", "kilograms"), "g": ("gram", "grams"), "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
    "km": ("kilometer", "kilometers"), "m": ("meter", "meters"), "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"), "ft": ("foot", "feet"), "mi": ("mile", "miles"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
    "m²": ("square meter", "square meters"), "sq ft": ("square foot", "square feet"),
    "l": ("liter", "liters"), "L": ("liter", "liters"), "ml": ("milliliter", "milliliters"),
    "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"), "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"), "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"), "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"), "W": ("watt", "watts"), "V": ("volt", "volts"), "Hz": ("hertz", "hertz"),
    "°C": ("degree Celsius", "degrees Celsius"), "℃": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "°": ("degree", "degrees"),
    "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "hr": ("hour", "hours"), "hrs": ("hour", "hours"),
    "h": ("hour", "hours"), "s": ("second", "seconds"), "sec": ("second", "seconds"), "ms": ("millisecond", "milliseconds"),
}  # fmt: skip
_SCALES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in MONTHS)
_LEAP = 2000  # a year in which every day exists, for dates without one


def number(value: str | Decimal) -> str:
    """`1,234.5` → `one thousand two hundred and thirty-four point five`."""
    plain = str(value).replace(",", "")
    whole, _, part = plain.partition(".")
    words = str(num2words(int(whole))).replace(",", "")
    return f"{words} point {' '.join(digit(d) for d in part)}" if part else words


def digit(char: str) -> str:
    """One digit as a word."""
    return str(num2words(int(char)))


def year(value: int) -> str:
    """2026 → twenty twenty-six, 2005 → two thousand and five, 1905 → nineteen oh five."""
    return str(num2words(value, to="year")).replace("oh-", "oh ")


def day_of(month: int, day: int, in_year: int | None = None) -> str:
    """`March fourth, twenty twenty-six`. Raises ValueError for a day that does not exist."""
    date(in_year or _LEAP, month, day)
    words = f"{MONTHS[month - 1]} {num2words(day, to='ordinal')}"
    return f"{words}, {year(in_year)}" if in_year else words


def clock(hour: int, minute: int, half: str = "") -> str:
    """`two oh five PM`, `nine o'clock`; an hour after twelve is said as PM, the one after midnight as twelve AM."""
    if not half and (hour > 12 or hour == 0):
        hour, half = (hour - 12, "PM") if hour else (12, "AM")
    words = number(str(hour))
    if minute:
        words += f" oh {digit(str(minute))}" if minute < 10 else f" {number(str(minute))}"
    elif not half:
        words += " o'clock"
    return f"{words} {half}".rstrip()


def money(amount: Decimal, currency: str) -> str:
    """`three hundred and fifty dollars and five cents`. Raises KeyError for a currency it has no words for."""
    one, many, cent, cents = CURRENCIES[currency]
    sign, amount = ("minus " if amount < 0 else ""), abs(amount)
    whole = int(amount)
    part = int((amount - whole) * 100)
    said = [f"{number(str(whole))} {one if whole == 1 else many}"] if whole or not part else []
    if part:
        said.append(f"{number(str(part))} {cent if part == 1 else cents}")
    return sign + " and ".join(said)


def _money(match: re.Match[str]) -> str:
    symbol = match["symbol"].strip()
    currency = SYMBOLS.get(symbol, symbol)
    amount = match["amount"].replace(",", "")
    sign = "minus " if match["sign"] else ""
    if scale := match["scale"]:
        name = {3: "thousand", 6: "million", 9: "billion"}[_SCALES[scale.lower()]]
        return f"{sign}{number(amount)} {name} {CURRENCIES[currency][1]}"
    if len(amount.partition(".")[2]) > 2:  # a rate, not an amount of coins
        return f"{sign}{number(amount)} {CURRENCIES[currency][1]}"
    return sign + money(Decimal(amount), currency)


def _date(match: re.Match[str]) -> str:
    try:
        return day_of(int(match["m"]), int(match["d"]), int(match["y"]))
    except ValueError:
        return match[0]


def _named_date(match: re.Match[str]) -> str:
    month = next(i for i, name in enumerate(MONTHS, 1) if name.lower().startswith(match["month"][:3].lower()))
    try:
        return day_of(month, int(match["d"]), int(match["y"]) if match["y"] else None)
    except ValueError:
        return match[0]


def _clock(match: re.Match[str]) -> str:
    half = re.sub(r"[^APM]", "", (match["half"] or "").upper())
    return clock(int(match["h"]), int(match["min"] or 0), half)


def _unit(match: re.Match[str]) -> str:
    one, many = _UNITS[match["unit"]]
    sign = "minus " if match["sign"] else ""
    return f"{sign}{number(match['n'])} {one if match['n'] == '1' else many}"


def _fraction(match: re.Match[str]) -> str:
    top, bottom = int(match[1]), int(match[2])
    if bottom in (2, 4):
        name = {2: "half", 4: "quarter"}[bottom]
    else:
        name = str(num2words(bottom, to="ordinal"))
    plural = {"half": "halves"}.get(name, f"{name}s")
    return f"{number(match[1])} {name if top == 1 else plural}"


def _decade(match: re.Match[str]) -> str:
    words = str(num2words(int(match[1]), to="year"))
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def _house(match: re.Match[str]) -> str:
    """Rooms, flights and extensions of three or four digits are said in pairs: 1203 → twelve oh three."""
    left, right = match[2][:-2], match[2][-2:]
    if right == "00":
        return f"{match[1]}{number(left)} hundred"
    tail = f"oh {digit(right[1])}" if right[0] == "0" else number(right)
    return f"{match[1]}{number(left)} {tail}"


_Rules = list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]
_MARKED: _Rules = [
    (
        re.compile(
            rf"(?P<sign>-\s?)?(?P<symbol>(?:US|HK)\$|[$€£¥￥]|\b(?:{'|'.join(CURRENCIES)}|RMB)\s?)\s?"
            rf"(?P<amount>{_NUMBER})(?:\s?(?P<scale>(?i:k|m|mn|bn|thousand|million|billion))\b)?"
        ),
        _money,
    ),
    (
        re.compile(rf"(?P<sign>)(?P<amount>{_NUMBER})\s?(?P<symbol>{'|'.join(CURRENCIES)}|RMB)\b(?P<scale>)"),
        _money,
    ),
    (re.compile(r"(?<![\d/-])(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?![\d/-])"), _date),
    (re.compile(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})(?![\d/])"), _date),
    (
        re.compile(r"(?<![\d/-])(?P<y>20\d\d)-(?P<m>0[1-9]|1[0-2])(?![\d/-])"),
        lambda m: f"{MONTHS[int(m['m']) - 1]} {year(int(m['y']))}",
    ),
    (
        re.compile(
            rf"\b(?P<month>{_MONTH})\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y>\d{{4}})\b)?(?!:)", re.IGNORECASE
        ),
        _named_date,
    ),
    (
        re.compile(
            rf"\b(?:the\s)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<month>{_MONTH})\b(?:,?\s(?P<y>\d{{4}})\b)?",
            re.IGNORECASE,
        ),
        _named_date,
    ),
    (re.compile(r"(?<=:\d\d)\s?[-–~]\s?(?=\d{1,2}:\d\d)"), lambda _: " to "),
    (
        re.compile(r"(?<![\d:])(?P<h>\d{1,2})(?::(?P<min>[0-5]\d))?\s?(?P<half>[ap]m\b|[ap]\.m\.)", re.IGNORECASE),
        _clock,
    ),
    (re.compile(r"(?<![\d:])(?P<h>[01]?\d|2[0-3]):(?P<min>[0-5]\d)(?::[0-5]\d)?(?P<half>)(?![\d:])"), _clock),
    (re.compile(r"(?<![\d:])(\d{1,3}):(\d{1,3})(?![\d:])"), lambda m: f"{number(m[1])} to {number(m[2])}"),
    (re.compile(r"\b24/7\b"), lambda _: "twenty-four seven"),
    (re.compile(r"\b(\d{3}0)s\b"), _decade),
    (
        re.compile(rf"(?<![\w.,-])(?P<n>{_NUMBER})\s?[-–~]\s?(?P<to>{_NUMBER})(?=\s?(?:%|[a-z]|°|℃))"),
        lambda m: f"{m['n']} to {m['to']}",
    ),
    (
        re.compile(rf"(?P<sign>(?<!\w)[-−])?(?P<n>{_NUMBER})\s?%"),
        lambda m: f"{'minus ' if m['sign'] else ''}{number(m['n'])} percent",
    ),
    (
        re.compile(
            rf"(?P<sign>(?<!\w)[-−])?(?<![\w.,])(?P<n>{_NUMBER})\s?"
            rf"(?P<unit>{'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![\w/])"
        ),
        _unit,
    ),
    (re.compile(r"(?<![\d/])(\d{1,2})/([2-9]|1\d)(?![\d/])"), _fraction),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), lambda m: str(num2words(int(m[1]), to="ordinal"))),
    (re.compile(r"\bNo\.\s?(?=\d)"), lambda _: "number "),
    (re.compile(r"\b((?:room|suite|flight|extension|ext\.|gate|apartment|apt\.)\s)(\d{3,4})\b", re.IGNORECASE), _house),
    (
        re.compile(
            r"\b((?:in|since|by|until|before|after|of|from|during|year|early|late)\s)((?:1[1-9]|20)\d\d)\b",
            re.IGNORECASE,
        ),
        lambda m: m[1] + year(int(m[2])),
    ),
]
_PLAIN: _Rules = [
    (re.compile(rf"(?P<sign>(?<!\S)[-−])(?P<n>{_NUMBER})"), lambda m: f"minus {number(m['n'])}"),
    (re.compile(rf"(?<=[A-Za-z])-?(?P<n>{_NUMBER})"), lambda m: f" {number(m['n'])}"),
    (re.compile(rf"(?P<n>{_NUMBER})(?=[A-Za-z])"), lambda m: f"{number(m['n'])} "),
    (re.compile(rf"(?P<n>{_NUMBER})"), lambda m: number(m["n"])),
]


def marked(text: str) -> str:
    """Figures whose neighbours say what they are (amounts, dates, times, shares, units) as words."""
    return _apply(_MARKED, text)


def plain(text: str) -> str:
    """Every figure that is left as a plain number."""
    return _apply(_PLAIN, text)


def _apply(rules: _Rules, text: str) -> str:
    for pattern, words in rules:
        text = pattern.sub(words, text)
    return text
