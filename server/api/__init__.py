"""The HTTP and WebSocket API. Read `app.py` first; each router is one resource, `access.py` says who may ask."""
