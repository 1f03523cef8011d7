"""Browser legs on aiortc. Read `transport.py` first; `jitter.py` is the policy for late and lost packets.

aiortc is corrected in exactly three places: `receive.attach` (its jitter buffer), `send.OutboundTrack` (its Opus
settings) and `ice.bind` (which addresses it offers).
"""
