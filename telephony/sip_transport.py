"""The SIP side of a leg worker: calls offered, answered, placed, held and ended as the app orders.

The library is driven from the event loop: a task polls it every few milliseconds, so its SIP callbacks and the app's
orders never meet in two threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Literal

import pjsua2 as pj
import structlog

from media.worker import LegWorker
from session import wire
from session.ids import new_id
from telephony import dial_rules
from telephony.endpoint import EndpointConfig, SipEndpoint, compiled_call_cap
from telephony.headers import check_headers, from_header, pick_headers, split_name_addr
from telephony.options import SipLegOptions
from telephony.ports import PortPool
from telephony.refer import Dialog
from telephony.refer_tap import ReferTap
from telephony.referrals import Referrals
from telephony.sip_leg import Party, SipLeg
from telephony.stream import forget_call

log = structlog.get_logger(__name__)

# UDP and new connections wake the loop by themselves; the pace is for timers and for what comes over open TCP.
POLL_IDLE_S = 0.04
POLL_BUSY_S = 0.01
WATCH_RTP_S = 0.2
BYE_PATIENCE_S = 1.2  # a far end that does not answer our BYE or CANCEL is not waited for longer
CLOSE_S = 1.5  # within what the worker allows a transport
HOLD_ATTEMPTS = 10
HOLD_RETRY_S = 0.15

_KEYS = frozenset("0123456789*#ABCD")


def endpoint_config(options: SipLegOptions, worker_index: int, listen: tuple[str, int] | None = None) -> EndpointConfig:
    """Where worker number `worker_index` (from 0) listens; `listen` replaces its SIP address and port."""
    host, port = listen or (options.worker_host, options.worker_base_port + worker_index)
    return EndpointConfig(
        host=host,
        port=port,
        media_host=options.media_host,
        rtp_port=options.rtp_base_port + worker_index * options.rtp_ports,
        rtp_ports=options.rtp_ports,
        codecs=tuple(options.codecs),
        srtp=options.srtp,
        user_agent=options.user_agent,
    )


class _Account(pj.Account):  # type: ignore[misc]
    """Where inbound calls arrive and placed calls come from."""

    def __init__(self, transport: SipTransport) -> None:
        super().__init__()
        self._transport = transport

    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE."""
        try:
            self._transport.take(prm.callId, prm.rdata.wholeMsg, prm.rdata.srcAddress)
        except Exception:
            log.exception("sip.callback_failed", callback="onIncomingCall")

    def onIncomingSubscribe(self, prm: Any) -> None:
        """SUBSCRIBE: no event package is offered."""
        prm.code = 489  # no event package is offered


class _Refused(pj.Call):  # type: ignore[misc]
    """A call on its way out; the library sends the refusal only after the callback that announced the call."""

    over: Callable[[], None]

    def onCallState(self, prm: Any) -> None:
        """The dialog moved on."""
        try:
            info = self.getInfo()
            if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                self.over()
                forget_call(self)
        except Exception:
            log.exception("sip.callback_failed", callback="onCallState")


