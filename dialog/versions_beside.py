"""What two versions of a flow differ in beside the flow itself: sub-flows, intents, articles, rules, workflows, calendars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dialog import yamlfile
from dialog.calendars import FILE as CALENDARS
from dialog.flow import Flow, parse_flow
from dialog.snapshots import Placed
from dialog.versions import Change, diff, parts
from dialog.yamlfile import FileError

_TITLES = {"intents": "intent", "knowledge": "article", "rules": "rules", "workflows": "workflow"}
_NO_MEANING = frozenset({"format", "note", "tests"})


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something beside the flow: its name in words, what it is made of, and how much that is."""

    name: str
    data: Any
    size: str = ""
    examples: dict[str, list[str]] = field(default_factory=dict)


def difference(before: Placed, after: Placed) -> list[Change]:
    """Everything that callers or agents can meet and that is no longer the same. Raises `FileError` for what is no flow."""
    old, new = _flow(before), _flow(after)
    found = diff(old, new)
    for ref in [*old.subflows, *(ref for ref in new.subflows if ref not in old.subflows)]:
        was, now = old.subflows.get(ref), new.subflows.get(ref)
        if was is None or now is None:
            found.append(Change("removed" if now is None else "added", f"sub-flow {ref!r}"))
            continue
        found += [replace(change, where=f"{ref} / {change.where}") for change in diff(was, now)]
    things, others = _things(before), _things(after)
    for name in [*things, *(name for name in others if name not in things)]:
        one, other = things.get(name), others.get(name)
        if one is None or other is None:
            there = one or other
            found.append(Change("removed" if other is None else "added", name, there.size if there else ""))
        else:
            found += parts(name, "", one.data, other.data, "beside")
            found += _examples(name, one.examples, other.examples)
    return found


def _examples(name: str, old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[Change]:
    """What went and what came; their order means nothing."""
    for locale in [*old, *(locale for locale in new if locale not in old)]:
        was, now = old.get(locale, []), new.get(locale, [])
        gone, come = [text for text in was if text not in now], [text for text in now if text not in was]
        if gone or come:
            yield Change("beside", name, f"examples ({locale})", gone or None, come or None)


def _flow(placed: Placed) -> Flow:
    try:
        return parse_flow(placed.snapshot.text, str(placed.file))[0]
    except FileError as error:
        raise FileError(placed.told(error.problems)) from None


def _things(placed: Placed) -> dict[str, _Thing]:
    """By name, in the order of their files; what cannot be read is compared as a text."""
    found = {}
    for path, text in placed.snapshot.files.items():
        folder, _, file = path.rpartition("/")
        kind = folder.rpartition("/")[2]
        if kind in _TITLES or file == CALENDARS:
            for thing in _read(kind if kind in _TITLES else CALENDARS, file.rpartition(".")[0], text):
                found[thing.name] = thing
    return found


def _read(kind: str, stem: str, text: str) -> Iterator[_Thing]:
    try:
        data = yamlfile.parse(text, stem).data
    except FileError:
        data = {}
    if not isinstance(data, dict):
        data = {}
    if kind == "intents":
        yield _intent(data, stem)
    elif kind == "knowledge" and isinstance(data.get("articles"), list):
        for article in data["articles"]:
            if isinstance(article, dict):
                yield _Thing(f"article {article.get('id')!r}", {k: v for k, v in article.items() if k != "id"})
    elif kind == CALENDARS:
        for name, calendar in (data.get("calendars") or {}).items():
            yield _Thing(f"calendar {name!r}", _days_apart(calendar))
    else:
        told = {name: value for name, value in data.items() if name not in _NO_MEANING} or text
        yield _Thing(f"{_TITLES[kind]} {stem!r}", told)


def _days_apart(calendar: Any) -> Any:
    """Days are no languages, however alike they look."""
    if not isinstance(calendar, dict) or not isinstance(calendar.get("weekly"), dict):
        return calendar
    return {**calendar, "weekly": None, **{f"weekly {days}": times for days, times in calendar["weekly"].items()}}


def _intent(data: dict[str, Any], stem: str) -> _Thing:
    listed = data.get("examples") if isinstance(data.get("examples"), dict) else {}
    examples = {locale: list(texts) for locale, texts in (listed or {}).items() if isinstance(texts, list)}
    level = {"auth_level": data.get("auth_level", 0)}
    return _Thing(
        f"intent {data.get('intent', stem)!r}", level, f"{sum(map(len, examples.values()))} examples", examples
    )
