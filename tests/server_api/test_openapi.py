"""The pages' typed client is made from the API as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from server.api.app import openapi_document
from server.cli.main import app

SCHEMA = Path(__file__).parents[2] / "web" / "src" / "api" / "schema.d.ts"


def test_the_pages_types_are_those_of_the_api() -> None:
    document = CliRunner().invoke(app, ["openapi"]).stdout.strip()
    digest = hashlib.sha256(document.encode()).hexdigest()
    assert digest in SCHEMA.read_text().splitlines()[0], (
        "the API changed: run `make api` and commit web/src/api/schema.d.ts"
    )


def test_no_request_may_hold_what_nobody_reads() -> None:
    """A field that was misspelt is refused and named, in every body and whatever is in it."""
    document = openapi_document()
    schemas, open_ones, seen = document["components"]["schemas"], [], set()

    def look(node: Any, name: str = "") -> None:
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node and node.get("additionalProperties") is not False:
                open_ones.append(name)
            ref = node.get("$ref", "").rpartition("/")[2]
            if ref and ref not in seen:
                seen.add(ref)
                look(schemas[ref], ref)
            for value in node.values():
                look(value)

    for operations in document["paths"].values():
        for operation in operations.values():
            look(operation.get("requestBody", {}).get("content", {}).get("application/json"))
    assert len(seen) > 30
    assert open_ones == []


async def test_refusals_are_as_the_document_says(world: Any) -> None:
    """One sentence in `detail`, whatever the status; the framework's own description of 422 is a list."""
    for path, operations in openapi_document()["paths"].items():
        for name, operation in operations.items():
            refused = operation["responses"]["default"]["content"]["application/json"]["schema"]
            assert refused == {"$ref": "#/components/schemas/Problem"}, (name, path)
            assert "422" not in operation["responses"], (name, path)
    async with await world.as_user("amy") as amy:
        for answer in (
            await amy.get("/api/tickets?limit=0"), await amy.get("/api/tickets/1"), await amy.get("/api/users"),
            await amy.get("/api/nothing"), await amy.request("PATCH", "/api/me"),
        ):  # fmt: skip
            assert answer.status_code >= 400 and list(answer.json()) == ["detail"]
            assert isinstance(answer.json()["detail"], str)
