"""Audio in motion: frames, voice activity, endpointing, playout, bridging, recording, WebRTC legs.

Read `media/leg.py` first: one leg's audio from the wire to the recogniser and back.
"""
