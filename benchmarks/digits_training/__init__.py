"""How `asr/digits_base.npz` is made: `python -m benchmarks.digits_training --data ../shared/data --out FILE`.

`vocabulary`: the words and classes. `material`: recorded and synthetic digits, sentences, noise. `mixing`: numbers by
telephone made of them. `encoding`: Whisper's encoder over all of it, cached. `network`: discriminants and the hidden
layer. `training`: frame labels, realignment, and the file that `asr.digits.DigitReader` loads.
"""
