"""The pages' typed client is made from the API as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from typer.testing import CliRunner

from server.cli.main import app

SCHEMA = Path(__file__).parents[2] / "web" / "src" / "api" / "schema.d.ts"


def test_the_pages_types_are_those_of_the_api() -> None:
    document = CliRunner().invoke(app, ["openapi"]).stdout.strip()
    digest = hashlib.sha256(document.encode()).hexdigest()
    assert digest in SCHEMA.read_text().splitlines()[0], (
        "the API changed: run `make api` and commit web/src/api/schema.d.ts"
    )
