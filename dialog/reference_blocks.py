"""The reference of all blocks, `docs/blocks.md`, made from the schema and the classes."""

from __future__ import annotations

import inspect
import json
from collections.abc import Collection, Iterator
from typing import Any

from dialog.blocks.base import Asking, Block
from dialog.flow import BLOCKS, Digressions, Flow, Handlers

_HEAD = """# Blocks of flow/v1

Made by `warmline flow reference --out docs/blocks.md` from the code; [flows.md](flows.md) is the tutorial, [flow-rules.md](flow-rules.md)
the rules that validation checks.

## What holds for every block

```yaml
blocks:
  hello:                       # the id; exits, handlers and shortcuts name it
    type: play
    note: for readers of the file
    text:
      en: "Hello, {{customer.name}}. That is {{ total * 1.19 }} euros."
      zh-CN: "您好，{{customer.name}}。"
      chat: {en: "Hello! {{link}}"}        # what differs on one channel: voice, video, chat
    exits:
      next: {voice: consent, chat: ask}    # or `next: ask`; who is not named takes the first
```

**Wordings** have every locale of the flow. `{{name}}` is an attribute or a fact, `{{…}}` with anything more a CEL expression. Under
`voice:`, `video:` or `chat:` stand wordings for one channel; video, which is spoken, takes voice's. Where all are under channels, the
first one's serve the rest.

**Values**: `= CEL` is computed, everything else taken as it is. CEL reads attributes, `intent`, `locale`, `channel`, `auth_level`, `policy`,
`visits.<block>`, `customer.<fact>`, `emotion.<…>`. Sensitive slots are seen by `http` and `action` only.

**Sub-flows** see what `in` gives them and the verified customer, nothing else. They come back through an `end` with an `outcome`. Handlers and
shortcuts that they have not are the callers', the nearest first; an error takes the exit `error` of the `call`. What is where is saved
with every step, so a restarted app goes on in the same block of the same sub-flow.

**Digressions** are not drawn. While `menu`, `collect`, `verify`, `visual` or `converse` wait for an answer, another question is answered from the
knowledge, and another request goes to the block that an `understand` of the flow leads it to; then the open question is asked again
("Back to your order number. …", with the block's `label`). "No, I meant 4712" replaces what was collected before; "I gave you the wrong
order number" asks for it anew. A digression ends where the bot would ask an open question; people end it for good.

"""
_FLOW_HEAD = "## The flow itself\n\n"


def blocks_page() -> str:
    """Markdown of the flow's own keys, handlers, digressions and every block."""
    parts = [
        _HEAD,
        _FLOW_HEAD,
        *_parameters(Flow.model_json_schema(by_alias=True), skip={"blocks", "handlers", "digressions"}),
    ]
    parts += ["\n### handlers\n\n", *_parameters(Handlers.model_json_schema())]
    parts += ["\n### digressions\n\n", *_parameters(Digressions.model_json_schema())]
    parts += ["\n### every block\n\n", *_parameters(Block.model_json_schema())]
    for kind, block in BLOCKS.items():
        parts += [f"\n## {kind}\n\n", inspect.getdoc(block) or "", "\n\n", _exits(block), "\n\n"]
        parts += _parameters(block.model_json_schema(by_alias=True), skip={"type", *Block.model_fields})
    return "".join(parts)


def _exits(block: type[Block]) -> str:
    fields = set(block.model_fields)
    if "cases" in fields:
        required = "one per case, `else`"
    elif "options" in fields:
        required = "one per option, `no_match`"
    elif block.__name__ == "Understand":
        required = "one per intent, `unknown`"
    elif block.__name__ == "Call":
        required = "one per outcome of the sub-flow, `error`"
    else:
        required = ", ".join(f"`{name}`" for name in sorted(block.required)) or "none"
    more = ", ".join(f"`{name}`" for name in sorted(block.optional))
    if block.__name__ == "Transfer":
        required += ", and unless it is to a flow `busy`, `no_answer` and (attended) `connected`"
        more = ""
    said = f"Exits: {required}" + (f"; as you need them {more}" if more else "") + "."
    traits = []
    if block.silent:
        traits.append("It needs nobody on the line.")
    if issubclass(block, Asking) and block.digressible:
        traits.append("Other questions may come in between.")
    if block.people:
        traits.append("It leads to a person.")
    return " ".join([said, *traits])


def _parameters(schema: dict[str, Any], skip: Collection[str] = ()) -> Iterator[str]:
    definitions = schema.get("$defs", {})
    if "$ref" in schema and "properties" not in schema:
        schema = {**definitions[_name(schema["$ref"])], **schema}
    rows = [(key, value) for key, value in schema.get("properties", {}).items() if key not in skip]
    if not rows:
        return
    needed = set(schema.get("required", []))
    yield "| parameter | kind | default | |\n| --- | --- | --- | --- |\n"
    yield from _rows(rows, needed, definitions, "", depth=0)


def _rows(
    rows: list[tuple[str, Any]], needed: set[str], definitions: dict[str, Any], before: str, depth: int
) -> Iterator[str]:
    for key, value in rows:
        default = "required" if key in needed else _default(value)
        what = str(value.get("description", "")).replace("|", "\\|").replace("\n", " ")
        what = "" if what.startswith("wording by BCP-47") else what
        yield f"| `{before}{key}` | {_kind(value, definitions)} | {default} | {what} |\n"
        for inside, suffix in _inner(value, definitions) if depth < 2 else ():
            below = [(k, v) for k, v in inside.get("properties", {}).items() if k != "type"]
            yield from _rows(below, set(inside.get("required", [])), definitions, f"{before}{key}{suffix}.", depth + 1)


def _inner(value: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """What stands below a parameter, each with what is put after the parameter's name."""
    for option in [value, *value.get("anyOf", [])]:
        items = option.get("items", {})
        if "$ref" in option:
            yield definitions[_name(option["$ref"])], ""
        elif "$ref" in items:
            yield definitions[_name(items["$ref"])], "[]"
        for kind, ref in items.get("discriminator", {}).get("mapping", {}).items():
            yield definitions[_name(ref)], f"[] {kind}"


def _kind(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "anyOf" in value:
        kinds = [_kind(option, definitions) for option in value["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in value:
        found = definitions.get(_name(value["$ref"]), {})
        return "one of them" if "enum" in found else "mapping"
    if "oneOf" in value or "discriminator" in value:
        names = sorted(value.get("discriminator", {}).get("mapping", {}))
        return "one of " + ", ".join(f"`{name}`" for name in names) if names else "one of several"
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = value.get("type", "any value")
    if kind == "array":
        return f"list of {_kind(value.get('items', {}), definitions)}"
    if kind == "object":
        return "wording" if "voice" in value.get("properties", {}) else "mapping"
    bounds = [
        f"{sign} {value[name]:g}"
        for name, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))
        if name in value
    ]
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "yes or no"}.get(kind, kind)
    return f"{words} {', '.join(bounds)}".strip()


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default in (None, "", [], {}) or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]
