"""The people who work here, in the store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from session.ids import new_id
from session.model import AgentProfile, User
from session.store import Store
from session.types import Device, Skill, UserRecord


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
        skills: Sequence[str | Skill] = (),
        queues: Sequence[str] = (),
        voice_capacity: int = 1,
        chat_capacity: int = 2,
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
                        AgentProfile(
                            user_id=user_id,
                            device=device,
                            uri=uri,
                            skills=_stored(skills),
                            queues=list(queues),
                            voice_capacity=voice_capacity,
                            chat_capacity=chat_capacity,
                            sip_ha1=sip_ha1,
                        )
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
        """Login name → SIP digest of every agent whose softphone may register, also while another device is in use."""
        query = (
            select(User.name, AgentProfile.sip_ha1)
            .join(AgentProfile, AgentProfile.user_id == User.id)
            .where(AgentProfile.sip_ha1 != "", User.disabled.is_(False))
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
        self,
        user_id: str,
        *,
        device: Device,
        uri: str = "",
        skills: Sequence[str | Skill] | None = None,
        queues: Sequence[str] | None = None,
        voice_capacity: int | None = None,
        chat_capacity: int | None = None,
        sip_ha1: str | None = None,
    ) -> None:
        """How an agent is reached and what they take; what is None stays."""
        async with self._store.writing() as session:
            profile = await session.get(AgentProfile, user_id)
            if profile is None:
                profile = AgentProfile(user_id=user_id)
                session.add(profile)
            profile.device, profile.uri = device, uri
            if skills is not None:
                profile.skills = _stored(skills)
            if queues is not None:
                profile.queues = list(queues)
            if voice_capacity is not None:
                profile.voice_capacity = voice_capacity
            if chat_capacity is not None:
                profile.chat_capacity = chat_capacity
            if sip_ha1 is not None:
                profile.sip_ha1 = sip_ha1

    async def set_device(self, user_id: str, device: Device, uri: str = "") -> None:
        """By what an agent is reached from now on. Raises LookupError where a softphone has no password yet."""
        async with self._store.writing() as session:
            profile = await session.get(AgentProfile, user_id)
            if profile is None or (device == "sip" and not profile.sip_ha1):
                raise LookupError("your softphone has no password yet; ask an admin for one")
            profile.device, profile.uri = device, uri if device == "uri" else profile.uri

    async def _select(self, where: object) -> list[UserRecord]:
        query = select(User, AgentProfile).outerjoin(AgentProfile, AgentProfile.user_id == User.id).order_by(User.name)
        if where is not None:
            query = query.where(where)  # type: ignore[arg-type]
        async with self._store.reading() as session:
            return [_record(user, profile) for user, profile in (await session.execute(query)).all()]


def _stored(skills: Sequence[str | Skill]) -> list[dict[str, object]]:
    levels = [skill if isinstance(skill, Skill) else Skill(skill) for skill in skills]
    return [{"skill": one.skill, "level": one.level} for one in levels]


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
        skills=tuple(map(Skill.of, profile.skills)) if profile else (),
        queues=tuple(profile.queues) if profile else (),
        voice_capacity=profile.voice_capacity if profile else 1,
        chat_capacity=profile.chat_capacity if profile else 2,
        availability=profile.availability if profile else "offline",
        reason=profile.reason if profile else "",
        next_availability=profile.next_availability if profile else None,
        next_reason=profile.next_reason if profile else "",
        missed=profile.missed if profile else 0,
    )
