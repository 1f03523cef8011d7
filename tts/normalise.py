"""Written text → text an engine reads aloud as a person would.

    spans (`tts.read_as`) → addresses → amounts, dates, times, units → telephone numbers → codes → other numbers

Which figures are what, patterns say; the words are made by num2words (English), cn2an and wetext (Mandarin).
A number of five digits and more, or with a leading zero, names something and is read digit by digit; fewer count something.
What a step has read holds no figures any more, so that the next leaves it alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts import numbers_en, numbers_zh
from tts.read_as import Span, phone, spell

_ADDRESS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://)?(?:[A-Za-z][\w-]*\.)+[A-Za-z]{2,}(?:/[\w./-]*)?", re.ASCII
)
_PHONE_EN = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ -]?)?(?:1[ -])?(?:\(\d{2,4}\)[ -]?|\d{2,4}[ -])?\d{3}[ -]\d{3,4}(?:[ -]\d{3,4})?(?![\w-])"
    r"|\+\d{7,15}\b"
)
_PHONE_ZH = re.compile(
    r"(?<![\w.])(?:\+86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<![\d.])0\d{2,3}[- ]\d{3,4}[- ]?\d{4}(?:-\d{1,4})?(?!\d)"
    r"|(?<![\d.])[48]00[- ]\d{3,4}[- ]\d{3,4}(?!\d)|(?<![\d.])(?:\d{2,4}-){1,3}\d{3,4}(?![\d-])",
    re.ASCII,
)
_SHORT_ZH = re.compile(r"(?<![\d.,:：¥￥$-])(1(?:10|14|19|20|22)|123\d\d|9[56]\d{3})(?![\d.,:：%元块个万亿年月日])")
_CODE = re.compile(r"(?<![\d.,])(?:\d{5,}|0\d+)(?![\d.,]*\d)")
_NAMED_CODE = (
    re.compile(
        r"(\b(?:ending(?: in| with)?|codes?|PIN|ticket|reference|(?:order|account|card|case|confirmation|tracking|policy|claim)"
        r" (?:number|no\.?|ID))(?: is|:)?\s#?)(\d{3,4})\b(?![.,]\d)",
        re.IGNORECASE,
    ),
    re.compile(
        r"((?:尾号|ID|单号|编号|卡号|账号|户号|学号|工号|流水号|保单号|验证码|取件码|提货码|密码)(?:是|为|：|:)?\s?)(\d{3,4})(?![\d.])"
    ),
)
_MIXED = re.compile(
    r"(?<![\w.$€£¥￥-])(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])(?:[A-Z]{1,4}-?\d{3,}|[A-Z]*\d+[A-Z]+\d+)[A-Z0-9-]*(?![\w.])",
    re.ASCII,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}(?![A-Z0-9])"
)
_COUNTED = re.compile(
    r"\s?(?:元|块|万|亿|个|人|次|条|件|张|份|天|年|步|公里|米|美元|人民币|欧元|日元|%|％|dollars?|euros?|pounds?|yuan|people|"
    r"times|customers?|points?|items?|steps?|miles?|meters?|users?|orders?|records?|[A-Z]?[Bb]ytes?|[KMG]B|km|kg|kWh)",
    re.IGNORECASE,
)
_MARKS = (
    {"@": " at ", ".": " dot ", "/": " slash ", "_": " underscore ", "-": " dash ", "+": " plus "},
    {"@": " at ", ".": "点", "/": "斜杠", "_": "下划线", "-": "杠", "+": "加"},
)


def for_speech(text: str, language: str, spans: Sequence[Span] = ()) -> str:
    """`text` ready for an engine. `language` is the primary subtag (`zh`, `en`, …); others pass unchanged.

    `spans` do not overlap.
    """
    if language not in {"zh", "en"}:
        return text
    chinese = language == "zh"
    out, at = [], 0
    for span in sorted(spans, key=lambda item: item.start):
        out.append(_plain(text[at : span.start], chinese))
        read = spell if span.kind == "spell" else phone
        out.append(read(text[span.start : span.end], chinese=chinese))
        at = span.end
    return "".join([*out, _plain(text[at:], chinese)])


def _plain(text: str, chinese: bool) -> str:
    text = _ADDRESS.sub(lambda match: _address(match[0], chinese), text)
    if not any(char.isdigit() for char in text):
        return text

    text = numbers_zh.marked(text) if chinese else numbers_en.marked(text)
    if chinese:
        text = _PLATE.sub(lambda match: spell(match[0], chinese=True), text)
    text = (_PHONE_ZH if chinese else _PHONE_EN).sub(lambda match: _phone(match, chinese), text)
    if chinese:
        text = _SHORT_ZH.sub(lambda match: spell(match[0], chinese=True), text)
    text = _NAMED_CODE[chinese].sub(lambda match: match[1] + spell(match[2], chinese=chinese), text)
    text = _MIXED.sub(lambda match: spell(match[0], chinese=chinese), text)
    text = _CODE.sub(lambda match: _code(match, chinese), text)
    return numbers_zh.plain(text) if chinese else numbers_en.plain(text)


def _address(address: str, chinese: bool) -> str:
    """E-mail or web address with its marks as words; digits in it one by one."""
    address = re.sub(r"^https?://", "", address)
    for mark, word in _MARKS[chinese].items():
        address = address.replace(mark, word)
    said = re.sub(r"\d+", lambda match: f" {spell(match[0], chinese=chinese)} ", address)
    return (
        re.sub(r"(?<=\W) | (?=\W)", "", re.sub(r" +", " ", said).strip())
        if chinese
        else re.sub(r" +", " ", said).strip()
    )


def _phone(match: re.Match[str], chinese: bool) -> str:
    whole = match[0]
    digits = re.sub(r"\D", "", whole)
    return phone(whole, chinese=chinese) if len(digits) >= 7 else whole  # 350 200 is two numbers


def _code(match: re.Match[str], chinese: bool) -> str:
    return match[0] if _COUNTED.match(match.string, match.end()) else spell(match[0], chinese=chinese)
