"""Tables of verification: tries, codes, dropped calls, voiceprints. Times are UTC epoch milliseconds of the flow's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from session.model import Base, utcnow


class VerifyTries(Base):
    """Wrong answers of a customer or from a number; the key is a digest."""

    __tablename__ = "verify_tries"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    wrong: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[int] = mapped_column(BigInteger, default=0)
    last: Mapped[int] = mapped_column(BigInteger, default=0)


class VerifyCode(Base):
    """A code that was sent: its hash, never itself."""

    __tablename__ = "verify_code"
    call_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(64), index=True)
    code_hash: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(default=0)
    used: Mapped[bool] = mapped_column(default=False)


class VerifyTotp(Base):
    """A customer's authenticator app: the secret, encrypted, and the last period that was used."""

    __tablename__ = "verify_totp"
    customer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class VerifyProgress(Base):
    """How far a dropped call had come; the key is a digest of the number."""

    __tablename__ = "verify_progress"
    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(64))
    proven: Mapped[list[Any]] = mapped_column(default=list)
    wrong: Mapped[int] = mapped_column(default=0)
    at: Mapped[int] = mapped_column(BigInteger)


class Voiceprint(Base):
    """How a customer's voice sounds, encrypted. A row exists only while its consent stands."""

    __tablename__ = "voiceprint"
    customer_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id"), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    model: Mapped[str] = mapped_column(String(32))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)


class VoicePhrase(Base):
    """A phrase that was asked of a customer, so that it is never asked again; a digest of both."""

    __tablename__ = "voice_phrase"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
