"""Twilio Studio's flow definition → flow/v1."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dialog.importers.draft import FINISH, Draft, Grade, Imported, ImportFailed, literal, plain, read_json, readable

_LIQUID = re.compile(r"\{\{\s*([\w.\-]+)(?:\s*\|[^}]*)?\s*\}\}")
_DIGITS = re.compile(r"\{\{\s*widgets\.([\w-]+)\.(Digits|SpeechResult)\s*\}\}")
_HOST = re.compile(r"https?://[^/?#{}@\s]+(?:[/?#].*)?$")
_CONDITIONS: dict[str, Callable[[str, str], str]] = {
    "equal_to": lambda a, b: f"string({a}) == {b}",
    "not_equal_to": lambda a, b: f"string({a}) != {b}",
    "contains": lambda a, b: f"string({a}).contains({b})",
    "does_not_contain": lambda a, b: f"!string({a}).contains({b})",
    "starts_with": lambda a, b: f"string({a}).startsWith({b})",
    "does_not_start_with": lambda a, b: f"!string({a}).startsWith({b})",
    "regex": lambda a, b: f"string({a}).matches({b})",
    "is_blank": lambda a, b: f"string({a}) == ''",
    "is_not_blank": lambda a, b: f"string({a}) != ''",
    "less_than": lambda a, b: f"double({a}) < double({b})",
    "greater_than": lambda a, b: f"double({a}) > double({b})",
}


def import_twilio(path: Path, flow_id: str, locales: Sequence[str]) -> Imported:
    """Read an exported flow. Raises `ImportFailed`."""
    data = read_json(path)
    if not isinstance(data.get("states"), list) or "initial_state" not in data:
        raise ImportFailed(f"{path}:1: no Studio flow: `states` and `initial_state` are missing")
    with readable(path):
        return _Studio(data, Draft(flow_id, str(data.get("description") or flow_id), locales)).run()


class _Studio:
    def __init__(self, data: dict[str, Any], draft: Draft) -> None:
        self._draft = draft
        self._start = str(data["initial_state"])
        self._states: dict[str, dict[str, Any]] = {str(state.get("name")): state for state in data["states"]}
        self._merged = self._splits_of_menus()

    def run(self) -> Imported:
        """All widgets."""
        for name, state in self._states.items():
            kind = str(state.get("type"))
            if name in self._merged:
                self._draft.tell(name, kind, self._name(self._merged[name]), "exact", "part of the menu")
            elif kind in WIDGETS:
                make: Callable[[str, dict[str, Any]], None] = getattr(self, WIDGETS[kind])
                make(name, state)
                offset = state.get("properties", {}).get("offset", {})
                if "x" in offset and "y" in offset and self._name(name) in self._draft.blocks:
                    self._draft.layout[self._name(name)] = [float(offset["x"]), float(offset["y"])]
            elif kind != "trigger":
                self._draft.tell(name, kind, "", "lost", "passed over: no equivalent; its first way out is taken")
        trigger = self._states.get(self._start, {})
        begin = self._way(trigger, "incomingCall") or self._way(trigger, "incomingMessage", "incomingRequest") or FINISH
        others = [
            event for event in ("incomingMessage", "incomingRequest") if self._way(trigger, event) not in ("", begin)
        ]
        why = f"the way of {', '.join(others)} is not taken: one flow serves calls and chats" if others else ""
        self._draft.tell(self._start, "trigger", begin, "approximated" if others else "exact", why)
        return self._draft.finish(begin)

    # ------------------------------------------------------------------ widgets

    def _say_play(self, name: str, state: dict[str, Any]) -> None:
        text, grade, why = self._prompt(state)
        self._add(
            name,
            {"type": "play", "text": self._draft.wording(text), "exits": {"next": self._next(state, "audioComplete")}},
        )
        self._note(name, state, grade, why)

    def _gather(self, name: str, state: dict[str, Any]) -> None:
        text, grade, why = self._prompt(state)
        properties, wording = state.get("properties", {}), self._draft.wording(text)
        silent = self._way(state, "timeout") or FINISH
        pressed, said = self._raw(state, "keypress"), self._raw(state, "speech")
        if self._merged.get(pressed) == name:
            self._menu(name, state, pressed, wording, silent)
            return
        target = self._to(pressed) if pressed else self._to(said)
        most = int(properties.get("number_of_digits") or 16)
        block: dict[str, Any] = {
            "type": "collect", "slot": f"{self._name(name)}_input", "prompt": wording, "no_match": self._draft.no_match,
        }  # fmt: skip
        if pressed:
            block |= {"min": 1, "max": min(max(most, 1), 32)}
        else:
            block["kind"] = "free"
        self._add(name, block | {"exits": {"ok": target, "failed": silent, "no_input": silent}})
        if pressed and said and said != pressed:
            grade, why = "approximated", "speech went another way than keys; here both are digits"
        self._note(name, state, grade, why)

    def _menu(self, name: str, state: dict[str, Any], split: str, wording: dict[str, str], silent: str) -> None:
        keys = [
            (value, self._to(target))
            for kind, value, target in self._matches(self._states[split])
            if kind == "equal_to"
        ]
        other = self._way(self._states[split], "noMatch") or silent
        options: list[dict[str, Any]] = [{"id": f"key_{_KEY_NAMES.get(key, key)}", "key": key} for key, _ in keys]
        exits = {option["id"]: target for option, (_, target) in zip(options, keys, strict=True)}
        spoken = self._states.get(self._raw(state, "speech"), {})
        for _, value, target in self._matches(spoken) if spoken.get("type") == "split-based-on" else []:
            for option in options:
                if exits[option["id"]] == self._to(target) and value:
                    option.setdefault("say", {locale: [] for locale in self._draft.locales})
                    for listed in option["say"].values():
                        listed.append(value)
        self._add(
            name,
            {
                "type": "menu", "prompt": wording, "no_match": self._draft.no_match, "options": options, "retries": 0,
                "exits": {**exits, "no_match": other, "no_input": silent},
            },
        )  # fmt: skip
        worded = all("say" in option for option in options)
        self._note(
            name, state, "exact" if worded else "approximated", "" if worded else "give each option words (`say`), too"
        )

    def _split(self, name: str, state: dict[str, Any]) -> None:
        left = self._reference(str(state.get("properties", {}).get("input", "")))
        cases, exits, lost = [], {}, []
        for number, (kind, value, target) in enumerate(self._matches(state), 1):
            if kind == "matches_any_of":
                when = " || ".join(f"string({left}) == {literal(part.strip())}" for part in value.split(","))
            elif kind in _CONDITIONS:
                when = _CONDITIONS[kind](left, literal(value))
            else:
                lost.append(kind)
                continue
            cases.append({"exit": f"case_{number}", "when": when})
            exits[f"case_{number}"] = self._to(target)
        other = self._way(state, "noMatch") or FINISH
        self._add(
            name,
            {
                "type": "branch",
                "cases": cases or [{"exit": "never", "when": "false"}],
                "exits": {**(exits or {"never": other}), "else": other},
            },
        )
        self._note(
            name,
            state,
            "approximated" if lost else "exact",
            f"without the conditions {', '.join(lost)}" if lost else "",
        )

    def _connect_call(self, name: str, state: dict[str, Any]) -> None:
        properties = state.get("properties", {})
        noun = str(properties.get("noun", "number"))
        to = str(properties.get("to") or properties.get("sip_endpoint") or "")
        target = "sip" if noun.startswith("sip") else "number"
        match = _LIQUID.fullmatch(to.strip())
        done, hung_up = self._way(state, "callCompleted") or FINISH, self._way(state, "hangup") or FINISH
        self._add(
            name,
            {
                "type": "transfer", "target": target, "to": f"= {self._attribute(match.group(1))}" if match else to or "+10000000000",
                "timeout_s": float(min(max(int(properties.get("timeout") or 25), 5), 120)),
                "exits": {"connected": done, "no_answer": done, "busy": done, "failed": done},
            },
        )  # fmt: skip
        why = (
            f"{noun} has no equivalent, its target is taken for a number"
            if noun not in ("number", "sip", "number-multi")
            else ""
        )
        why = why or (
            "`hangup` led elsewhere; a caller who hangs up is served by handlers.on_hangup"
            if hung_up not in (done, FINISH)
            else ""
        )
        self._note(name, state, "approximated" if why else "exact", why)

    def _set_variables(self, name: str, state: dict[str, Any]) -> None:
        values = {
            plain(str(item.get("key"))): self._computed(str(item.get("value", "")))
            for item in state.get("properties", {}).get("variables", [])
        }
        self._add(name, {"type": "set", "values": values, "exits": {"next": self._next(state, "next")}})
        self._note(name, state, "exact")

    def _http(self, name: str, state: dict[str, Any]) -> None:
        properties = state.get("properties", {})
        url = str(properties.get("url", ""))
        self._request(name, state, url, str(properties.get("method", "GET")))

    def _function(self, name: str, state: dict[str, Any]) -> None:
        self._request(name, state, str(state.get("properties", {}).get("url", "")), "POST")

    def _request(self, name: str, state: dict[str, Any], url: str, method: str) -> None:
        filled = self._filled(url)
        known = _HOST.match(filled) is not None
        failed = self._way(state, "failed", "fail") or FINISH
        block: dict[str, Any] = {
            "type": "http", "method": method if method in ("GET", "POST", "PUT", "PATCH", "DELETE") else "POST",
            "url": filled if known else f"https://replace-me.invalid/{self._name(name)}",
        }  # fmt: skip
        if parameters := state.get("properties", {}).get("parameters"):
            body = {str(item.get("key")): self._filled(str(item.get("value", ""))) for item in parameters}
            block["query" if block["method"] == "GET" else "body"] = body
        block |= {
            "mock": {"status": 200, "body": {}},
            "exits": {"ok": self._next(state, "success"), "http_error": failed, "timeout": failed},
        }
        self._add(name, block)
        why = "list its host in dialog.actions.allowed_hosts; name under `extract` what {{widgets.…}} read"
        self._note(name, state, "approximated", why if known else f"its URL is not fixed: write it out; {why}")

    def _queue(self, name: str, state: dict[str, Any]) -> None:
        properties = state.get("properties", {})
        failed = self._way(state, "failedToEnqueue", "callFailure") or FINISH
        queue = plain(
            str(properties.get("queue_name") or properties.get("workflow") or properties.get("channel") or "support")
        )
        self._add(
            name,
            {
                "type": "queue", "queue": queue if properties.get("queue_name") else "support",
                "exits": {"answered": self._next(state, "callComplete"), "overflow": failed, "no_agents": failed},
            },
        )  # fmt: skip
        why = "" if properties.get("queue_name") else "workflows route there; here queue and skills do: choose them"
        self._note(name, state, "approximated" if why else "exact", why)

    def _message(self, name: str, state: dict[str, Any]) -> None:
        text = self._filled(str(state.get("properties", {}).get("body", "")))
        self._add(
            name, {"type": "play", "text": self._draft.wording(text), "exits": {"next": self._next(state, "sent")}}
        )
        self._note(name, state, "approximated", "it was a text message; here it is said, or written in a chat")

    def _ask_in_text(self, name: str, state: dict[str, Any]) -> None:
        text = self._filled(str(state.get("properties", {}).get("body", "")))
        failed = self._way(state, "timeout", "deliveryFailure") or FINISH
        self._add(
            name,
            {
                "type": "collect", "slot": f"{self._name(name)}_input", "kind": "free", "prompt": self._draft.wording(text),
                "no_match": self._draft.no_match,
                "exits": {"ok": self._way(state, "incomingMessage") or FINISH, "failed": failed, "no_input": failed},
            },
        )  # fmt: skip
        self._note(name, state, "approximated", "it was a text message; here it is asked in the call or chat itself")

    # ------------------------------------------------------------------ parts

    def _splits_of_menus(self) -> dict[str, str]:
        """Splits that only tell the keys of one `gather` apart: split → gather. The two are one menu here."""
        found: dict[str, str] = {}
        for name, state in self._states.items():
            if state.get("type") != "gather-input-on-call":
                continue
            for event, part in (("keypress", "Digits"), ("speech", "SpeechResult")):
                split = self._raw(state, event)
                target = self._states.get(split, {})
                reads = _DIGITS.fullmatch(str(target.get("properties", {}).get("input", "")).strip())
                keys = [value for kind, value, _ in self._matches(target) if kind == "equal_to"]
                fits = reads is not None and reads.groups() == (name, part) and target.get("type") == "split-based-on"
                if part == "Digits":
                    fits = fits and bool(keys) and all(re.fullmatch(r"[0-9*#]", key) for key in keys)
                    fits = fits and len(keys) == len(self._matches(target))
                elif self._raw(state, "keypress") not in found:
                    fits = False
                if fits and all(
                    split != transition.get("next") or other == name
                    for other, each in self._states.items()
                    for transition in each.get("transitions", [])
                ):
                    found[split] = name
        return found

    def _matches(self, state: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Conditions of a split: type, value, where to."""
        return [
            (str(condition.get("type")), str(condition.get("value", "")), str(transition.get("next") or ""))
            for transition in state.get("transitions", [])
            if transition.get("event") == "match"
            for condition in transition.get("conditions", [])[:1]
        ]

    def _raw(self, state: dict[str, Any], event: str) -> str:
        return next(
            (str(way["next"]) for way in state.get("transitions", []) if way.get("event") == event and way.get("next")),
            "",
        )

    def _way(self, state: dict[str, Any], *events: str) -> str:
        return next((self._to(raw) for event in events if (raw := self._raw(state, event))), "")

    def _next(self, state: dict[str, Any], event: str) -> str:
        return self._way(state, event) or FINISH

    def _to(self, name: str, seen: tuple[str, ...] = ()) -> str:
        state = self._states.get(name)
        if state is None or name in seen:
            return FINISH
        if state.get("type") in WIDGETS:
            return self._name(name)
        following = next((str(way["next"]) for way in state.get("transitions", []) if way.get("next")), "")
        return self._to(following, (*seen, name))

    def _name(self, name: str) -> str:
        return self._draft.name(name)

    def _add(self, name: str, block: dict[str, Any]) -> None:
        self._draft.add(self._name(name), block)

    def _note(self, name: str, state: dict[str, Any], grade: Grade, why: str = "") -> None:
        self._draft.tell(name, str(state.get("type")), self._name(name), grade, why)

    def _prompt(self, state: dict[str, Any]) -> tuple[str, Grade, str]:
        properties = state.get("properties", {})
        if text := properties.get("say"):
            return self._filled(str(text)), "exact", ""
        source = str(properties.get("play") or "")
        text = f"(recording {source.rsplit('/', 1)[-1]})" if source else ""
        return text, "approximated", "a recording: write what it says" if source else "nothing was said"

    def _attribute(self, reference: str) -> str:
        parts = reference.split(".")
        if parts[0] == "widgets" and len(parts) > 2 and parts[2] in ("Digits", "SpeechResult", "inbound"):
            return f"{self._name(parts[1])}_input"
        if parts[0] == "trigger" and parts[-1].lower() in ("from", "caller"):
            return "caller_from"
        return plain(parts[-1])

    def _reference(self, text: str) -> str:
        match = _LIQUID.fullmatch(text.strip())
        return self._attribute(match.group(1)) if match else literal(text)

    def _filled(self, text: str) -> str:
        return _LIQUID.sub(lambda match: "{{" + self._attribute(match.group(1)) + "}}", text)

    def _computed(self, text: str) -> str:
        match = _LIQUID.fullmatch(text.strip())
        return f"= {self._attribute(match.group(1))}" if match else self._filled(text)


_KEY_NAMES = {"*": "star", "#": "hash"}
WIDGETS = {
    "say-play": "_say_play",
    "gather-input-on-call": "_gather",
    "split-based-on": "_split",
    "connect-call-to": "_connect_call",
    "set-variables": "_set_variables",
    "make-http-request": "_http",
    "run-function": "_function",
    "enqueue-call": "_queue",
    "send-to-flex": "_queue",
    "send-message": "_message",
    "send-and-wait-for-reply": "_ask_in_text",
}
"""Widget → the method that makes its block."""
