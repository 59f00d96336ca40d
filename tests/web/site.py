"""The pages over a real database, asked over HTTP: in process for requests, through uvicorn for streams and browsers."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI

from app.web.application import create_web
from app.web.services import DemoAccount, Services
from tests.support.world import PASSWORD, World

PAGE = {"accept": "text/html", "user-agent": "test"}
HTMX = {"hx-request": "true", "accept": "text/html"}


class Site:
    """A console's pages. `browser(name)` is a signed-in client, `browser()` a stranger's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.extra = APIRouter()
        self.services = Services(
            database=world.database,
            enqueue=world.enqueue,
            clock=lambda: world.now,
            demo=True,
            demo_accounts=(DemoAccount("sato", PASSWORD),),
            version="9.9.9",
        )

    def application(self) -> FastAPI:
        """The application with whatever routes the test added to `extra`."""
        return create_web(self.services, None, (self.extra,))

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[httpx2.AsyncClient]:
        """A client of the application in this process."""
        transport = httpx2.ASGITransport(self.application(), raise_app_exceptions=False)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://tejun.test", headers=PAGE
        ) as client:
            if name:
                await sign_in(client, name)
            yield client

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """The application behind a real server on loopback; its address."""
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(self.application(), log_level="warning", lifespan="off"))
        serving = asyncio.ensure_future(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            self.services.stop()
            server.should_exit = True
            await serving
            listener.close()

    async def actions(self) -> list[str]:
        """What the audit chain says has happened."""
        return [event.action for event in await self.world.events()]


async def sign_in(client: httpx2.AsyncClient, name: str) -> None:
    """Sign in through the page."""
    answer = await client.post("/sign-in", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


async def csrf(client: httpx2.AsyncClient, page: str = "/nowhere") -> str:
    """The csrf value that this login's pages carry; every page has the form that signs out."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await client.get(page)).text)
    assert found is not None
    return found[1]


@pytest.fixture
async def site(world: World) -> Site:
    """A site over a world with people."""
    return Site(world)
