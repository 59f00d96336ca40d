"""The world of tests/support/world.py, with a cluster in it."""

from __future__ import annotations

import pytest

from tests.support.world import World
from tests.support.world import world as empty_world

__all__ = ["empty_world", "world"]


@pytest.fixture
async def world(empty_world: World) -> World:
    """People and one cluster whose host keys are accepted."""
    await empty_world.add_cluster()
    return empty_world
