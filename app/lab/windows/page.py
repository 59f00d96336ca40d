"""The lab's page: what only a window does, as buttons. A tiny HTTP server of the keeper on loopback; plain forms, no script.

A form carries a token that a page of another origin cannot read, and the request must name this host, so that no other page in
the same browser can act here. Owns no act: acts.py.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader

from app.lab.model import Lab, LabError
from app.lab.windows import fresh
from app.lab.windows.acts import ACTS

Do = Callable[[str, str, dict[str, str]], Awaitable[list[str]]]
Shown = Callable[[], Awaitable[dict[str, Any]]]
_MOST = 64 * 1024
_PATIENCE = 10.0
_WORDS = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
}
_HEADERS = (
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'\r\n"
)


class Page:
    """The page of one lab. `do` carries an act out, `shown` tells everything that is shown."""

    def __init__(self, lab: Lab, do: Do, shown: Shown) -> None:
        self._lab, self._do, self._shown = lab, do, shown
        self._token = secrets.token_urlsafe(24)
        loader = FileSystemLoader(Path(__file__).parent / "pages")
        self._template = Environment(loader=loader, autoescape=True).get_template("lab.html")

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of one connection."""
        try:
            async with asyncio.timeout(_PATIENCE):
                status, body, place = await self._respond(reader)
                writer.write(_reply(status, body, place))
                await writer.drain()
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever asks nonsense, or does not wait, gets no answer
        finally:
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader) -> tuple[int, str, str]:
        method, target, headers = await _head(reader)
        if headers.get("host") not in (f"127.0.0.1:{self._lab.page}", f"localhost:{self._lab.page}"):
            return 403, "403", ""
        parts = urlsplit(target)
        if method == "GET" and parts.path == "/":
            return 200, await self._html({key: value[0] for key, value in parse_qs(parts.query).items()}), ""
        if method == "POST" and parts.path == "/act":
            length = int(headers.get("content-length", "0"))
            if not 0 < length <= _MOST:
                return 400, "400", ""
            form = parse_qs((await reader.readexactly(length)).decode(), keep_blank_values=True)
            return await self._act({key: value[0] for key, value in form.items()})
        return (405, "405", "") if parts.path in ("/", "/act") else (404, "404", "")

    async def _act(self, form: dict[str, str]) -> tuple[int, str, str]:
        if not hmac.compare_digest(form.pop("token", "").encode(), self._token.encode()):
            return 403, "403", ""
        english, node, act = form.pop("lang", "ja") == "en", form.pop("node", ""), form.pop("act", "")
        told = {"lang": "en" if english else "ja", "node": node}
        try:
            said = await self._do(node, act, form)
            told["said"] = f"{node}: {said[0] if english else said[1]}"
        except LabError as error:
            told["refused"] = f"{node}: {error if english else error.ja}"
        return 303, "", f"/?{urlencode(told)}"

    async def _html(self, asked: dict[str, str]) -> str:
        english = asked.get("lang") == "en"
        shown = await self._shown()
        files = sorted({file for node in shown["nodes"].values() for file in node.get("files", ())})
        lists = {
            "site": [site.name for site in self._lab.sites],
            "group": list(shown["cluster"]["groups"]),
            "node": list(shown["nodes"]),
            "database": [fresh.database(number, site.name) for number, site in enumerate(self._lab.sites)],
            "file": files,
        }
        return self._template.render(
            lab=self._lab, shown=shown, acts=ACTS.values(), token=self._token, lists=lists, opened=asked.get("node", ""),
            lang="en" if english else "ja", said=asked.get("said", ""), refused=asked.get("refused", ""),
            t=lambda ja, en: en if english else ja,
        )  # fmt: skip


async def serve(lab: Lab, do: Do, shown: Shown) -> asyncio.Server:
    """Open the page's port. Raises LabError where somebody has it."""
    try:
        return await asyncio.start_server(Page(lab, do, shown).answer, "127.0.0.1", lab.page, limit=_MOST)
    except OSError as error:
        raise LabError(
            f"the lab's page cannot have port {lab.page}: {error.strerror}; end whoever has it",
            f"ラボのページのポート {lab.page} を使えません（{error.strerror}）。使用中のプログラムを終了してください。",
        ) from error


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, target, headers by name in lower case. Raises ValueError for what is no request."""
    raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = raw.rstrip("\r\n").split("\r\n")
    method, target, _version = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return method, target, headers


def _reply(status: int, body: str, place: str) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status} {_WORDS[status]}\r\nContent-Type: text/html; charset=utf-8\r\n{_HEADERS}"
    moved = f"Location: {place}\r\n" if place else ""
    return f"{head}{moved}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content
