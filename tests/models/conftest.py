"""The world of tests/support/world.py, and one with a cluster in it."""

from __future__ import annotations

from tests.support.world import world

__all__ = ["world"]
