"""Mandarin numbers in a sentence, written as figures: patterns say what is a number, cn2an says how much.

Only what is surely a number is touched: 一些, 一下, 万一, 三心二意, 十分 (very), 千万 (by all means), 几十 stay as they are,
and so does a single digit before a measure word (两个问题). Simplified and traditional characters are both read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import cn2an

from asr.digits_text import DIGIT_ZH

_D = "零〇一二三四五六七八九"
_STRING = _D + "幺"
_N = _D + "十百千万萬亿億两兩"
_POINT = "[点點]"
_NUMBER = rf"[{_D}十两兩][{_N}]*"
# A number whose size is said (十, 百, …): 一百二十, 两千, 十五; not a bare digit.
_SIZED = rf"(?:[{_D}两兩][十百千万萬亿億]|十[一二三四五六七八九])[{_N}]*|十"
_PLAIN = str.maketrans("兩萬億〇", "两万亿零")

# Words that hold numerals and mean no number, and roughly said numbers that figures would falsify.
_KEEP = re.compile(
    "万一|萬一|(?<![点點])十分(?![钟鐘之])|千万(?=[不别別要记記])|千萬(?=[不別要記])|三七二十一|一五一十|十全十美|十有八九|百分百"
    "|五一(?:劳动节|勞動節)|双十[一二]|雙十[一二]|十一(?:黄金周|长假|假期)|一千零一夜|九九八十一"
    f"|[{_D}十百千万萬]+[多几幾来來][个個块塊元]?|[几幾数數]+[十百千万萬亿億]+"
    f"|(?<![{_N}幺])(?:一二|一两|一兩|二三|两三|兩三|三四|三五|四五|五六|六七|七八|八九)[十百千万个個天年次块塊人位点點]多?"
    f"|(?<![{_N}幺])[一二三四五六七八九]{{2,3}}线"
)


def normalise_zh(text: str) -> str:
    """`text` with its numbers, dates, times, money and percentages as figures."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group())
        return chr(0xE000 + len(kept) - 1)  # a private character stands for it while the patterns run

    if any("\ue000" <= letter <= "\uf8ff" for letter in text):
        return text
    out = _KEEP.sub(keep, text) if len(text) < 6000 else text
    for pattern, write in _RULES:
        out = pattern.sub(_guarded(write), out)
    return re.sub("[\ue000-\uf8ff]", lambda found: kept[ord(found.group()) - 0xE000], out)


def value_of(numeral: str) -> Decimal:
    """How much 一百五 or 二零二六 is. Raises ValueError when it is no number."""
    plain = numeral.translate(_PLAIN)
    if len(plain) > 1 and all(letter in DIGIT_ZH for letter in plain):
        return Decimal("".join(DIGIT_ZH[letter] for letter in plain))
    return Decimal(str(cn2an.cn2an(plain, "smart")))


