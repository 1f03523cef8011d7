"""Dates and times of day, absolute and relative to the caller's clock, in English and Chinese.

Written here because callers use few forms and the value must be certain: an ambiguous "3/4" follows the locale, a
weekday without more is the next one, and nothing is guessed from words that merely look like a date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dialog.entities.base import Context, Entity, entity
from dialog.entities.reading import Reading
from dialog.number_words import MONTHS

_WEEKDAYS = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_HAN_WEEKDAYS = {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "日": 6, "天": 6, "末": 5}
_HAN_DAYS = {"大后天": 3, "后天": 2, "明天": 1, "明日": 1, "明": 1, "今天": 0, "今日": 0, "今": 0, "昨天": -1, "昨日": -1, "昨": -1, "大前天": -3, "前天": -2}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_YEAR = r"(?:(?:19|20) ?\d\d|20 0 \d|19 0 \d)"
_DAY = r"(?:[0-3]?\d(?:st|nd|rd|th)?|second)"

_PATTERNS: list[tuple[str, re.Pattern[str]]] = [
    ("ymd", re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.年] ?(?P<m>\d{1,2})[-/.月] ?(?P<d>\d{1,2})(?!\d)[日号號]?")),
    ("ymd", re.compile(r"(?<!\d)(?P<y>\d\d)年 ?(?P<m>\d{1,2})月 ?(?P<d>\d{1,2})(?!\d)[日号號]?")),
    ("hanmd", re.compile(r"(?P<which>今年|明年|去年|后年|前年)?的?(?<!\d)(?P<m>\d{1,2})月份? ?(?P<d>\d{1,2})(?!\d)(?!个|块|元|点)[日号號]?")),
    ("hand", re.compile(r"(?P<which>上个月|下个月|这个月|本月|上月|下月)?的?(?<![\d.])(?P<d>\d{1,2})[号號日](?!线|楼|店|院|柜|门)")),
    ("mdy", re.compile(rf"\b(?P<y>{_YEAR}),? (?P<mon>{_MONTH})\.? (?:the )?(?P<d>{_DAY})\b", re.I)),
    ("dmy", re.compile(rf"\b(?:the )?(?P<d>{_DAY})(?: of)? (?P<mon>{_MONTH})\b(?:,? (?P<y>{_YEAR})\b(?! ?[ap]\.?m))?", re.I)),
    ("mdy", re.compile(rf"\b(?P<mon>{_MONTH})\.? (?:the )?(?P<d>{_DAY})\b(?! ?[ap]\.?m)(?:,? (?P<y>{_YEAR})\b)?", re.I)),
    ("slash", re.compile(r"(?<![\d/])(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<y>\d{4}|\d\d)(?![\d/])")),
    ("slash", re.compile(r"(?<![\d/.])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])")),
    ("offset", re.compile(r"\bin (?:about )?(?P<n>\d{1,3}|a) (?P<unit>day|week|month)s?\b", re.I)),
    ("offset", re.compile(r"\b(?P<n>\d{1,3}|a) (?P<unit>day|week|month)s? (?P<dir>ago|from now|from today|later)\b", re.I)),
    ("hanoffset", re.compile(r"(?P<n>\d{1,3})(?P<unit>天|日|个星期|星期|周|个月)(?P<dir>以?后|之后|以?前|之前)")),
    ("word", re.compile(r"\b(?P<w>the day after tomorrow|day after tomorrow|the day before yesterday|today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening))\b", re.I)),
    ("weekday", re.compile(rf"\b(?P<which>next|this|last|coming|on|past)? ?(?P<wd>{_WEEKDAY})(?: (?P<late>week after next|next week|last week))?\b", re.I)),
    ("hanweekday", re.compile(r"(?P<which>下下|下个?|上上|上个?|这个?|本)?(?:周|星期|礼拜)(?P<wd>[1-6日天末])(?!年|个|次)")),
    ("hanword", re.compile(r"(?P<w>大后天|后天|明天|明日|今天|今日|昨天|昨日|大前天|前天|(?:明|今|昨)(?=早|晚))")),
]  # fmt: skip

_TIMES: list[re.Pattern[str]] = [
    re.compile(r"(?<![\d:])(?P<h>[01]?\d|2[0-3])[:：](?P<m>[0-5]\d)(?!\d) ?(?P<half>[ap]\.?m\b\.?)?", re.I),
    re.compile(r"\b(?P<past>half|quarter|\d{1,2})(?: minutes?)? (?P<dir>past|to|after|before) (?P<h>1[0-2]|\d)\b ?(?P<half>[ap]\.?m\b\.?)?", re.I),
    re.compile(r"\b(?P<h>1[0-2]|0?\d)(?: (?P<m>[0-5]\d|0 \d))? ?(?P<half>a\.? ?m\b\.?|p\.? ?m\b\.?)", re.I),
    re.compile(r"\b(?P<h>1[0-2]|\d)(?: (?P<m>[0-5]\d))? (?P<oclock>o'?clock)\b", re.I),
    re.compile(r"\bat (?P<h>1[0-2]|\d)(?: (?P<m>[0-5]\d))?\b(?! ?(?:%|per|dollars?|pounds?|euros?))", re.I),
    re.compile(r"\b(?P<noon>noon|midday|midnight)\b", re.I),
    re.compile(r"(?P<part>凌晨|清晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚|夜里|半夜)?的?(?<!\d)(?P<h>[01]?\d|2[0-4])(?:点钟?|點|时)(?:(?P<hanhalf>半)|(?P<quarter>[13])刻|(?:过|零)?(?P<m>[0-5]?\d)分?(?!\d))?(?!个|块)"),
]  # fmt: skip
_EVENING = re.compile(r"\b(?:afternoon|evening|tonight|night)\b", re.I)
_MORNING = re.compile(r"\bmorning\b", re.I)
_JOIN = re.compile(
    r"^[ ,]*(?:(?:at|on|around|about|by|the|in|this|的|早上|上午|下午|晚上|morning|afternoon|evening)[ ,]*)*$", re.I
)


@dataclass(frozen=True, slots=True)
class _Day:
    value: date
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class _Clock:
    value: time
    start: int
    end: int
    confidence: float


def dates(reading: Reading, context: Context) -> list[Entity]:
    """Dates; one with a time of day right beside it has both."""
    days, clocks = list(_days(reading.text, context)), list(_clocks(reading.text))
    found = []
    for day in days:
        clock = next((one for one in clocks if _beside(reading.text, day, one)), None)
        if clock is None:
            found.append(entity("date", day.value.isoformat(), reading, day.start, day.end, day.confidence))
            continue
        moment = datetime.combine(day.value, clock.value, context.now.tzinfo)
        start, end = min(day.start, clock.start), max(day.end, clock.end)
        value = moment.isoformat(timespec="minutes")
        found.append(entity("date", value, reading, start, end, min(day.confidence, clock.confidence)))
    return found


def times(reading: Reading, context: Context) -> list[Entity]:
    """Times of day."""
    return [
        entity("time", clock.value.isoformat(timespec="minutes"), reading, clock.start, clock.end, clock.confidence)
        for clock in _clocks(reading.text)
    ]


def _beside(text: str, day: _Day, clock: _Clock) -> bool:
    between = text[day.end : clock.start] if day.end <= clock.start else text[clock.end : day.start]
    return len(between) < 24 and bool(_JOIN.match(between))


def _days(text: str, context: Context) -> Iterator[_Day]:
    taken: list[tuple[int, int]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < last and first < end for first, last in taken):
                continue
            day = _day(kind, match, context)
            taken.append((start, end))  # also 31 April: its "April" is no date of another form
            if day is None:
                continue
            yield _Day(day, start, end, 0.7 if kind in ("slash", "hand") else 0.95)


def _day(kind: str, match: re.Match[str], context: Context) -> date | None:
    today = context.now.date()
    part = match.groupdict()
    if kind == "ymd":
        return _date(_year(part["y"], today), int(part["m"]), int(part["d"]))
    if kind in ("dmy", "mdy"):
        month, day = MONTHS[part["mon"].lower()], _number(part["d"])
        return _date(_year(part["y"], today), month, day) if part["y"] else _nearest(month, day, today)
    if kind == "hanmd":
        shift = {"今年": 0, "明年": 1, "去年": -1, "后年": 2, "前年": -2}.get(part["which"] or "")
        month, day = int(part["m"]), int(part["d"])
        return _nearest(month, day, today) if shift is None else _date(today.year + shift, month, day)
    if kind == "hand":
        shift = {"下": 1, "上": -1}.get((part["which"] or "")[:1], 0)
        begins = _months_on(today.replace(day=1), shift)
        found = _date(begins.year, begins.month, int(part["d"]))
        if found is not None and not part["which"] and found < today:
            begins = _months_on(begins, 1)
            found = _date(begins.year, begins.month, int(part["d"]))
        return found
    if kind == "slash":
        first, second = int(part["a"]), int(part["b"])
        american = context.locale in ("en", "en-US") and first <= 12
        month, day = (
            (first, second) if american or (context.chinese and first <= 12) or second > 12 else (second, first)
        )
        return _date(_year(part["y"], today), month, day) if part.get("y") else _nearest(month, day, today)
    if kind in ("offset", "hanoffset"):
        return _offset(part, today)
    if kind == "word":
        word = part["w"].lower()
        days = 2 if "after" in word and "tomorrow" in word else -2 if "before" in word else {"tomorrow": 1, "yesterday": -1}.get(word, 0)  # fmt: skip
        return today + timedelta(days=days)
    if kind == "hanword":
        return today + timedelta(days=_HAN_DAYS[part["w"]])
    if kind == "hanweekday":
        return _han_weekday(part, today)
    return _weekday(part, today)


def _weekday(part: dict[str, str], today: date) -> date | None:
    word, which = part["wd"].lower(), (part["which"] or "").lower()
    if len(word) <= 4 and not which and word in ("sat", "sun", "wed", "mon"):
        return None  # "the cat sat": a short form counts only after "on", "next", …
    wanted = _WEEKDAYS[word]
    ahead = (wanted - today.weekday()) % 7
    if which in ("last", "past"):
        return today - timedelta(days=(today.weekday() - wanted) % 7 or 7)
    if (part["late"] or "").lower() == "last week":
        return today + timedelta(days=wanted - today.weekday() - 7)
    if (part["late"] or "").lower() == "next week" or which == "next":
        return today + timedelta(days=wanted - today.weekday() + 7)
    return today + timedelta(days=ahead or (0 if which == "this" else 7))


def _han_weekday(part: dict[str, str], today: date) -> date:
    which = (part["which"] or "").rstrip("个")
    wanted = _HAN_WEEKDAYS[part["wd"]]
    weeks = {"下下": 2, "下": 1, "上": -1, "上上": -2}.get(which, 0)
    day = today + timedelta(days=wanted - today.weekday() + 7 * weeks)
    return day + timedelta(days=7) if not which and day < today else day


def _offset(part: dict[str, str], today: date) -> date:
    count = 1 if part["n"].lower() == "a" else int(part["n"])
    direction = part.get("dir") or ""
    sign = -1 if direction == "ago" or "前" in direction else 1
    unit = part["unit"].lower()
    if "month" in unit or "个月" in unit:
        return _months_on(today, sign * count)
    return today + timedelta(days=sign * count * (7 if "week" in unit or "周" in unit or "星期" in unit else 1))


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _nearest(month: int, day: int, today: date) -> date | None:
    """Without a year: the one nearest to today, for callers speak of last month's bill and next month's visit."""
    options = [found for year in (-1, 0, 1) if (found := _date(today.year + year, month, day))]
    return min(options, key=lambda found: abs((found - today).days)) if options else None


def _number(text: str) -> int:
    return 2 if text.lower() == "second" else int(re.sub(r"\D", "", text))


def _year(text: str, today: date) -> int:
    year = int(text.replace(" ", ""))
    if year >= 100:
        return year
    return year + (2000 if year <= today.year % 100 + 10 else 1900)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clocks(text: str) -> Iterator[_Clock]:
    taken: list[tuple[int, int]] = []
    for pattern in _TIMES:
        for match in pattern.finditer(text):
            start, end = match.span()
            if start == end or any(start < last and first < end for first, last in taken):
                continue
            clock = _clock(match.groupdict(), text, match)
            if clock is not None:
                taken.append((start, end))
                yield _Clock(clock[0], start, end, clock[1])


def _clock(part: dict[str, str | None], text: str, match: re.Match[str]) -> tuple[time, float] | None:
    if part.get("noon"):
        return time(0 if (part["noon"] or "").lower() == "midnight" else 12), 0.9
    hour, minute = int(part["h"] or 0), 0
    if part.get("past"):
        word = (part["past"] or "").lower()
        minute = {"half": 30, "quarter": 15}.get(word, int(word) if word.isdigit() else 0)
        if (part["dir"] or "").lower() in ("to", "before"):
            hour, minute = (hour - 1) % 24, 60 - minute
    elif part.get("hanhalf"):
        minute = 30
    elif part.get("quarter"):
        minute = 15 * int(part["quarter"] or 0)
    elif part.get("m"):
        minute = int((part["m"] or "0").replace(" ", ""))
    half, han = (part.get("half") or "").lower()[:1], part.get("part") or ""
    around = text[max(0, match.start() - 24) : match.end() + 24]
    sure = 0.95 if half or han or hour > 12 else 0.75
    if half == "p" or (not half and han in ("下午", "傍晚", "晚上", "晚", "夜里") and hour < 12 and hour >= 1):
        hour = hour % 12 + 12
    elif half == "a" or (han in ("凌晨", "半夜") and hour == 12):
        hour %= 12
    elif han == "中午":
        hour = hour + 12 if hour < 4 else hour
    elif not han and hour <= 12 and _EVENING.search(around):
        hour, sure = hour % 12 + 12, 0.9
    elif not han and not _MORNING.search(around) and 1 <= hour <= 6 and ":" not in match.group():
        hour += 12  # "at half past three" is in the afternoon when people make appointments
    if hour > 24 or minute > 59:
        return None
    return time(hour % 24, minute), sure