class SipTransport:
    """The `Transport` of a sip-in or sip-out worker."""

    def __init__(self, kind: Literal["sip-in", "sip-out"], options: SipLegOptions, endpoint: EndpointConfig) -> None:
        self.capacity = compiled_call_cap()
        self._kind = kind
        self._options = options
        self._endpoint = SipEndpoint(endpoint)
        self._account: Any = None
        self._worker: LegWorker | None = None
        self._legs: dict[str, SipLeg] = {}
        self.ports = PortPool()
        self._referrals = Referrals(self._leg_of, self.emit)
        self._tap: ReferTap | None = None
        self._refused: set[_Refused] = set()
        self._gone: list[SipLeg] = []  # ended for the app, not yet for the library: dropping them would abort
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._one_ended = asyncio.Event()
        self._draining = False
        self._retry_after_s = options.retry_after_s

    @property
    def _uri(self) -> str:
        config = self._endpoint.config
        return f"sip:warmline@{config.media_host or config.host}"

    @property
    def port(self) -> int:
        """The SIP port really bound."""
        return self._endpoint.port

    # ------------------------------------------------------------------ Transport

    async def start(self, worker: LegWorker) -> None:
        """Bind and begin to take calls. Raises RuntimeError naming the address when it cannot be bound."""
        self._worker = worker
        self._endpoint.start()
        config = self._endpoint.account_config(
            self._uri,
            realm_user=self._options.dial_user,
            secret=self._options.dial_secret,
            proxy=self._options.dial_proxy,
        )
        self._account = _Account(self)
        self._account.create(config)
        try:
            self._tap = ReferTap(f"<{self._uri}:{self.port}>", self._referrals.take)
        except (AttributeError, RuntimeError) as error:  # a library built in another way
            log.warning("sip.no_transfers", error=str(error))
        for number in self._endpoint.sockets:
            asyncio.get_running_loop().add_reader(number, self._poll_now)
        self._tasks = [
            asyncio.create_task(self._poll(), name="sip-poll"),
            asyncio.create_task(self._watch_rtp(), name="sip-watch-rtp"),
        ]
        log.info("sip.listening", kind=self._kind, host=self._endpoint.config.host, port=self.port)

    async def answer(self, cmd: wire.AnswerLeg) -> None:
        """183 with media when `early`, else 200. Raises ValueError for a leg that is gone or not ringing."""
        leg = self._need(cmd.leg_id)
        if not leg.inbound or leg.answered_at:
            raise ValueError(f"leg {cmd.leg_id} is not waiting for an answer")
        self._stop_timer(cmd.leg_id)
        leg.media.role = cmd.role
        leg.may_transfer = cmd.may_transfer
        first = leg.record_path is None
        leg.hearing = cmd.hearing
        if first:
            leg.record_path = cmd.record_path
        if cmd.early:
            leg.respond(183)
            return
        leg.answered_at = time.monotonic()
        try:
            leg.respond(200)
        except ValueError:
            leg.answered_at = 0.0
            raise
        # After an early answer the media runs already, with what was listened for then.
        await leg.media.handle(wire.SetHearing(leg_id=cmd.leg_id, hearing=cmd.hearing))

    async def reject(self, cmd: wire.RejectLeg) -> None:
        """Refuse with the status given. Raises ValueError when the leg is gone or answered."""
        leg = self._need(cmd.leg_id)
        if not leg.inbound or leg.answered_at:
            raise ValueError(f"leg {cmd.leg_id} is answered and cannot be refused; hang it up")
        if not 300 <= cmd.code <= 699:
            raise ValueError(f"a call cannot be refused with status {cmd.code}; use 400…699")
        self._leave(leg, "local", "rejected", cmd.code, cmd.retry_after_s)

    async def offer(self, cmd: wire.OfferLeg) -> wire.SdpAnswer:
        """Not for telephones."""
        raise ValueError("OfferLeg is for browsers; a SIP worker takes calls from the network or places them (DialLeg)")

    async def dial(self, cmd: wire.DialLeg) -> None:
        """INVITE a target that a rule allows. Raises ValueError when none does, or the worker is full or draining."""
        if self._draining:
            raise ValueError("this SIP worker is draining and places no calls")
        if len(self._legs) >= self.capacity:
            raise ValueError(f"this SIP worker is full ({self.capacity} calls)")
        target = cmd.target
        dial_rules.check_target(target, agents_at=self._options.dial_domain, allowed=self._options.dial_allowed)
        check_headers(cmd.headers)
        media = self._need_worker().new_leg(cmd.leg_id, cmd.role, "sip", target)
        leg = SipLeg(
            self, self._account, cmd.leg_id, media, call_id=pj.PJSUA_INVALID_ID, dtmf=frozenset(self._options.dtmf)
        )
        leg.hearing, leg.may_transfer = cmd.hearing, cmd.may_transfer
        self._legs[cmd.leg_id] = leg
        try:
            leg.place(target, cmd.headers, from_header(cmd.display_name, self._uri))
        except ValueError:
            leg.party, leg.reason, leg.over = "error", "failed", True
            self.leg_over(leg)
            raise
        self._timer(leg, cmd.timeout_s, self._not_answered)

    async def hangup(self, cmd: wire.HangupLeg) -> None:
        """CANCEL, BYE or refuse; a leg that is gone already is no error."""
        if (leg := self._legs.get(cmd.leg_id)) is not None:
            party: Party = "network" if cmd.reason == "no_rtp" else "local"
            self._leave(leg, party, cmd.reason, cmd.code)

    async def hold(self, cmd: wire.HoldLeg) -> None:
        """Re-INVITE; `held` or `resumed` is reported when the far end agreed. Raises ValueError."""
        leg = self._need(cmd.leg_id)
        if not leg.up_at:
            raise ValueError(f"leg {cmd.leg_id} is not up, so it cannot be held")
        for attempt in range(HOLD_ATTEMPTS):
            try:
                return leg.set_hold(cmd.on)
            except ValueError:
                # Another offer is under way, the far end's or ours; it is over in a round trip or two.
                if attempt + 1 == HOLD_ATTEMPTS:
                    raise
                await asyncio.sleep(HOLD_RETRY_S)
                self._need(cmd.leg_id)

    async def send_dtmf(self, cmd: wire.SendDtmf) -> None:
        """RFC 4733 digits. Raises ValueError for other characters or a leg that is not up."""
        leg = self._need(cmd.leg_id)
        digits = cmd.digits.upper()
        if not digits or set(digits) - _KEYS:
            raise ValueError("keys are 0-9, *, #, A-D")
        leg.send_keys(digits)

    async def tell_transfer(self, cmd: wire.TellTransfer) -> None:
        """NOTIFY; for a leg that is gone there is nobody to tell."""
        if (leg := self._legs.get(cmd.leg_id)) is not None:
            self._referrals.tell(leg, cmd.transfer_id, cmd.code)

    async def drain(self, cmd: wire.Drain) -> None:
        """503 + Retry-After for new calls from now on."""
        self._draining = True
        self._retry_after_s = cmd.retry_after_s

    async def close(self) -> None:
        """Hang everything up, wait for it, give the library back. Bounded; the process must then `os._exit`."""
        self._draining = True
        for leg in list(self._legs.values()):
            self._leave(leg, "local", "drained", 0 if leg.up_at else 503, self._retry_after_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                while self._legs or self._ending:
                    self._one_ended.clear()
                    await self._one_ended.wait()
        for number in self._endpoint.sockets:
            asyncio.get_running_loop().remove_reader(number)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for handle in self._timers.values():
            handle.cancel()
        self._endpoint.stop(lambda: any(not leg.over for leg in self._gone), timeout_s=0.3)

    # ------------------------------------------------------------------ LegOwner

    def emit(self, event: wire.LegEvent) -> None:
        """Report to the app."""
        if isinstance(event, wire.LegProgress) and event.state == "up":
            self._stop_timer(event.leg_id)
        self._need_worker().emit(event)

    def leg_over(self, leg: SipLeg) -> None:
        """The library (or our patience) is through with a call."""
        if self._legs.pop(leg.leg_id, None) is None:
            return
        self._stop_timer(leg.leg_id)
        self._referrals.forget(leg.leg_id)
        leg.release()
        self._gone.append(leg)
        task = asyncio.create_task(self._end(leg), name=f"sip-end-{leg.leg_id}")
        self._ending[leg.leg_id] = task
        task.add_done_callback(lambda _task: self._ended(leg.leg_id))

    def _ended(self, leg_id: str) -> None:
        self._ending.pop(leg_id, None)
        self._one_ended.set()

    # ------------------------------------------------------------------ inbound

    def take(self, call_id: int, message: str, source: str) -> None:
        """An INVITE arrived (called from the library, in the event loop's thread)."""
        leg_id = new_id()
        if self._kind == "sip-out" or self._draining:
            self._turn_away(call_id)
            return
        worker = self._need_worker()
        media = worker.new_leg(leg_id, "customer", "sip", source)
        leg = SipLeg(self, self._account, leg_id, media, call_id=call_id, dtmf=frozenset(self._options.dtmf))
        self._legs[leg_id] = leg
        try:
            leg.respond(180)
        except ValueError:
            self._leave(leg, "remote", "cancelled")
            return
        info = leg.getInfo()
        name, from_uri = split_name_addr(info.remoteUri)
        _, to_uri = split_name_addr(info.localUri)
        self._timer(leg, self._options.answer_within_s, self._app_silent)
        self.emit(
            wire.LegOffered(
                leg_id=leg_id,
                transport="sip",
                from_uri=from_uri,
                to_uri=to_uri,
                display_name=name[:128],
                headers=pick_headers(message),
            )
        )

    def _turn_away(self, call_id: int) -> None:
        """503 without ever telling the app: a worker that drains, or one that only places calls."""
        call = _Refused(self._account, call_id)
        self._refused.add(call)
        call.over = lambda: self._refused.discard(call)
        prm = pj.CallOpParam()
        prm.statusCode = 503 if self._draining else 403
        if self._draining:
            header = pj.SipHeader()
            header.hName, header.hValue = "Retry-After", str(self._retry_after_s)
            prm.txOption.headers.append(header)
        # Not from inside the callback: the library then frees what it still needs there, and aborts.
        asyncio.get_running_loop().call_soon(self._refuse, call, prm)

    def _refuse(self, call: _Refused, prm: Any) -> None:
        try:
            call.answer(prm)
        except pj.Error as error:  # cancelled meanwhile
            log.info("sip.refusal_too_late", error=error.info())
            self._refused.discard(call)

    def _app_silent(self, leg: SipLeg) -> None:
        log.error("sip.app_did_not_answer", leg=leg.leg_id, after_s=self._options.answer_within_s)
        # Not 503, after which the edge tries the next worker: behind that one is the same app.
        self._leave(leg, "error", "failed", 504, self._retry_after_s)

    def _not_answered(self, leg: SipLeg) -> None:
        self._leave(leg, "remote", "no_answer")

    # ------------------------------------------------------------------ inside

    def _leave(self, leg: SipLeg, party: Party, reason: str, code: int = 0, retry_after_s: int = 0) -> None:
        self._stop_timer(leg.leg_id)
        leg.leave(party, reason, code, retry_after_s)
        if not leg.over:
            self._timer(leg, BYE_PATIENCE_S, self.leg_over)

    async def _end(self, leg: SipLeg) -> None:
        worker = self._need_worker()
        try:
            await worker.drop_leg(leg.leg_id)
        except Exception:
            log.exception("sip.media_close_failed", leg=leg.leg_id)
        stats = leg.stats
        worker.emit(
            wire.LegEnded(
                leg_id=leg.leg_id,
                party=leg.party,
                reason=leg.reason,
                code=leg.code,
                duration_ms=round((time.monotonic() - leg.up_at) * 1000) if leg.up_at else 0,
                stats=wire.LegStats(
                    rx_packets=stats.rx_packets,
                    rx_lost=stats.rx_lost,
                    rx_discarded=stats.rx_discarded,
                    tx_packets=stats.tx_packets,
                    jitter_ms=stats.rx_jitter_ms,
                    rtt_ms=stats.rtt_ms,
                ),
            )
        )

    async def _poll(self) -> None:
        while True:
            self._poll_now()
            await asyncio.sleep(POLL_BUSY_S if self._legs else POLL_IDLE_S)

    def _poll_now(self) -> None:
        try:
            self._endpoint.poll()
        except pj.Error as error:
            log.error("sip.poll_failed", error=error.reason)

    async def _watch_rtp(self) -> None:
        while True:
            await asyncio.sleep(WATCH_RTP_S)
            now = time.monotonic()
            for leg in list(self._legs.values()):
                leg.watch_rtp(now)
            self._gone = [leg for leg in self._gone if not leg.over]

    def _timer(self, leg: SipLeg, delay_s: float, act: Any) -> None:
        self._stop_timer(leg.leg_id)
        self._timers[leg.leg_id] = asyncio.get_running_loop().call_later(delay_s, act, leg)

    def _stop_timer(self, leg_id: str) -> None:
        if (handle := self._timers.pop(leg_id, None)) is not None:
            handle.cancel()

    def _leg_of(self, dialog: Dialog) -> SipLeg | None:
        if self._tap is None or not self._tap.in_dialog(dialog.call_id, dialog.ours, dialog.theirs):
            return None
        return next((leg for leg in self._legs.values() if leg.getInfo().callIdString == dialog.call_id), None)

    def _need(self, leg_id: str) -> SipLeg:
        leg = self._legs.get(leg_id)
        if leg is None:
            raise ValueError(f"there is no SIP leg {leg_id} here (any more)")
        return leg

    def _need_worker(self) -> LegWorker:
        if self._worker is None:
            raise RuntimeError("SipTransport.start was not called")
        return self._worker
