"""`warmline flow draft|publish|rollback|plans|diff|list|show|log`: versions, without the app having to run."""

from __future__ import annotations

import asyncio
import atexit
import getpass
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from server.cli.common import fail, settings_or_exit, with_store

if TYPE_CHECKING:
    from dialog.gate import Gate
    from dialog.snapshots import Placed
    from dialog.yamlfile import Problem
    from session.flow_contents import Snapshot
    from session.flow_versions import FlowVersions, Live, Version
    from session.store import Store

FILE = 0  # as a version's number: the file on disk
By = Annotated[str, typer.Option(help="who does it, for the record; empty = your login name")]
Why = Annotated[str, typer.Option(help="for the record")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for name, command in (
        ("draft", draft), ("publish", publish), ("rollback", rollback), ("plans", plans), ("diff", difference),
        ("list", list_versions), ("show", show), ("log", log),
    ):  # fmt: skip
        app.command(name)(command)


def draft(
    file: Annotated[Path, typer.Argument(help="flow file; the test beside it is handed in too")],
    note: Annotated[str, typer.Option(help="what is new")] = "",
    by: By = "",
) -> None:
    """Hand in a version without publishing it. It may hold mistakes; they are shown."""

    async def work(store: Store) -> None:
        version, problems = await _hand_in(store, file, by, note)
        for problem in problems:
            print(problem)
        print(f"version {version.number} of {version.flow_id} is handed in; not live")
        print(f"next: `warmline flow publish {version.flow_id} --version {version.number}`")

    _run(work)


def publish(
    flow: Annotated[str, typer.Argument(help="flow file, or the id of a flow of which a version was handed in")],
    version: Annotated[int | None, typer.Option(help="number; left out = the file, or the newest")] = None,
    at: Annotated[str, typer.Option(help="when, in UTC or with its zone: 2026-12-24T18:00")] = "",
    note: Annotated[str, typer.Option(help="what is new")] = "",
    base: Annotated[int | None, typer.Option(help="revision you have seen live (`flow list` shows it)")] = None,
    cache: Annotated[Path | None, typer.Option(help="folder that keeps sentence vectors for the next run")] = None,
    by: By = "",
) -> None:
    """Check a flow, play its test, and let it answer new calls: now, or at a time. Live calls keep their version."""
    due = _time(at)

    async def work(store: Store) -> None:
        from session.flow_versions import FlowVersions

        versions, who = FlowVersions(store), by or getpass.getuser()
        path, flow_id = (Path(flow), Path(flow).stem) if flow.endswith((".yaml", ".json")) else (_file(flow), flow)
        if version is None and path == Path(flow):
            found, _ = await _hand_in(store, path, by, note)
        else:
            found = await _newest(versions, flow_id, version)
        gate = await _gate(versions, found, path, cache)
        for problem in gate.problems:
            print(problem)
        if gate.result is not None:
            print(gate.result.lines()[-1])
        if not gate.open:
            await versions.refused(flow_id, found.number, by=who, why=gate.refusal[:2000])
            raise fail(f"version {found.number} of {flow_id} is not published; mend it, then publish the file again")
        if due is not None:
            plan = await versions.plan(flow_id, found.number, due, by=who, base=base)
            print(
                f"version {found.number} of {flow_id} will be published on {plan.due:%Y-%m-%d %H:%M} UTC (plan {plan.id})"
            )
            print(f"next: `warmline flow plans --cancel {plan.id}` if it is not to happen")
            return
        before = (await versions.live()).get(flow_id)
        live = await versions.publish(flow_id, found.number, by=who, base=base, why=note)
        _tell(live, before)

    _run(work)


def rollback(
    flow: Annotated[str, typer.Argument(help="id of the flow")],
    to: Annotated[int | None, typer.Option(help="number; left out = the version that was live before")] = None,
    why: Why = "",
    by: By = "",
) -> None:
    """Let an earlier version answer again."""

    async def work(store: Store) -> None:
        from dialog.gate import look
        from server.publishing import before, snapshot_of
        from session.flow_versions import FlowVersions

        versions = FlowVersions(store)
        number = await before(versions, flow) if to is None else to
        gate = look(_placed(await snapshot_of(versions, flow, number), _file(flow)))
        if not gate.open:
            raise fail(gate.refusal)
        present = (await versions.live()).get(flow)
        live = await versions.publish(
            flow,
            number,
            by=by or getpass.getuser(),
            base=present.revision if present else 0,
            why=why,
            action="rollback",
        )
        _tell(live, present, again=True)

    _run(work)


def plans(
    flow: Annotated[str, typer.Argument(help="id of the flow; empty = all")] = "",
    cancel: Annotated[int | None, typer.Option(help="number of a plan that is not to happen")] = None,
    by: By = "",
) -> None:
    """What is to be published, and when."""

    async def work(store: Store) -> None:
        from session.flow_versions import FlowVersions

        versions = FlowVersions(store)
        waiting = await versions.plans(flow)
        if cancel is not None and all(plan.id != cancel for plan in waiting):
            raise fail(f"there is no waiting plan {cancel}; `warmline flow plans` shows which there are")
        for plan in waiting:
            if plan.id == cancel:
                await versions.settle(plan, "cancelled", by=by or getpass.getuser())
                print(f"plan {plan.id} is cancelled")
            else:
                print(
                    f"plan {plan.id}: {plan.flow_id} version {plan.number} on {plan.due:%Y-%m-%d %H:%M} UTC, by {plan.by}"
                )

    _run(work)


def difference(
    flow: Annotated[str, typer.Argument(help="id of the flow")],
    one: Annotated[int | None, typer.Argument(help="version; 0 = the file; left out = the live one")] = None,
    other: Annotated[int, typer.Argument(help="version; 0 = the file")] = FILE,
) -> None:
    """What two versions differ in by meaning: layout, notes and comments do not count."""

    async def work(store: Store) -> None:
        from dialog.versions_beside import difference as between
        from session.flow_versions import FlowVersions

        versions = FlowVersions(store)
        live = (await versions.live()).get(flow)
        first = one if one is not None else live.number if live else FILE
        changes = between(await _version(versions, flow, first), await _version(versions, flow, other))
        for change in changes:
            print(change)
        if not changes:
            print("no difference in meaning")

    _run(work)


def list_versions(flow: Annotated[str, typer.Argument(help="id of the flow; empty = all")] = "") -> None:
    """Versions, newest first; * = live."""

    async def work(store: Store) -> None:
        from session.flow_versions import FlowVersions

        versions = FlowVersions(store)
        live = await versions.live()
        listed = await versions.versions(flow)
        if not listed:
            print(f"no version of {flow or 'any flow'} was handed in; what is on disk serves")
        for found in listed:
            mark = f"* revision {live[found.flow_id].revision}" if found.live else ""
            line = f"{found.flow_id:16} {found.number:4d}  {found.sha[:12]}  {found.at:%Y-%m-%d %H:%M}  {found.by:12} {found.note}"
            print(f"{line}  {mark}".rstrip())

    _run(work)


def show(
    flow: Annotated[str, typer.Argument(help="id of the flow")],
    version: Annotated[int | None, typer.Option(help="number; left out = the live one")] = None,
    files: Annotated[bool, typer.Option("--files", help="list what belongs to the version instead")] = False,
) -> None:
    """The text of a version."""

    async def work(store: Store) -> None:
        from server.publishing import snapshot_of
        from session.flow_versions import FlowVersions

        versions = FlowVersions(store)
        live = (await versions.live()).get(flow)
        number = version if version is not None else live.number if live else FILE
        if number == FILE:
            text = _file(flow).read_text("utf-8")
        else:
            snapshot = await snapshot_of(versions, flow, number)
            text = snapshot.text
            if files:
                text = "".join(f"{path}\n" for path in sorted(snapshot.files) if path)
        print(text, end="")

    _run(work)


def log(flow: Annotated[str, typer.Argument(help="id of the flow; empty = all")] = "") -> None:
    """Who did what, newest first."""

    async def work(store: Store) -> None:
        from session.flow_versions import FlowVersions

        done = await FlowVersions(store).audit(flow)
        if not done:
            print(f"nothing was done with {flow or 'any flow'} yet")
        for a in done:
            change = f"{a.before_sha[:8] or '-'}→{a.after_sha[:8] or '-'}"
            print(
                f"{a.at:%Y-%m-%d %H:%M:%S}  {a.by:12} {a.action:14} {a.flow_id} {a.number or ''}  {change}  {a.why}".rstrip()
            )

    _run(work)


# ---------------------------------------------------------------------- inside


def _run(work: Callable[[Store], Awaitable[None]]) -> None:
    from dialog.yamlfile import FileError
    from server.publishing import NotPublished
    from session.flow_versions import ChangedMeanwhile, VersionUnknown

    try:
        with_store(work)
    except (FileError, NotPublished, ChangedMeanwhile, VersionUnknown, OSError) as error:
        raise fail(str(error)) from error


def _tell(live: Live, before: Live | None, *, again: bool = False) -> None:
    """What answers now and since when, and what may come next."""
    instead = f"instead of version {before.number}" if before is not None else "instead of the file on disk"
    print(
        f"version {live.number} of {live.flow_id} is live{' again' if again else ''} since {live.at:%Y-%m-%d %H:%M} UTC, "
        f"{instead} (revision {live.revision}); a running app takes it up within 2 s"
    )
    back = f"`warmline flow rollback {live.flow_id}` takes it back, " if before is not None and not again else ""
    print(f"next: {back}`warmline flow log {live.flow_id}` shows who did what")


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"--at: {text!r} is no time; write it like 2026-12-24T18:00", 2) from None
    due = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if due <= datetime.now(UTC):
        raise fail(f"--at: {due:%Y-%m-%d %H:%M} UTC is over; leave out --at to publish now", 2)
    return due


