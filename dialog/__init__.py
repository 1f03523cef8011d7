"""What the bot says and does: flows, understanding, knowledge, verification.

Read `dialog/events.py` first: what a flow run is told and what it asks for. Then `dialog/engine.py`.
"""
