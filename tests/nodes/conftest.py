"""Fixtures for the tests of app.nodes: everything real but the network in between."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.nodes.links import Links
from app.nodes.target import Target
from tests.nodes.server import Node, Proxy
from tests.nodes.support import MARKER, Recorder, kill_marked, target_of
from tests.nodes.windows import WindowsLab, known, windows_lab


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    home = tmp_path / "home"
    home.mkdir()
    mark = secrets.token_hex(8)
    node = Node(home, env={MARKER: mark})
    await node.start()
    yield node
    await node.stop()
    kill_marked(mark)


@pytest.fixture
async def proxy(node: Node) -> AsyncIterator[Proxy]:
    proxy = Proxy(node.port)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
def target(node: Node) -> Target:
    return target_of(node)


@pytest.fixture
def through_proxy(node: Node, proxy: Proxy) -> Target:
    return replace(target_of(node), port=proxy.port)


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    async with Links(keepalive_interval=1.0, keepalive_count=2, connect_timeout=5.0) as links:
        yield links


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def one_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsLab]:
    folder = tmp_path_factory.mktemp("windows")
    with windows_lab(folder / "lab", folder / "password") as lab:
        yield lab


@pytest.fixture
def lab(one_lab: WindowsLab) -> Iterator[WindowsLab]:
    yield one_lab
    one_lab.heal()


@pytest.fixture
async def windows(lab: WindowsLab) -> Target:
    """The Windows node with its certificate accepted."""
    return await known(lab.target)
