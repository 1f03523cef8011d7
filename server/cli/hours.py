"""`warmline hours …`: opening hours, and the switch that overrules them, without the app having to run."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.common import fail, settings_or_exit, with_store

if TYPE_CHECKING:
    from dialog.calendars import Calendar
    from session.store import Store

app = typer.Typer(help="Opening hours, and the switch that overrules them.", no_args_is_help=True)
Where = Annotated[str, typer.Argument(help="PACK/CALENDAR, as `warmline hours list` shows it")]
Why = Annotated[str, typer.Option(help="for the record")]
By = Annotated[str, typer.Option(help="who does it, for the record; empty = your login name")]


@app.command("list")
def listed() -> None:
    """Every calendar, what it says now, and what is switched."""
    import time

    from session.hours_switches import HoursSwitches, Switched

    async def work(store: Store) -> tuple[list[Switched], dict[str, Calendar]]:
        return await HoursSwitches(store).all(), await _calendars(store)

    switches, calendars = with_store(work)
    switched = {f"{one.pack}/{one.calendar}": one for one in switches}
    for place, calendar in calendars.items():
        line = f"{place:28} {calendar.state(time.time_ns() // 1_000_000)}"
        if one := switched.get(place):
            line += f"  SWITCHED to {one.state} by {one.by} on {one.at:%Y-%m-%d %H:%M} UTC  {one.why}"
        print(line.rstrip())


@app.command("switch")
def switch(
    where: Where,
    state: Annotated[str, typer.Argument(help="open, closed, holiday or emergency")],
    why: Why = "",
    by: By = "",
) -> None:
    """Whatever the time is, this holds from the next caller on (a running app follows within a second)."""
    from dialog.calendars import STATES

    if state not in STATES:
        raise fail(f"{state!r} is no state; choose one of {', '.join(STATES)}", 2)
    _set(where, state, by, why)
    print(f"{where} is {state} until `warmline hours clear {where}`")


@app.command("clear")
def clear(where: Where, why: Why = "", by: By = "") -> None:
    """The calendar decides again."""
    if _set(where, "", by, why):
        print(f"{where} is open and closed by its calendar again")
    else:
        print(f"{where} was not switched")


def _set(where: str, state: str, by: str, why: str) -> bool:
    from session.hours_switches import HoursSwitches

    pack, _, calendar = where.partition("/")

    async def work(store: Store) -> bool:
        known = await _calendars(store)
        if where not in known:
            raise fail(f"no flow and no queue asks a calendar {where!r}; there are {', '.join(known) or 'none'}", 2)
        return await HoursSwitches(store).switch(pack, calendar, state, by=by or getpass.getuser(), why=why)

    return with_store(work)


async def _calendars(store: Store) -> dict[str, Calendar]:
    """PACK/CALENDAR → calendar, of every flow in the installation that can be read, and of its queues."""
    from dialog.flow import read_flow
    from dialog.library import flow_files
    from dialog.switches import OUTERMOST, used
    from dialog.yamlfile import FileError
    from server.cli.queue import book_of
    from server.settings import ROOT

    root: Path = ROOT / settings_or_exit().dialog.flows_dir
    flows, packs = {}, {}
    try:
        files = flow_files(root)
    except FileError as error:
        raise fail(str(error)) from error
    for name, path in files.items():
        try:
            flows[name] = read_flow(path)[0]
        except FileError:
            continue  # `warmline flow validate` tells why
        packs[name] = OUTERMOST if path.parent == root else path.parent.name
    return {f"{one.pack}/{one.name}": one.calendar for one in await book_of(store).calendars(used(flows, packs))}
