"""Orders to a running Kamailio, over its control socket (JSON-RPC in datagrams)."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from pathlib import Path
from typing import Any

from telephony.edge import rpc_socket

MAX_ANSWER = 1 << 20
TIMEOUT_S = 2.0


class EdgeRpc:
    """One Kamailio. Every method raises OSError or TimeoutError when it is not there, ValueError when it refuses."""

    def __init__(self, run_dir: Path) -> None:
        self._socket = rpc_socket(run_dir)
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: str | int) -> Any:
        """One order; returns its result."""
        loop = asyncio.get_running_loop()
        request_id = next(self._ids)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.setblocking(False)
            ours.bind("")  # an abstract name of the kernel's choice, for the answer
            ours.connect(str(self._socket))
            request = {"jsonrpc": "2.0", "method": method, "params": list(params), "id": request_id}
            await loop.sock_sendall(ours, json.dumps(request).encode())
            data = await asyncio.wait_for(loop.sock_recv(ours, MAX_ANSWER), TIMEOUT_S)
        answer = json.loads(data)
        if "error" in answer:
            raise ValueError(f"{method}: {answer['error'].get('message', 'refused')}")
        return answer.get("result")

    async def end_calls_of(self, host: str, port: int) -> int:
        """Send BYE to the other side of every call of the worker that listened there; returns how many there were."""
        found = await self.call("dlg.profile_list", "worker", f"{host}:{port}")
        dialogs = found if isinstance(found, list) else [found] if found else []
        for dialog in dialogs:
            await self.call("dlg.end_dlg", int(dialog["h_entry"]), int(dialog["h_id"]))
        return len(dialogs)

    async def registered(self) -> list[str]:
        """Users whose phones are registered."""
        dump = await self.call("ul.dump")
        return sorted({aor["Info"]["AoR"] for domain in dump["Domains"] for aor in domain["Domain"]["AoRs"]})
