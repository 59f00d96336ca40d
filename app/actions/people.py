"""Accounts and logins: sign in, sign out, add and change accounts. Passwords are argon2; only hashes are stored."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.actions.act import Act, hold_newcomers, record
from app.domain.errors import Forbidden, Invalid, NotFound, Refused
from app.domain.policy import Permission, Person, Role
from app.domain.schedule import MICROSECONDS
from app.models import Login, SignInFailure, User
from app.models.people import user_named

LOGIN_SECONDS = 12 * 3600
FREE_TRIES = 5
LONGEST_WAIT_SECONDS = 900
SHORTEST_PASSWORD = 10

# OWASP's second choice: 19 MiB, two passes; about 30 ms
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
_NOBODY = _HASHER.hash(secrets.token_hex(8))
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


async def password_matches(password: str, stored: str) -> bool:
    """Whether the password is the stored one; in a thread, since hashing takes tens of milliseconds."""
    return await asyncio.to_thread(_HASHER.verify, password, stored)


def wait_seconds(count: int) -> int:
    """How long a name and address wait after `count` failures: nothing at first, then doubling up to 15 minutes."""
    return 0 if count < FREE_TRIES else int(min(2 ** (count - FREE_TRIES + 2), LONGEST_WAIT_SECONDS))


async def require_unthrottled(act: Act, name: str) -> None:
    """Refuse a sign-in that comes too soon after failed ones."""
    failure = await _failure(act, name)
    if failure is None:
        return
    left = failure.last_at + wait_seconds(failure.count) * MICROSECONDS - act.now
    if left > 0:
        seconds = left // MICROSECONDS + 1
        raise Refused(
            "sign_in_throttled",
            f"サインインの失敗が続いたため、{seconds}秒後に再度お試しください。",
            f"Too many failed sign-ins. Try again in {seconds} seconds.",
        )


async def authenticate(act: Act, name: str, password: str) -> User:
    """The account whose password this is. Forbidden otherwise, after the same work whether or not the account exists."""
    user = await user_named(act.db, name[:64])
    matches = await password_matches(password, user.password if user else _NOBODY)
    if user is None or not matches or user.disabled_at is not None:
        raise Forbidden(
            "bad_credentials",
            "ユーザ名またはパスワードが違います。入力を確認してください。",
            "The user name or the password is wrong. Check both.",
        )
    return user


async def sign_in(act: Act, name: str, password: str) -> tuple[Login, str]:
    """A new login and its token (the only time the token is seen). Raises Refused (throttled), Forbidden."""
    await require_unthrottled(act, name)
    user = await authenticate(act, name, password)
    token = secrets.token_urlsafe(32)
    login = Login(
        token_hash=token_digest(token),
        csrf=secrets.token_urlsafe(24),
        user=user,
        address=act.address,
        created_at=act.now,
        expires_at=act.now + LOGIN_SECONDS * MICROSECONDS,
    )
    act.db.add(login)
    await hold_newcomers(act)
    await act.db.execute(
        sa.delete(SignInFailure).where(SignInFailure.name == name, SignInFailure.address == act.address)
    )
    await act.db.flush()
    signed = Act(act.db, act.now, user.person, act.enqueue, act.address)
    await record(signed, "login.signed_in", f"user:{user.name}")
    return login, token


async def checker_at_screen(act: Act, name: str, password: str) -> Person:
    """The person who types name and password at somebody else's screen. Raises Refused (throttled), Forbidden."""
    await require_unthrottled(act, name)
    return (await authenticate(act, name, password)).person


async def fail_sign_in(act: Act, name: str, code: str) -> None:
    """Count and record a failed sign-in (in a transaction of its own)."""
    await hold_newcomers(act)
    failure = await _failure(act, name)
    if failure is None:
        failure = SignInFailure(name=name[:64], address=act.address, count=0, last_at=act.now)
        act.db.add(failure)
    if code == "bad_credentials":
        failure.count += 1
        failure.last_at = act.now
    known = await user_named(
        act.db, name[:64]
    )  # what is no account's name may be a password typed into the wrong field
    subject = f"user:{known.name}" if known else "user:"
    await record(act, "login.refused", subject, code=code, count=failure.count)


