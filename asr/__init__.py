"""Speech to text. Read `asr/engine.py` first: one utterance in, words or a reason why there are none out."""
