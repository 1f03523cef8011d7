"""`python -m telephony.softphone`: a scripted phone that registers, waits for calls, and tells what happens as JSON lines.

Each line is an object with `event` and `at` (monotonic s): listening, registered, register_failed, incoming, ringing,
answered, declined, media, held, heard (far-end speech began), dtmf, ended (with statistics), stopped.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import soundfile
import structlog

from media.frames import SPEECH_RATE, Samples
from telephony.dial_rules import parse_uri
from telephony.endpoint import EndpointConfig
from telephony.script import check_digits
from telephony.tape import load_speech
from telephony.useragent import UaCall, UserAgent, local_address_for


def tell(event: str, **facts: Any) -> None:
    """One JSON line on standard output, at once."""
    sys.stdout.write(json.dumps({"event": event, "at": round(time.monotonic(), 4), **facts}) + "\n")
    sys.stdout.flush()


class _Visit:
    """One incoming call and what the phone does with it."""

    def __init__(self, call: UaCall, args: argparse.Namespace, sounds: list[Samples], number: int) -> None:
        self.call = call
        self.over = False
        self._args = args
        self._sounds = list(sounds)
        self._number = number
        self._rang_at = time.monotonic()
        self._answered = False
        self._keys = list(args.dtmf)
        self._keys_at = 0.0
        self._heard = 0
        call.on_change = self._changed
        tell("incoming", call=number, remote=call.getInfo().remoteUri)
        if args.decline:
            call.accept(args.decline)
            tell("declined", call=number, code=args.decline)
        else:
            call.accept(180)

    def _changed(self, name: str) -> None:
        call = self.call
        match name:
            case "up":
                tell("answered", call=self._number, codec=call.facts.codec, srtp=call.facts.srtp)
                for sound in self._sounds:
                    call.tape.play(sound)
            case "media" | "held":
                tell(name, call=self._number, codec=call.facts.codec, srtp=call.facts.srtp)
            case "dtmf":
                tell("dtmf", call=self._number, digits="".join(call.facts.dtmf_received))
            case "ended":
                self._close()

    def tick(self, now: float) -> None:
        """What is due now."""
        call, args = self.call, self._args
        if call.ended:
            return
        if not self._answered:
            if not args.ignore and not args.decline and now - self._rang_at >= args.answer_after:
                self._answered = True
                call.accept(200)
            return
        stretches = call.tape.heard()
        if len(stretches) > self._heard:
            self._heard = len(stretches)
            tell("heard", call=self._number, stretch=self._heard)
        if not call.up:
            return
        if self._keys and now - call.at.answered >= args.dtmf_after and now - self._keys_at >= 0.25:
            self._keys_at = now
            digit = self._keys.pop(0)
            if digit != ",":
                call.key(digit)
        talked = args.hangup_after and now - call.at.answered >= args.hangup_after
        if talked or (args.hangup_heard and sum(end - start for start, end in stretches) >= args.hangup_heard):
            call.bye()

    def _close(self) -> None:
        self.over = True
        call = self.call
        received = call.tape.received()
        if self._args.record is not None and len(received):
            soundfile.write(self._args.record, received, SPEECH_RATE, subtype="PCM_16")
        heard = call.tape.heard()
        tell(
            "ended",
            call=self._number,
            by=call.facts.ended_by,
            code=call.facts.code,
            talk_s=round(call.at.ended - call.at.answered, 2) if call.at.answered else 0.0,
            heard_s=round(sum(end - start for start, end in heard), 2),
            dtmf="".join(call.facts.dtmf_received),
            stats=asdict(call.facts.stats),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="telephony.softphone", description="A scripted SIP phone; events as JSON lines."
    )
    add = parser.add_argument
    add("--uri", required=True, help="this phone's address, sip:name@domain")
    add("--registrar", default="", help="sip:host:port to register at; without it the phone only listens")
    add("--user", default="", help="digest user; default: the user part of --uri")
    add("--password", default=None, help="digest password; better in the environment as WARMLINE_PHONE_PASSWORD")
    add("--host", default="", help="address to listen on; default: the one that leads to the registrar or domain")
    add("--port", type=int, default=0, help="SIP port to listen on; 0 = any")
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--answer-after", type=float, default=0.5, metavar="S", help="answer after this much ringing")
    answer.add_argument(
        "--decline", type=int, default=0, metavar="CODE", help="refuse calls with this status, e.g. 486"
    )
    answer.add_argument("--ignore", action="store_true", help="let it ring")
    add("--wav", action="append", default=[], type=Path, help="sound to play once answered; may be repeated")
    add("--dtmf", default="", help="keys to send")
    add("--dtmf-after", type=float, default=1.0, metavar="S", help="s after the answer")
    add("--record", type=Path, help="write what was heard (16 kHz mono WAV); the last call wins")
    add(
        "--hangup-after",
        type=float,
        default=0.0,
        metavar="S",
        help="hang up after this much talk; 0 = wait for the far end",
    )
    add(
        "--hangup-heard",
        type=float,
        default=0.0,
        metavar="S",
        help="hang up once this much sound of the far end was heard; 0 = however much",
    )
    add("--calls", type=int, default=0, help="stop after this many calls; 0 = until SIGTERM")
    add("--codec", choices=("G722", "PCMU", "PCMA"), help="this codec only")
    add("--srtp", choices=("off", "optional", "mandatory"), default="optional")
    add("--max-seconds", type=float, default=3600.0, help="stop after this long, whatever happens")
    return parser


def run_softphone(argv: Sequence[str], stopped: Callable[[], bool]) -> int:
    """Be a phone until told to stop; the exit status is 1 when registration failed. Raises ValueError, RuntimeError."""
    args = _parser().parse_args(argv)
    uri = parse_uri(args.uri)
    if args.dtmf:
        args.dtmf = check_digits(args.dtmf, "--dtmf")
    sounds = [load_speech(path) for path in args.wav]
    place = parse_uri(args.registrar).host if args.registrar else uri.host
    host = args.host or local_address_for(place)
    agent = UserAgent(
        EndpointConfig(
            host=host,
            port=args.port,
            codecs=(args.codec,) if args.codec else ("G722", "PCMU", "PCMA"),
            srtp=args.srtp,
            user_agent="warmline-softphone",
        )
    )
    visits: list[_Visit] = []
    failed: list[int] = []

    def registered(code: int, reason: str, expires: int) -> None:
        if code // 100 == 2:
            tell("registered", expires=expires)
        else:
            failed.append(code)
            tell("register_failed", code=code, reason=reason)

    agent.on_call = lambda call: visits.append(_Visit(call, args, sounds, len(visits) + 1))
    agent.on_registered = registered
    password = args.password if args.password is not None else os.environ.get("WARMLINE_PHONE_PASSWORD", "")
    agent.start(args.uri, user=args.user or uri.user, secret=password, registrar=args.registrar)
    tell("listening", host=host, port=agent.endpoint.port)
    until = time.monotonic() + args.max_seconds
    while not stopped() and time.monotonic() < until:
        agent.poll(10)
        now = time.monotonic()
        for visit in visits:
            visit.tick(now)
        if args.calls and sum(visit.over for visit in visits) >= args.calls:
            break
    if args.registrar:
        agent.unregister()
        leave = time.monotonic() + 1.0
        while time.monotonic() < leave:
            agent.poll(20)
    agent.stop()
    tell("stopped", calls=len(visits))
    return 1 if failed and not visits else 0


def main() -> int:
    """Run the phone; returns the exit status."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stop.append(received))
    try:
        return run_softphone(sys.argv[1:], lambda: bool(stop))
    except (ValueError, RuntimeError) as error:
        sys.stderr.write(f"telephony.softphone: {error}\n")
        return 2


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The library's threads and objects do not survive the interpreter's own shutdown.
    os._exit(status)
