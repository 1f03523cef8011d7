"""Emotion from the voice: features, model, per-caller baseline. Read `prosody.model` first."""
