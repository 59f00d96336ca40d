"""Fixtures that every test may ask for, and the rule that nothing is skipped silently.

`database_url` runs a test twice, on SQLite and on PostgreSQL, with the tables made and no rows; `empty_database_url` the
same without tables; `sqlite_url` and `postgres_url` only the one. `page` is a Chromium tab, Japanese, in Tokyo's time.
A test that asks for a browser or for PostgreSQL carries the marker by itself. With CI set, a skip whose reason is not in
ALLOWED_SKIPS is a failure.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.databases import copied, postgres_template, sqlite_template
from tests.support.databases import sqlite_url as url_of
from tests.support.postgres import PostgresServer, postgres

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

# beginnings of reasons that CI accepts: a machine without user namespaces runs the lab's other mode, and the real rpm only
# confirms once more what the tests of our own rpm file and stand-in assert; an ssh-agent comes with OpenSSH alone
# (Kerberos: a compiler and a KDC of the system, which .ci/run installs where it may)
ALLOWED_SKIPS: tuple[str, ...] = (
    "lab mode ns:",
    "no rpm on this machine",
    "no ssh-agent on this machine",
    "no Kerberos on this machine",
)
MARKED_BY_FIXTURE = {"browser": "browser", "postgres_server": "postgres"}
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
ONCE_MORE = ("tests/actions/", "tests/web/")
"""What these ask of a database they ask of PostgreSQL among the long tests: `make test` asks SQLite."""
LAST = ("long", "torture", "bench")  # in this order, after everything else

# no realm of this machine: only those that tests make, on loopback
os.environ["KRB5_CONFIG"] = str(Path(__file__).resolve().parent / "support" / "no_realm.conf")
# no memory of former runs, and no deadline: two tests may share a slow processor
set_hypothesis_home_dir(Path(__file__).resolve().parents[1] / ".cache" / "hypothesis")
settings.register_profile("tejun", database=None, deadline=None)
settings.load_profile("tejun")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test run alone."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer) -> str:
    return postgres_template(postgres_server)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sqlite_template(tmp_path_factory.mktemp("template") / "tejun.sqlite3")


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with the tables."""
    return copied(_sqlite_template, tmp_path / "tejun.sqlite3")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the tables."""
    name = postgres_server.create(_postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return url_of(tmp_path / "empty.sqlite3")


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh PostgreSQL database without tables."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with the tables; the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database without tables; the test runs once on each kind."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium of this test alone."""
    from tests.support.browser import chromium

    async with chromium() as started:
        yield started


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab of its own context: Japanese, Tokyo. More people? `await browser.new_context(locale="ja-JP")` each."""
    context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
    yield await context.new_page()
    await context.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for, before -m chooses. Those with a browser come first: begun last, the longest of them would
    keep one processor waiting for the other; the kinds that want the machine for themselves come last."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        for fixture, marker in MARKED_BY_FIXTURE.items():
            if fixture in names:
                item.add_marker(marker)
        if item.get_closest_marker("postgres") and item.nodeid.startswith(ONCE_MORE):
            item.add_marker("long")
    items.sort(key=_rank)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one."""
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a skipped module is a failed one."""
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: Report) -> Report:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    allowed = reason.removeprefix("Skipped: ").startswith(ALLOWED_SKIPS) if ALLOWED_SKIPS else False
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail") and not allowed:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, which is not allowed here: {reason}"
    return report


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("browser") and not item.get_closest_marker("long"):
        return -1
    return max((place for place, name in enumerate(LAST, 1) if item.get_closest_marker(name)), default=0)
