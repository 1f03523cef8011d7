"""People: who waits, who is free, who is offered whom.

Read `desk/routing.py` first: the pure core, driven by events and timestamps, that the app's desk service runs.
"""
