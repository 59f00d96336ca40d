"""Fixtures for the engine's tests: a real node (asyncssh and /bin/sh), a proxy to hurt it, a database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.db import Database
from app.nodes import Links, Target
from tests.engine.rig import Rig
from tests.nodes.conftest import links, node, proxy, recorder, target, through_proxy

__all__ = ["links", "node", "proxy", "recorder", "target", "through_proxy"]


@pytest.fixture
async def rig(database_url: str, links: Links, through_proxy: Target) -> AsyncIterator[Rig]:
    """The rig on each kind of database."""
    database = Database(database_url)
    yield Rig(database, links, replace(through_proxy, name="node-a"))
    await database.close()


@pytest.fixture
async def sqlite_rig(sqlite_url: str, links: Links, through_proxy: Target) -> AsyncIterator[Rig]:
    """The rig on SQLite alone, where the kind of database plays no part."""
    database = Database(sqlite_url)
    yield Rig(database, links, replace(through_proxy, name="node-a"))
    await database.close()
