"""`python -m benchmarks.digits_training`: see the package, and docs/spoken-digits.md for what it needs."""

from __future__ import annotations

import argparse
from pathlib import Path

from asr.whisper import ModelError
from benchmarks.digits import SPEAKERS
from benchmarks.digits_training.encoding import Encoder
from benchmarks.digits_training.material import examples
from benchmarks.digits_training.training import save, train
from tests.speech_data import ROOT, SHARED, models_folder
from tts.engine import EngineError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digits_training", description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the sets, digits_en_8k among them")
    parser.add_argument("--out", type=Path, required=True, help="the weights, .npz")
    parser.add_argument("--leave-out", choices=SPEAKERS, default="", help="FSDD speaker that is not heard")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "var" / "cache" / "digits", help="for encodings (~200 MB) and voices"
    )
    parser.add_argument("--kokoro", type=Path, help="folder of model.onnx and voices/; default: the installed one")
    options = parser.parse_args()
    models = models_folder("whisper-base")
    try:
        encoder = Encoder(models / "whisper-base", options.cache)
        encoded = []
        for example in examples(options.data, options.kokoro or models / "kokoro", options.cache, options.leave_out):
            encoded.append(encoder.encode(example))
            if len(encoded) % 100 == 0:
                print(f"{len(encoded)} examples encoded", flush=True)
        network = train(encoded, report=print)
        save(options.out, network, encoder.silence())
    except (OSError, ValueError, ModelError, EngineError) as error:
        raise SystemExit(f"digits_training: {error}") from error
    print(f"{options.out}: from {len(encoded)} examples, {sum(len(one.frames) for one in encoded) / 50 / 60:.0f} min")


if __name__ == "__main__":
    main()
