"""The inference worker process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import NoReturn

import structlog
import uvloop

from server.inference.service import InferenceService
from server.planes import prepare
from server.settings import Settings

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> NoReturn:
    """Run until SIGTERM or SIGINT, then end this process at once."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    service = InferenceService(settings.asr, settings.tts, settings.prosody, settings.models_dir)
    working = asyncio.create_task(service.run(settings.inference_address), name="inference")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    status = 0
    try:
        await working
    except asyncio.CancelledError:
        pass
    except Exception:
        log.exception("inference.broken")
        status = 1
    # An engine in the middle of its native code cannot be interrupted, and Python would wait for its thread.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Entry of `python -m server.planes.inference_worker`."""
    settings, _ = prepare(__doc__ or "")
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
