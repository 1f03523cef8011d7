"""Written text → text an engine reads aloud as a person would.

The engines' own libraries do most of it (hibari: English numbers, dates, currency; cn2an inside misaki: Chinese
numbers and dates). What they get wrong is mended here: codes are read digit by digit, e-mail and web addresses are
spelled with their dots, and Chinese amounts, clock times and phone numbers get the form cn2an understands.
"""

from __future__ import annotations

import re

_HANZI = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?(?:[A-Za-z][\w-]*\.)+[A-Za-z]{2,}(?:/[\w./-]*)?")
# Five digits and more without a separator, or any with a leading zero, name something; fewer count something.
_CODE = re.compile(r"(?<![\d.,$€£¥￥])(?:\d{5,}|0\d+)(?![\d.,:]*\d)")
_PHONE = re.compile(r"(?<![\w.])\+?\d{2,4}(?:-\d{3,4}){1,3}(?![\w-])")
_AMOUNT_AFTER = re.compile(
    r"\s*(?:元|块|万|亿|美元|人民币|欧元|日元|%|％|dollars?|euros?|pounds?|yuan|people|times)", re.IGNORECASE
)
_ISO_DATE = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3])[:：]([0-5]\d)(?!\d)")
_ZH_MONEY = re.compile(r"([¥￥$€£])\s*(\d[\d,]*(?:\.\d+)?)(?:元)?")
_ZH_UNIT = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"}


def _spell_address(match: re.Match[str], chinese: bool) -> str:
    address = re.sub(r"^https?://", "", match.group())
    dot = "点" if chinese else " dot "
    return address.replace("@", " at ").replace(".", dot).replace("/", " slash ").replace("_", " underscore ")


def _digits(number: str, chinese: bool) -> str:
    if chinese:
        return "".join(_HANZI[char] for char in number if char.isdigit())
    return " ".join(char for char in number if char.isdigit())


def _codes(text: str, chinese: bool) -> str:
    def code(match: re.Match[str]) -> str:
        if _AMOUNT_AFTER.match(text, match.end()):
            return match.group()
        return _digits(match.group(), chinese)

    return _CODE.sub(code, text)


def _phone(match: re.Match[str], chinese: bool) -> str:
    return (
        "，".join(_digits(part, True) for part in match.group().split("-"))
        if chinese
        else ", ".join(_digits(part, False) for part in match.group().split("-"))
    )


def _chinese_clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if minute == 0:
        return f"{hour}点"
    return f"{hour}点零{minute}分" if minute < 10 else f"{hour}点{minute}分"


def _chinese_money(match: re.Match[str]) -> str:
    return f"{match[2].replace(',', '')}{_ZH_UNIT[match[1]]}"


def for_speech(text: str, language: str) -> str:
    """`text` ready for an engine. `language` is the primary subtag (`zh`, `en`, …); others pass unchanged."""
    if language not in {"zh", "en"}:
        return text
    chinese = language == "zh"
    text = _ADDRESS.sub(lambda match: _spell_address(match, chinese), text)
    if not chinese:
        text = _PHONE.sub(
            lambda match: match.group() if _ISO_DATE.fullmatch(match.group()) else _phone(match, False), text
        )
        return _codes(text, chinese=False)
    text = _ISO_DATE.sub(lambda match: f"{match[1]}年{int(match[2])}月{int(match[3])}日", text)
    text = _CLOCK.sub(_chinese_clock, text)
    text = _ZH_MONEY.sub(_chinese_money, text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = _PHONE.sub(lambda match: _phone(match, True), text)
    return _codes(text, chinese=True)
