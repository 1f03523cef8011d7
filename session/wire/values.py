"""What messages of several planes hold: kinds of workers and legs, words, emotion, stages of a turn."""

from __future__ import annotations

from typing import Literal

import msgspec

WorkerKind = Literal["sip-in", "sip-out", "webrtc", "inference", "app"]
Transport = Literal["sip", "webrtc"]
LegRole = Literal["customer", "agent", "supervisor"]
Tone = Literal["courtesy", "join", "leave", "park", "ringback", "busy"]
"""Signals made by arithmetic: `media/tones.py` says how each sounds."""
EmotionLabel = Literal["neutral", "content", "sad", "anxious", "angry", "unknown"]


class LegSnapshot(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """A leg that is up in a worker, so that a restarted app can take it back."""

    leg_id: str
    transport: Transport
    role: LegRole
    state: Literal["offered", "ringing", "early", "up", "held", "silent"]
    remote: str
    hears: list[str] = []
    sends_to: list[str] = []
    playing: str | None = None


class LegStats(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Media counters of a leg since its start; jitter and rtt in milliseconds."""

    rx_packets: int = 0
    rx_lost: int = 0
    rx_discarded: int = 0
    tx_packets: int = 0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    video_frames: int = 0


class Word(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One word with its span in leg time and its probability 0…1."""

    text: str
    t0_ms: int
    t1_ms: int
    confidence: float = 1.0


class Emotion(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """What the voice conveyed: arousal and valence in −1…1, label confidence in 0…1, evidence in plain words.

    `chances`: probability of each label, summing to 1, or empty where nothing could be judged.
    """

    arousal: float
    valence: float
    label: EmotionLabel
    confidence: float
    chances: dict[EmotionLabel, float] = {}
    evidence: list[str] = []
    model: str = ""


class Stage(msgspec.Struct, kw_only=True, frozen=True):
    """One stage of a turn's latency ledger."""

    name: str
    ms: float
