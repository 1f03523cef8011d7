"""Who may do what: passwords (argon2), login tokens, the caller's own token, softphone secrets."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from session.types import UserRecord
from session.users import UserNotFound, Users

LEAST_PASSWORD = 10
CALLER_TOKEN_S = 24 * 3600  # a caller's page may come back to its conversation for a day
LOGIN_TRIES = 8  # per name or address
LOGIN_WINDOW_S = 300.0


class Refused(Exception):
    """Wrong name or password, or a token that is not (any more) valid."""


class TooManyTries(Refused):
    """Logins for this name or from this address must wait."""


@dataclass(frozen=True, slots=True)
class CallerToken:
    """What a caller's page may do: take part in one conversation."""

    conversation_id: str


def hash_password(password: str) -> str:
    """Argon2id. Raises ValueError when it is too short."""
    if len(password) < LEAST_PASSWORD:
        raise ValueError(f"a password needs at least {LEAST_PASSWORD} characters, this has {len(password)}")
    return PasswordHasher().hash(password)


def sip_ha1(user: str, realm: str, secret: str) -> str:
    """The digest that a registrar keeps instead of the secret (RFC 2617 §3.2.2.2; softphones speak MD5)."""
    return hashlib.md5(f"{user}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()


def new_sip_secret() -> str:
    """A softphone's password: never typed twice, so it may be long."""
    return secrets.token_urlsafe(18)


def signing_key(data_dir: Path) -> str:
    """The key that signs tokens, made at first use, readable by the owner only."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


class Auth:
    """Logins and tokens of one app."""

    def __init__(self, users: Users, key: str, session_hours: float) -> None:
        self._users = users
        self._logins = URLSafeTimedSerializer(key, salt="login")
        self._callers = URLSafeTimedSerializer(key, salt="caller")
        self._max_age_s = int(session_hours * 3600)
        self._tries: dict[str, deque[float]] = {}
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(8))

    async def login(self, name: str, password: str, address: str) -> tuple[UserRecord, str]:
        """The user and a token. Raises `Refused` (never telling which was wrong) or `TooManyTries`."""
        for key in (f"name:{name}", f"address:{address}"):
            self._count(key)
        user = await self._users.by_name(name)
        stored = user.password_hash if user is not None else self._nobody
        # In a thread: argon2 takes ~50 ms on purpose. Also for unknown names, so that they cannot be told apart.
        right = await asyncio.to_thread(self._verify, stored, password)
        if user is None or not right or user.disabled:
            raise Refused("wrong name or password")
        self._tries.pop(f"name:{name}", None)
        return user, self._logins.dumps([user.user_id, user.token_epoch])

    async def user(self, token: str) -> UserRecord:
        """Whose token this is. Raises `Refused`."""
        try:
            user_id, epoch = self._logins.loads(token, max_age=self._max_age_s)
            user = await self._users.get(user_id)
        except (BadSignature, UserNotFound, ValueError, TypeError) as error:
            raise Refused("log in again") from error
        if user.disabled or user.token_epoch != epoch:
            raise Refused("log in again")
        return user

    def caller_token(self, conversation_id: str) -> str:
        """For the page that began a conversation."""
        return self._callers.dumps(conversation_id)

    def caller(self, token: str) -> CallerToken:
        """Which conversation a caller's token is for. Raises `Refused`."""
        try:
            return CallerToken(str(self._callers.loads(token, max_age=CALLER_TOKEN_S)))
        except BadSignature as error:
            raise Refused("this page's conversation is over; call again") from error

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _count(self, key: str) -> None:
        now = time.monotonic()
        if len(self._tries) > 10_000:
            self._tries.clear()
        tries = self._tries.setdefault(key, deque(maxlen=LOGIN_TRIES))
        while tries and now - tries[0] > LOGIN_WINDOW_S:
            tries.popleft()
        if len(tries) == LOGIN_TRIES:
            raise TooManyTries(f"too many tries; wait {round(LOGIN_WINDOW_S - (now - tries[0]))} seconds")
        tries.append(now)
