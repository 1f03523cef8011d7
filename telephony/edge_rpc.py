"""Questions and orders to the running Kamailio: JSON-RPC in Unix datagrams."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from pathlib import Path
from typing import Any

from telephony.edge import RPC_SOCKET

TIMEOUT_S = 2.0
MAX_REPLY = 256 * 1024  # bytes
ANSWERED = 3  # state of a dialog from its 200 on
NOT_FOUND = ("not found", "has no contacts")  # in its text: the code is 500 for everything


class EdgeError(ValueError):
    """Kamailio refused an order; the text is its own."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"Kamailio answered {code} {text}")
        self.not_found = any(said in text.lower() for said in NOT_FOUND)


class EdgeRpc:
    """One per supervisor or app; each call uses a socket of its own.

    All methods raise OSError (Kamailio is not there), TimeoutError (no answer in `timeout_s`) or EdgeError (a ValueError).
    """

    _numbers = itertools.count(1)

    def __init__(self, run_dir: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self._path = run_dir.absolute() / RPC_SOCKET
        self._timeout_s = timeout_s

    async def end_calls_to(self, worker_port: int) -> int:
        """Hang up (BYE to both sides) every answered call given to, or placed by, the SIP worker on this port; returns how many.

        Calls that only ring there go to another worker by themselves, when the edge's timer says so.
        """
        calls = await self._call("dlg.profile_list", "worker", str(worker_port))
        found = calls if isinstance(calls, list) else [calls] if calls else []
        ended = 0
        for call in found:
            if int(call["state"]) < ANSWERED:
                continue
            try:
                await self._call("dlg.end_dlg", int(call["h_entry"]), int(call["h_id"]))
                ended += 1
            except EdgeError:
                # It ended by itself between the two questions.
                continue
        return ended

    async def registered(self, user: str) -> bool:
        """Whether a softphone is registered under this user."""
        try:
            await self._call("ul.lookup", "location", user)
        except EdgeError as error:
            if error.not_found:
                return False
            raise
        return True

    async def unregister(self, user: str) -> None:
        """Forget a softphone's registrations; one that has none is no error."""
        try:
            await self._call("ul.rm", "location", user)
        except EdgeError as error:
            if not error.not_found:
                raise

    async def _call(self, method: str, *params: str | int) -> Any:
        number = next(self._numbers)
        # Beside Kamailio's own socket: it answers to the sender's path.
        own = self._path.with_name(f"rpc-{id(self):x}-{number}.sock")
        ask = json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params), "id": number}).encode()
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.bind(str(own))
            try:
                phone.connect(str(self._path))
                async with asyncio.timeout(self._timeout_s):
                    await loop.sock_sendall(phone, ask)
                    while True:
                        answer = json.loads(await loop.sock_recv(phone, MAX_REPLY))
                        if answer.get("id") == number:
                            break
            finally:
                with contextlib.suppress(FileNotFoundError):
                    own.unlink()
        if "error" in answer:
            raise EdgeError(int(answer["error"]["code"]), str(answer["error"]["message"]))
        return answer.get("result")
