"""One console for each module of browser tests that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.desk import Console, served


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console process with its lab."""
    with served(tmp_path_factory.mktemp("console") / "home") as started:
        yield started
