"""Fixtures of the tests of the pages."""

from tests.support.world import world
from tests.web.site import site

__all__ = ["site", "world"]
