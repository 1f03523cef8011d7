"""What the bot says and does: flows, understanding, knowledge, verification.

Read `dialog/events.py` (what a flow run is told) and `dialog/effects.py` (what it asks for) first, then `dialog/engine.py`.
"""
