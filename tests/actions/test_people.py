"""Accounts and logins: passwords, the throttle, what ends a login, who may change whom."""

from __future__ import annotations

import pytest

from app.actions import people
from app.actions.act import Act, params_of, record_refusal
from app.domain.errors import Forbidden, Invalid, Refused
from app.domain.schedule import MICROSECONDS
from app.models import AuditEvent, SignInFailure
from app.models.people import demo_users, login_of, user_named
from tests.actions.test_session_refusals import code_of
from tests.support.world import HOUR, PASSWORD, World


async def valid(world: World, token: str) -> bool:
    """Whether the token is a login's now."""
    async with world.database.reading() as db:
        return await login_of(db, people.token_digest(token), world.now) is not None


async def test_a_login_lasts_until_signed_out_or_too_old(world: World) -> None:
    login, token = await world.do(None, people.sign_in, "sato", PASSWORD)
    _, other = await world.do(None, people.sign_in, "sato", PASSWORD)
    assert await valid(world, token)
    assert not await valid(world, token + "x")
    await world.do("sato", people.sign_out, login)
    assert not await valid(world, token)
    world.now += people.LOGIN_SECONDS * MICROSECONDS
    assert not await valid(world, other)


@pytest.mark.parametrize(
    "change",
    [
        lambda act: people.change_user(act, "sato", roles=["viewer"]),
        lambda act: people.change_user(act, "sato", password="a new long password"),
        lambda act: people.disable_user(act, "sato"),
    ],
)
async def test_a_change_of_the_account_ends_its_logins(world: World, change: object) -> None:
    _, token = await world.do(None, people.sign_in, "sato", PASSWORD)
    assert callable(change)
    await world.do("kanri", change)
    assert not await valid(world, token)


@pytest.mark.parametrize(
    ("name", "password"), [("sato", "wrong"), ("nobody", PASSWORD), ("", ""), ("SATO", PASSWORD)]
)
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    world: World, name: str, password: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        await world.do(None, people.sign_in, name, password)
    assert refused.value.code == "bad_credentials"


async def test_a_disabled_account_does_not_sign_in(world: World) -> None:
    await world.do("kanri", people.disable_user, "sato")
    assert await code_of(world.do(None, people.sign_in, "sato", PASSWORD)) == "bad_credentials"


async def test_the_throttle_grows_with_every_failure_and_ends_with_a_success(world: World) -> None:
    waits = []
    for _ in range(12):
        await world.do(None, people.fail_sign_in, "sato", "bad_credentials")
        waits.append(await seconds_to_wait(world))
    assert waits == [0, 0, 0, 0, 4, 8, 16, 32, 64, 128, 256, 512]
    world.now += HOUR
    await world.do(None, people.sign_in, "sato", PASSWORD)
    assert await world.count(SignInFailure) == 0


async def seconds_to_wait(world: World) -> int:
    """Until the next sign-in is let through; 0 where it is now."""
    seconds, then = 0, world.now
    while await code_of(world.do(None, people.require_unthrottled, "sato")):
        seconds = seconds * 2 or 1
        world.now = then + seconds * MICROSECONDS
    world.now = then
    return seconds


def test_the_longest_wait_is_a_quarter_of_an_hour() -> None:
    assert [people.wait_seconds(count) for count in (4, 5, 12, 13, 1000)] == [0, 4, 512, 900, 900]


async def test_the_right_password_too_soon_is_refused_and_does_not_count(world: World) -> None:
    for _ in range(6):
        await world.do(None, people.fail_sign_in, "sato", "bad_credentials")
    with pytest.raises(Refused, match="sign_in_throttled"):
        await world.do(None, people.sign_in, "sato", PASSWORD)
    await world.do(None, people.fail_sign_in, "sato", "sign_in_throttled")
    assert params_of((await world.events())[-1]) == {"code": "sign_in_throttled", "count": 6}
    await world.do(None, people.sign_in, "suzuki", PASSWORD)  # another name is not affected


@pytest.mark.parametrize(
    ("name", "roles", "password", "code"),
    [
        ("mori", ["viewer"], "short", "short_password"),
        ("mori", ["viewer"], "123456789", "short_password"),
        ("mori", [], PASSWORD, "bad_roles"),
        ("mori", ["root"], PASSWORD, "bad_roles"),
        ("", ["viewer"], PASSWORD, "bad_user_name"),
        ("mo ri", ["viewer"], PASSWORD, "bad_user_name"),
        ("mori\n", ["viewer"], PASSWORD, "bad_user_name"),
        ("m" * 65, ["viewer"], PASSWORD, "bad_user_name"),
        ("sato", ["viewer"], PASSWORD, "user_exists"),
    ],
)
async def test_an_account_is_refused(
    world: World, name: str, roles: list[str], password: str, code: str
) -> None:
    assert await code_of(world.do("kanri", people.add_user, name, "", roles, password)) == code


async def test_a_change_to_a_short_password_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="short_password"):
        await world.do("kanri", people.change_user, "sato", password="short")
    await world.do(None, people.sign_in, "sato", PASSWORD)


@pytest.mark.parametrize("name", ["sato", "takahashi", "tanaka"])
async def test_accounts_are_changed_by_administrators_alone(world: World, name: str) -> None:
    add = world.do(name, people.add_user, "mori", "", ["viewer"], PASSWORD)
    change = world.do(name, people.change_user, "sato", roles=["admin"])
    bar = world.do(name, people.disable_user, "kanri")
    assert [await code_of(doing) for doing in (add, change, bar)] == ["needs_administer"] * 3


async def test_a_demo_password_that_was_changed_is_none_any_more(world: World) -> None:
    await world.do(None, people.add_user, "demo", "", ["viewer"], PASSWORD, demo=True)
    async with world.database.reading() as db:
        assert await demo_users(db) == ["demo"]
    await world.do("kanri", people.change_user, "demo", password="not published")
    async with world.database.reading() as db:
        assert await demo_users(db) == []
        user = await user_named(db, "demo")
    assert user is not None
    assert "not published" not in user.password


async def test_an_unknown_account_is_not_found(world: World) -> None:
    assert await code_of(world.do("kanri", people.disable_user, "mori")) == "no_such_user"


async def test_a_refusal_is_recorded_in_a_transaction_of_its_own(world: World) -> None:
    before = await world.count(AuditEvent)
    with pytest.raises(Forbidden) as refused:
        await world.do("tanaka", people.disable_user, "kanri")
    assert await world.count(AuditEvent) == before
    await world.do("tanaka", record_refusal, "user.disable", refused.value)
    event = (await world.events())[-1]
    assert (event.actor, event.action, event.subject) == ("tanaka", "request.refused", "user.disable")
    assert params_of(event) == {"code": "needs_administer", "status": 403}


async def test_nobody_is_a_person(world: World) -> None:
    async with world.database.reading() as db:
        with pytest.raises(Forbidden):
            _ = Act(db, world.now, None, world.enqueue).person
