"""Live calls in the app: legs, flow and desk brought together, one actor per contact.

Read `contact.py` first: the life of one contact. `controller.py` is the switchboard around it (admission, which
leg belongs to whom, the API's control port); `journal.py` commits what workers report; `caller_side.py` orders
the caller's leg, `agent_side.py` rings and bridges agents; `recovery.py` takes calls back after the app was restarted.
"""
