"""One pjsua2 endpoint per process, set up so that nothing happens behind the program's back.

SIP callbacks run only in the thread that calls `SipEndpoint.poll`; audio callbacks run on pjmedia's clock thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pjsua2 as pj
import structlog

log = structlog.get_logger(__name__)

SrtpMode = Literal["off", "optional", "mandatory"]
CodecName = Literal["G722", "PCMU", "PCMA"]

CLOCK_RATE = 16_000  # Hz of the conference bridge: what hearing wants, so only G.711 legs are resampled
FRAME_MS = 20

_CODEC_IDS = {"G722": "G722/16000/1", "PCMU": "PCMU/8000/1", "PCMA": "PCMA/8000/1"}
_SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "mandatory": pj.PJMEDIA_SRTP_MANDATORY,
}
FREE_PORT_TRIES = 5
_SIP_USER = re.compile(r"(?i)(sips?|tel):[^@\s>;,]+@?")
_DIGITS = re.compile(r"\+?\d{5,}")


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """Where an endpoint listens and what it may negotiate. Port 0 = any free port; RTP takes even ports of the range."""

    host: str
    port: int = 0
    media_host: str = ""  # empty = host
    tcp: bool = True
    rtp_port: int = 0
    rtp_ports: int = 0
    codecs: tuple[CodecName, ...] = ("G722", "PCMU", "PCMA")
    srtp: SrtpMode = "optional"
    user_agent: str = "Warmline"


def compiled_call_cap() -> int:
    """How many calls this build of the library takes per process; higher settings are silently clamped by it."""
    return int(pj.EpConfig().uaConfig.maxCalls)


def scrub(line: str) -> str:
    """A library log line without the user part of URIs and without runs of five or more digits."""
    return _DIGITS.sub("…", _SIP_USER.sub(r"\1:…@", line)).strip()


class _Log(pj.LogWriter):  # type: ignore[misc]
    """The library's log lines into ours; keys pressed are never written."""

    def write(self, entry: Any) -> None:
        """One line."""
        line = entry.msg
        if "dtmf" in line.lower():
            return
        if entry.level <= 1:
            log.warning("pjsip", line=scrub(line))
        else:
            log.debug("pjsip", line=scrub(line), level=entry.level)


