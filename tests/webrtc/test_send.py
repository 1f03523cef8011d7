"""The outbound clock: steady, without drift, without bursts after a stall."""

from __future__ import annotations

import numpy as np
import pytest

from media.webrtc import opus
from media.webrtc.send import FRAME, MAX_BURST, RATE, FrameClock, OutboundTrack


def test_frames_fall_every_20_ms_however_late_the_loop_wakes() -> None:
    clock, now = FrameClock(), 100.0
    moments = []
    for step in range(500):
        frame, wait = clock.advance(now)
        assert frame == step
        now += wait
        moments.append(now)
        now += 0.003 * (step % 5)  # encoding and wake-ups take up to 12 ms
    assert moments[-1] - 100.0 == pytest.approx(499 * 0.02, abs=0.013), "lateness does not add up"


def test_after_a_stall_a_few_frames_catch_up_and_the_rest_of_the_time_is_skipped() -> None:
    clock = FrameClock()
    clock.advance(0.0)
    clock.advance(0.02)
    burst = [clock.advance(1.0)]
    while burst[-1][1] == 0.0:
        burst.append(clock.advance(1.0))
    assert len(burst) - 1 <= MAX_BURST
    assert burst[-1][0] == 51, "frame numbers, and so RTP timestamps, agree with the wall again"


@pytest.mark.virtual_time
async def test_the_track_sends_mono_opus_with_the_legs_sound() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(rate: int, samples: int) -> np.ndarray:
        asked.append((rate, samples))
        return (9000 * np.sin(2 * np.pi * 440 * np.arange(samples) / rate)).astype(np.int16)

    track = OutboundTrack(fetch)
    decoder = opus.OpusDecoder(16_000)
    packets = [await track.recv() for _ in range(10)]
    assert asked[0] == (RATE, FRAME)
    assert [packet.pts for packet in packets] == [960 * n for n in range(10)]
    loud = [int(np.abs(decoder.decode(bytes(packet))).max()) for packet in packets]
    assert min(loud[3:]) > 5000
    track.muted = True
    silent = [int(np.abs(decoder.decode(bytes(await track.recv()))).max()) for _ in range(10)]
    assert silent[-1] < 100
    track.stop()


def test_a_lost_frame_is_rebuilt_from_the_next_ones_fec() -> None:
    encoder, decoder = opus.OpusEncoder(RATE, 32_000, 20), opus.OpusDecoder(16_000)
    rng = np.random.default_rng(3)
    wave = (6000 * np.sin(2 * np.pi * 200 * np.arange(RATE * 2) / RATE) * np.repeat(rng.random(100), FRAME)).astype(
        np.int16
    )
    packets = [encoder.encode(wave[i : i + FRAME]) for i in range(0, len(wave), FRAME)]
    whole = opus.OpusDecoder(16_000)
    intact = [whole.decode(packet) for packet in packets]
    errors = {"fec": 0.0, "conceal": 0.0}
    for how in errors:
        decoder = opus.OpusDecoder(16_000)
        for n in range(60):
            if n % 10 == 9:
                made = decoder.recover(packets[n + 1], 320) if how == "fec" else decoder.conceal(320)
                errors[how] += float(np.abs(made.astype(int) - intact[n]).mean())
            else:
                decoder.decode(packets[n])
    assert errors["fec"] < 0.8 * errors["conceal"]


def test_what_is_not_opus_is_refused() -> None:
    with pytest.raises(opus.OpusError):
        opus.duration(b"")
    with pytest.raises(opus.OpusError):
        opus.OpusEncoder(RATE, 32_000, 0).encode(np.zeros(961, np.int16))
