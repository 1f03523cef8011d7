"""What an agent's desktop needs beside the call: tickets, cards, the customer's panel, summaries, images.

It watches the event bus (`assist.py`, `profiler.py`) and never stands in a contact's way: whatever takes time is a task of its own.
"""
