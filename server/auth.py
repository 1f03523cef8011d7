"""Who may do what: passwords (argon2), login tokens, the caller's own token, softphone secrets."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from server.throttle import Throttle
from session.types import UserRecord
from session.users import UserNotFound, Users

LEAST_PASSWORD = 10
CALLER_TOKEN_S = 24 * 3600  # a caller's page may come back to its conversation for a day
NAME_TRIES = 8  # wrong passwords for one name within the window
ADDRESS_TRIES = 30  # failed logins from one address; a whole office may share it
LOGIN_WINDOW_S = 300.0
KEY_CHARS = 64


class Refused(Exception):
    """Wrong name or password, or a token that is not (any more) valid."""


class KeyFileError(Exception):
    """The signing key's file cannot be used; the text says what to do."""


class TooManyTries(Refused):
    """Logins for this name or from this address must wait."""

    def __init__(self, wait_s: float) -> None:
        self.retry_after_s = math.ceil(wait_s)
        super().__init__(f"too many tries; wait {self.retry_after_s} seconds")


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
    """The key that signs tokens, made at first use, readable by the owner only. Raises `KeyFileError`."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        # Written whole before it gets its name: a crash or a second process never leaves or sees half a key.
        descriptor, draft = tempfile.mkstemp(dir=data_dir, prefix=".secret-")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(KEY_CHARS // 2))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    key = path.read_text().strip()
    if len(key) < KEY_CHARS:
        raise KeyFileError(f"{path} holds no whole key: delete it and start again (everybody then logs in again)")
    return key


class Auth:
    """Logins and tokens of one app."""

    def __init__(self, users: Users, key: str, session_hours: float) -> None:
        self._users = users
        self._logins = URLSafeTimedSerializer(key, salt="login")
        self._callers = URLSafeTimedSerializer(key, salt="caller")
        self._max_age_s = int(session_hours * 3600)
        self._names = Throttle(NAME_TRIES, LOGIN_WINDOW_S)
        self._addresses = Throttle(ADDRESS_TRIES, LOGIN_WINDOW_S)
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(8))

    async def login(self, name: str, password: str, address: str) -> tuple[UserRecord, str]:
        """The user and a token. Raises `Refused` (never telling which was wrong) or `TooManyTries`."""
        # Counted before the password is looked at, so that many tries at once do not slip through. The address
        # comes first: one that is shut out cannot shut out names.
        for throttle, key in ((self._addresses, address), (self._names, name)):
            if wait_s := throttle.take(key):
                raise TooManyTries(wait_s)
        user = await self._users.by_name(name)
        stored = user.password_hash if user is not None else self._nobody
        # In a thread: argon2 takes ~50 ms on purpose. Also for unknown names, so that they cannot be told apart.
        right = await asyncio.to_thread(self._verify, stored, password)
        if user is None or not right or user.disabled:
            raise Refused("wrong name or password")
        self._names.forget(name)
        self._addresses.give_back(address)
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
