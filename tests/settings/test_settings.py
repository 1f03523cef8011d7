"""Settings: where they come from, and what is said when they are wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server import settings_doc
from server.settings import CONFIG_VARIABLE, PREFIX, ROOT, SettingsError, load

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no variables but the test's own."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write warmline.toml in the working folder."""

    def it(text: str) -> Path:
        path = tmp_path / "warmline.toml"
        path.write_text(text)
        return path

    return it


def problem() -> str:
    with pytest.raises(SettingsError) as raised:
        load()
    return str(raised.value)


def test_environment_wins_over_the_file_and_the_file_over_defaults(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write('[edge]\nport = 5070\nmax_calls = 12\ntrunks = ["192.0.2.0/24"]\n[server]\ndata_dir = "elsewhere"\n')
    monkeypatch.setenv("WARMLINE_EDGE__PORT", "5080")
    monkeypatch.setenv("WARMLINE_SIP__DIAL_ALLOWED", '["sip:desk@pbx.example"]')
    settings = load()
    assert (settings.edge.port, settings.edge.max_calls, settings.edge.host) == (5080, 12, "127.0.0.1")
    assert settings.edge.trunks == ["192.0.2.0/24"]
    assert settings.sip.dial_allowed == ["sip:desk@pbx.example"]
    assert settings.run_dir == tmp_path / "elsewhere" / "run"


def test_a_named_file_is_read_instead_of_the_folders(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("[edge]\nport = 5070\n")
    other = tmp_path / "other.toml"
    other.write_text("[edge]\nport = 5090\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(other))
    assert load().edge.port == 5090
    other.unlink()
    assert f"{other} does not exist" in problem()


def test_a_wrong_key_in_the_file_is_named_with_the_nearest_right_one(write: Write) -> None:
    path = write("[edge]\nprot = 5070\n")
    text = problem()
    assert path.name in text
    assert "'edge.prot'" in text
    assert "did you mean 'edge.port'?" in text


def test_a_wrong_variable_is_named_with_the_nearest_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_EDGE__PROT", "5070")
    text = problem()
    assert "environment variable WARMLINE_EDGE__PROT" in text
    assert "did you mean 'edge.port'?" in text


def test_a_wrong_section_is_named(write: Write) -> None:
    write("[egde]\nport = 5070\n")
    assert "'egde'" in problem()


def test_a_wrong_value_is_told_with_what_was_found_and_what_is_accepted(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[edge]\nport = "five"\n[server]\nlog_level = "loud"\n')
    monkeypatch.setenv("WARMLINE_EDGE__MAX_CALLS", "0")
    text = problem()
    assert "edge.port: found 'five'; input should be a valid integer" in text
    assert "server.log_level: found 'loud'; input should be 'debug', 'info', 'warning' or 'error'" in text
    assert (
        "environment variable WARMLINE_EDGE__MAX_CALLS: found '0'; input should be greater than or equal to 1" in text
    )
    assert text.count("\n  - ") == 3


def test_an_item_of_a_list_is_explained(write: Write) -> None:
    write('[edge]\ntrunks = ["192.0.2.0/24", "my-provider"]\n')
    assert "'my-provider' is neither an IP address nor a network like 192.0.2.0/24" in problem()


def test_a_list_in_the_environment_that_is_no_json_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_EDGE__TRUNKS", "192.0.2.1")
    assert "environment variable WARMLINE_EDGE__TRUNKS: found '192.0.2.1'; it is written as JSON, like [" in problem()


def test_a_file_that_is_no_toml_is_told(write: Write) -> None:
    path = write("[edge\nport = 1\n")
    text = problem()
    assert path.name in text
    assert "not valid TOML" in text


def test_a_file_from_a_windows_editor_is_read_or_told_by_its_name(write: Write) -> None:
    path = write("")
    path.write_bytes(b"\xef\xbb\xbf[server]\r\nport = 9180\r\n")
    assert load().server.port == 9180
    path.write_bytes("[dialog]\ncompany = {en = 'Müller'}\n".encode("latin-1"))
    assert problem() == "warmline.toml is no text in UTF-8; save it as UTF-8"


def test_secrets_are_never_shown(write: Write) -> None:
    write('[sip]\ndial_secret = ["hunter2"]\n')
    text = problem()
    assert "sip.dial_secret" in text
    assert "hunter2" not in text
    write('[sip]\ndial_secret = "hunter2"\n')
    values = {row.path: row.value for row in settings_doc.rows(load())}
    assert values["sip.dial_secret"] == "********"
    assert "hunter2" not in repr(load())


def test_every_setting_says_what_it_is() -> None:
    silent = [row.path for row in settings_doc.rows(load()) if len(row.description) < 10]
    assert silent == []


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_doc.markdown(), (
        "run `warmline settings --markdown > docs/settings.md`"
    )


@pytest.mark.e2e
def test_the_command_stops_with_the_problem_and_no_traceback(write: Write, tmp_path: Path) -> None:
    write("[edge]\nprot = 5070\n")
    for command in (["serve"], ["health"], ["settings"], ["--config", "absent.toml", "serve"]):
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", *command],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 2
        assert "edge.prot" in done.stderr or "absent.toml does not exist" in done.stderr
        assert "Traceback" not in done.stderr
