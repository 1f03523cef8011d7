"""Which addresses a browser leg offers and accepts."""

from __future__ import annotations

import aioice.ice
from aiortc import RTCConfiguration, RTCIceServer

from media.options import MediaOptions
from media.turn import turn_credentials

_all_addresses = aioice.ice.get_host_addresses
MAX_SDP = 64 * 1024  # bytes; a browser's offer is 2–8 KB


def bind(address: str) -> None:
    """Gather host candidates on `address` alone, in this process; `0.0.0.0` means every address but loopback.

    aioice asks the machine for all its addresses and leaves loopback out, so a server meant for loopback would be
    reachable from the network, and not from its own machine. There is no setting for it: this replaces the function.
    """

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        if address == "0.0.0.0":  # noqa: S104  # compared, not bound
            return list(_all_addresses(use_ipv4=use_ipv4, use_ipv6=False))
        return [address]

    aioice.ice.get_host_addresses = addresses


def configuration(options: MediaOptions) -> RTCConfiguration:
    """aiortc's configuration: only the STUN and TURN servers that were set, never its built-in public one."""
    servers = []
    if options.stun_url:
        servers.append(RTCIceServer(urls=options.stun_url))
    if options.turn_url:
        username, credential = turn_credentials(options.turn_secret)
        servers.append(RTCIceServer(urls=options.turn_url, username=username, credential=credential))
    return RTCConfiguration(iceServers=servers)


def usable_offer(sdp: str) -> str:
    """The offer without `.local` candidates and without `end-of-candidates`. Raises ValueError when it is no offer.

    A browser that hides its addresses behind mDNS names reaches us first, and its address is learnt from that check;
    resolving the names would need multicast on every network. Saying that no more candidates come would make aioice
    give up before that check arrives.
    """
    if len(sdp) > MAX_SDP:
        raise ValueError(f"the SDP offer is {len(sdp)} bytes long, the limit is {MAX_SDP}")
    lines = sdp.replace("\r\n", "\n").split("\n")
    if not any(line.startswith("m=audio ") for line in lines):
        raise ValueError("the SDP offer has no audio section (m=audio)")
    if not any("opus/48000" in line.lower() for line in lines if line.startswith("a=rtpmap:")):
        raise ValueError("the SDP offer has no Opus (a=rtpmap:… opus/48000/2), the only audio codec of browser legs")

    def keep(line: str) -> bool:
        if line.startswith("a=end-of-candidates"):
            return False
        return not (line.startswith("a=candidate:") and ".local " in line)

    return "\r\n".join(line for line in lines if keep(line))
