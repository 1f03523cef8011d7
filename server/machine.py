"""Where something was measured; figures mean little without it."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

ENGINES = ("ctranslate2", "faster-whisper", "numpy")


def machine() -> dict[str, Any]:
    """Processor, cores, load and versions; the load tells whether the machine was busy with something else."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ENGINES},
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
