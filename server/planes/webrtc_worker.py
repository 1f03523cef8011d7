"""A WebRTC leg worker process."""

from __future__ import annotations

import asyncio

from media.webrtc.transport import WebRtcTransport
from media.worker import LegWorker
from server.planes import prepare


def main() -> None:
    """Entry of `python -m server.planes.webrtc_worker`; runs until SIGTERM."""
    settings, worker_id = prepare(__doc__ or "")

    async def run() -> None:
        await LegWorker(
            "webrtc",
            worker_id,
            options=settings.media,
            run_dir=settings.run_dir,
            app_address=settings.app_address,
            inference_address=settings.inference_address,
            decode_pool=settings.asr.pool,
            transport=WebRtcTransport(settings.media),
            capacity=settings.media.webrtc_legs_per_worker,
        ).run()

    asyncio.run(run())


if __name__ == "__main__":
    main()