def _guarded(write: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
    """What cn2an refuses stays as it was said."""

    def safe(found: re.Match[str]) -> str:
        try:
            return write(found)
        except (ValueError, ArithmeticError, KeyError, IndexError):
            return found.group()

    return safe


def _figures(numeral: str) -> str:
    value = value_of(numeral)
    last = numeral[-1]
    # 150万 is how Chinese writes a round number; 12000 the rest.
    for unit, size in (("亿億", 100_000_000), ("万萬", 10_000)):
        if last in unit and value % size == 0:
            return f"{_shown(value / size)}{last}"
    return _shown(value)


def _shown(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _string(numeral: str) -> str:
    return "".join(DIGIT_ZH[letter] for letter in numeral if letter in DIGIT_ZH)


def _date(found: re.Match[str]) -> str:
    year, month, day = found.group("year", "month", "day")
    out = f"{_string(year)}年" if year else ""
    if month:
        out += f"{_month(month, 12)}月"
    if day:
        out += f"{_month(day, 31)}{'日' if month else found.group('word')}"
    return out + (found.group("part") or "")


def _month(numeral: str, most: int) -> str:
    value = value_of(numeral)
    if not 1 <= value <= most:
        raise ValueError(numeral)
    return _shown(value)


def _time(found: re.Match[str]) -> str:
    hour, minute = value_of(found["hour"]), found["minute"]
    if hour > 24:
        raise ValueError(found.group())
    part = found["part"] or ""
    if minute in {"半", "一刻", "三刻"}:
        return f"{part}{hour}:{ {'半': '30', '一刻': '15', '三刻': '45'}[minute] }"
    if minute:
        minutes = value_of(minute.lstrip("零〇") or "零")
        if minutes > 59:
            raise ValueError(found.group())
        return f"{part}{hour}:{minutes:02}"
    return f"{part}{hour}{found['point']}{found['clock'] or ''}"


def _money(found: re.Match[str]) -> str:
    value = value_of(found["yuan"])
    for name, worth in (("mao", 10), ("fen", 100)):
        if found[name]:
            value += value_of(found[name]) / worth
    return f"{_shown(value)}元"


def _decimal(found: re.Match[str]) -> str:
    return f"{_shown(value_of(found['whole']))}.{_string(found['rest'])}{found['unit'] or ''}"


def _percent(found: re.Match[str]) -> str:
    rest = f".{_string(found['rest'])}" if found["rest"] else ""
    sign = "%" if found["base"] == "百" else "‰"
    return f"{'100' if found['whole'] == '百' else _shown(value_of(found['whole']))}{rest}{sign}"


def _telephone(found: re.Match[str]) -> str:
    digits = _string(found.group())
    rising = len(digits) == 3 and digits in "123456789" and found.group() != found.string.strip("。，！？ ")
    return found.group() if rising else digits


def _sized(found: re.Match[str]) -> str:
    return f"{'-' if found['minus'] else ''}{_figures(found['whole'])}"


_PART = "(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|今早|今晚|明早|明晚)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), write)
    for pattern, write in (
        (
            rf"(?P<year>[{_D}]{{4}}|[{_D}]{{2}})年(?:(?P<month>[{_D}十]{{1,3}})月(?:(?P<day>[{_D}十]{{1,3}})(?P<word>[日号號]))?)?(?P<part>份)?",
            _date,
        ),
        (
            r"(?P<year>)(?P<month>[一二三四五六七八九十]{1,3})月(?:(?P<day>[一二三四五六七八九十]{1,3})(?P<word>[日号號])(?P<part>)|(?P<part2>份))",
            lambda found: f"{_month(found['month'], 12)}月{found['part2']}" if found["part2"] else _date(found),
        ),
        (rf"(?P<year>)(?P<month>)(?P<day>[{_D}十]{{2,3}})(?P<word>[号號日])(?P<part>)", _date),
        (
            rf"(?P<base>[百千])分之(?:(?P<whole>百|{_NUMBER})(?:{_POINT}(?P<rest>[{_D}]+))?)",
            _percent,
        ),
        (
            rf"(?P<below>{_NUMBER})分之(?P<above>{_NUMBER})",
            lambda found: f"{_figures(found['above'])}/{_figures(found['below'])}",
        ),
        (
            rf"{_PART}?(?P<hour>[{_D}十两兩]{{1,3}})(?P<point>{_POINT})(?:(?P<minute>半|[一三]刻|零?[一二三四五]?十[{_D}]?|零[{_D}]|[{_D}](?=分))[分]?(?![之钟鐘])|(?P<clock>[钟鐘整]))",
            _time,
        ),
        (
            rf"{_PART}(?P<hour>[{_D}十两兩]{{1,3}})(?P<point>{_POINT})(?P<minute>)(?P<clock>)(?![{_D}])",
            _time,
        ),
        (
            rf"(?P<yuan>{_NUMBER})[块塊元](?:(?P<mao>[一二三四五六七八九两兩])(?:[毛角](?:(?P<fen>[一二三四五六七八九])分?)?|(?![个個十百千万{_D}])))[钱錢]?",
            _money,
        ),
        (rf"(?P<yuan>{_NUMBER})[块塊][钱錢](?P<mao>)(?P<fen>)", _money),
        (
            rf"(?P<whole>{_NUMBER}){_POINT}(?P<rest>[{_D}]+)(?P<unit>[万萬亿億])?(?![十百千])",
            _decimal,
        ),
        (rf"(?<![{_N}幺])[{_STRING}](?:[ ，,、.-]*[{_STRING}]){{3,}}(?![{_N}])", _telephone),
        (rf"(?<![{_N}幺])[{_STRING}]{{3}}(?![{_N}])", _telephone),
        (rf"(?P<minus>[负負])?(?P<whole>{_SIZED})", _sized),
        (
            rf"(?P<minus>[负負])(?P<whole>[{_D}])(?=[{_D}]|\W|度|$)",
            _sized,
        ),
        (
            rf"(?<=零下)(?P<minus>)(?P<whole>[{_D}])(?=度)",
            _sized,
        ),
    )
)
