"""Numbers that name somebody or something: telephone, identity card, licence plate, order."""

from __future__ import annotations

import re
from datetime import date

import phonenumbers

from dialog.entities.base import Context, Entity, entity, said_near
from dialog.entities.reading import Reading

_RUN = re.compile(r"(?<![\d.])(?:\+ ?|plus )?\(?\d(?:[ \-().,]{0,2}\d)*(?!\d|[.,]\d)", re.IGNORECASE)
_PHONE_WORDS = r"phone|call|mobile|cell|contact|reach|number is|telephone|tel\b|ring|电话|手机|联系|号码|打给|回电|拨"
_REGIONS = {
    "en": ("US", "GB"),
    "zh": ("CN", "HK"),
    "de": ("DE",),
    "fr": ("FR",),
    "es": ("ES",),
    "ja": ("JP",),
    "pl": ("PL",),
}

_ID = re.compile(r"(?<![\dA-Za-z])\d(?:[ -]?\d){16}[ -]?[\dXx](?![\dA-Za-z])")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_X = re.compile(r"(?<=\d)[ ,，]*(?:叉|[xX]|艾克斯|ex\b|大写的?[xX]|字母[xX])")

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE_CN = re.compile(
    rf"(?P<p>[{_PROVINCES}])[ ,，]?(?P<c>[A-Za-z])[ ,，·.\-]*(?P<n>(?:[A-Za-z0-9][ ,，\-]*){{4,5}}[A-Za-z0-9警学挂港澳]|(?:[A-Za-z0-9][ ,，\-]*){{4}}[警学挂港澳A-Za-z0-9])(?![A-Za-z0-9])"
)
_PLATE_GB = re.compile(r"\b(?P<n>[A-Z](?: ?[A-Z]) ?\d ?\d ?[A-Z] ?[A-Z] ?[A-Z])\b", re.IGNORECASE)
_PLATE_WORDS = r"plate|registration|licen[cs]e|\breg\b|tag|vehicle|\bcar\b|车牌|牌照|车号"

_CODE_TOKEN = re.compile(r"[A-Za-z0-9]+")
_CODE_GAP = re.compile(r"^[\s\-,.#/]{0,10}$")
_ORDER_WORDS = r"order|booking|reference|confirmation|tracking|parcel|case|ticket|订单|单号|运单|快递|工单|编号|流水"
_LETTERS = re.compile(r"\b(?:alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliet|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-?ray|yankee|zulu)\b(?= |$|-)", re.IGNORECASE)  # fmt: skip
_AS_IN = re.compile(r"\b([a-z]) (?:as in|for|like) [a-z]+\b", re.IGNORECASE)


def compact(text: str) -> str:
    """Letters and digits only, upper case."""
    return re.sub(r"[^A-Za-z0-9\u3400-\u9fff]", "", text).upper()


def phones(reading: Reading, context: Context) -> list[Entity]:
    """Telephone numbers that exist as a pattern in the locale's countries, or carry their country code."""
    found = []
    for match in _RUN.finditer(reading.text):
        raw = re.sub(r"plus ", "+", match.group().strip(" .,-"), flags=re.IGNORECASE)
        digits = re.sub(r"\D", "", raw)
        if not 7 <= len(digits) <= 15:
            continue
        number = _phone(("+" if raw.startswith("+") else "") + digits, context)
        if number is None:
            continue
        near = said_near(_PHONE_WORDS, reading, *match.span())
        start, end = match.span()
        found.append(entity("phone", number, reading, start, end, 0.97 if near or raw.startswith("+") else 0.8))
    return found


def _phone(digits: str, context: Context) -> str | None:
    language, _, region = context.locale.partition("-")
    regions = [region] if len(region) == 2 and region.isupper() else []
    regions += [one for one in _REGIONS.get(language, ("US",)) if one not in regions]
    options = [digits, "+" + digits[2:]] if digits.startswith("00") else [digits]
    for option in options:
        for one in regions:
            try:
                number = phonenumbers.parse(option, one)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def id_cards(reading: Reading, context: Context) -> list[Entity]:
    """Chinese resident identity numbers (GB 11643-1999) whose birth date exists and whose check digit is right."""
    text = _ID_X.sub(lambda match: "X".rjust(len(match.group())), reading.text)
    found = []
    for match in _ID.finditer(text):
        digits = compact(match.group())
        if id_card_valid(digits):
            found.append(entity("id_card", digits, reading, *match.span(), 0.99))
    return found


