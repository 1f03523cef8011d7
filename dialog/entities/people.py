"""Names of persons and addresses, by what people say around them and by how they are built."""

from __future__ import annotations

import re
from dataclasses import replace

from dialog.entities.base import Context, Entity, entity
from dialog.entities.reading import Reading, read

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金"
    "邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐向申葛柴伍覃"
    "骆关焦柳欧祝纪尚毕耿芦左季管符辛苗詹曲靳祁路涂兰甘裴梅童翁霍游阮尤岳柯牟滕谷舒卜成饶宁凌盛查单冉鲍华包屈房喻解蒲卫简时连车项闵邬吉党阳司费蒙席晏隋古"
)
_DOUBLE = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "夏侯",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "东方",
    "独孤",
    "端木",
)
_HAN_STOP = re.compile(r"先生|女士|小姐|是我|的$|吗$|呢$|啊$|什么|电话|手机|来|想|要|您好|你好|人工|客服|了$|了")
_HAN_LEAD = re.compile(r"(?:我(?:的名字|名字|的姓名|姓名)?(?:叫做?|是)|名字(?:叫做?|是)|姓名(?:是)?|本人(?:是|叫)?|户主(?:是|叫)?|收件人(?:是|叫)?|联系人(?:是|叫)?|机主(?:是|叫)?|这里是|叫|找)[:：，, ]{0,2}")  # fmt: skip
_HAN_TITLE = re.compile(r"(?P<n>[\u4e00-\u9fff]{1,4}?)(?=先生|女士|小姐|老师|经理)")
_HAN_SURNAME = re.compile(r"姓(?P<n>[\u4e00-\u9fff]{1,2})(?![\u4e00-\u9fff])")
_HAN_WORD = re.compile(r"[\u4e00-\u9fff]+")

_LEAD = re.compile(
    r"\b(?:my (?:full |first |last |sur)?name(?:'s| is)|the name(?:'s| is)|name(?:'s| is)|i am called|they call me|"
    r"this is|i'?m|i am|it's|speaking with|booked under|under the name(?: of)?|in the name of|registered (?:to|under)|name:)\s+"
    r"(?:(?:is|it's|called|mister|mr|mrs|ms|miss|dr|doctor)\.? )*",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’\-]*\.?(?: (?:(?:van|von|de|der|la|le|bin|al|da|dos|di) )*[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’\-]*){0,3}"
)
_STOP = frozenset(
    ["a", "an", "the", "and", "or", "but", "i", "you", "he", "she", "it", "we", "they", "my", "your", "is", "am", "are", "was", "were", "be", "not", "no", "yes", "calling", "call", "trying", "looking", "interested", "having", "here", "just", "sorry", "happy", "afraid", "sure", "about", "from", "for", "to", "of", "in", "on", "at", "with", "going", "wondering", "really", "very", "so", "fed", "sick", "tired", "angry", "ringing", "speaking", "phoning", "born", "old", "still", "waiting", "unable", "unhappy", "also", "only", "unsure", "ready", "done", "good", "fine", "great", "okay", "ok", "well", "never", "new", "late", "lost", "stuck", "out", "back", "up", "down", "getting", "using", "moving", "writing", "who", "what", "when", "where", "why", "how", "that", "this", "there", "because", "since", "customer", "please", "thanks", "thank", "can", "could", "would", "will", "do", "don't", "didn't", "having", "wanting", "getting", "a", "bit", "quite", "currently", "now", "ridiculous", "urgent", "important", "outrageous", "regarding", "concerning", "living"]
)  # fmt: skip
_ONE = re.compile(r"^(?:[A-Z][a-zÀ-ÿ'’\-]+\.? ){1,3}[A-Z][a-zÀ-ÿ'’\-]+$")
_SPELLED = re.compile(r"\b(?:[A-Za-z][ \-.]){2,}[A-Za-z]\b")

_UK_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d ?[A-Z]{2}"
_STREETS = r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|square|sq|crescent|close|terrace|highway|parkway|row|hill|gardens|grove|mews|quay"
_ADDRESS = re.compile(
    rf"\b(?:(?:flat|apartment|apt|unit|suite|room)\.? ?[0-9A-Za-z]+,? )?(?:number )?\d(?: ?\d){{0,4}}[A-Za-z]? (?:[A-Za-zÀ-ÿ.'\-]+ |\d+(?:st|nd|rd|th) ){{1,4}}?(?:{_STREETS})\b\.?"
    rf"(?:,? (?:flat|apartment|apt|unit|suite|room|floor)\.? ?[0-9A-Za-z]+(?: [A-Za-z]\b)?)?(?:,? (?:in )?[A-Z][A-Za-z'\-]+(?!\w))*(?:,? (?:{_UK_POSTCODE}|[A-Z]{{2}} \d{{5}}(?:-\d{{4}})?|\d{{5}}))?",
    re.IGNORECASE,
)
_WORD_TAIL = re.compile(
    r",? (?:and|please|it|is|but|because|for|where|i|can|could|so|thanks|thank|that|you|my|to|the|which)\b.*$",
    re.IGNORECASE,
)
_POSTCODE = re.compile(rf"\b{_UK_POSTCODE}\b", re.IGNORECASE)
_HAN_ADDRESS = re.compile(
    r"(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,7}?(?:市|自治州|盟))?(?:[\u4e00-\u9fff]{1,7}?(?:区|县|旗|镇|乡|街道))*"
    r"[\u4e00-\u9fff0-9A-Za-z]{0,12}?(?:路|街|大道|道|巷|弄|胡同|村|小区|花园|苑|大厦|广场|城|公寓|园)"
    r"(?:[\u4e00-\u9fff]{0,8}?\d+(?:号|弄|栋|幢|座|楼|单元|室|层|期|门|号楼|号院)|[A-Za-z0-9]+座|[东西南北]区|\d{3,4}(?!\d))*"
    r"(?:[\u4e00-\u9fff]{2,10}(?:园|大厦|小区|广场|苑|公寓|中心))?"
)
_HAN_PREFIX = re.compile(
    r"^.*?(?:地址是|地址改成|地址|住在|住址是|送到|寄到|寄往|家在|位于|改到|改成|在|是|到)[:：，]?"
)
_HAN_COUNT = re.compile(r"[〇零一二两三四五六七八九十百幺]+(?=号|弄|栋|幢|座|楼|单元|室|层|期|门)")
_HAN_CITY = re.compile(r"[省市区县]|\d")


