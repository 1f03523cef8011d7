"""Ports for tests. Below those that the system gives to outgoing connections and to whoever binds "any", and never the
same twice in a run, whichever process asks: a port that was found free a moment ago is not one that stays free."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from pathlib import Path

FIRST, END = 10_000, 20_000  # the instances of the demo begin at 21 000
_TURN = Path(tempfile.gettempdir()) / f"warmline-test-ports-{os.getuid()}"


def free_port(count: int = 1) -> int:
    """The first of `count` ports in a row, even (as RTP wants it), each free for UDP and TCP on loopback."""
    with _TURN.open("a+") as turn:  # the next port to look at: processes that test side by side take turns
        fcntl.flock(turn, fcntl.LOCK_EX)
        turn.seek(0)
        first = int(turn.read() or FIRST)
        for _ in range(END - FIRST):
            first = first + first % 2 if first + count < END else FIRST
            taken = next((port for port in range(first, first + count) if not _free(port)), None)
            if taken is None:
                turn.truncate(0)
                turn.write(str(first + count))
                return first
            first = taken + 1
    raise OSError(f"no {count} free ports in a row between {FIRST} and {END}")


def _free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
