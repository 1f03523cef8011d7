"""`warmline serve` with stand-ins for its processes: real supervisor, real signals, nothing heavy.

`python stub_serve.py DIR HTTP_PORT`: keeps an `app` (control socket), a leg worker that ignores SIGTERM's haste, and an
edge that leaves grandchildren which hold its output open, as Kamailio does. With STUB_REFUSES set its app cannot start.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from server import supervisor
from server.processes import Spec
from server.settings import Settings

HERE = Path(__file__)

APP = """
import json, pathlib, signal, socket, sys, time
folder = pathlib.Path(sys.argv[1])
listening = socket.socket(socket.AF_UNIX)
listening.bind(str(folder / "control.new"))
listening.listen()
(folder / "control.new").rename(folder / "control.sock")
print("app is up", flush=True)
while True:
    peer, _ = listening.accept()
    order = json.loads(peer.makefile().readline())
    (folder / "asked").write_text(json.dumps(order))
    while not (folder / "calls-ended").exists():
        time.sleep(0.05)
    peer.sendall(b'{"drained": true}\\n')
"""
REFUSES = """
import pathlib, sys
(pathlib.Path(sys.argv[1]) / "app.refusal").write_text("flows/support.yaml:3: there is no block hello")
sys.exit(2)
"""
EDGE = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(1000)
time.sleep(1000)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('worker is up', flush=True); time.sleep(1000)"


class Stubbed(supervisor.Supervisor):
    """Keeps three stand-ins."""

    def _specs(self, plan: supervisor.SipPlan) -> list[Spec]:
        run = (sys.executable, "-c")
        app = REFUSES if "STUB_REFUSES" in os.environ else APP
        return [
            Spec("app", (*run, app, str(self.settings.run_dir))),
            Spec("webrtc-0", (*run, STUBBORN), stop_s=0.5),
            Spec("kamailio", (*run, EDGE), stop_s=2.0, orphaned="TERM"),
        ]


if __name__ == "__main__":
    supervisor.Supervisor = Stubbed  # type: ignore[misc]
    supervisor.compiled_cap = lambda: 4
    sys.exit(supervisor.main(Settings()))