async def sign_out(act: Act, login: Login) -> None:
    """End a login on the server; its cookie is worth nothing afterwards."""
    await act.db.execute(sa.update(Login).where(Login.id == login.id).values(revoked_at=act.now))
    await record(act, "login.signed_out", f"user:{login.user.name}")


def token_digest(token: str) -> bytes:
    """What is stored of a login's token."""
    return hashlib.sha256(token.encode()).digest()


async def add_user(
    act: Act, name: str, display_name: str, roles: Iterable[str], password: str, *, demo: bool = False
) -> User:
    """A new account. Raises Invalid (name, roles, password) or Refused (name taken)."""
    if act.by is not None:
        act.require(Permission.ADMINISTER)
    if not _NAME.fullmatch(name):
        raise Invalid(
            "bad_user_name",
            "ユーザ名は英数字と . _ - で64文字以内にしてください。",
            "A user name is made of letters, digits, dot, underscore and hyphen, 64 at most.",
            "name",
        )
    await hold_newcomers(act)
    if await user_named(act.db, name) is not None:
        raise Refused(
            "user_exists", f"ユーザ「{name}」は既にあります。", f"There is already a user “{name}”."
        )
    user = User(
        name=name,
        display_name=display_name.strip()[:128] or name,
        roles=_roles(roles),
        password=await _hashed(password),
        demo=demo,
        created_at=act.now,
    )
    act.db.add(user)
    await act.db.flush()
    await record(act, "user.added", f"user:{name}", roles=user.roles)
    return user


async def change_user(
    act: Act, name: str, *, roles: Iterable[str] | None = None, password: str | None = None
) -> User:
    """Change roles or password of an account; its logins end, so the change holds at once."""
    if act.by is not None:
        act.require(Permission.ADMINISTER)
    user = await _existing(act, name)
    if roles is not None:
        user.roles = _roles(roles)
    if password is not None:
        user.password = await _hashed(password)
        user.demo = False
    await _end_logins(act, user)
    await record(act, "user.changed", f"user:{name}", roles=user.roles, password=password is not None)
    return user


async def disable_user(act: Act, name: str) -> User:
    """Bar an account; its logins end at once, its name stays in the history."""
    if act.by is not None:
        act.require(Permission.ADMINISTER)
    user = await _existing(act, name)
    user.disabled_at = act.now
    await _end_logins(act, user)
    await record(act, "user.disabled", f"user:{name}")
    return user


async def _existing(act: Act, name: str) -> User:
    user = await user_named(act.db, name)
    if user is None:
        raise NotFound("no_such_user", f"ユーザ「{name}」はありません。", f"There is no user “{name}”.")
    return user


async def _end_logins(act: Act, user: User) -> None:
    ends = sa.update(Login).where(Login.user_id == user.id, Login.revoked_at.is_(None))
    await act.db.execute(ends.values(revoked_at=act.now))


async def _failure(act: Act, name: str) -> SignInFailure | None:
    query = sa.select(SignInFailure).where(
        SignInFailure.name == name[:64], SignInFailure.address == act.address
    )
    return (await act.db.scalars(query)).one_or_none()


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "short_password",
            f"パスワードは{SHORTEST_PASSWORD}文字以上にしてください。",
            f"A password has at least {SHORTEST_PASSWORD} characters.",
            "password",
        )
    return await asyncio.to_thread(_HASHER.hash, password)


def _roles(roles: Iterable[str]) -> str:
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in set(Role)]
    if unknown or not wanted:
        names = " ".join(Role)
        raise Invalid(
            "bad_roles", f"権限は次から選んでください: {names}", f"Choose roles from: {names}", "roles"
        )
    return " ".join(wanted)
