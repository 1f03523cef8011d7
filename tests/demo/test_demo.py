"""`warmline demo` as a newcomer runs it: a private instance, a real call, a human, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 600  # busy machine: its instance may take 300 to start; the call itself takes 45


def _of(folder: Path) -> list[str]:
    """Processes that have this folder in their environment or command line."""
    mark, found = str(folder).encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes() or mark in (entry / "cmdline").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.e2e
@pytest.mark.timeout(RUN_S + 20)
def test_the_demo_reaches_a_human_and_shows_it() -> None:
    # Not pytest's own folder for the instance: socket paths must stay below 108 characters.
    with tempfile.TemporaryDirectory(prefix="wl-demo-") as name:
        folder, report_file = Path(name) / "kept", Path(name) / "report.json"
        models = os.environ.get("WARMLINE_MODELS", str(ROOT / "var" / "models"))
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", "demo", "--json", str(report_file), "--keep", str(folder)],
            cwd=ROOT,
            env={**os.environ, "WARMLINE_MODELS": models},
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(report_file.read_text())

        heard = [said["text"].lower() for said in report["words"] if said["role"] == "customer"]
        assert any("hours" in text for text in heard), heard
        assert any("representative" in text for text in heard), heard
        assert report["agent"] == "Amy"
        assert report["turns"] and all(turn["total_ms"] > 0 for turn in report["turns"])
        assert "hours" in done.stdout.lower() and "Amy is on the line" in done.stdout

        stereo, rate = soundfile.read(report["recording"])
        assert rate == 16_000 and stereo.shape[1] == 2
        assert (np.abs(stereo).max(axis=0) > 0.05).all(), "a channel is silent"

        html = Path(report["html"]).read_text(encoding="utf-8")
        said = [one["text"] for one in report["words"]] + report["bot"]
        assert all(text.replace("'", "&#39;") in html for text in said if '"' not in text)
        assert html.count('<path d="M') == 2

        assert _of(folder) == []
