"""A flow file as YAML and as JSON: the same tree, and what of it has meaning.

JSON is YAML, so whatever reads a flow reads both. YAML's anchors and merges are gone in JSON, comments as well.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import yaml

from dialog.yamlfile import Document

NO_MEANING = frozenset({"layout", "note"})
"""Keys that callers never meet: places on the canvas, notes for readers."""


def to_json(document: Document) -> str:
    """The tree as JSON, in the order of the file."""
    return json.dumps(document.data, ensure_ascii=False, indent=2, default=_plain) + "\n"


def to_yaml(document: Document) -> str:
    """The tree as YAML, in the order of the file."""
    data = json.loads(to_json(document))
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=130, indent=2)


def meaning(document: Document) -> str:
    """SHA-256 (hex) of what callers can meet: the same for YAML and JSON, whatever the layout, notes and order of keys."""
    data = json.loads(to_json(document))
    for key in NO_MEANING:
        data.pop(key, None)
    for block in data.get("blocks", {}).values():
        if isinstance(block, dict):
            for key in NO_MEANING:
                block.pop(key, None)
    packed = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a flow")