def id_card_valid(digits: str) -> bool:
    """Whether 17 digits and a check character (ISO 7064 MOD 11-2) are an identity number."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", digits):
        return False
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _ID_WEIGHTS, strict=True))
    return born.year >= 1900 and _ID_CHECKS[total % 11] == digits[17]


def plates(reading: Reading, context: Context) -> list[Entity]:
    """Chinese plates by their form; British ones too; others where the words around speak of a plate."""
    text = _spelled(reading.text)
    found: list[Entity] = []
    for match in _PLATE_CN.finditer(text):
        value = compact(match.group())
        if len(value) in (7, 8) and not re.search(r"[IO]", value[2:]):
            found.append(entity("plate", value, reading, *match.span(), 0.97))
    if found:
        return found
    for match in _PLATE_GB.finditer(text):
        near = said_near(_PLATE_WORDS, reading, *match.span())
        found.append(entity("plate", compact(match.group()), reading, *match.span(), 0.95 if near else 0.7))
    if found:
        return found
    for start, end in _codes(text, context):
        value = compact(text[start:end])
        mixed = bool(re.search(r"\d", value) and re.search(r"[A-Z]", value))
        if mixed and 4 <= len(value) <= 8 and said_near(_PLATE_WORDS, reading, start, end):
            found.append(entity("plate", value, reading, start, end, 0.8))
    return found


def orders(reading: Reading, context: Context) -> list[Entity]:
    """Order, booking and tracking numbers: at least five characters with three digits, no other kind of number."""
    text = _spelled(reading.text)
    found = []
    telephones = phones(reading, context)
    for start, end in _codes(text, context):
        value = compact(text[start:end])
        digits = sum(char.isdigit() for char in value)
        if not 5 <= len(value) <= 24 or digits < 3 or id_card_valid(value):
            continue
        near = said_near(_ORDER_WORDS, reading, start, end, before=36)
        place = reading.span(start, end)
        if not near and any(one.start < place[1] and place[0] < one.end for one in telephones):
            continue
        found.append(entity("order_number", value, reading, start, end, 0.95 if near else 0.6))
    return found


def _codes(text: str, context: Context) -> list[tuple[int, int]]:
    """Places of runs of digits and letters that are one code: "W L - 9 3 3 0 4", "ab-12345", "SF1234"."""
    runs: list[list[re.Match[str]]] = []
    for token in _CODE_TOKEN.finditer(text):
        if not _of_code(token, text):
            continue
        if runs and _CODE_GAP.match(text[runs[-1][-1].end() : token.start()]):
            runs[-1].append(token)
        else:
            runs.append([token])
    places = []
    for run in runs:
        while len(run) > 1 and run[0].group() in ("a", "i", "I", "A") and not _single(run[1]):
            run.pop(0)  # "I 4711": the first letter is a word
        if any(char.isdigit() for token in run for char in token.group()):
            places.append((run[0].start(), run[-1].end()))
    return places


def _of_code(token: re.Match[str], text: str) -> bool:
    word = token.group()
    if any(char.isdigit() for char in word):
        return not re.fullmatch(r"\d+(?:st|nd|rd|th)", word)
    if _single(token):
        return True
    hyphened = text[token.end() : token.end() + 1] == "-" or text[token.start() - 1 : token.start()] == "-"
    among_han = not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", text) and bool(re.search(r"[\u4e00-\u9fff]", text))
    return len(word) <= 4 and (word.isupper() or hyphened or among_han)


def _single(token: re.Match[str]) -> bool:
    return len(token.group()) == 1 and token.group().isalpha()


def _spelled(text: str) -> str:
    """Letters that were spelled, in as many characters: "bravo" → "    B", "b as in bravo" → "b             "."""
    text = _AS_IN.sub(lambda match: match.group(1).upper().ljust(len(match.group())), text)
    text = _LETTERS.sub(lambda match: match.group()[0].upper().ljust(len(match.group())), text)
    return re.sub(r"(?<=\w) (?:dash|hyphen|杠|横杠|minus) (?=\w)", lambda match: "-".center(len(match.group())), text)
