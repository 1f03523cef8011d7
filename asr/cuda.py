"""Finding NVIDIA's libraries when they came as Python packages (the `cuda` extra)."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

LIBRARIES = (
    ("nvidia.cublas", "libcublasLt.so.12"),
    ("nvidia.cublas", "libcublas.so.12"),
    ("nvidia.cudnn", "libcudnn.so.9"),
)


def preload() -> list[str]:
    """Load what CTranslate2 will open by name; returns the names. Libraries the system has itself need no package."""
    loaded = []
    for package, name in LIBRARIES:
        try:
            spec = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            continue
        for folder in spec.submodule_search_locations or () if spec is not None else ():
            path = Path(folder) / "lib" / name
            if path.is_file():
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
                loaded.append(name)
    return loaded
