"""`warmline demo`: a private instance, a real call by recorded human speech, a scripted agent, and a report of it.

Read `run.py` first.
"""
