"""Live calls in the app: legs, flow and desk brought together, one actor per contact.

Read `contact.py` first: the life of one contact. `controller.py` is the switchboard around it (admission, which
leg belongs to whom, the API's control port); `journal.py` commits what workers report; `caller_side.py` orders
the caller's leg, `queueing.py` and `handover.py` are the way to people and back. `room.py` is who talks with the caller, `party.py` one of
them, `settling.py` brings the legs to it, `mixing.py` is who hears whom; `consults.py`, `keeping.py` and `supervision.py` are what agents and supervisors do with it
(docs/calls.md); `feelings.py` holds
the consent to judge the caller's voice and `affect.py` what comes of it; `recovery.py` takes calls back after a restart.
"""
