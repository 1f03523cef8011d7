"""Turns what live calls refuse, and what is long, into answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from fastapi import HTTPException, Response

from server.api.ports import NotNow, Turned

UNKNOWN = "is no field of this request; correct its spelling or leave it out (/api/openapi.json has the fields)"
LAST_SEQ = 2**63 - 1  # of an event: more has no place in the database


@contextmanager
def told() -> Iterator[None]:
    """409 with why for what does not fit the state of things, 503 when there is no room, 404 and 422 as everywhere."""
    try:
        yield
    except NotNow as error:
        raise HTTPException(409, str(error)) from error
    except Turned as error:
        raise HTTPException(503, str(error), {"Retry-After": str(error.retry_after_s)}) from error
    except LookupError as error:
        raise HTTPException(404, str(error.args[0] if error.args else "there is no such thing")) from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


async def as_json(found: Any) -> Response:
    """Dataclasses of our own as JSON, written in a thread: megabytes of them would hold up every live call."""
    return Response(await asyncio.to_thread(msgspec.json.encode, found), media_type="application/json")
