"""Accounts, logins and failed sign-ins. A login's token is stored as its SHA-256 only."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.policy import Person, Role
from app.models.base import At, Base, Id


class User(Base):
    """A local account. `roles` is a space-separated set of role names; `password` an argon2 hash."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(128))
    roles: Mapped[str] = mapped_column(sa.String(200))
    password: Mapped[str] = mapped_column(sa.String(200))
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[At]
    disabled_at: Mapped[At | None]

    @property
    def person(self) -> Person:
        """The account as the policy sees it."""
        roles = frozenset(Role(r) for r in self.roles.split())
        return Person(id=self.id, name=self.name, display_name=self.display_name, roles=roles)


class Login(Base):
    """A browser's login, server side. It is valid while neither revoked nor past `expires_at`."""

    __tablename__ = "login"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    csrf: Mapped[str] = mapped_column(sa.String(64))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    address: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[At]
    expires_at: Mapped[At]
    revoked_at: Mapped[At | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class SignInFailure(Base):
    """Failed sign-ins of one account name from one address, for the throttle."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (sa.UniqueConstraint("name", "address"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(64))
    count: Mapped[int]
    last_at: Mapped[At]


async def user_named(db: AsyncSession, name: str) -> User | None:
    """The account of that name, disabled ones included."""
    return (await db.scalars(sa.select(User).where(User.name == name))).one_or_none()


async def all_people(db: AsyncSession) -> list[Person]:
    """Everybody who can sign in."""
    rows = await db.scalars(sa.select(User).where(User.disabled_at.is_(None)).order_by(User.name))
    return [user.person for user in rows]


async def display_names(db: AsyncSession) -> dict[int, str]:
    """Display name by account id, disabled accounts included: history keeps its names."""
    return {row.id: row.display_name for row in await db.execute(sa.select(User.id, User.display_name))}


async def login_of(db: AsyncSession, token_hash: bytes, now: int) -> Login | None:
    """The valid login of this token, with its account."""
    found = await db.scalars(
        sa.select(Login)
        .join(Login.user)
        .where(Login.token_hash == token_hash, Login.revoked_at.is_(None), Login.expires_at > now)
        .where(User.disabled_at.is_(None))
    )
    return found.one_or_none()


async def demo_users(db: AsyncSession) -> list[str]:
    """Names of accounts that still have the demonstration's published password."""
    return list(
        await db.scalars(
            sa.select(User.name).where(User.demo, User.disabled_at.is_(None)).order_by(User.name)
        )
    )
