"""Mandarin numbers, amounts, dates, times and units as characters: wetext's grammars, and what they get wrong."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import cn2an

CURRENCIES = {
    "CNY": "元", "USD": "美元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元", "HKD": "港元", "CAD": "加元", "AUD": "澳元",
}  # fmt: skip
SYMBOLS = {"¥": "CNY", "￥": "CNY", "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "HK$": "HKD", "RMB": "CNY"}
_HUNDREDTHS = {"CNY": ("角", "分"), "USD": ("", "美分"), "EUR": ("", "欧分"), "GBP": ("", "便士")}
_UNITS = {
    "kg": "公斤", "g": "克", "mg": "毫克", "km": "公里", "m": "米", "cm": "厘米", "mm": "毫米", "m²": "平方米", "㎡": "平方米",
    "l": "升", "L": "升", "ml": "毫升", "mL": "毫升", "kWh": "千瓦时", "kW": "千瓦", "W": "瓦", "V": "伏", "Mbps": "兆",
    "Gbps": "千兆", "min": "分钟", "h": "小时", "s": "秒", "ms": "毫秒",
}  # fmt: skip
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MEASURES = "个位条名次件张份天笔项种台家部只间年周款套层单路本人小倍周"
_SCALES = "万亿|千万|百万|亿|万"
_LOCK = threading.Lock()


def number(value: str | Decimal) -> str:
    """`1,234.5` → 一千二百三十四点五."""
    plain = str(value).replace(",", "")
    whole, _, part = plain.partition(".")
    words = str(cn2an.an2cn(int(whole), "low"))
    return f"{words}点{digits(part)}" if part else words


def digits(text: str) -> str:
    """Each digit, as in a year: 2026 → 二零二六."""
    return "".join(_DIGITS[char] for char in text if char in _DIGITS)


def count(value: str) -> str:
    """As `number`, but two of something is 两."""
    return "两" if value == "2" else number(value)


def money(amount: Decimal, currency: str) -> str:
    """三百五十元, 八十八元五角, 零点五美元. Raises KeyError for a currency it has no words for."""
    name = CURRENCIES[currency]
    sign, amount = ("负" if amount < 0 else ""), abs(amount)
    whole = int(amount)
    part = int((amount - whole) * 100)
    tens, ones = divmod(part, 10)
    if not part:
        return f"{sign}{count(str(whole))}{name}"
    tenth, hundredth = _HUNDREDTHS.get(currency, ("", ""))
    if not tenth:
        plain = f"{whole}.{part:02d}".rstrip("0")
        return f"{sign}{number(plain)}{name}"
    words = f"{count(str(whole))}{name}" if whole else ""
    words += f"{count(str(tens))}{tenth}" if tens else ("零" if whole else "")
    return sign + words + (f"{number(str(ones))}{hundredth}" if ones else "")


def clock(hour: int, minute: int) -> str:
    """十四点, 十四点零五分, 十四点半."""
    words = f"{count(str(hour))}点"
    if minute == 30:
        return f"{words}半"
    if not minute:
        return words
    return f"{words}{'零' if minute < 10 else ''}{number(str(minute))}分"


def day_of(month: int, day: int, in_year: int | None = None) -> str:
    """二零二六年三月四日."""
    words = f"{number(str(month))}月{number(str(day))}日"
    return f"{digits(str(in_year))}年{words}" if in_year else words


def _money(match: re.Match[str]) -> str:
    symbol = match["symbol"].strip()
    currency = SYMBOLS.get(symbol, symbol)
    amount = match["amount"].replace(",", "")
    sign = "负" if match["sign"] else ""
    if match["scale"]:
        return f"{sign}{number(amount)}{match['scale']}{CURRENCIES[currency]}"
    if len(amount.partition(".")[2]) > 2:
        return f"{sign}{number(amount)}{CURRENCIES[currency]}"
    return sign + money(Decimal(amount), currency)


def _yuan(match: re.Match[str]) -> str:
    amount = match["amount"].replace(",", "")
    if len(amount.partition(".")[2]) != 2:  # 3.5元 is said as it is written, 88.50元 is an amount of coins
        return f"{count(amount)}{match['unit']}"
    return money(Decimal(amount), "CNY").replace("元", match["unit"])


def _clock(match: re.Match[str]) -> str:
    return clock(int(match[1]), int(match[2]))


def _date(match: re.Match[str]) -> str:
    month, day = int(match["m"]), int(match["d"])
    return day_of(month, day, int(match["y"])) if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (
        re.compile(
            rf"(?P<sign>-)?(?P<symbol>(?:US|HK)\$|[$€£¥￥]|(?:{'|'.join(CURRENCIES)}|RMB)\s?)\s?(?P<amount>{_NUMBER})"
            rf"(?P<scale>{_SCALES})?元?"
        ),
        _money,
    ),
    (
        re.compile(rf"(?P<amount>{_NUMBER})(?P<unit>元|块)/(?P<per>个?(?:月|年|天|日|次|人|分钟|小时|条|GB))"),
        lambda m: f"每{m['per']}{_yuan(m)}",
    ),
    (re.compile(rf"(?<![\dA-Za-z])-(?P<amount>{_NUMBER})(?P<unit>元|块)"), lambda m: f"负{_yuan(m)}"),
    (re.compile(rf"(?P<amount>{_NUMBER})(?P<unit>元|块)"), _yuan),
    (re.compile(r"(?<![\d/-])(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\d/-])"), _date),
    (
        re.compile(r"(?<![\d/-])(20\d\d)-(0[1-9]|1[0-2])(?![\d/-])"),
        lambda m: f"{digits(m[1])}年{number(str(int(m[2])))}月",
    ),
    (re.compile(r"(?<=[:：]\d\d)\s?[-–~～—]+\s?(?=\d)"), lambda _: "到"),
    (re.compile(r"(?<![\d:：])([01]?\d|2[0-3])[:：]([0-5]\d)(?:[:：]\d\d)?(?![\d:：])"), _clock),
    (re.compile(r"7\s?[*×xX]\s?24"), lambda _: "七乘二十四"),
    (
        re.compile(
            rf"(?<![\d.\-A-Za-z])({_NUMBER})(%?)\s?[-–~～—]+\s?({_NUMBER})(?=[{_MEASURES}月日号元块%℃]|分钟|公里|公斤|[km]?[mg](?![A-Za-z]))"
        ),
        lambda m: f"{m[1]}{m[2]}到{m[3]}",
    ),
    (re.compile(rf"第({_NUMBER})"), lambda m: f"第{number(m[1])}"),
    (re.compile(r"(?<![\d.])(\d{3,4})(?=室|号房)"), lambda m: digits(m[1]).replace("一", "幺")),
    (
        re.compile(r"(房间号?|门牌号?|航班号?|分机号?)(\d{3,4})(?!\d)"),
        lambda m: m[1] + digits(m[2]).replace("一", "幺"),
    ),
    (re.compile(r"(?<![\dA-Za-z])[-−](\d+(?:\.\d+)?)\s?(?:℃|°C|度)"), lambda m: f"零下{number(m[1])}摄氏度"),
    (re.compile(r"(\d+(?:\.\d+)?)\s?(?:℃|°C)"), lambda m: f"{number(m[1])}摄氏度"),
    (re.compile(r"(\d+(?:\.\d+)?)\s?(?:°F|℉)"), lambda m: f"{number(m[1])}华氏度"),
    (re.compile(rf"({_NUMBER})\s?km/h"), lambda m: f"每小时{number(m[1])}公里"),
    (
        re.compile(
            rf"(?<![A-Za-z\d.])({_NUMBER})\s?({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})"
            r"(?![A-Za-z/])"
        ),
        lambda m: f"{count(m[1])}{_UNITS[m[2]]}",
    ),
    (re.compile(r"(?i:No\.?)\s?(\d+)"), lambda m: f"{number(m[1])}号"),
    (re.compile(rf"({_NUMBER})(?={_SCALES})"), lambda m: number(m[1])),
    (re.compile(rf"(?<![\d.,])(2)(?=[{_MEASURES}])"), lambda _: "两"),
]
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LEFT = re.compile(r"\d")


@functools.cache
def _grammar() -> Any:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")


def marked(text: str) -> str:
    """Figures whose neighbours say what they are (amounts, dates, times, units) as characters."""
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text


def plain(text: str) -> str:
    """Every figure that is left, by wetext. The first call loads its grammar (~50 ms)."""
    if not _LEFT.search(text):
        return text
    with _LOCK:
        return str(_grammar().normalize(_GROUPED.sub("", text)))