@contextlib.contextmanager
def _quiet_stdout() -> Iterator[None]:
    """The library greets on standard output before its log can be set; a report may be going there."""
    libc = ctypes.CDLL(None)
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        libc.fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def _open_files() -> set[int]:
    """Open sockets of this process; the library does not tell its own."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if str(entry.readlink()).startswith("socket:"):
                found.add(int(entry.name))
    return found


class _Endpoint(pj.Endpoint):  # type: ignore[misc]
    """Counts what the library refused on its own: no slot, no account, unusable SDP."""

    refused = 0

    def onRejectedIncomingCall(self, prm: Any) -> None:
        """The library refused a call by itself."""
        self.refused += 1
        log.info("sip.refused_by_library", status=prm.statusCode, reason=scrub(prm.reason))


class SipEndpoint:
    """The process's endpoint. `start`, then `poll` often, then `stop` (after which only `os._exit` is safe)."""

    def __init__(self, config: EndpointConfig) -> None:
        self.config = config
        self.port = 0  # the UDP (and TCP) port really bound
        self.sockets: list[int] = []  # listening sockets' file numbers, so that an event loop can watch them
        self._ep = _Endpoint()
        self._log: Any = None
        self._started = False

    @property
    def refused(self) -> int:
        """Calls that the library turned away by itself (486 when full)."""
        return self._ep.refused

    def start(self) -> None:
        """Create the library and bind. Raises RuntimeError naming the address when it cannot be bound."""
        with _quiet_stdout():
            self._ep.libCreate()
        self._started = True
        self._ep.libInit(self._library_config())
        # Without a sound device of some kind there is no media clock at all.
        self._ep.audDevManager().setNullDev()
        before = _open_files()
        self._listen()
        self.sockets = sorted(_open_files() - before)
        self._ep.libStart()
        self._choose_codecs()

    def poll(self, timeout_ms: int = 0) -> None:
        """Run what is due: SIP messages, timers, callbacks. Waits up to `timeout_ms` for the first."""
        self._ep.libHandleEvents(timeout_ms)

    def account_config(
        self, uri: str, *, realm_user: str = "", secret: str = "", registrar: str = "", proxy: str = ""
    ) -> Any:
        """An account of this endpoint: its own RTP range, SRTP mode, and digest credentials when a user is given."""
        config = pj.AccountConfig()
        config.idUri = uri
        if realm_user:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", realm_user, 0, secret))
        if registrar:
            config.regConfig.registrarUri = registrar
            config.regConfig.retryIntervalSec = 2
            config.regConfig.firstRetryIntervalSec = 1
        if proxy:
            config.sipConfig.proxies.append(proxy)
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
        media = config.mediaConfig
        media.transportConfig.port = self.config.rtp_port
        media.transportConfig.portRange = self.config.rtp_ports
        media.transportConfig.randomizePort = self.config.rtp_ports > 0
        # Every address: then the library names the one that the call goes through.
        media_host = self.config.media_host or self.config.host
        media.transportConfig.boundAddress = "" if media_host == "0.0.0.0" else media_host  # noqa: S104
        media.srtpUse = _SRTP[self.config.srtp]
        media.srtpSecureSignaling = 0
        config.natConfig.contactRewriteUse = 0
        config.natConfig.viaRewriteUse = 0
        config.natConfig.sdpNatRewriteUse = 0
        # A UDP keep-alive on loopback or in a data centre only wakes the process up.
        config.natConfig.udpKaIntervalSec = 0
        return config

    def stop(self, still_up: Callable[[], bool], timeout_s: float = 3.0) -> None:
        """Hang up, pump events until `still_up()` is false (bounded), destroy the library."""
        if not self._started:
            return
        self._started = False
        self._ep.hangupAllCalls()
        until = time.monotonic() + timeout_s
        while still_up() and time.monotonic() < until:
            self._ep.libHandleEvents(20)
        gc.collect()
        try:
            self._ep.libDestroy()
        except pj.Error as error:
            log.warning("sip.destroy_failed", error=error.info())

    def _library_config(self) -> Any:
        config = pj.EpConfig()
        ua, media, logs = config.uaConfig, config.medConfig, config.logConfig
        ua.threadCnt = 0
        ua.mainThreadOnly = True
        ua.userAgent = self.config.user_agent
        ua.natTypeInSdp = 0
        ua.mwiUnsolicitedEnabled = False
        media.clockRate = CLOCK_RATE
        media.sndClockRate = CLOCK_RATE
        media.channelCount = 1
        media.audioFramePtime = FRAME_MS
        media.noVad = True
        media.ecTailLen = 0
        media.sndAutoCloseTime = -1
        # Begin at one packet and let the buffer grow with real jitter: a fixed cushion would be heard in every turn.
        media.jbInit = FRAME_MS
        media.jbMinPre = FRAME_MS
        media.jbMaxPre = 200
        media.jbMax = 400
        logs.msgLogging = 0
        logs.level = 3
        logs.consoleLevel = 0
        self._log = _Log()
        logs.writer = self._log
        # The library deletes its writer itself.
        self._log.__disown__()
        return config

    def _listen(self) -> None:
        """UDP and TCP at one number. A free one is asked of TCP, whose listener can be given up where UDP is not free."""
        if not self.config.tcp:
            _, self.port = self._bind(pj.PJSIP_TRANSPORT_UDP, self.config.port)
            return
        for left in reversed(range(FREE_PORT_TRIES if self.config.port == 0 else 1)):
            listener, self.port = self._bind(pj.PJSIP_TRANSPORT_TCP, self.config.port)
            try:
                self._bind(pj.PJSIP_TRANSPORT_UDP, self.port)
                return
            except RuntimeError:
                if not left:
                    raise
                self._ep.transportClose(listener)

    def _bind(self, kind: int, port: int) -> tuple[int, int]:
        """The transport and the port that it has."""
        config = pj.TransportConfig()
        config.port = port
        config.boundAddress = self.config.host
        try:
            transport = self._ep.transportCreate(kind, config)
        except pj.Error as error:
            raise RuntimeError(
                f"cannot listen for SIP on {self.config.host}:{port}: {error.reason}; choose a free port or another address"
            ) from None
        return transport, int(self._ep.transportGetInfo(transport).localName.rpartition(":")[2])

    def _choose_codecs(self) -> None:
        wanted = {_CODEC_IDS[name]: 255 - rank for rank, name in enumerate(self.config.codecs)}
        codecs = self._ep.codecEnum2()
        for codec in codecs:
            self._ep.codecSetPriority(codec.codecId, wanted.get(codec.codecId, 0))
