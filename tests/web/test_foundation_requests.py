"""What holds for every request: who may, from where, what is kept, and that what a page shows is committed."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
import sqlalchemy as sa
from fastapi import Form, Request, Response
from starlette.types import Message, Receive, Scope, Send

from app.actions.people import add_user
from app.domain.errors import Invalid, Refused
from app.models import Login, User
from app.models.people import user_named
from app.web.auth import Operator, Viewer
from app.web.rendering import render
from app.web.sign_in import local_path
from app.web.transaction import Writing
from tests.support.world import PASSWORD
from tests.web.site import HTMX, Site, csrf

NEW = {"name": "yamada", "display_name": "山田", "roles": "operator", "password": "a long password"}


async def test_a_form_without_the_csrf_value_of_its_login_changes_nothing(site: Site) -> None:
    async with site.browser("kanri") as browser:
        for wrong in ({}, {"csrf": "x" * 32}, {"csrf": "日本"}):
            answer = await browser.post("/users/add", data={**NEW, **wrong})
            assert answer.status_code == 403
            assert "もう一度実行" in answer.text
        async with site.world.database.reading() as db:
            assert await user_named(db, "yamada") is None
    assert (await site.actions()).count("request.refused") == 3


async def test_the_csrf_value_of_another_login_is_none(site: Site) -> None:
    async with site.browser("kanri") as one, site.browser("kimura") as other:
        answer = await one.post("/users/add", data={**NEW, "csrf": await csrf(other)})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://tejun.test"}, 303),
        ({}, 303),
    ],
)
async def test_what_another_site_makes_a_browser_send_is_refused(
    site: Site, headers: dict[str, str], status: int
) -> None:
    async with site.browser("kanri") as browser:
        answer = await browser.post("/users/add", data={**NEW, "csrf": await csrf(browser)}, headers=headers)
    assert answer.status_code == status


async def test_a_refused_plain_form_shows_what_was_typed_but_never_the_password(site: Site) -> None:
    async with site.browser("kanri") as browser:
        typed = {**NEW, "password": "kurz#8", "display_name": "山田 <b>花子</b>", "csrf": await csrf(browser)}
        answer = await browser.post(
            "/users/add", data=typed, headers={"referer": "http://tejun.test/users?x=1"}
        )
    assert answer.status_code == 422
    assert "10文字以上" in answer.text
    assert "山田 &lt;b&gt;花子" in answer.text
    assert "kurz#8" not in answer.text
    assert 'href="/users?x=1"' in answer.text
    assert "もう一度送信" not in answer.text  # without its password it would be another request


async def test_a_refused_form_can_be_sent_once_more(site: Site) -> None:
    @site.extra.post("/try")
    async def refuse(_: Viewer, note: Annotated[str, Form()]) -> Response:
        raise Refused("too_late", "遅すぎます。", "Too late.")

    async with site.browser("sato") as browser:
        answer = await browser.post("/try", data={"note": "一行目\n二行目", "csrf": await csrf(browser)})
        assert answer.status_code == 409
        assert "遅すぎます。" in answer.text
        assert "もう一度送信" in answer.text
        form = answer.text[answer.text.index("入力された内容") :]
        again = {"csrf": re.findall(r'name="csrf" value="([^"]+)"', form)[0], "note": "一行目\n二行目"}
        assert "一行目\n二行目</textarea>" in form
        assert (await browser.post("/try", data=again)).status_code == 409


async def test_a_refusal_for_htmx_goes_to_the_refusal_region_and_names_the_field(site: Site) -> None:
    async with site.browser("kanri") as browser:
        data = {**NEW, "password": "short", "csrf": await csrf(browser)}
        answer = await browser.post("/users/add", data=data, headers=HTMX)
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#refusals"
    assert answer.headers["hx-trigger"] == "tejun:refused"
    assert 'data-field="password"' in answer.text
    assert "<html" not in answer.text


async def test_a_refusal_undoes_everything_and_is_recorded_on_its_own(site: Site) -> None:
    @site.extra.post("/half")
    async def half(act: Writing) -> Response:
        await add_user(act, "halfway", "", ["operator"], PASSWORD)
        raise Invalid("no_good", "だめです。", "No good.")

    async with site.browser("kanri") as browser:
        answer = await browser.post("/half", data={"csrf": await csrf(browser)})
    assert answer.status_code == 422
    async with site.world.database.reading() as db:
        assert await user_named(db, "halfway") is None
    last = (await site.world.events())[-1]
    assert (last.action, last.subject, last.actor) == ("request.refused", "POST /half", "kanri")
    await site.world.require_sound()


async def test_an_old_page_gets_the_new_csrf_value_with_its_refusal(site: Site) -> None:
    async with site.browser("kanri") as browser:
        current = await csrf(browser)
        answer = await browser.post("/users/add", data={**NEW, "csrf": "old"}, headers=HTMX)
        assert answer.headers["x-csrf-token"] == current


async def test_a_missing_field_is_a_refusal_and_a_wrong_address_a_missing_page(site: Site) -> None:
    async with site.browser("kanri") as browser:
        answer = await browser.post("/users/sato/change", data={"csrf": await csrf(browser)}, headers=HTMX)
        assert answer.status_code == 422
        assert 'data-field="what"' in answer.text
        assert (await browser.get("/attempts/abc/output/lines")).status_code == 404


async def test_whoever_lacks_the_permission_is_refused_and_it_is_recorded(site: Site) -> None:
    async with site.browser("sato") as browser:
        answer = await browser.get("/users")
        assert answer.status_code == 403
        assert "管理者" in answer.text
    assert (await site.world.events())[-1].subject == "GET /users"


async def test_a_response_leaves_only_after_the_commit(site: Site) -> None:
    seen: list[bool] = []

    @site.extra.post("/add")
    async def add(_: Operator, act: Writing) -> Response:
        act.db.add(User(name="fresh", display_name="", roles="viewer", password="-", created_at=1))
        return Response("done")

    application = site.application()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def look(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/add":
                async with site.world.database.reading() as db:
                    seen.append(await user_named(db, "fresh") is not None)
            await send(message)

        await application(scope, receive, look)

    site.application = lambda: watched  # type: ignore[method-assign, assignment, return-value]
    async with site.browser("sato") as browser:
        assert (await browser.post("/add", data={"csrf": await csrf(browser)})).text == "done"
    assert seen == [True]


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_commit_that_fails_is_an_error_and_not_a_success(site: Site, headers: dict[str, str]) -> None:
    @site.extra.post("/late")
    async def late(request: Request, act: Writing) -> Response:
        if act.db.get_bind().dialect.name == "sqlite":
            await act.db.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        else:  # what is refused at the commit, and not before it
            await act.db.execute(
                sa.text("alter table login alter constraint fk_login_user_id_user_account deferrable")
            )
            await act.db.execute(sa.text("set constraints all deferred"))
        act.db.add(Login(token_hash=b"x", csrf="", user_id=4711, address="", created_at=1, expires_at=2))
        await act.db.flush()
        return render(request, "partials/_waiting.html", waiting=7)

    async with site.browser("sato") as browser:
        answer = await browser.post("/late", data={"csrf": await csrf(browser)}, headers=headers)
    assert answer.status_code == 500
    assert "判断待ち" not in answer.text
    assert "不具合" in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "path", ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "/a\nb", "x"]
)
def test_only_a_path_of_ours_is_gone_on_to(path: str) -> None:
    assert local_path(path) == "/"


def test_a_path_of_ours_keeps_its_query() -> None:
    assert local_path("/sessions/3?tab=output") == "/sessions/3?tab=output"
