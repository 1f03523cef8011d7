"""`python -m telephony.caller sip:… --wav FILE`: places one real SIP call and reports what came back."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from telephony.caller_run import EXIT_BAD_INPUT, EXIT_FAILED, CallPlan, CallReport, run_call
from telephony.headers import check_headers
from telephony.script import Step, check_digits, load_script


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="warmline call",
        description="Place one call to a SIP address, play sound, send keys, record what comes back, and report. "
        "Exit status: 0 answered and heard, 2 bad input, 3 not answered, 4 answered without audio, 5 failed.",
    )
    add = parser.add_argument
    add("target", help="whom to call: sip:name@host, sip:name@host:port;transport=tcp")
    add(
        "--wav",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="sound to play once answered (any rate; stereo becomes mono); repeat it to speak again after each reply",
    )
    add("--dtmf", default="", metavar="KEYS", help="keys to send (RFC 4733), a comma pauses half a second")
    add(
        "--dtmf-after",
        type=float,
        default=None,
        metavar="S",
        help="s after the answer to send the keys; default: after the sound",
    )
    add("--script", type=Path, metavar="FILE.yaml", help="steps to carry out instead of --wav and --dtmf")
    add("--record", type=Path, metavar="FILE.wav", help="write what came back (16 kHz mono)")
    add("--json", type=Path, metavar="FILE", help="write the report as JSON; - for standard output")
    add("--from", dest="from_uri", default="", metavar="URI", help="whom to call as")
    add("--user", default="", help="digest user, when the far end asks for one")
    add("--password", default=None, help="digest password; better given in the environment as WARMLINE_CALL_PASSWORD")
    add("--codec", choices=("G722", "PCMU", "PCMA"), help="offer this codec only")
    add("--srtp", choices=("off", "optional", "mandatory"), default="optional", help="SDES SRTP")
    add("--max-seconds", type=float, default=60.0, metavar="S", help="hang up after this much talk")
    add("--ring-seconds", type=float, default=30.0, metavar="S", help="cancel when not answered within this time")
    add(
        "--stay",
        type=float,
        default=4.0,
        metavar="S",
        help="after the last step, hang up once the far end is quiet this long",
    )
    add("--hold-at", type=float, default=None, metavar="S", help="s after the answer to put the far end on hold")
    add("--resume-at", type=float, default=None, metavar="S", help="s after the answer to resume")
    add("--header", action="append", default=[], metavar="'X-Name: value'", help="extra header in the INVITE")
    add("--verbose", action="store_true", help="the library's own log on standard error")
    return parser


def _steps(args: argparse.Namespace) -> tuple[tuple[Step, ...], tuple[tuple[float, Step], ...]]:
    """--wav, --dtmf, --hold-at … as (steps, timed steps)."""
    timed: list[tuple[float, Step]] = []
    if args.hold_at is not None:
        timed.append((args.hold_at, Step("hold", on=True)))
    if args.resume_at is not None:
        timed.append((args.resume_at, Step("hold", on=False)))
    digits = Step("dtmf", digits=check_digits(args.dtmf, "--dtmf")) if args.dtmf else None
    if digits is not None and args.dtmf_after is not None:
        timed.append((args.dtmf_after, digits))
    steps: list[Step] = []
    for index, path in enumerate(args.wav):
        if index:
            steps.append(Step("wait_for_silence"))
        steps.append(Step("play", path=path))
    if digits is not None and args.dtmf_after is None:
        steps.append(digits)
    return tuple(steps), tuple(timed)


def plan_from(argv: Sequence[str]) -> tuple[CallPlan, argparse.Namespace]:
    """The command line as a plan. Raises ValueError with one clear sentence; exits 2 on unknown options."""
    args = _parser().parse_args(argv)
    if args.script is not None and (args.wav or args.dtmf):
        raise ValueError("--script says everything the caller does; leave out --wav and --dtmf, or put them into it")
    if args.resume_at is not None and (args.hold_at is None or args.resume_at <= args.hold_at):
        raise ValueError("--resume-at needs an earlier --hold-at")
    for name in ("max_seconds", "ring_seconds", "stay"):
        if not 0 < getattr(args, name) <= 86_400:
            raise ValueError(f"--{name.replace('_', '-')} must be between 0 and 86400 seconds")
    headers: dict[str, str] = {}
    for line in args.header:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"--header {line!r}: write it as 'X-Name: value'")
        headers[name.strip()] = value.strip()
    check_headers(headers)
    if args.record is not None and not args.record.absolute().parent.is_dir():
        raise ValueError(f"--record: there is no folder {args.record.absolute().parent}")
    password = args.password if args.password is not None else os.environ.get("WARMLINE_CALL_PASSWORD", "")
    steps, timed = _steps(args)
    plan = CallPlan(
        target=args.target,
        steps=load_script(args.script) if args.script is not None else steps,
        timed=timed,
        from_uri=args.from_uri,
        user=args.user,
        password=password,
        codec=args.codec,
        srtp=args.srtp,
        ring_s=args.ring_seconds,
        max_s=args.max_seconds,
        stay_s=args.stay,
        record=args.record,
        headers=headers,
    )
    return plan, args


def show(report: CallReport, console: Console) -> None:
    """The report as a table for people."""
    table = Table(title=f"call to {report.target}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
    stats = report.stats
    rows = [
        ("result", f"{'answered' if report.answered else 'not answered'}, {report.code} {report.reason}".strip()),
        (
            "set-up",
            f"{_ms(report.provisional_ms)} to {report.provisional_code or '180'}, {_ms(report.answer_ms)} to the answer",
        ),
        ("talk", f"{report.talk_s:.1f} s, ended by {report.ended_by or '–'}"),
        ("audio", f"{report.codec or '–'}{', SRTP' if report.srtp else ''}"),
        ("sent", f"{stats.tx_packets} packets, far end lost {stats.tx_lost_remote}"),
        (
            "received",
            f"{stats.rx_packets} packets, lost {stats.rx_lost}, late {stats.rx_discarded}, jitter {stats.rx_jitter_ms:.1f} ms",
        ),
        ("round trip", f"{stats.rtt_ms:.1f} ms" if stats.rtt_ms else "not measured (no RTCP report yet)"),
        ("heard", f"{report.heard_s:.1f} s of sound in {len(report.heard)} stretches"),
        ("keys sent", f"{len(report.dtmf_sent)}"),
    ]
    if report.recording:
        rows.append(("recording", report.recording))
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    if report.steps:
        steps = Table(
            "step", "from s", "to s", "outcome", "last voiced s", "reply after ms", title="steps", title_justify="left"
        )
        for step in report.steps:
            steps.add_row(
                f"{step.kind} {step.file}".strip(),
                f"{step.started_s:.2f}",
                f"{step.ended_s:.2f}",
                step.outcome,
                "" if step.last_voiced_s is None else f"{step.last_voiced_s:.3f}",
                "overlap" if step.overlapped else "" if step.reply_ms is None else f"{step.reply_ms:.0f}",
            )
        console.print(steps)


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    errors = Console(stderr=True)
    try:
        plan, args = plan_from(sys.argv[1:] if argv is None else argv)
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if args.verbose else logging.ERROR),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
        report = run_call(plan)
    except ValueError as error:
        errors.print(f"warmline call: {error}", markup=False, highlight=False, soft_wrap=True)
        return EXIT_BAD_INPUT
    except (RuntimeError, OSError) as error:
        errors.print(f"warmline call: {error}", markup=False, highlight=False, soft_wrap=True)
        return EXIT_FAILED
    if args.json is not None:
        text = json.dumps(report.to_dict(), indent=2)
        if str(args.json) == "-":
            sys.stdout.write(text + "\n")
        else:
            args.json.write_text(text + "\n", encoding="utf-8")
    if str(args.json) != "-":
        show(report, Console())
    if report.error:
        errors.print(f"warmline call: {report.error}", markup=False, highlight=False, soft_wrap=True)
    return report.exit_code


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The library's threads and objects do not survive the interpreter's own shutdown.
    os._exit(status)
