"""One SIP call as a leg: the library's callbacks in, wire events and audio out.

Everything here runs in the event loop's thread (which polls the library), but for the two audio methods.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol

import pjsua2 as pj
import structlog

from media.frames import Audio, Samples
from media.leg import LegMedia
from session import wire
from telephony.endpoint import CLOCK_RATE
from telephony.ports import FramePort, PortPool
from telephony.stream import MediaStats, audio_of, codec_of, forget_call, srtp_of, stream_stats

log = structlog.get_logger(__name__)

Party = Literal["remote", "local", "network", "error"]

RTP_QUIET_S = 0.6  # without a packet for this long, what the bridge hands over is made up and is not passed on

# How a call that we placed and that was not taken ended, by the far end's status.
_DIALLED = {
    401: "unauthorised",
    403: "unauthorised",
    407: "unauthorised",
    408: "no_answer",
    480: "no_answer",
    486: "busy",
    487: "cancelled",
    600: "busy",
    603: "declined",
    607: "declined",
    608: "declined",
}


class LegOwner(Protocol):
    """What a leg asks of its transport."""

    def emit(self, event: wire.LegEvent) -> None:
        """Report to the app."""

    def leg_over(self, leg: SipLeg) -> None:
        """The call is gone; close the media and report the end."""

    @property
    def ports(self) -> PortPool:
        """The process's audio ports."""


