"""The people who work here, in the store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from session.ids import new_id
from session.model import AgentProfile, User
from session.store import Store
from session.types import Device, UserRecord


class DuplicateUser(ValueError):
    """The name is taken."""


class UserNotFound(LookupError):
    """There is no such user."""


class Users:
    """Reads and writes users and agent profiles."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self,
        name: str,
        *,
        password_hash: str,
        roles: Sequence[str],
        display_name: str = "",
        locale: str = "",
        device: Device | None = None,
        uri: str = "",
        skills: Sequence[str] = (),
        sip_ha1: str = "",
    ) -> UserRecord:
        """A new user; `device` makes them an agent. Raises `DuplicateUser`."""
        user_id = new_id()
        try:
            async with self._store.writing() as session:
                session.add(
                    User(
                        id=user_id,
                        name=name,
                        display_name=display_name or name,
                        password_hash=password_hash,
                        roles=list(roles),
                        locale=locale,
                    )
                )
                await session.flush()
                if device is not None:
                    session.add(
                        AgentProfile(user_id=user_id, device=device, uri=uri, skills=list(skills), sip_ha1=sip_ha1)
                    )
        except IntegrityError as error:
            # The database decides, since a command line may add people at the same time.
            raise DuplicateUser(f"there is a user {name!r} already") from error
        return await self.get(user_id)

    async def get(self, user_id: str) -> UserRecord:
        """By id. Raises `UserNotFound`."""
        for record in await self._select(User.id == user_id):
            return record
        raise UserNotFound(f"there is no user {user_id}")

    async def by_name(self, name: str) -> UserRecord | None:
        """By login name."""
        found = await self._select(User.name == name)
        return found[0] if found else None

    async def all(self) -> list[UserRecord]:
        """Everybody, by name."""
        return await self._select(None)

    async def agents(self) -> list[UserRecord]:
        """Those who take contacts."""
        return [user for user in await self.all() if user.device is not None and not user.disabled]

    async def softphones(self) -> dict[str, str]:
        """Login name → SIP digest of every agent whose softphone may register."""
        query = (
            select(User.name, AgentProfile.sip_ha1)
            .join(AgentProfile, AgentProfile.user_id == User.id)
            .where(AgentProfile.device == "sip", AgentProfile.sip_ha1 != "", User.disabled.is_(False))
        )
        async with self._store.reading() as session:
            return {name: digest for name, digest in (await session.execute(query)).all()}

    async def change(
        self, user_id: str, *, display_name: str | None = None, roles: Sequence[str] | None = None
    ) -> None:
        """Change what is not None."""
        values = {"display_name": display_name, "roles": None if roles is None else list(roles)}
        changed = {name: value for name, value in values.items() if value is not None}
        if not changed:
            return
        async with self._store.writing() as session:
            await session.execute(update(User).where(User.id == user_id).values(**changed))

    async def set_password(self, user_id: str, password_hash: str) -> None:
        """A new password; tokens made before it end."""
        async with self._store.writing() as session:
            await session.execute(
                update(User)
                .where(User.id == user_id)
                .values(password_hash=password_hash, token_epoch=User.token_epoch + 1)
            )

    async def set_disabled(self, user_id: str, disabled: bool) -> None:
        """Shut a user out, or let them in again; tokens made before end."""
        async with self._store.writing() as session:
            await session.execute(
                update(User).where(User.id == user_id).values(disabled=disabled, token_epoch=User.token_epoch + 1)
            )

    async def set_agent(
        self, user_id: str, *, device: Device, uri: str = "", skills: Sequence[str] = (), sip_ha1: str | None = None
    ) -> None:
        """How an agent is reached; `sip_ha1` None keeps the phone's password."""
        async with self._store.writing() as session:
            profile = await session.get(AgentProfile, user_id)
            if profile is None:
                profile = AgentProfile(user_id=user_id)
                session.add(profile)
            profile.device, profile.uri, profile.skills = device, uri, list(skills)
            if sip_ha1 is not None:
                profile.sip_ha1 = sip_ha1

    async def _select(self, where: object) -> list[UserRecord]:
        query = select(User, AgentProfile).outerjoin(AgentProfile, AgentProfile.user_id == User.id).order_by(User.name)
        if where is not None:
            query = query.where(where)  # type: ignore[arg-type]
        async with self._store.reading() as session:
            return [_record(user, profile) for user, profile in (await session.execute(query)).all()]


def _record(user: User, profile: AgentProfile | None) -> UserRecord:
    return UserRecord(
        user_id=user.id,
        name=user.name,
        display_name=user.display_name,
        roles=tuple(user.roles),
        locale=user.locale,
        password_hash=user.password_hash,
        token_epoch=user.token_epoch,
        disabled=user.disabled,
        device=profile.device if profile else None,  # type: ignore[arg-type]
        uri=profile.uri if profile else "",
        skills=tuple(profile.skills) if profile else (),
        availability=profile.availability if profile else "offline",
    )
