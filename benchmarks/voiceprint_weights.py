"""Makes `prosody/weights/speaker.npz` from the checkpoint in the Resemblyzer package, without PyTorch.

Unpack the wheel `Resemblyzer-0.1.4` (Apache-2.0) and name its `pretrained.pt`:

    python -m benchmarks.voiceprint_weights pretrained.pt prosody/weights/speaker.npz
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import librosa
import numpy as np

SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"


class _Storage:
    """Where in the file an array lies; its numbers come after everything else."""

    def __init__(self, key: str) -> None:
        self.key = key


class _Pickled(pickle.Unpickler):
    """Knows a checkpoint's own types only; anything else in the file is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *_rest: (storage.key, offset, size, stride)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"a checkpoint of weights holds no {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        return _Storage(pid[2])


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The model's weights by name. Raises ValueError for another file than the one that is meant."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the checkpoint of Resemblyzer 0.1.4")
    with path.open("rb") as file:
        for _ in range(3):  # magic number, protocol, machine
            pickle.load(file)  # noqa: S301 - its sum was checked
        tree = _Pickled(file).load()
        keys = pickle.load(file)  # noqa: S301
        numbers = {}
        for key in keys:
            count = int(np.fromfile(file, "<i8", 1)[0])
            numbers[key] = np.fromfile(file, "<f4", count)
    found = {}
    for name, (key, offset, size, _stride) in tree["model_state"].items():
        found[name] = numbers[key][offset : offset + int(np.prod(size))].reshape(size)
    return found


def main() -> None:
    """Convert."""
    source, target = map(Path, sys.argv[1:3])
    weights = {
        name: value.astype(np.float16)
        for name, value in tensors(source).items()
        if name.startswith(("lstm.", "linear."))
    }
    # Slaney's filters, area-normalised, as the network was trained on; kept beside it, since librosa takes seconds to import.
    weights["mel"] = librosa.filters.mel(sr=16_000, n_fft=400, n_mels=40).astype(np.float32)
    np.savez_compressed(target, **weights)
    print({name: value.shape for name, value in weights.items()}, target.stat().st_size)


if __name__ == "__main__":
    main()
