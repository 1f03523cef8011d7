"""The shared model: conversations and what happens in them, their store, and the words processes exchange.

Read `session/wire/` first: it is the whole vocabulary between planes. Then `session/model.py`.
"""