class SipLeg(pj.Call):  # type: ignore[misc]
    """A call and its media engine. `party`, `reason` and `code` say how it ended once `over` is true."""

    def __init__(
        self, owner: LegOwner, account: Any, leg_id: str, media: LegMedia, *, call_id: int, dtmf: frozenset[str]
    ) -> None:
        super().__init__(account, call_id)
        self.leg_id = leg_id
        self.media = media
        self.inbound = call_id != pj.PJSUA_INVALID_ID
        self.hearing = wire.Hearing()
        self.record_path: str | None = None
        self.may_transfer = False
        """Somebody of the house: their phone may ask for their call to be passed on."""
        self.over = False
        self.party: Party = "remote"
        self.reason = "hangup"
        self.code = 0
        self.stats = MediaStats()
        self._stream = MediaStats()
        self._streams_before = MediaStats()
        self.up_at = 0.0
        self.answered_at = 0.0  # when we sent 200
        self._owner = owner
        self._dtmf = dtmf
        self._port: FramePort | None = None
        self._media_started = False
        self._up_told = False
        self._held = False
        self._held_by: Literal["local", "remote"] = "local"
        self._leaving = False
        self._rtp_seen = 0.0
        self._rtp_alive = False

    # ------------------------------------------------------------------ orders

    def respond(self, code: int, *, retry_after_s: int = 0, reason: str = "") -> None:
        """Answer the INVITE with any status. Raises ValueError when the call is past that."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        prm.statusCode = code
        prm.reason = reason
        if retry_after_s:
            header = pj.SipHeader()
            header.hName, header.hValue = "Retry-After", str(retry_after_s)
            prm.txOption.headers.append(header)
        try:
            self.answer(prm)
        except pj.Error as error:
            raise ValueError(f"leg {self.leg_id} cannot be answered with {code} now: {error.reason}") from None

    def place(self, target: str, headers: dict[str, str], from_header: str) -> None:
        """INVITE. Raises ValueError."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        prm.txOption.localUri = from_header
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        try:
            self.makeCall(target, prm)
        except pj.Error as error:
            raise ValueError(f"the call could not be placed: {error.reason}") from None

    def leave(self, party: Party, reason: str, code: int = 0, retry_after_s: int = 0) -> None:
        """End the call by CANCEL, BYE or a final status, as its state asks; the first reason given stays."""
        if self.over or self._leaving:
            return
        self._leaving = True
        self.party, self.reason, self.code = party, reason, code
        self._keep_stats()
        prm = pj.CallOpParam()
        if self.inbound and not self.answered_at and not code:
            self.code = code = 480
        prm.statusCode = code
        if retry_after_s:
            header = pj.SipHeader()
            header.hName, header.hValue = "Retry-After", str(retry_after_s)
            prm.txOption.headers.append(header)
        with contextlib.suppress(pj.Error):
            self.hangup(prm)

    def set_hold(self, on: bool) -> None:
        """Re-INVITE with our side held or flowing. Raises ValueError while another re-INVITE is under way."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        try:
            if on:
                self.setHold(prm)
            else:
                prm.opt.flag = pj.PJSUA_CALL_UNHOLD
                self.reinvite(prm)
        except pj.Error as error:
            verb = "held" if on else "resumed"
            raise ValueError(f"leg {self.leg_id} cannot be {verb} now: {error.reason}") from None

    def send_keys(self, digits: str) -> None:
        """RFC 4733 digits, one after the other. Raises ValueError."""
        try:
            self.dialDtmf(digits)
        except pj.Error as error:
            raise ValueError(f"leg {self.leg_id} cannot send keys: {error.reason}") from None

    def notify(self, event: str, state: str, status_line: str) -> None:
        """Tell how far a transfer is that the far end asked for (RFC 3515). A call that is over is no error."""
        if self.over:
            return
        prm = pj.CallSendRequestParam()
        prm.method = "NOTIFY"
        for name, value in (("Event", event), ("Subscription-State", state)):
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        prm.txOption.contentType = "message/sipfrag;version=2.0"
        prm.txOption.msgBody = status_line
        with contextlib.suppress(pj.Error):
            self.sendRequest(prm)

    def release(self) -> None:
        """No audio any more; after this the call may be forgotten."""
        if self._port is not None:
            self._owner.ports.give_back(self._port)
            self._port = None

    def watch_rtp(self, now: float) -> None:
        """Called a few times a second: keeps the counters and notices when packets stop or come again."""
        if self.over or not self._media_started:
            return
        before = self.stats.rx_packets
        self._keep_stats()
        if self.stats.rx_packets != before:
            self._rtp_seen = now
        self._rtp_alive = now - self._rtp_seen < RTP_QUIET_S

    # ------------------------------------------------------------------ audio (pjmedia's clock thread)

    def _receive(self, samples: Samples) -> None:
        if self._rtp_alive:
            self.media.receive(Audio(samples, CLOCK_RATE))

    def _fetch(self, count: int) -> Samples:
        return self.media.fetch(CLOCK_RATE, count)

    # ------------------------------------------------------------------ the library's callbacks

    def onCallState(self, prm: Any) -> None:
        """The dialog moved on."""
        self._guard(self._on_state)

    def onCallMediaState(self, prm: Any) -> None:
        """Audio was negotiated, again or for the first time."""
        self._guard(self._on_media)

    def onDtmfDigit(self, prm: Any) -> None:
        """A key came, by RFC 4733 or INFO."""
        source = "info" if prm.method == pj.PJSUA_DTMF_METHOD_SIP_INFO else "rfc4733"
        digit = prm.digit
        if source in self._dtmf:
            self._guard(lambda: self.media.dtmf(digit, source))

    def onCallTransferRequest(self, prm: Any) -> None:
        """REFER that nobody took before (`telephony.referrals`): refused."""
        # The library would call whatever address the far end names.
        prm.statusCode = 603
        log.warning("sip.transfer_refused", leg=self.leg_id)

    def onCallReplaceRequest(self, prm: Any) -> None:
        """INVITE with Replaces: refused."""
        prm.statusCode = 603
        log.warning("sip.replace_refused", leg=self.leg_id)

    def _guard(self, act: Callable[[], None]) -> None:
        # An exception that leaves a callback keeps the C++ call alive for ever.
        try:
            act()
        except Exception:
            log.exception("sip.callback_failed", leg=self.leg_id)

    def _on_state(self) -> None:
        info = self.getInfo()
        state, code = info.state, info.lastStatusCode
        if state == pj.PJSIP_INV_STATE_EARLY and not self.inbound:
            self._owner.emit(wire.LegProgress(leg_id=self.leg_id, state="ringing", remote=info.remoteUri))
        elif state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.up_at = time.monotonic()
            self._tell_up()
        elif state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._keep_stats()
            if not self._leaving:
                self._name_end(code)
            self.over = True
            self._owner.leg_over(self)
            forget_call(self)

    def _name_end(self, code: int) -> None:
        """The far end (or a timer) ended it."""
        self.code = code
        if self.up_at or self.answered_at:
            # 408 after the answer: the ACK never came, or a request in the dialog died.
            self.party, self.reason = ("network", "failed") if code == 408 else ("remote", "hangup")
        elif self.inbound:
            self.party, self.reason = "remote", "cancelled"
        else:
            self.party = "remote"
            self.reason = _DIALLED.get(code, "failed")

    def _on_media(self) -> None:
        audio = audio_of(self)
        if audio is None:
            return
        index, status = audio
        if self._port is None:
            self._port = self._owner.ports.take(self._receive, self._fetch)
        if not self._media_started:
            self._media_started = True
            self.media.start(self.hearing, self.record_path)
        # Each re-INVITE makes a new stream: until a packet of it was seen there is nothing to hear.
        self._rtp_seen, self._rtp_alive = time.monotonic(), True
        self._port.connect(self.getAudioMedia(index))
        if self.getInfo().state == pj.PJSIP_INV_STATE_EARLY and not self.answered_at:
            self._owner.emit(self._progress("early"))
        self._tell_up()
        held = status != pj.PJSUA_CALL_MEDIA_ACTIVE
        if held != self._held and self._up_told:
            self._held = held
            if held:
                self._held_by = "local" if status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD else "remote"
            self._owner.emit(self._progress("held" if held else "resumed"))

    def _tell_up(self) -> None:
        """`up` once both are there: the dialog confirmed and audio negotiated (a late offer brings it with the ACK)."""
        if self.up_at and self._media_started and not self._up_told:
            self._up_told = True
            self._owner.emit(self._progress("up"))

    def _progress(self, state: Literal["early", "up", "held", "resumed"]) -> wire.LegProgress:
        info = self.getInfo()
        return wire.LegProgress(
            leg_id=self.leg_id,
            state=state,
            by=self._held_by if state in ("held", "resumed") else "",
            codec=codec_of(self),
            srtp=srtp_of(self),
            remote=info.remoteUri,
        )

    def _keep_stats(self) -> None:
        if (stats := stream_stats(self)) is None:
            return
        if not stats.follows(self._stream):
            self._streams_before = self._stream.after(self._streams_before)
        self._stream = stats
        self.stats = stats.after(self._streams_before)
