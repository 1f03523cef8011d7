"""The app process: session model, flows, desk, API and pages. It never touches an audio sample."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import sqlite3
from pathlib import Path
from typing import Any

import structlog
import uvicorn
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from dialog.flow import Flow
from dialog.service import Dialog
from dialog.verification.vault import VaultError
from dialog.yamlfile import FileError
from server.api.app import create_api
from server.auth import KeyFileError, signing_key
from server.calls.control import Control
from server.calls.controller import Controller, Paths
from server.calls.feelings import words_model
from server.desktop.desktop import Desktop
from server.embedding import InferenceLink
from server.following import Following
from server.forgetting import forget
from server.planes import CONTROL_SOCKET, PLANES_FILE, REFUSAL_FILE, prepare
from server.publishing import Publishing
from server.settings import ROOT, Settings
from server.verification import Verification
from session.flow_versions import FlowVersions
from session.store import Store, StoreAway, StoreError
from telephony.edge import program, word_of
from telephony.edge_users import EdgeUsers, registered

log = structlog.get_logger(__name__)

PREFETCH_RETRY_S = 2.0
USERS_EVERY_S = 2.0  # s; two small queries, so that a new agent need not wait nor the server be told


class App:
    """Composition root of the app process."""

    def __init__(
        self, settings: Settings, store: Store, inference: InferenceLink, dialog: Dialog, following: Following
    ) -> None:
        self.settings = settings
        self.store = store
        self.inference = inference
        self.dialog = dialog
        music = settings.installed(settings.desk.hold_music)
        self.controller = Controller(
            store,
            dialog,
            settings.desk,
            settings.calls,
            Paths(
                music=music,
                recordings=settings.data_dir / "recordings",
                flows=settings.installed(settings.dialog.flows_dir),
            ),
            domain=settings.agent_domain,
            words=words_model(),
            edge_word=word_of(settings.sip.dial_secret),
        )
        self.publishing = Publishing(dialog, store)
        self.following = following
        self.desktop = Desktop(
            store,
            flows=ROOT / settings.dialog.flows_dir,
            data_dir=settings.data_dir,
            dialog=dialog,
            keep_days=settings.store.affect_days,
            live_contact=self._live_contact,
        )
        following.outside.tickets = self.desktop.flow_tickets
        following.outside.find = self.publishing.rules_at
        self.controller.openings.board = following.board
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until told to stop (SIGTERM) or until a drain has ended."""
        settings = self.settings
        api = create_api(
            settings.server,
            settings.media,
            store=self.store,
            control=Control(self.controller, self.health),
            inference_metrics=self.inference.metrics,
            key=signing_key(settings.data_dir),
            realm=settings.edge.domain,
            pages=ROOT / "web" / "dist",
            publishing=self.publishing,
            following=self.following,
            desktop=self.desktop,
            queue_book=self.controller.queues,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                api,
                host=settings.server.host,
                port=settings.server.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=3,
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
            )
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        await self.publishing.start()
        await self.following.begin()
        await self._read_phones()
        await self.controller.start(settings.app_address)
        gc.freeze()  # what is there for good: looking through it again and again for garbage took 200 ms each time
        agents = self.controller.desk.desk.agents.values()
        api.state.pages.expect(agent.agent_id for agent in agents if agent.availability != "offline")
        control = await asyncio.start_unix_server(self._on_control, settings.run_dir / CONTROL_SOCKET)
        tasks = [
            asyncio.create_task(self.inference.run(), name="inference-link"),
            asyncio.create_task(self._prepare(), name="dialog-prepare"),
            asyncio.create_task(self._prefetch(), name="prefetch"),
            asyncio.create_task(self._follow_users(), name="users"),
            asyncio.create_task(self.publishing.follow(), name="publishing"),
            asyncio.create_task(forget(self.store, settings), name="forget"),
            asyncio.create_task(self.following.run(), name="following"),
            asyncio.create_task(self.desktop.run(), name="desktop"),
        ]
        serving = asyncio.create_task(_serve(server), name="http")
        stopping = asyncio.create_task(self.stopping.wait(), name="stop")
        for background in tasks:
            background.add_done_callback(self._background_ended)
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        control.close()
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
        await self.publishing.close()
        await self.controller.close()
        await self.store.close()

    async def _prepare(self) -> None:
        await self.dialog.prepare()
        gc.freeze()  # what was learnt stays

    def _live_contact(self, conversation_id: str) -> str | None:
        contact = self.controller.contact_in(conversation_id)
        return contact.contact_id if contact is not None else None

    def _background_ended(self, task: asyncio.Task[None]) -> None:
        """A background task that breaks takes the process with it: the supervisor starts a whole one."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("app.background_failed", task=task.get_name(), exc_info=error)
            self.stopping.set()

    async def health(self) -> dict[str, Any]:
        """Planes as the supervisor sees them, workers as they see us, engines as inference says."""
        try:
            inference = await self.inference.state()
            engines: dict[str, Any] = {"ready": inference.ready, "missing": inference.missing}
        except (OSError, TimeoutError) as error:
            engines = {"error": str(error) or "no answer"}
        workers = [
            {
                "id": w.worker_id,
                "kind": w.kind,
                "pid": w.pid,
                "legs": len(w.legs),
                "capacity": w.capacity,
                "connected": not w.peer.closed,
            }
            for w in self.controller.hub.workers.values()
        ]
        planes = await asyncio.to_thread(_planes, self.settings.run_dir / PLANES_FILE)
        well = (
            bool(workers)
            and all(w["connected"] for w in workers)
            and "recognition" in engines.get("ready", {})
            and self.dialog.ready
            and all(plane.get("state") == "running" for plane in planes.values())
        )
        status = "draining" if self.controller.draining else "ok" if well else "degraded"
        return {
            "status": status,
            "planes": planes,
            "workers": workers,
            "engines": engines,
            "dialog_ready": self.dialog.ready,
            "contacts": len(self.controller.contacts),
        }

    async def _prefetch(self) -> None:
        """Have what flows say made ahead, once the voices are there, and again what another version says."""
        made: set[str] = set()
        while True:
            self.publishing.changed.clear()
            for flow in [flow for flow in self.dialog.flows.values() if flow.sha not in made]:
                made.add(flow.sha)
                await self._prefetch_flow(flow)
            await self.publishing.changed.wait()

    async def _prefetch_flow(self, flow: Flow) -> None:
        engine = self.dialog.engine(flow.id, flow.sha)
        for locale in flow.locales:
            while engine is not None:
                try:
                    await self.inference.prefetch(engine.static_prompts(locale), locale)
                    break
                except (OSError, TimeoutError):
                    await asyncio.sleep(PREFETCH_RETRY_S)

    async def _follow_users(self) -> None:
        """Take up people that `warmline user` added or changed, and tell Kamailio whose phones may register."""
        known: dict[str, str] | None = None
        phone_book = EdgeUsers(self.settings.edge_db)
        while True:
            try:
                await self.controller.reload_queues()
                await self._read_phones()
                await self.controller.reload_agents()
                phones = await self.controller.users.softphones()
                if phones != known:
                    await asyncio.to_thread(phone_book.replace, self.settings.edge.domain, phones)
                    known = phones
            except (OSError, SQLAlchemyError, sqlite3.Error) as error:
                log.error("app.users_not_read", error=str(error))
            await asyncio.sleep(USERS_EVERY_S)

    async def _read_phones(self) -> None:
        """Which softphones are registered; not known without an edge of ours."""
        edge = self.settings.edge.kamailio
        if edge in ("off", "external") or program() is None:
            return
        try:
            self.controller.around.phones.names = await asyncio.to_thread(registered, self.settings.edge_db)
        except sqlite3.Error as error:
            log.error("app.registrations_not_read", error=str(error))

    async def _on_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One JSON line from the supervisor: {"cmd": "drain", "limit_s": …}; answered when no call is left."""
        try:
            line = json.loads(await asyncio.wait_for(reader.readline(), 5))
            if line.get("cmd") != "drain":
                raise ValueError(f"unknown command {line.get('cmd')!r}")
            await self.controller.drain(30, float(line["limit_s"]))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.controller.idle.wait(), 5)
            writer.write(b'{"drained": true}\n')
            await asyncio.wait_for(writer.drain(), 5)
        except (ValueError, KeyError, TimeoutError, OSError) as error:
            log.error("control.bad_command", error=str(error))
        finally:
            writer.close()


