"""The doorbell: what rings is heard by everybody who is signed in, nothing else gets through, and it ends when it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from app.actions.act import record
from app.actions.people import disable_user
from app.domain.policy import Person, Role
from app.web import bells
from app.web.presence import Presence
from tests.web.site import Site, sign_in


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what differs between them is tested elsewhere."""
    return sqlite_url


class Listener:
    """Lines of a browser's /bells stream."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._lines = answer.aiter_lines()

    async def next(self) -> str:
        """The next line that says something."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line and not line.startswith((":", "retry")):
                    return line
        return "ended"


@asynccontextmanager
async def listening(address: str, name: str, query: str = "") -> AsyncIterator[Listener]:
    """Somebody's browser at the doorbell."""
    async with httpx2.AsyncClient(base_url=address, timeout=30) as browser:
        await sign_in(browser, name)
        async with browser.stream("GET", f"/bells{query}", headers={"accept": "text/event-stream"}) as answer:
            listener = Listener(answer)
            assert await listener.next() == "event: hello"
            assert await listener.next() == "data: {}"
            yield listener


@asynccontextmanager
async def suppressed() -> AsyncIterator[None]:
    """The block ends with a defect."""
    with pytest.raises(ZeroDivisionError):
        yield


async def test_what_is_committed_rings_once_and_what_is_rolled_back_never(site: Site) -> None:
    async with site.served() as address, listening(address, "sato") as listener:
        async with suppressed(), site.world.act("sato") as act:
            await record(act, "step.ticked", "step:9", session_id=3)
            raise ZeroDivisionError
        async with site.world.act("sato") as act:
            await record(act, "step.ticked", "step:5", session_id=2)
        assert await listener.next() == "data: step:5 audit session:2"


async def test_what_somebody_typed_cannot_become_an_event(site: Site) -> None:
    async with site.served() as address, listening(address, "sato") as listener:
        bell = site.world.database.bell
        bell.ring(["user:x\n\nevent: hello\ndata: {}"])
        bell.ring(["POST /steps/1/tick", "user:日本", "session:1"])
        assert await listener.next() == "data: user:日本 session:1"


async def test_a_stream_ends_with_the_server(site: Site) -> None:
    async with site.served() as address, listening(address, "sato") as listener:
        site.services.stop()
        while (line := await listener.next()) != "ended":
            assert line.startswith("data:")


async def test_a_stream_ends_with_its_login(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "RECHECK_SECONDS", 0.2)
    async with site.served() as address, listening(address, "sato") as listener:
        await site.world.do("kanri", disable_user, "sato")
        lines = [await listener.next() for _ in range(4)]
        assert "event: signed-out" in lines


async def test_who_looks_at_a_session_is_known_while_they_do(site: Site) -> None:
    who = site.services.presence.who
    async with site.served() as address, listening(address, "suzuki") as listener:
        async with (
            listening(address, "sato", "?at=session:1&at=session:2"),
            listening(address, "kimura", "?at=session:1"),
        ):
            assert [person.name for person in who("session:1")] == ["kimura", "sato"]
            assert [person.name for person in who("session:2")] == ["sato"]
        seen = ""
        while "presence:session:2" not in seen or who("session:1"):
            seen += await listener.next()
        assert who("session:1") == who("session:2") == []


async def test_a_listener_that_fell_far_behind_is_told_to_fetch_everything(site: Site) -> None:
    bell = site.world.database.bell
    stream = bells.ringing(site.services, b"")
    await anext(stream)
    for number in range(5000):
        bell.ring([f"step:{number}"])
    assert await anext(stream) == bells.EVERYTHING
    await stream.aclose()


def test_a_person_with_two_tabs_is_one_person() -> None:
    rung: list[str] = []
    presence = Presence(rung.extend)
    person = Person(id=1, name="sato", display_name="佐藤", roles=frozenset({Role.OPERATOR}))
    with presence.looking(["session:1"], person):
        with presence.looking(["session:1"], person):
            assert presence.who("session:1") == [person]
        assert presence.who("session:1") == [person]
    assert presence.who("session:1") == []
    assert rung == ["presence:session:1", "presence:session:1"]
