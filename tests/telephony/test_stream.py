"""Counters of a call over its streams: each re-INVITE makes a new one."""

from __future__ import annotations

from telephony.stream import MediaStats


def test_counts_go_on_over_a_new_stream() -> None:
    first, second = MediaStats(rx_packets=90, rx_lost=2, tx_packets=100), MediaStats(rx_packets=5, tx_packets=6)
    assert first.follows(MediaStats())
    assert not second.follows(first)
    total = second.after(first)
    assert (total.rx_packets, total.rx_lost, total.tx_packets) == (95, 2, 106)
    assert MediaStats(rx_jitter_ms=3.0).after(MediaStats(rx_jitter_ms=9.0)).rx_jitter_ms == 3.0