def _file(flow_id: str) -> Path:
    """Where a flow lies in this installation."""
    from dialog.library import flow_files
    from server.settings import ROOT

    root = ROOT / settings_or_exit().dialog.flows_dir
    found = flow_files(root).get(flow_id)
    if found is None:
        raise fail(f"there is no flow {flow_id!r} in {root}; give its file, or one of {', '.join(flow_files(root))}")
    return found


async def _hand_in(store: Store, file: Path, by: str, note: str) -> tuple[Version, list[Problem]]:
    from dialog.gate import look
    from dialog.library import flow_files
    from dialog.snapshots import collect
    from server.cli.flow_testing import shipped
    from session.flow_versions import FlowVersions

    if "." in file.stem:
        raise fail(f"{file} is no flow; a flow's file is called by its id, like bank.yaml")
    await asyncio.to_thread(flow_files, shipped(file))  # an id in two places would stop the next start
    snapshot = await asyncio.to_thread(collect, file, shipped(file))
    problems = look(_placed(snapshot, file)).problems
    return await FlowVersions(store).hand_in(snapshot, by=by or getpass.getuser(), note=note), problems


async def _newest(versions: FlowVersions, flow_id: str, number: int | None) -> Version:
    if number is not None:
        return await versions.version(flow_id, number)
    found = await versions.versions(flow_id)
    if not found:
        raise fail(f"no version of {flow_id!r} was handed in; give its file")
    return found[0]


async def _gate(versions: FlowVersions, version: Version, path: Path, cache: Path | None) -> Gate:
    from dialog.gate import check, look
    from server.cli.flow_testing import Homes
    from server.publishing import snapshot_of

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    placed = _placed(await snapshot_of(versions, version.flow_id, version.number), path)
    gate = look(placed)
    if not gate.open:
        return gate  # before half a minute of learning
    options = settings_or_exit().dialog
    folder = await Homes(cache).version(placed, options)
    return await check(placed, folder.ports, options)


def _placed(snapshot: Snapshot, real: Path) -> Placed:
    """Laid out until this process ends."""
    from dialog.snapshots import SnapshotFolder
    from server.cli.flow_testing import shipped

    folder = SnapshotFolder(None, shipped(real))
    atexit.register(folder.close)
    return folder.place(snapshot, real)


async def _version(versions: FlowVersions, flow_id: str, number: int) -> Placed:
    from dialog.snapshots import collect
    from server.cli.flow_testing import shipped
    from server.publishing import snapshot_of

    path = _file(flow_id)
    if number == FILE:
        return _placed(await asyncio.to_thread(collect, path, shipped(path)), path)
    return _placed(await snapshot_of(versions, flow_id, number), path)
