"""The inference worker process."""

from __future__ import annotations

import asyncio
import signal

import uvloop

from server.inference.service import InferenceService
from server.planes import prepare
from server.settings import Settings


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    service = InferenceService(settings.asr, settings.tts, settings.prosody, settings.models_dir)
    working = asyncio.create_task(service.run(settings.inference_address), name="inference")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        return


def main() -> None:
    """Entry of `python -m server.planes.inference_worker`."""
    settings, _ = prepare(__doc__ or "")
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
