"""Entry points of the processes that `warmline serve` supervises: `python -m server.planes.<name> --id ID`."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys

from server import logs
from server.settings import Settings, SettingsError, load

PLANES_FILE = "planes.json"  # in the run folder: what the supervisor says of each process
REFUSAL_FILE = "app.refusal"  # there too: why the app cannot start, and will not however often it is tried
CONTROL_SOCKET = "control.sock"  # there too: where the app takes the supervisor's orders
PR_SET_PDEATHSIG = 1


def prepare(description: str) -> tuple[Settings, str]:
    """Read the command line and the settings, set up the log; returns (settings, worker id). Exits 2 on bad settings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--id", required=True, help="name of this process in logs and on the health page")
    worker_id = str(parser.parse_args().id)
    die_with_parent()
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    logs.configure(settings.server, worker_id)
    return settings, worker_id


def die_with_parent() -> None:
    """Ask Linux to kill us when the supervisor dies without a word, so that kill -9 of it leaves no process."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
