"""Passwords for a TURN server that shares a secret with us (coturn's `static-auth-secret`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

TURN_TTL_S = 4 * 3600  # longer than any call; coturn checks it only when an allocation is made or refreshed


def turn_credentials(secret: str, name: str = "warmline", ttl_s: int = TURN_TTL_S) -> tuple[str, str]:
    """Username and password that are accepted for `ttl_s` seconds from now."""
    username = f"{int(time.time()) + ttl_s}:{name}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()
