"""Phones: SIP legs on pjsua2 (GPL, in processes of their own), Kamailio's configuration, `warmline call`.

Read `sip_transport.py` first: what a SIP worker does with the app's orders. `edge.py` is the place in front of it.
"""