def names(reading: Reading, context: Context) -> list[Entity]:
    """Names after "my name is …", "我叫…", before a title, or when the text is nothing else."""
    found = _han_names(reading) if re.search(r"[\u4e00-\u9fff]", reading.source) else _latin_names(reading)
    return [Entity("name", value, start, end, reading.source[start:end], sure) for value, start, end, sure in found]


def _han_names(reading: Reading) -> list[tuple[str, int, int, float]]:
    text = reading.source
    for match in _HAN_LEAD.finditer(text):
        word = _HAN_WORD.match(text, match.end())
        if word and (name := _han_name(word.group())):
            return [(name, match.end(), match.end() + len(name), 0.9 if match.group()[0] not in "叫找这" else 0.75)]
    for match in _HAN_TITLE.finditer(text):
        for length in (4, 3, 2, 1):
            piece = match["n"][-length:]
            if len(piece) == length and (piece[:1] in _SURNAMES or piece[:2] in _DOUBLE):
                return [(piece, match.end() - length, match.end(), 0.8)]
    family = _HAN_SURNAME.search(text)
    if family and (family["n"] in _SURNAMES or family["n"] in _DOUBLE):
        return [(family["n"], family.start("n"), family.end("n"), 0.85)]
    bare = text.strip(" 。，,.！!")
    if 2 <= len(bare) <= 4 and (name := _han_name(bare)) == bare:
        start = text.index(bare)
        return [(bare, start, start + len(bare), 0.6)]
    return []


def _han_name(words: str) -> str:
    """The name at the beginning of these characters: surname and one or two more."""
    family = 2 if words[:2] in _DOUBLE else 1 if words[:1] in _SURNAMES else 0
    if not family:
        return ""
    given = words[family : family + 2]
    cut = _HAN_STOP.search(given + words[family + 2 : family + 3])
    given = given[: cut.start()] if cut else given
    return words[:family] + given if given else ""


def _latin_names(reading: Reading) -> list[tuple[str, int, int, float]]:
    text = reading.source
    for match in _LEAD.finditer(text):
        name = _NAME.match(text, match.end())
        if name is None:
            continue
        words = name.group().split()
        kept = next((index for index, word in enumerate(words) if word.lower().strip(".,") in _STOP), len(words))
        value = " ".join(words[:kept]).strip(" .")
        strong = "name" in match.group().lower() or "call me" in match.group().lower()
        if not value or len(value) < 2 or (not strong and not value[0].isupper() and kept < 2):
            continue
        end = match.end() + name.group().index(words[kept - 1]) + len(words[kept - 1]) if kept else match.end()
        end = match.end() + len(" ".join(words[:kept])) if kept else end
        return [(_written(value), match.end(), end, 0.9 if strong else 0.65)]
    bare = text.strip(" .!?,")
    if _ONE.match(bare) and not {word.lower() for word in bare.split()} & _STOP:
        start = text.index(bare)
        return [(bare, start, start + len(bare), 0.6)]
    return []


def _written(name: str) -> str:
    """Capitals where the recogniser wrote none."""
    small = {"van", "von", "de", "der", "la", "le", "bin", "al", "da", "dos", "di"}
    return " ".join(
        word if word != word.lower() or word in small else word[:1].upper() + word[1:] for word in name.split()
    )


def addresses(reading: Reading, context: Context) -> list[Entity]:
    """Street addresses with a house number; Chinese ones from province to room."""
    found = []
    if re.search(r"[\u4e00-\u9fff]", reading.text):
        for match in _HAN_ADDRESS.finditer(reading.text):
            start = match.start()
            if lead := _HAN_PREFIX.match(match.group()):
                start += lead.end()
            piece = reading.text[start : match.end()]
            if len(piece) >= 5 and _HAN_CITY.search(piece):
                one = entity("address", "", reading, start, match.end(), 0.85 if re.search(r"\d", piece) else 0.6)
                # numbers of houses as digits, but "文三路" stays what it is
                found.append(replace(one, value=_HAN_COUNT.sub(lambda number: read(number.group()).text, one.text)))
        return found
    for match in _ADDRESS.finditer(reading.text):
        end = match.end()
        if cut := _WORD_TAIL.search(match.group()):
            end = match.start() + cut.start() if cut.start() > 8 else end
        value = re.sub(r"(?<=\b\d) (?=\d\b)", "", reading.text[match.start() : end]).strip(" ,")
        found.append(entity("address", value, reading, match.start(), end, 0.85))
    if not found:
        found = [
            entity("address", m.group().upper(), reading, *m.span(), 0.6) for m in _POSTCODE.finditer(reading.text)
        ]
    return found
