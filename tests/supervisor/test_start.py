"""What the supervisor decides before it starts anything: back-off, number of workers, ports, folders."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from server import supervisor
from server.backoff import LONGEST_S, STABLE_S, Backoff
from server.settings import Settings
from server.supervisor import CannotServe, SipPlan, check_music, check_ports, sip_plan, take_run_dir
from tests.ports import free_port


def test_back_off_doubles_to_a_limit_and_is_forgotten_after_a_stable_time() -> None:
    backoff = Backoff()
    delays = [backoff.died(lived_s=0.1) for _ in range(10)]
    assert delays[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]
    assert delays[-1] == LONGEST_S
    assert backoff.died(lived_s=STABLE_S) == 0.2
    assert backoff.died(lived_s=STABLE_S - 1) == 0.4
    assert backoff.restarts == 12


@pytest.mark.parametrize(
    ("mode", "kamailio", "max_calls", "expected"),
    [
        ("auto", "/usr/sbin/kamailio", 8, SipPlan("/usr/sbin/kamailio", True, 2, 1, 4)),
        ("auto", "/usr/sbin/kamailio", 9, SipPlan("/usr/sbin/kamailio", True, 3, 1, 4)),
        ("auto", None, 8, SipPlan(None, False, 1, 1, 4)),
        ("off", "/usr/sbin/kamailio", 8, SipPlan(None, False, 1, 1, 4)),
        ("external", None, 8, SipPlan(None, True, 2, 1, 4)),
    ],
)
def test_workers_follow_from_calls_and_edge(mode: str, kamailio: str | None, max_calls: int, expected: SipPlan) -> None:
    settings = Settings.model_validate({"edge": {"kamailio": mode, "max_calls": max_calls}})
    assert sip_plan(settings, kamailio, cap=4) == expected


def test_an_edge_that_is_required_and_missing_stops_the_start() -> None:
    settings = Settings.model_validate({"edge": {"kamailio": "on"}})
    with pytest.raises(CannotServe, match=r"edge\.kamailio is on, but kamailio is not installed"):
        sip_plan(settings, None, cap=4)


PLAN = SipPlan("kamailio", True, 2, 1, 4)


def ports(taken: int, which: str) -> Settings:
    """Settings with free ports but one."""
    tree = {"server": {"port": free_port()}, "edge": {"port": free_port()}, "sip": {"worker_base_port": free_port(8)}}
    section, _, name = which.partition(".")
    tree[section][name] = taken
    return Settings.model_validate(tree)


@pytest.mark.parametrize(
    ("kind", "which", "offset", "what"),
    [
        (socket.SOCK_STREAM, "server.port", 0, "HTTP"),
        (socket.SOCK_DGRAM, "edge.port", 0, "SIP over UDP"),
        (socket.SOCK_STREAM, "edge.port", 0, "SIP over TCP"),
        (socket.SOCK_DGRAM, "sip.worker_base_port", 2, "a SIP worker"),
    ],
)
def test_a_taken_port_is_named_with_the_setting_that_moves_it(kind: int, which: str, offset: int, what: str) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        # The ports before it are looked at first; no outgoing connection takes one of those so low.
        holder.bind(("127.0.0.1", free_port(offset + 1) + offset))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(CannotServe) as raised:
            check_ports(ports(port - offset, which), PLAN)
    text = str(raised.value)
    assert f"{what} cannot listen on 127.0.0.1:{port}" in text
    assert which in text
    assert f"WARMLINE_{which.upper().replace('.', '__')}" in text


@pytest.mark.parametrize(
    ("section", "name"), [("server", "server.host"), ("edge", "edge.host"), ("sip", "sip.worker_host")]
)
@pytest.mark.parametrize("host", ["203.0.113.9", "::1"])
def test_an_address_that_is_not_this_machines_is_named_with_its_setting(section: str, name: str, host: str) -> None:
    settings = ports(free_port(), "server.port")
    setattr(getattr(settings, section), name.partition(".")[2], host)
    with pytest.raises(CannotServe, match=rf"set {name} \(WARMLINE_\w+HOST\) to an IPv4 address of this machine"):
        check_ports(settings, PLAN)


@pytest.mark.parametrize("music", ["flows/audio/no such.flac", "flows/audio", "/nowhere/hold.flac"])
def test_hold_music_that_is_not_there_is_named_with_its_setting(music: str) -> None:
    """Callers would wait in silence."""
    settings = Settings.model_validate({"desk": {"hold_music": music}})
    with pytest.raises(CannotServe, match=rf"desk\.hold_music .*'{music}'.*WARMLINE_DESK__HOLD_MUSIC") as raised:
        check_music(settings)
    assert "\n" not in str(raised.value)
    check_music(Settings())


def test_a_run_folder_too_deep_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match=r"characters too long.*WARMLINE_SERVER__RUN_DIR"):
        take_run_dir(tmp_path / ("deep" * 20))


def test_leftovers_of_a_dead_instance_are_removed_and_a_live_one_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SOCKET_PATH_MAX", 300)  # pytest's folders are deep
    (tmp_path / "bridge").mkdir()
    for leftover in ("app.sock", "planes.json", "bridge/leg.sock"):
        (tmp_path / leftover).touch()
    lock = take_run_dir(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["serve.lock"]
    with pytest.raises(CannotServe, match="another `warmline serve` uses"):
        take_run_dir(tmp_path)
    supervisor.os.close(lock)
    supervisor.os.close(take_run_dir(tmp_path))
