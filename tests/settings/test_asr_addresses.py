"""Addresses of other machines in the settings of recognition."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from asr.options import AsrOptions


def test_addresses_are_written_tcp_host_port() -> None:
    options = AsrOptions(pool=["tcp:10.0.0.7:7100", "tcp:gpu-2.internal:7100"], listen="tcp:0.0.0.0:7100")
    assert len(options.pool) == 2
    assert AsrOptions().listen == ""


@pytest.mark.parametrize("wrong", ["10.0.0.7:7100", "tcp:10.0.0.7", "unix:/run/x.sock", "http://gpu:7100"])
def test_anything_else_is_named_with_its_mend(wrong: str) -> None:
    with pytest.raises(ValidationError, match="which is written tcp:host:port"):
        AsrOptions(pool=[wrong])
    with pytest.raises(ValidationError, match="which is written tcp:host:port"):
        AsrOptions(listen=wrong)
