"""The composition root: settings, processes, HTTP and WebSocket API, live calls, command line.

Read `calls/contact.py` first: the life of one contact, where all other rooms meet.
"""
