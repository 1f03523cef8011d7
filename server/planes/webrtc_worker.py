"""A WebRTC leg worker process: `python -m server.planes.webrtc_worker --id webrtc-0 [--config warmline.toml]`."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from media.options import MediaOptions
from media.webrtc.transport import WebRtcTransport
from media.worker import LegWorker
from server import logs
from server.settings import CONFIG_VARIABLE, SettingsError, load


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description="Warmline WebRTC leg worker; started by `warmline serve`.")
    parser.add_argument("--id", required=True, help="name of this worker, unique in the installation")
    parser.add_argument("--config", help="settings file; otherwise as for `warmline serve`")
    arguments = parser.parse_args()
    if arguments.config:
        os.environ[CONFIG_VARIABLE] = arguments.config
    try:
        settings = load()
    except SettingsError as error:
        raise SystemExit(str(error)) from error
    logs.configure(settings.server, arguments.id)
    asyncio.run(_run(arguments.id, settings.run_dir, settings.app_address, settings.inference_address, settings.media))


async def _run(worker_id: str, run_dir: Path, app: str, inference: str, options: MediaOptions) -> None:
    worker = LegWorker(
        "webrtc",
        worker_id,
        options=options,
        run_dir=run_dir,
        app_address=app,
        inference_address=inference,
        transport=WebRtcTransport(options),
        capacity=options.webrtc_legs_per_worker,
    )
    await worker.run()


if __name__ == "__main__":
    main()
