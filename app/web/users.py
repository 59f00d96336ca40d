"""Accounts, for administrators: list, add, change roles or password, disable. The rules are in actions.people."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from app.actions.people import add_user, change_user, disable_user
from app.domain.errors import NotFound
from app.models import User
from app.models.people import display_names, user_named
from app.web.auth import Admin
from app.web.rendering import render, respond
from app.web.transaction import Reading, Writing

router = APIRouter(prefix="/users")
Line = Annotated[str, Form()]


@router.get("")
async def users_page(request: Request, _: Admin, db: Reading) -> Response:
    """Every account, disabled ones last."""
    return render(request, "users/index.html", users=await _everybody(db))


@router.get("/list")
async def users_list(request: Request, _: Admin, db: Reading) -> Response:
    """The list alone, for the doorbell."""
    return render(request, "users/_list.html", users=await _everybody(db))


@router.get("/{name}")
async def user_card(request: Request, name: str, _: Admin, db: Reading) -> Response:
    """One account alone."""
    user = await user_named(db, name)
    if user is None:
        raise NotFound("no_such_user", f"ユーザ「{name}」はありません。", f"There is no user “{name}”.")
    return render(request, "users/_user.html", user=user)


@router.post("/add")
async def user_add(
    request: Request,
    _: Admin,
    act: Writing,
    name: Line = "",
    display_name: Line = "",
    password: Line = "",
    roles: Annotated[list[str], Form()] = [],  # noqa: B006  # FastAPI copies it
) -> Response:
    """A new account."""
    await add_user(act, name.strip(), display_name, roles, password)
    return respond(request, "/users", "users/_list.html", users=await _everybody(act.db))


@router.post("/{name}/change")
async def user_change(
    request: Request,
    name: str,
    _: Admin,
    act: Writing,
    what: Annotated[Literal["roles", "password"], Form()],
    password: Line = "",
    roles: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Other roles, or another password; the account's logins end."""
    if what == "roles":
        user = await change_user(act, name, roles=roles)
    else:
        user = await change_user(act, name, password=password)
    return respond(request, "/users", "users/_user.html", user=user)


@router.post("/{name}/disable")
async def user_disable(request: Request, name: str, _: Admin, act: Writing) -> Response:
    """Bar an account."""
    return respond(request, "/users", "users/_user.html", user=await disable_user(act, name))


async def _everybody(db: Reading) -> list[User]:
    users = [await db.get_one(User, user_id) for user_id in await display_names(db)]
    return sorted(users, key=lambda user: (user.disabled_at is not None, user.name))
