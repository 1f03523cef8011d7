"""Encryption of what must be readable again: TOTP secrets and voiceprints. AES-256-GCM, each row bound to its owner."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE = "verification.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class VaultError(Exception):
    """The key cannot be used, or does not fit what was encrypted; the text says what to do."""


class Vault:
    """Seals and opens bytes. `about` says whose they are: a row copied to another customer does not open."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise VaultError(f"dialog.verification.key has {len(key)} bytes, {_KEY_BYTES} are needed (as base64)")
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, about: str) -> bytes:
        """Encrypted; never the same twice."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """The inverse of `seal`. Raises `VaultError`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                "what is stored was encrypted with another key: set dialog.verification.key to the one of then, "
                "or have the customers enrol again"
            ) from error


def open_vault(key: str, data_dir: Path | None) -> Vault:
    """By the setting, else by the key file, which is made when it is not there. Raises `VaultError`.

    Without a folder the key lives as long as the process.
    """
    if key:
        try:
            return Vault(base64.b64decode(key, validate=True))
        except binascii.Error as error:
            raise VaultError(f"dialog.verification.key is no base64: {error}") from error
    if data_dir is None:
        return Vault(os.urandom(_KEY_BYTES))
    path = data_dir / KEY_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(base64.b64encode(os.urandom(_KEY_BYTES)))
        return Vault(base64.b64decode(path.read_bytes()))
    except (OSError, binascii.Error) as error:
        raise VaultError(f"{path} cannot be used as the key of verification: {error}") from error
