"""A SIP leg worker process: `python -m server.planes.sip_worker --id sip-in-0` (or `sip-out-0`).

The number at the end of the id chooses the ports: `sip.worker_base_port` + n. Without an edge the supervisor gives the
one worker the public place by `--listen HOST:PORT`.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from typing import Literal

import structlog
import uvloop

from media.worker import LegWorker
from server import logs
from server.planes import die_with_parent
from server.settings import Settings, SettingsError, load
from telephony.endpoint import compiled_call_cap
from telephony.sip_transport import SipTransport, endpoint_config

log = structlog.get_logger(__name__)

_ID = re.compile(r"^(?P<kind>sip-in|sip-out)-(?P<number>\d{1,3})$")


def place_of(worker_id: str, max_calls: int) -> tuple[Literal["sip-in", "sip-out"], int]:
    """Kind and port number of a worker; outbound workers come after the last inbound one. Raises ValueError."""
    match = _ID.match(worker_id)
    if match is None:
        raise ValueError(f"--id {worker_id!r}: a SIP worker is named sip-in-N or sip-out-N")
    number = int(match["number"])
    if match["kind"] == "sip-in":
        return "sip-in", number
    return "sip-out", math.ceil(max_calls / compiled_call_cap()) + number


async def serve(settings: Settings, worker_id: str, listen: tuple[str, int] | None) -> None:
    """Run until SIGTERM."""
    kind, index = place_of(worker_id, settings.edge.max_calls)
    options = settings.sip.model_copy(update={"dial_allowed": settings.dial_rules})
    if not options.dial_domain:
        options = options.model_copy(update={"dial_domain": settings.agent_domain})
    transport = SipTransport(kind, options, endpoint_config(options, index, listen))
    worker = LegWorker(
        kind,
        worker_id,
        options=settings.media,
        run_dir=settings.run_dir,
        app_address=settings.app_address,
        inference_address=settings.inference_address,
        decode_pool=settings.asr.pool,
        transport=transport,
        capacity=transport.capacity,
    )
    await worker.run()


def main() -> int:
    """Run the worker; returns the exit status."""
    parser = argparse.ArgumentParser(description="Warmline SIP leg worker; started by `warmline serve`.")
    parser.add_argument("--id", required=True, help="sip-in-N or sip-out-N")
    parser.add_argument("--listen", metavar="HOST:PORT", help="SIP address of this worker when there is no edge")
    arguments = parser.parse_args()
    die_with_parent()
    listen: tuple[str, int] | None = None
    if arguments.listen:
        host, _, port = arguments.listen.rpartition(":")
        if not host or not port.isdigit():
            sys.stderr.write(f"--listen {arguments.listen!r}: write it as HOST:PORT\n")
            return 2
        listen = host, int(port)
    try:
        settings = load()
        place_of(arguments.id, settings.edge.max_calls)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(settings.server, arguments.id)
    try:
        uvloop.run(serve(settings, arguments.id, listen))
    except RuntimeError as error:
        log.error("sip.cannot_start", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The library's threads do not survive the interpreter's own shutdown.
    os._exit(status)
