"""Measurements of the running product. `latency.py`: how long a caller waits for the reply."""
