"""Turns what live calls refuse into answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import HTTPException

from server.api.ports import NotNow, Turned


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
