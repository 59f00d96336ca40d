"""Signing in and out, strangers, and the pages every person sees: errors, languages, headers, static files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.routing import APIRoute

from app.web.assets import STATIC, static_url
from app.web.auth import Viewer
from app.web.middleware import MAX_BODY
from app.web.rendering import TEMPLATES
from tests.support.world import HOUR, PASSWORD
from tests.web.site import HTMX, Site, csrf, sign_in

OPEN_TO_STRANGERS = {"/sign-in", "/language"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what differs between them is tested elsewhere."""
    return sqlite_url


async def test_signing_in_leads_on_to_the_page_that_was_asked_for(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get("/users?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/users%3Fx%3D1")
        form = await browser.get(answer.headers["location"])
        assert 'name="next" value="/users?x=1"' in form.text
        data = {"name": "kanri", "password": PASSWORD, "next": "/users?x=1"}
        answer = await browser.post("/sign-in", data=data)
        assert answer.headers["location"] == "/users?x=1"
        cookie = answer.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
        assert (await browser.get("/users")).status_code == 200
        assert (await browser.get("/sign-in?next=//evil.test")).headers["location"] == "/"


async def test_the_cookie_is_secure_where_the_console_is_served_over_https(site: Site) -> None:
    site.services.secure_cookies = True
    async with site.browser() as browser:
        answer = await browser.post("/sign-in", data={"name": "kanri", "password": PASSWORD})
        assert "; Secure" in answer.headers["set-cookie"]


async def test_a_failed_sign_in_keeps_the_name_counts_and_is_slowed_down(site: Site) -> None:
    async with site.browser() as browser:
        for _ in range(5):
            answer = await browser.post("/sign-in", data={"name": "sato", "password": "guess-guess"})
            assert answer.status_code == 403
            assert 'value="sato"' in answer.text
            assert "guess-guess" not in answer.text
        answer = await browser.post("/sign-in", data={"name": "sato", "password": PASSWORD})
        assert answer.status_code == 409
        assert "秒後に再度" in answer.text
        site.world.now += HOUR
        await sign_in(browser, "sato")
    assert (await site.actions()).count("login.refused") == 6


async def test_signing_out_ends_the_login_on_the_server_too(site: Site) -> None:
    async with site.browser("sato") as browser:
        token = browser.cookies["tejun_login"]
        answer = await browser.post("/sign-out", data={"csrf": await csrf(browser)})
        assert answer.headers["location"] == "/sign-in"
        assert "tejun_login" not in browser.cookies
        browser.cookies.set("tejun_login", token)
        assert (await browser.get("/")).headers["location"].startswith("/sign-in")


async def test_a_login_ends_by_itself(site: Site) -> None:
    async with site.browser("sato") as browser:
        assert (await browser.get("/")).headers["location"] == "/sessions"
        site.world.now += 13 * HOUR
        assert (await browser.get("/")).headers["location"] == "/sign-in?next=/"


async def test_a_form_sent_after_the_login_ended_keeps_what_was_typed(site: Site) -> None:
    async with site.browser() as browser:
        plain = await browser.post("/users/add", data={"name": "yamada", "password": "geheim-geheim"})
        htmx = await browser.post("/users/add", data={"name": "yamada"}, headers=HTMX)
        script = await browser.get("/attempts/1/output/lines", headers={"accept": "application/json"})
        stream = await browser.get("/bells", headers={"accept": "text/event-stream"})
    assert plain.status_code == htmx.status_code == script.status_code == stream.status_code == 401
    assert "yamada</textarea>" in plain.text
    assert "geheim" not in plain.text
    assert htmx.headers["hx-retarget"] == "#refusals"
    assert "別のタブ" in htmx.text
    assert script.json()["message"].startswith("サインイン")


def routes(application: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and address of every route, its parameters filled in."""
    for route in application.routes:
        for inner in getattr(getattr(route, "original_router", None), "routes", [route]):
            if isinstance(inner, APIRoute):
                yield from ((method, re.sub(r"\{[^}]+\}", "1", inner.path)) for method in inner.methods)


async def test_no_route_answers_a_stranger(site: Site) -> None:
    found = [place for place in routes(site.application()) if place[1] not in OPEN_TO_STRANGERS]
    assert ("GET", "/users") in found
    async with site.browser() as browser:
        for method, path in found:
            answer = await browser.request(method, path)
            assert answer.status_code in (303, 401), (method, path)
            assert method != "GET" or answer.headers["location"].startswith("/sign-in"), path


async def test_the_demonstration_shows_its_accounts_and_nothing_else_does(site: Site) -> None:
    async with site.browser() as browser:
        assert PASSWORD in (await browser.get("/sign-in")).text
        site.services.demo = False
        assert PASSWORD not in (await browser.get("/sign-in")).text


async def test_the_language_is_japanese_until_switched(site: Site) -> None:
    async with site.browser("kanri") as browser:
        assert '<html lang="ja">' in (await browser.get("/users")).text
        answer = await browser.post("/language", data={"language": "en", "next": "/users"})
        assert answer.headers["location"] == "/users"
        page = await browser.get("/users")
        assert '<html lang="en">' in page.text
        assert "Add a user" in page.text
        assert re.search("[ぁ-ん]", page.text.replace("日本語", "")) is None
        missing = await browser.get("/nowhere")
        assert (missing.status_code, "There is no such page" in missing.text) == (404, True)


async def test_a_defect_shows_a_page_that_tells_nothing_of_the_inside(site: Site) -> None:
    @site.extra.get("/broken")
    async def broken(_: Viewer) -> Response:
        raise RuntimeError("secret-of-the-inside")

    async with site.browser("sato") as browser:
        for headers in ({}, HTMX):
            answer = await browser.get("/broken", headers=headers)
            assert answer.status_code == 500
            assert "不具合" in answer.text
            assert "secret-of-the-inside" not in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_body_that_is_too_big_gets_an_answer_in_the_readers_language(
    site: Site, headers: dict[str, str]
) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(13):
            yield b"x" * 2**20

    form = {"content-type": "multipart/form-data; boundary=b", **headers}
    async with site.browser("kanri") as browser:
        declared = await browser.post("/users/add", content=b"x" * (MAX_BODY + 1), headers=form)
        undeclared = await browser.post("/users/add", content=chunked(), headers=form)
    for answer in (declared, undeclared):
        assert answer.status_code == 413
        assert "大きすぎます" in answer.text
        assert "content-security-policy" in answer.headers


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    async with site.browser("kanri") as browser:
        for path in ("/", "/users", "/nowhere", static_url("css/base.css")):
            headers = (await browser.get(path)).headers
            assert "default-src 'self'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        assert (await browser.get("/users")).headers["cache-control"] == "no-store"


async def test_static_files_are_kept_for_ever_under_the_name_of_their_content(site: Site) -> None:
    async with site.browser() as browser:
        page = (await browser.get("/sign-in")).text
        names = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        assert len(names) >= 8
        for name in names:
            answer = await browser.get(name)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        assert "immutable" not in (await browser.get("/static/css/base.css")).headers.get("cache-control", "")
        assert (await browser.get("/static/../app/main.py")).status_code == 404


async def test_there_is_no_api_description(site: Site) -> None:
    async with site.browser("kanri") as browser:
        for path in ("/docs", "/redoc", "/openapi.json"):
            assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_a_template_holds_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        assert "csrf_field()" in form or re.search(r'action="/(sign-in|language)"', form), form[:80]


def test_the_scripts_import_only_what_is_there() -> None:
    for script in (STATIC / "js").glob("*.js"):
        for name in re.findall(r'(?:from|URL\() ?"\./([^"]+)"', script.read_text(encoding="utf-8")):
            assert (script.parent / name).is_file(), f"{script.name} imports {name}"
