"""Amazon Connect's flow language (Version 2019-10-30) → flow/v1."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dialog.importers.draft import FINISH, Draft, Imported, ImportFailed, literal, plain, read_json, readable

_REFERENCE = re.compile(r"\$\.(?:External|Attributes|StoredCustomerInput|[A-Za-z.]+)(?:\.([A-Za-z0-9_]+))?")
_TAG = re.compile(r"<[^>]+>")
_COMPARE = {
    "Equals": "string({a}) == {b}",
    "NumberEquals": "double({a}) == double({b})",
    "NumberGreaterThan": "double({a}) > double({b})",
    "NumberGreaterOrEqualTo": "double({a}) >= double({b})",
    "NumberLessThan": "double({a}) < double({b})",
    "NumberLessOrEqualTo": "double({a}) <= double({b})",
    "TextStartsWith": "string({a}).startsWith({b})",
    "TextEndsWith": "string({a}).endsWith({b})",
    "TextContains": "string({a}).contains({b})",
}
ACTIONS = {
    "MessageParticipant": "_message_participant",
    "GetParticipantInput": "_get_participant_input",
    "ConnectParticipantWithLexBot": "_connect_participant_with_lex_bot",
    "Compare": "_compare",
    "UpdateContactAttributes": "_update_contact_attributes",
    "CheckHoursOfOperation": "_check_hours_of_operation",
    "TransferContactToQueue": "_transfer_contact_to_queue",
    "TransferParticipantToThirdParty": "_transfer_participant_to_third_party",
    "TransferToFlow": "_transfer_to_flow",
    "InvokeLambdaFunction": "_invoke_lambda_function",
    "DisconnectParticipant": "_disconnect_participant",
    "Loop": "_loop",
    "UpdateContactRecordingBehavior": "_update_contact_recording_behavior",
    "UpdateContactData": "_update_contact_data",
    "DistributeByPercentage": "_distribute_by_percentage",
    "CreateCallbackContact": "_create_callback_contact",
    "EndFlowExecution": "_disconnect_participant",
}
"""Action → the method that makes its block."""
_HARMLESS = {
    "UpdateFlowLoggingBehavior": "what a run does is always recorded",
    "UpdateContactEventHooks": "hold music and whispers are the desk's settings",
    "UpdateContactTextToSpeechVoice": "the voice is a setting (tts)",
    "UpdateContactCallbackNumber": "the `callback` block asks for the number itself",
    "UpdateContactTargetQueue": "",
}


def import_connect(path: Path, flow_id: str, locales: Sequence[str]) -> Imported:
    """Read an exported flow. Raises `ImportFailed`."""
    data = read_json(path)
    actions = data.get("Actions")
    if not isinstance(actions, list) or "StartAction" not in data:
        raise ImportFailed(f"{path}:1: no Connect flow: `Actions` and `StartAction` are missing")
    with readable(path):
        return _Connect(data, Draft(flow_id, str(data.get("Metadata", {}).get("name") or flow_id), locales)).run()


class _Connect:
    def __init__(self, data: dict[str, Any], draft: Draft) -> None:
        self._draft = draft
        self._start = str(data["StartAction"])
        self._actions: dict[str, dict[str, Any]] = {str(item.get("Identifier")): item for item in data["Actions"]}
        self._places = data.get("Metadata", {}).get("ActionMetadata", {})
        counts: dict[str, int] = {}
        for identifier, action in self._actions.items():
            kind = str(action.get("Type"))
            counts[kind] = counts.get(kind, 0) + 1
            hint = identifier if not re.fullmatch(r"[0-9a-fA-F-]{20,}", identifier) else f"{plain(kind)}_{counts[kind]}"
            draft.name(identifier, hint)

    def run(self) -> Imported:
        """All actions."""
        for identifier, action in self._actions.items():
            kind = str(action.get("Type"))
            if kind in ACTIONS:
                make: Callable[[str, dict[str, Any]], None] = getattr(self, ACTIONS[kind])
                make(identifier, action)
                position = self._places.get(identifier, {}).get("position", {})
                if "x" in position and "y" in position:
                    self._draft.layout[self._name(identifier)] = [float(position["x"]), float(position["y"])]
            elif kind in _HARMLESS:
                if kind != "UpdateContactTargetQueue":
                    self._draft.tell(identifier, kind, "", "lost", f"passed over: {_HARMLESS[kind]}")
            else:
                self._draft.tell(
                    identifier, kind, "", "lost", "passed over: no equivalent; its way out goes on as `NextAction`"
                )
        return self._draft.finish(self._to(self._start))

    # ------------------------------------------------------------------ actions

    def _message_participant(self, identifier: str, action: dict[str, Any]) -> None:
        text, grade, why = self._prompt(action)
        failed = self._error(action, "NoMatchingError")
        exits = {"next": self._next(action)} | ({"failed": failed} if failed else {})
        self._add(identifier, {"type": "play", "text": self._draft.wording(text), "exits": exits})
        self._note(identifier, action, grade, why)

    def _get_participant_input(self, identifier: str, action: dict[str, Any]) -> None:
        text, grade, why = self._prompt(action)
        parameters, wording = action.get("Parameters", {}), self._draft.wording(text)
        silent = self._error(action, "InputTimeLimitExceeded") or self._next(action)
        wrong = self._error(action, "NoMatchingCondition", "NoMatchingError", "InvalidPhoneNumber") or silent
        keys = self._cases(action)
        if str(parameters.get("StoreInput", "False")) == "True":
            validation = parameters.get("InputValidation", {})
            most = int(validation.get("CustomValidation", {}).get("MaximumLength", 20) or 20)
            block: dict[str, Any] = {
                "type": "collect",
                "slot": "stored_customer_input",
                "prompt": wording,
                "no_match": self._draft.no_match,
            }
            if "PhoneNumberValidation" in validation:
                block["kind"] = "phone"
            else:
                block |= {"min": 1, "max": min(most, 32)}
            block["exits"] = {"ok": self._next(action), "failed": wrong, "no_input": silent}
            if "InputEncryption" in parameters:
                block["sensitive"] = True
                grade, why = "approximated", "encrypted there; here `sensitive`: not recorded, shown or stored"
            self._add(identifier, block)
        elif keys:
            options = [{"id": f"key_{_KEY_NAMES.get(key, key)}", "key": key} for key, _ in keys]
            exits = {f"key_{_KEY_NAMES.get(key, key)}": target for key, target in keys}
            self._add(
                identifier,
                {
                    "type": "menu", "prompt": wording, "no_match": self._draft.no_match, "options": options, "retries": 0,
                    "exits": {**exits, "no_match": wrong, "no_input": silent},
                },
            )  # fmt: skip
            grade, why = (
                "approximated",
                why or "keys only; give each option words (`say`) so that it can be said as well",
            )
        else:
            self._add(identifier, {"type": "play", "text": wording, "exits": {"next": self._next(action)}})
        self._note(identifier, action, grade, why)

    def _connect_participant_with_lex_bot(self, identifier: str, action: dict[str, Any]) -> None:
        text, _, _ = self._prompt(action)
        other = self._error(action, "NoMatchingCondition", "NoMatchingError") or self._next(action)
        exits = {plain(intent): target for intent, target in self._cases(action)}
        self._add(
            identifier,
            {
                "type": "understand", "prompt": self._draft.wording(text), "no_match": self._draft.no_match,
                "exits": {**exits, "unknown": other},
            },
        )  # fmt: skip
        self._note(
            identifier,
            action,
            "approximated",
            f"write examples for {', '.join(exits) or 'its intents'} in intents/; slots need `collect` blocks",
        )

    def _compare(self, identifier: str, action: dict[str, Any]) -> None:
        left = self._value(str(action.get("Parameters", {}).get("ComparisonValue", "")))
        cases, exits, lost = [], {}, []
        for number, item in enumerate(action.get("Transitions", {}).get("Conditions", []), 1):
            condition = item.get("Condition", {})
            pattern = _COMPARE.get(str(condition.get("Operator")))
            if pattern is None:
                lost.append(str(condition.get("Operator")))
                continue
            right = self._value(str((condition.get("Operands") or [""])[0]))
            cases.append({"exit": f"case_{number}", "when": pattern.format(a=left, b=right)})
            exits[f"case_{number}"] = self._to(str(item.get("NextAction")))
        exits["else"] = self._error(action, "NoMatchingCondition") or self._next(action)
        if not cases:
            self._draft.tell(identifier, "Compare", "", "lost", "no condition that can be said here")
            self._actions[identifier] = {"Type": "Compare", "Transitions": {"NextAction": ""}, "_to": exits["else"]}
            return
        self._add(identifier, {"type": "branch", "cases": cases, "exits": exits})
        self._note(
            identifier, action, "approximated" if lost else "exact", f"without {', '.join(lost)}" if lost else ""
        )

    def _update_contact_attributes(self, identifier: str, action: dict[str, Any]) -> None:
        values = {
            plain(name): self._computed(str(value))
            for name, value in action.get("Parameters", {}).get("Attributes", {}).items()
        }
        self._add(identifier, {"type": "set", "values": values, "exits": {"next": self._next(action)}})
        self._note(identifier, action, "exact")

    def _check_hours_of_operation(self, identifier: str, action: dict[str, Any]) -> None:
        calendar = plain(str(action.get("Parameters", {}).get("HoursOfOperationId", "main")).rsplit("/", 1)[-1])
        cases = dict(self._cases(action))
        closed = cases.get("False") or self._next(action)
        self._draft.calendars.add(calendar)
        exits = {
            "open": cases.get("True") or self._next(action),
            "closed": closed,
            "holiday": closed,
            "emergency": closed,
        }
        self._add(identifier, {"type": "hours", "calendar": calendar, "exits": exits})
        self._note(
            identifier,
            action,
            "approximated",
            f"the hours themselves are not in the export: fill in {calendar} in calendars.yaml",
        )

    def _transfer_contact_to_queue(self, identifier: str, action: dict[str, Any]) -> None:
        queues = self._queues_before(identifier)
        full = self._error(action, "QueueAtCapacity", "NoMatchingError") or FINISH
        name = plain(queues[0]) if queues else "support"
        self._add(
            identifier,
            {"type": "queue", "queue": name, "exits": {"answered": FINISH, "overflow": full, "no_agents": full}},
        )
        why = "which queue depends on the way here" if len(queues) > 1 else "" if queues else "no queue was set before"
        self._note(identifier, action, "approximated" if why else "exact", why)

    def _transfer_participant_to_third_party(self, identifier: str, action: dict[str, Any]) -> None:
        parameters = action.get("Parameters", {})
        number = str(parameters.get("ThirdPartyPhoneNumber", ""))
        failed = self._error(action, "CallFailed", "NoMatchingError") or FINISH
        late = self._error(action, "ConnectionTimeLimitExceeded") or failed
        self._add(
            identifier,
            {
                "type": "transfer", "target": "number", "to": self._computed(number) or "+10000000000",
                "timeout_s": float(min(max(int(parameters.get("ThirdPartyConnectionTimeLimitSeconds", 25) or 25), 5), 120)),
                "exits": {"connected": self._next(action), "no_answer": late, "busy": failed, "failed": failed},
            },
        )  # fmt: skip
        self._note(identifier, action, "exact" if number else "approximated", "" if number else "no number was given")

    def _transfer_to_flow(self, identifier: str, action: dict[str, Any]) -> None:
        target = plain(str(action.get("Parameters", {}).get("ContactFlowId", "other")).rsplit("/", 1)[-1])
        failed = self._error(action, "NoMatchingError") or FINISH
        self._add(identifier, {"type": "transfer", "target": "flow", "to": target, "exits": {"failed": failed}})
        self._note(identifier, action, "approximated", f"import that flow as {target!r}, too")

    def _invoke_lambda_function(self, identifier: str, action: dict[str, Any]) -> None:
        parameters = action.get("Parameters", {})
        function = plain(str(parameters.get("LambdaFunctionARN", "function")).rsplit(":", 1)[-1])
        failed = self._error(action, "NoMatchingError") or self._next(action)
        given = parameters.get("LambdaInvocationAttributes", {})
        body = {plain(name): self._computed(str(value)) for name, value in given.items()}
        self._add(
            identifier,
            {
                "type": "http", "method": "POST", "url": f"https://replace-me.invalid/{function}",
                "timeout_s": float(min(max(int(parameters.get("InvocationTimeLimitSeconds", 3) or 3), 1), 30)),
                "body": body, "mock": {"status": 200, "body": {}},
                "exits": {"ok": self._next(action), "http_error": failed, "timeout": failed},
            },
        )  # fmt: skip
        self._note(
            identifier,
            action,
            "approximated",
            "give the function a URL (API gateway), and `extract` what $.External named",
        )

    def _disconnect_participant(self, identifier: str, action: dict[str, Any]) -> None:
        self._add(identifier, {"type": "end"})
        self._note(identifier, action, "exact")

    def _loop(self, identifier: str, action: dict[str, Any]) -> None:
        count = int(action.get("Parameters", {}).get("LoopCount", 1) or 1)
        cases, name = dict(self._cases(action)), self._name(identifier)
        again, done = cases.get("ContinueLooping", FINISH), cases.get("DoneLooping") or self._next(action)
        self._add(
            identifier,
            {
                "type": "branch",
                "cases": [{"exit": "again", "when": f"visits.{name} <= {count}"}],
                "exits": {"again": again, "else": done},
            },
        )
        self._note(identifier, action, "exact")

    def _update_contact_recording_behavior(self, identifier: str, action: dict[str, Any]) -> None:
        behaviour = action.get("Parameters", {}).get("RecordingBehavior", {})
        record = (
            "start"
            if behaviour.get("RecordedParticipants") or behaviour.get("IVRRecordingBehavior") == "Enabled"
            else "stop"
        )
        self._add(identifier, {"type": "media", "record": record, "exits": {"next": self._next(action)}})
        why = "put a `consent` block before it: nobody is recorded unasked" if record == "start" else ""
        self._note(identifier, action, "approximated" if why else "exact", why)

    def _update_contact_data(self, identifier: str, action: dict[str, Any]) -> None:
        language = str(action.get("Parameters", {}).get("LanguageCode", ""))
        block: dict[str, Any] = {"type": "set", "values": {}, "exits": {"next": self._next(action)}}
        known = next(
            (locale for locale in self._draft.locales if locale.split("-")[0] == language.split("-", maxsplit=1)[0]), ""
        )
        if known:
            block["locale"] = known
        self._add(identifier, block)
        self._note(
            identifier,
            action,
            "exact" if known else "approximated",
            "" if known else "only the language has an equivalent",
        )

    def _distribute_by_percentage(self, identifier: str, action: dict[str, Any]) -> None:
        """The first share; experiments are declared elsewhere (docs/experiments.md)."""
        ways = [self._to(str(item.get("NextAction"))) for item in action.get("Transitions", {}).get("Conditions", [])]
        target = ways[0] if ways else self._next(action)
        self._add(
            identifier,
            {
                "type": "branch",
                "cases": [{"exit": "first", "when": "true"}],
                "exits": {"first": target, "else": ways[-1] if ways else target},
            },
        )
        self._note(
            identifier,
            action,
            "approximated",
            "everybody goes the first way; make it an experiment (docs/experiments.md)",
        )

    def _create_callback_contact(self, identifier: str, action: dict[str, Any]) -> None:
        queues = self._queues_before(identifier)
        failed = self._error(action, "NoMatchingError") or FINISH
        offer = self._draft.stock(
            {"en": "Shall we call you back? Say yes, or press one.", "zh": "需要我们给您回电吗？请说要，或者按一。"}
        )
        ask = self._draft.stock({"en": "Which number may we call?", "zh": "请告诉我您的电话号码。"})
        self._add(
            identifier,
            {
                "type": "callback", "offer": offer, "ask": ask, "no_match": self._draft.no_match,
                "queue": plain(queues[0]) if queues else "support",
                "exits": {"booked": self._next(action), "refused": self._next(action), "failed": failed},
            },
        )  # fmt: skip
        self._note(identifier, action, "approximated", "it asks before it books")

    # ------------------------------------------------------------------ parts

    def _name(self, identifier: str) -> str:
        return self._draft.name(identifier)

    def _add(self, identifier: str, block: dict[str, Any]) -> None:
        self._draft.add(self._name(identifier), block)

    def _note(self, identifier: str, action: dict[str, Any], grade: Any, why: str = "") -> None:
        self._draft.tell(identifier, str(action.get("Type")), self._name(identifier), grade, why)

    def _next(self, action: dict[str, Any]) -> str:
        if "_to" in action:
            return str(action["_to"])
        return self._to(str(action.get("Transitions", {}).get("NextAction") or ""))

    def _to(self, identifier: str, seen: tuple[str, ...] = ()) -> str:
        """The block of an action, or what comes after one that has none."""
        action = self._actions.get(identifier)
        if action is None or identifier in seen:
            return FINISH
        if action.get("Type") in ACTIONS and "_to" not in action:
            return self._name(identifier)
        if "_to" in action:
            return str(action["_to"])
        ways = action.get("Transitions", {})
        following = ways.get("NextAction") or next(
            (str(item.get("NextAction")) for item in ways.get("Conditions", [])), ""
        )
        return self._to(str(following), (*seen, identifier))

    def _error(self, action: dict[str, Any], *kinds: str) -> str:
        errors = {
            str(e.get("ErrorType")): str(e.get("NextAction")) for e in action.get("Transitions", {}).get("Errors", [])
        }
        return next((self._to(errors[kind]) for kind in kinds if kind in errors), "")

    def _cases(self, action: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (str((item.get("Condition", {}).get("Operands") or [""])[0]), self._to(str(item.get("NextAction"))))
            for item in action.get("Transitions", {}).get("Conditions", [])
        ]

    def _queues_before(self, identifier: str) -> list[str]:
        """Queues that may be set when the action comes, nearest first."""
        found: list[str] = []
        waiting, seen = [identifier], {identifier}
        while waiting:
            target = waiting.pop(0)
            for name, action in self._actions.items():
                ways = action.get("Transitions", {})
                leads = {str(ways.get("NextAction"))} | {
                    str(w.get("NextAction")) for w in [*ways.get("Conditions", []), *ways.get("Errors", [])]
                }
                if target in leads and name not in seen:
                    seen.add(name)
                    if action.get("Type") == "UpdateContactTargetQueue":
                        queue = str(action.get("Parameters", {}).get("QueueId", "")).rsplit("/", 1)[-1]
                        if queue not in found:
                            found.append(queue)
                    else:
                        waiting.append(name)
        return found

    def _prompt(self, action: dict[str, Any]) -> tuple[str, Any, str]:
        parameters = action.get("Parameters", {})
        if text := parameters.get("Text"):
            return self._filled(str(text)), "exact", ""
        if text := parameters.get("SSML"):
            return self._filled(_TAG.sub(" ", str(text))), "approximated", "SSML: the words are kept, its marks are not"
        source = str(parameters.get("PromptId") or parameters.get("Media", {}).get("Uri") or "")
        return (
            f"(recording {source.rsplit('/', 1)[-1]})" if source else "",
            "approximated",
            "a recording: write what it says",
        )

    def _filled(self, text: str) -> str:
        return _REFERENCE.sub(lambda match: "{{" + self._attribute(match.group(0)) + "}}", text)

    def _attribute(self, reference: str) -> str:
        if reference.startswith("$.StoredCustomerInput"):
            return "stored_customer_input"
        return plain(reference.rsplit(".", maxsplit=1)[-1])

    def _value(self, text: str) -> str:
        return self._attribute(text) if text.startswith("$.") else literal(text)

    def _computed(self, text: str) -> str:
        return f"= {self._attribute(text)}" if text.startswith("$.") else text


_KEY_NAMES = {"*": "star", "#": "hash"}
