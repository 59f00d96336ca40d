"""Puts the console together: database, links, engine, pages. The only place where the parts meet; decides nothing.

`Console` is what `tejun serve`, `tejun worker`, the tests and the torture test start, all the same way.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from app.actions.act import Act
from app.actions.packages import set_aside_leftovers
from app.actions.people import add_user
from app.db import Database
from app.domain.errors import Refused
from app.engine.queue import SegmentQueue, create_tables
from app.headfile import HeadFile
from app.models.people import all_people, demo_users
from app.models.schema import migrate, require_current
from app.models.wake import Wake
from app.nodes import Credential, Links, known_secrets
from app.packagestore import PackageStore
from app.settings import Settings
from app.targets import Targets

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.engine.machine import Machine
    from app.engine.worker import Engine

DEMO_ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "operator": ("佐藤 実", "operator"),
    "checker": ("鈴木 確", "operator"),
    "approver": ("高橋 承", "approver"),
    "auditor": ("田中 監", "auditor"),
    "admin": ("管理 太郎", "admin"),
}


def demo_password(name: str) -> str:
    """The demonstration's password of an account: no secret, and refused beyond loopback."""
    return f"tejun-{name}"


def clock() -> int:
    """Now, in UTC microseconds."""
    return time.time_ns() // 1000


class Console:
    """One process of Tejun: with the engine, without it, or the engine alone."""

    def __init__(self, settings: Settings, credentials: Mapping[str, Credential] | None = None) -> None:
        self.settings = settings
        self.head = HeadFile(settings.home / "audit-head")
        self.database = Database(settings.url, self._keep_head)
        self.wake = Wake(self.database)
        self.queue = SegmentQueue(settings.url)
        self.links = Links()
        configured = settings.credential_references()
        self.credentials = {**configured, **(credentials or {})}
        self.targets = Targets(self.database, self.credentials)
        self.packages = PackageStore(
            settings.package_folder, settings.package_limit_bytes, settings.package_floor_bytes
        )
        self.engine: Engine | None = None
        self._loops: list[asyncio.Future[None]] = []

    def _keep_head(self, seq: int, digest: bytes) -> None:
        self.wake.own(seq)
        self.head.keep(seq, digest)

    async def prepare(self) -> None:
        """Bring the database up to date. Safe to repeat."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        await migrate(self.database)
        await asyncio.to_thread(create_tables, self.settings.url)

    async def start(self, *, spare: bool = False) -> None:
        """Check the database, refuse demo accounts beyond loopback, start the engine and the listener.

        A `spare` engine waits until no other one runs on the database.
        """
        await require_current(self.database)
        await self._require_safe()
        if self.settings.worker == "embedded":
            from app.engine.deliver import Deliveries  # commands that only store something need no engine
            from app.engine.worker import Engine

            machine = self._machine()
            deliveries = Deliveries(machine, Links(), self.packages)
            self.engine = Engine(machine, self.queue, self.settings.home, deliveries)
            await self.engine.start(spare=spare)
            await self.clear_packages()
        self._loops = [asyncio.ensure_future(self.wake.run())]

    async def stop(self) -> None:
        """Stop without ending anything on the nodes."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self.engine is not None:
            await self.engine.stop()
        await self.links.close()
        await self.database.close()
        await asyncio.to_thread(self.queue.close)

    def web(self, demo_inputs: Mapping[str, tuple[str, str]] | None = None) -> FastAPI:
        """The pages; whoever serves them starts and stops this console. `demo_inputs`: cluster -> (patch file, SHA-256)."""
        from app.web.application import create_web  # nor any pages
        from app.web.services import DemoAccount, Services

        services = Services(
            database=self.database,
            enqueue=self.queue.enqueue,
            clock=clock,
            demo=self.settings.demo,
            secure_cookies=self.settings.secure_cookies,
            demo_accounts=tuple(DemoAccount(n, demo_password(n)) for n in DEMO_ACCOUNTS)
            if self.settings.demo
            else (),
            links=self.links,
            demo_inputs=dict(demo_inputs or {}),
            targets_of=self.targets.of_cluster,
            packages=self.packages,
            version=importlib.metadata.version("tejun"),
        )
        return create_web(services)

    @asynccontextmanager
    async def act(self) -> AsyncIterator[Act]:
        """A transaction in which the program itself acts (command line): nobody is signed in."""
        async with self.database.transaction() as db:
            yield Act(db, clock(), None, self.queue.enqueue)

    async def clear_packages(self) -> None:
        """Give back the room of files that are no package: removed ones, and what an upload or its console left behind."""
        async with self.act() as act:
            await set_aside_leftovers(act, self.packages)
        await asyncio.to_thread(self.packages.clear)

    async def add_demo_accounts(self) -> None:
        """The five accounts of the demonstration, unless there are accounts already."""
        async with self.act() as act:
            if await all_people(act.db):
                return
            for name, (display_name, role) in DEMO_ACCOUNTS.items():
                await add_user(act, name, display_name, [role], demo_password(name), demo=True)

    def _machine(self) -> Machine:
        from app.engine.follow import Limits
        from app.engine.machine import Machine

        limits = Limits(
            reach_seconds=self.settings.reach_seconds,
            settle_seconds=self.settings.settle_seconds,
            attempt_seconds=self.settings.attempt_seconds,
            keep_spool=self.settings.keep_spool,
            secrets=lambda: known_secrets(self.credentials.values()),
        )
        return Machine(self.database, self.links, self.targets.of_cluster, clock, self.queue.enqueue, limits)

    async def _require_safe(self) -> None:
        if self.settings.is_loopback:
            return
        async with self.database.reading() as db:
            demo = await demo_users(db)
        if demo:
            names = ", ".join(demo)
            raise Refused(
                "demo_accounts_beyond_loopback",
                f"デモ用アカウント（{names}）があるため、{self.settings.host} では起動しません。"
                "`tejun user disable` で無効にするか、`tejun user password` でパスワードを変更してください。",
                f"Demo accounts ({names}) exist, so the server does not listen on {self.settings.host}. "
                "Disable them with `tejun user disable`, or give them passwords with `tejun user password`.",
            )
