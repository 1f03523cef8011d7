"""What voices conveyed, and the voiceprints, are deleted once they are old."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.settings import Settings
from session.consents import Consents
from session.store import Store
from session.voiceprints import Voiceprints

log = structlog.get_logger(__name__)

EVERY_S = 3600.0


async def forget(store: Store, settings: Settings) -> None:
    """For ever. What the database does not delete now it deletes the next time."""
    while True:
        try:
            if purged := await Consents(store).expire(settings.store.affect_days):
                log.info("forgetting.affect", conversations=purged)
            if voices := await Voiceprints(store).expire(settings.dialog.verification.voice_days):
                log.info("forgetting.voiceprints", voiceprints=voices)
        except (OSError, SQLAlchemyError) as error:
            log.error("forgetting.trouble", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)
