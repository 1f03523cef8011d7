"""A small SIP phone without a microphone: what `telephony.caller` and `telephony.softphone` are made of."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pjsua2 as pj
import structlog

from telephony.endpoint import EndpointConfig, SipEndpoint
from telephony.ports import FramePort, PortPool
from telephony.stream import MediaStats, audio_of, codec_of, forget_call, srtp_of, stream_stats
from telephony.tape import Tape

log = structlog.get_logger(__name__)


def local_address_for(host: str) -> str:
    """This machine's address on the way to `host`. Raises ValueError when the host has none."""
    try:
        info = socket.getaddrinfo(host, 9, socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(info[0][4])
            return str(probe.getsockname()[0])
    except OSError as error:
        raise ValueError(f"host {host!r} cannot be reached: {error}") from None


@dataclass(slots=True)
class Moments:
    """Monotonic seconds at which a call's stages were reached; 0 = not reached."""

    invited: float = 0.0
    provisional: float = 0.0
    provisional_code: int = 0
    media: float = 0.0
    answered: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class CallFacts:
    """What is known of a call, kept after the library has forgotten it."""

    remote: str = ""
    code: int = 0
    reason: str = ""
    ended_by: str = ""
    codec: str = ""
    srtp: bool = False
    stats: MediaStats = field(default_factory=MediaStats)
    dtmf_received: list[str] = field(default_factory=list)


class UaCall(pj.Call):  # type: ignore[misc]
    """One call of a test phone. `on_change(name)` tells: ringing, up, media, held, dtmf, ended."""

    def __init__(self, account: Any, ports: PortPool, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._ports = ports
        self.tape = Tape()
        self.at = Moments(invited=time.monotonic())
        self.facts = CallFacts()
        self.up = False
        self.ended = False
        self.on_change: Callable[[str], None] = lambda _name: None
        self._port: FramePort | None = None
        self._hung_up = False

    def place(self, target: str, headers: dict[str, str]) -> None:
        """INVITE. Raises ValueError when the library finds the target unusable."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            prm.txOption.headers.append(header)
        self.at.invited = time.monotonic()
        try:
            self.makeCall(target, prm)
        except pj.Error as error:
            raise ValueError(f"cannot call {target}: {error.reason}") from None

    def accept(self, code: int = 200) -> None:
        """Answer an incoming call (180, 183, 200) or refuse it (≥ 300)."""
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        prm.statusCode = code
        self.answer(prm)

    def bye(self, code: int = 0) -> None:
        """End the call however its state asks; a second time is harmless."""
        if self.ended or self._hung_up:
            return
        self._hung_up = True
        prm = pj.CallOpParam()
        prm.statusCode = code
        self._keep_stats()
        with contextlib.suppress(pj.Error):
            self.hangup(prm)

    def hold(self, on: bool) -> None:
        """Re-INVITE with the audio held or flowing. Raises ValueError while another one is pending."""
        self._need_call()
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        try:
            if on:
                self.setHold(prm)
            else:
                prm.opt.flag = pj.PJSUA_CALL_UNHOLD
                self.reinvite(prm)
        except pj.Error as error:
            raise ValueError(f"cannot {'hold' if on else 'resume'} the call now: {error.reason}") from None

    def key(self, digit: str) -> None:
        """Send one RFC 4733 digit. Raises ValueError when the far end takes none."""
        self._need_call()
        try:
            self.dialDtmf(digit)
        except pj.Error as error:
            raise ValueError(f"cannot send a key: {error.reason}") from None

    def _need_call(self) -> None:
        if self.ended:
            raise ValueError("the call is over")

    def onCallState(self, prm: Any) -> None:
        """The dialog moved on."""
        try:
            self._state_changed()
        except Exception:
            log.exception("phone.callback_failed", callback="onCallState")

    def onCallMediaState(self, prm: Any) -> None:
        """Audio was negotiated, again or for the first time."""
        try:
            audio = audio_of(self)
            if audio is None:
                return
            index, status = audio
            if self._port is None:
                self._port = self._ports.take(self.tape.receive, self.tape.fetch)
            self._port.connect(self.getAudioMedia(index))
            self.at.media = self.at.media or time.monotonic()
            self.facts.codec, self.facts.srtp = codec_of(self), srtp_of(self)
            self.on_change("media" if status == pj.PJSUA_CALL_MEDIA_ACTIVE else "held")
        except Exception:
            log.exception("phone.callback_failed", callback="onCallMediaState")

    def onDtmfDigit(self, prm: Any) -> None:
        """A key came, by RFC 4733 or INFO."""
        self.facts.dtmf_received.append(prm.digit)
        self.on_change("dtmf")

    def onCallTransferRequest(self, prm: Any) -> None:
        """REFER: refused."""
        prm.statusCode = 603

    def refresh_stats(self) -> None:
        """Read the counters while the stream is there."""
        if not self.ended:
            self._keep_stats()

    def _keep_stats(self) -> None:
        if (stats := stream_stats(self)) is not None:
            self.facts.stats = stats

    def _state_changed(self) -> None:
        info = self.getInfo()
        now = time.monotonic()
        self.facts.code, self.facts.reason = info.lastStatusCode, info.lastReason
        self.facts.remote = info.remoteUri
        if info.state == pj.PJSIP_INV_STATE_EARLY and not self.at.provisional:
            self.at.provisional, self.at.provisional_code = now, info.lastStatusCode
            self.on_change("ringing")
        elif info.state == pj.PJSIP_INV_STATE_CONNECTING:
            self.at.answered = self.at.answered or now
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.at.answered = self.at.answered or now
            self.up = True
            self.on_change("up")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._keep_stats()
            self.at.ended, self.ended, self.up = now, True, False
            self.facts.ended_by = "us" if self._hung_up else "far end"
            if self._port is not None:
                self._ports.give_back(self._port)
                self._port = None
            self.on_change("ended")
            forget_call(self)


class _Account(pj.Account):  # type: ignore[misc]
    def __init__(self, agent: UserAgent) -> None:
        super().__init__()
        self._agent = agent

    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE."""
        try:
            call = UaCall(self, self._agent.ports, prm.callId)
            self._agent.calls.append(call)
            self._agent.on_call(call)
        except Exception:
            log.exception("phone.callback_failed", callback="onIncomingCall")

    def onRegState(self, prm: Any) -> None:
        """The registrar answered."""
        try:
            self._agent.on_registered(prm.code, prm.reason, prm.expiration)
        except Exception:
            log.exception("phone.callback_failed", callback="onRegState")

    def onIncomingSubscribe(self, prm: Any) -> None:
        """SUBSCRIBE: no event package is offered."""
        prm.code = 489


class UserAgent:
    """An endpoint with one account. Used from one thread, which calls `poll` often."""

    def __init__(self, config: EndpointConfig) -> None:
        self.endpoint = SipEndpoint(config)
        self.ports = PortPool()
        self.calls: list[UaCall] = []  # every call ever made: an object dropped in a callback aborts the process
        self.on_call: Callable[[UaCall], None] = lambda call: call.bye(486)
        self.on_registered: Callable[[int, str, int], None] = lambda _code, _reason, _expires: None
        self._account: Any = None

    def start(self, uri: str, *, user: str = "", secret: str = "", registrar: str = "", proxy: str = "") -> None:
        """Bind and, with a registrar, register. Raises RuntimeError or ValueError with what to mend."""
        self.endpoint.start()
        config = self.endpoint.account_config(uri, realm_user=user, secret=secret, registrar=registrar, proxy=proxy)
        self._account = _Account(self)
        try:
            self._account.create(config)
        except pj.Error as error:
            raise ValueError(f"{uri!r} is no usable SIP address: {error.reason}") from None

    def call(self, target: str, headers: dict[str, str] | None = None) -> UaCall:
        """Place a call. Raises ValueError."""
        call = UaCall(self._account, self.ports)
        self.calls.append(call)
        call.place(target, headers or {})
        return call

    def poll(self, timeout_ms: int = 10) -> None:
        """Let the library work."""
        self.endpoint.poll(timeout_ms)

    def unregister(self) -> None:
        """Take the contact back from the registrar."""
        with contextlib.suppress(pj.Error):
            self._account.setRegistration(False)

    def stop(self) -> None:
        """End everything. The process should leave by `os._exit` afterwards."""
        self.endpoint.stop(lambda: any(not call.ended for call in self.calls))
