"""The dangers that the errata name, made to happen on the lab while 3.3 is carried out through the pages' own forms.

A node that dies under a command: tests/nodes/test_lab_nodes.py (unknown) and tests/web/test_pages_steps.py (settled by two).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import desk
from tests.browser.desk import Console, look, press, served, settled, work_until
from tests.web.forms import words

if TYPE_CHECKING:
    import httpx2


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that does not wait for 90 seconds until a check that disagrees has failed."""
    with served(tmp_path_factory.mktemp("dangers") / "home", settle_seconds=4) as started:
        yield started


class Work:
    """A session under way, with whoever is needed, and its lab."""

    def __init__(
        self, console: Console, operator: httpx2.AsyncClient, checker: httpx2.AsyncClient, path: str
    ) -> None:
        self.console, self.operator, self.checker, self.path = console, operator, checker, path

    async def until(self, key: str) -> tuple[str, str]:
        """Work on until the step; (state, awaiting) there."""
        state, awaiting, at, page = await work_until(self.operator, self.checker, self.path, key)
        assert at.startswith(key), (state, awaiting, at, words(page)[:2000])
        return state, awaiting

    async def press(self, form: str, **typed: str) -> tuple[str, str, str]:
        """Press a button of the session's page; (state, awaiting, what the page says) when a person is asked again."""
        answer = await press(self.operator, self.path, form, **typed)
        assert answer.status_code == 303, answer.text
        state, awaiting, _, page = await settled(self.operator, self.path)
        return state, awaiting, words(page)

    async def fault(self, kind: str, **values: object) -> None:
        """On node-b."""
        await asyncio.to_thread(self.console.fault, kind, "node-b", **values)


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_each_danger_stops_the_step_says_why_and_the_work_goes_on_after_it(console: Console) -> None:
    async with (
        console.person("operator") as operator,
        console.person("checker") as checker,
        console.person("approver") as approver,
    ):
        work = Work(console, operator, checker, await desk.started(operator, approver))
        await site_in_the_environment(work)
        await patch_that_fails_and_patch_that_only_says_so(work)
        await answers_that_cannot_be_read(work)


async def site_in_the_environment(work: Work) -> None:
    """E3: NQS_SITE in root's login would turn every later command on another site."""
    await work.until("3.3.1-0+1@")
    await work.fault("nqs-site")
    state, _ = await work.until("3.3.1-1@")
    page = words(await look(work.operator, work.path))
    assert state == "failed", page
    assert "NQS_SITE" in page
    await work.fault("clear")
    state, awaiting, said = await work.press("retry-form")
    assert (state, awaiting) == ("awaiting", "execute"), said


async def patch_that_fails_and_patch_that_only_says_so(work: Work) -> None:
    """C12, C13: the exit status proves nothing; the files do. A registered package is installed over itself."""
    assert await work.until("3.3.1-3@") == ("awaiting", "execute")
    await work.fault("failing-patch")
    state, _, said = await work.press("execute-form")
    assert state == "failed", said
    await work.fault("clear")
    await work.fault("stale-patch")
    state, _, said = await work.press("retry-form")
    assert state == "failed", said
    assert "終了コード 0" in said
    await work.fault("clear")
    state, awaiting, said = await work.press("retry-form")
    assert (state, awaiting) == ("awaiting", "checker"), said


async def answers_that_cannot_be_read(work: Work) -> None:
    """A cluster manager that answers with garbage has said nothing: unknown, never a success."""
    assert await work.until("3.3.2-0@") == ("awaiting", "execute")
    await work.fault("wrong-output", what="crm_mon")
    state, _, said = await work.press("execute-form")
    assert state in ("unknown", "failed"), said
    assert "判定不能" in said, said
    await work.fault("clear")
    state, awaiting, said = await work.press("retry-form")
    assert (state, awaiting) == ("awaiting", "checker"), said
