"""Takes REFERs away from the SIP library before it follows them.

The library answers an in-dialog REFER by calling whatever address it names, or by refusing it; there is no third way in
its Python interface. So a module of its C interface stands in front of its dialogs and hands each REFER to Python. Used of
that interface is only what its headers have published unchanged for years, by name; no structure of a message is looked into.
"""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj
import structlog
from pjsua2 import _pjsua2

log = structlog.get_logger(__name__)

_BEFORE_DIALOGS = 31  # behind the transactions (16), which deal with retransmissions; dialogs are 32
_INFO = b"Request msg REFER/"


class _Str(c.Structure):
    """pj_str_t."""

    _fields_ = (("ptr", c.c_char_p), ("slen", c.c_ssize_t))


def _text(value: str) -> _Str:
    data = value.encode()
    return _Str(data, len(data))


_OnMessage = c.CFUNCTYPE(c.c_int, c.c_void_p)


class _Module(c.Structure):
    """pjsip_module."""

    _fields_ = (
        ("prev", c.c_void_p),
        ("next", c.c_void_p),
        ("name", _Str),
        ("id", c.c_int),
        ("priority", c.c_int),
        ("lifecycle", c.c_void_p * 4),
        ("on_rx_request", _OnMessage),
        ("others", c.c_void_p * 4),
    )


class _Headers(c.Structure):
    """pjsip_hdr, as the head of a list."""

    _fields_ = (
        ("prev", c.c_void_p),
        ("next", c.c_void_p),
        ("type", c.c_int),
        ("names", _Str * 2),
        ("vptr", c.c_void_p),
    )


def _library() -> Any:
    library = c.CDLL(_pjsua2.__file__)
    pointer, text = c.c_void_p, c.POINTER(_Str)
    for name, result, arguments in (
        ("pjsua_get_pjsip_endpt", pointer, ()),
        ("pjsip_endpt_register_module", c.c_int, (pointer, c.POINTER(_Module))),
        ("pjsip_endpt_create_pool", pointer, (pointer, c.c_char_p, c.c_size_t, c.c_size_t)),
        ("pjsip_generic_string_hdr_create", pointer, (pointer, text, text)),
        ("pj_list_insert_before", None, (pointer, pointer)),
        ("pjsip_rx_data_get_info", c.c_char_p, (pointer,)),
        ("pjsip_ua_find_dialog", pointer, (text, text, text, c.c_int)),
        ("pjsip_endpt_respond", c.c_int, (pointer, pointer, pointer, c.c_int, text, pointer, pointer, pointer)),
        ("_ZN2pj9SipRxData6fromPjER13pjsip_rx_data", None, (pointer, pointer)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a REFER: a status and, unless empty, words in place of its usual ones."""

    code: int
    words: str = ""


class ReferTap:
    """One per process, made once the library has started. `take(message)` answers a REFER, or leaves it to the library (None)."""

    def __init__(self, contact: str, take: Callable[[str], Answer | None]) -> None:
        self._library = library = _library()
        self._take = take
        self._endpoint = library.pjsua_get_pjsip_endpt()
        self._module = _Module(name=_text("warmline-refer"), id=-1, priority=_BEFORE_DIALOGS)
        self._module.on_rx_request = _OnMessage(self._on_request)
        # Of every 2xx to a REFER (RFC 3515): where the NOTIFYs come from.
        self._pool = library.pjsip_endpt_create_pool(self._endpoint, b"refer", 512, 512)
        header = library.pjsip_generic_string_hdr_create(self._pool, c.byref(_text("Contact")), c.byref(_text(contact)))
        self._accepting = _Headers()
        self._accepting.prev = self._accepting.next = c.addressof(self._accepting)
        library.pj_list_insert_before(c.addressof(self._accepting), header)
        if status := library.pjsip_endpt_register_module(self._endpoint, c.byref(self._module)):
            raise RuntimeError(f"the SIP library takes no module (status {status})")

    def in_dialog(self, call_id: str, ours: str, theirs: str) -> bool:
        """Is there a call of this Call-ID with these tags?"""
        parts = [c.byref(_text(part)) for part in (call_id, ours, theirs)]
        return bool(self._library.pjsip_ua_find_dialog(*parts, 0))

    def _on_request(self, request: int) -> int:
        # An exception must not leave the callback; the library then refuses the REFER by itself.
        try:
            if not self._library.pjsip_rx_data_get_info(request).startswith(_INFO):
                return 0
            read = pj.SipRxData()
            self._library._ZN2pj9SipRxData6fromPjER13pjsip_rx_data(int(read.this), request)
            answer = self._take(read.wholeMsg)
            if answer is None:
                return 0
            self._respond(request, answer)
        except Exception:
            log.exception("sip.callback_failed", callback="refer")
            return 0
        return 1

    def _respond(self, request: int, answer: Answer) -> None:
        words = c.byref(_text(answer.words)) if answer.words else None
        headers = c.addressof(self._accepting) if answer.code < 300 else None
        status = self._library.pjsip_endpt_respond(
            self._endpoint, c.addressof(self._module), request, answer.code, words, headers, None, None
        )
        if status:
            log.warning("sip.refer_unanswered", status=status)
