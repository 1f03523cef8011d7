"""Where an endpoint listens. The library lives once in a process, so each test has one of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.telephony.phone_world import ROOT

pytestmark = pytest.mark.e2e

TAKEN_ONCE = """
import socket
from telephony.endpoint import EndpointConfig, SipEndpoint

bind, held = SipEndpoint._bind, []


def beaten(self, kind, port):
    if port and not held:  # somebody else has the UDP port of the number that TCP was given
        held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        held[0].bind(("127.0.0.1", port))
    return bind(self, kind, port)


SipEndpoint._bind = beaten
endpoint = SipEndpoint(EndpointConfig("127.0.0.1"))
endpoint.start()
taken = held[0].getsockname()[1]
socket.create_server(("127.0.0.1", taken)).close()  # what was given up is free again
socket.create_connection(("127.0.0.1", endpoint.port)).close()
print(endpoint.port != taken, len(set(endpoint.sockets) - {held[0].fileno()}))
endpoint.stop(lambda: False)
"""


def test_any_free_port_is_one_that_is_free_for_both() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TAKEN_ONCE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["True", "2"], done.stderr
