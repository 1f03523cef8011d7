"""The inference worker: recognition, emotion, speech and sentence vectors for all legs and the app.

Read `service.py` first: it maps each wire message to an engine. `scheduler.py` decides which decode is next.
"""