async def _serve(server: uvicorn.Server) -> None:
    """`Server.serve` without its own signal handlers: ours decide."""
    with contextlib.suppress(SystemExit):
        await server._serve()


def _planes(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found


async def serve(settings: Settings) -> int:
    """Open everything and run; the exit status."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for of_before in (CONTROL_SOCKET, REFUSAL_FILE):
        (settings.run_dir / of_before).unlink(missing_ok=True)
    inference = InferenceLink(settings.inference_address)
    try:
        store = await Store.open(settings.store_url, settings.store.busy_timeout_s)
        published = await FlowVersions(store).published()
        following = await asyncio.to_thread(Following.of, settings.dialog, ROOT, store)
        verification = Verification.of(settings, store)
        dialog = await asyncio.to_thread(
            lambda: Dialog.load(
                settings.dialog,
                root=ROOT,
                data_dir=settings.data_dir,
                embedder=inference,
                published=published,
                outside=following.outside,
                filters=following.filters,
                experiments=following.experiments,
                attempts=verification.attempts,
                verification=verification.ports,
                board=following.board,
            )
        )
    except StoreAway as error:
        log.error("app.waits_for_database", error=str(error))
        return 1
    except (FileError, StoreError, VaultError) as error:
        return _refused(settings, error)
    try:
        await App(settings, store, inference, dialog, following).run()
    except (KeyFileError, FileError) as error:
        return _refused(settings, error)
    return 0


def _refused(settings: Settings, error: Exception) -> int:
    """What no other try mends; the supervisor ends over it where the app was never up. The exit status."""
    log.error("app.cannot_start", error=str(error))
    (settings.run_dir / REFUSAL_FILE).write_text(str(error), encoding="utf-8")
    return 2


def main() -> None:
    """Entry of `python -m server.planes.app`."""
    settings, _ = prepare(__doc__ or "")
    raise SystemExit(uvloop.run(serve(settings)))


if __name__ == "__main__":
    main()
