"""What the library knows of a call's audio stream, in our units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pjsua2 as pj


@dataclass(slots=True)
class MediaStats:
    """Counters of one call's stream; jitter and rtt in ms, `*_remote` as the far end reported by RTCP."""

    rx_packets: int = 0
    rx_lost: int = 0
    rx_discarded: int = 0
    rx_jitter_ms: float = 0.0
    tx_packets: int = 0
    tx_lost_remote: int = 0
    tx_jitter_ms_remote: float = 0.0
    rtt_ms: float = 0.0
    jitter_buffer_ms: int = 0

    def follows(self, earlier: MediaStats) -> bool:
        """Is it the same stream, later? Each re-INVITE makes a new one, whose counters begin at nought."""
        return self.rx_packets >= earlier.rx_packets and self.tx_packets >= earlier.tx_packets

    def after(self, earlier: MediaStats) -> MediaStats:
        """With the counts of the streams before it."""
        return replace(
            self,
            rx_packets=self.rx_packets + earlier.rx_packets,
            rx_lost=self.rx_lost + earlier.rx_lost,
            rx_discarded=self.rx_discarded + earlier.rx_discarded,
            tx_packets=self.tx_packets + earlier.tx_packets,
            tx_lost_remote=self.tx_lost_remote + earlier.tx_lost_remote,
        )


def stream_stats(call: Any) -> MediaStats | None:
    """The counters of a call's first stream; None when it has no stream (any more)."""
    try:
        stat = call.getStreamStat(0)
    except pj.Error:
        return None
    rtcp, jbuf = stat.rtcp, stat.jbuf
    rx, tx = rtcp.rxStat, rtcp.txStat
    return MediaStats(
        rx_packets=rx.pkt,
        rx_lost=rx.loss,
        rx_discarded=rx.discard + jbuf.discard,
        rx_jitter_ms=round(rx.jitterUsec.mean / 1000, 2),
        tx_packets=tx.pkt,
        tx_lost_remote=tx.loss,
        tx_jitter_ms_remote=round(tx.jitterUsec.mean / 1000, 2),
        rtt_ms=round(rtcp.rttUsec.mean / 1000, 2),
        jitter_buffer_ms=jbuf.avgDelayMsec,
    )


def forget_call(call: Any) -> None:
    """Destroy a call's C++ half, inside its own callback for the disconnected state; no method of it may be used after.

    Later would be wrong: the library gives the slot number to the next call, and the old object's destructor, which
    knows only the number, hangs that one up.
    """
    pj.Call.__swig_destroy__(call)


def codec_of(call: Any) -> str:
    """`PCMU/8000` or so; empty without a stream."""
    try:
        info = call.getStreamInfo(0)
    except pj.Error:
        return ""
    return f"{info.codecName}/{info.codecClockRate}"


def srtp_of(call: Any) -> bool:
    """Whether the call's audio is encrypted: only the library's own dump tells it for the optional mode."""
    try:
        return "SRTP status: Active" in call.dump(True, "")
    except pj.Error:
        return False


def audio_of(call: Any) -> tuple[int, int] | None:
    """(media index, status) of a call's first audio stream that carries or could carry sound; None without one."""
    # Bound to a name first: iterating a temporary's media reads freed memory.
    info = call.getInfo()
    for media in info.media:
        if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status in (
            pj.PJSUA_CALL_MEDIA_ACTIVE,
            pj.PJSUA_CALL_MEDIA_LOCAL_HOLD,
            pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
        ):
            return media.index, media.status
    return None
