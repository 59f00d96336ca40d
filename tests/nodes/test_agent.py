"""Signing in with a key that a real ssh-agent holds: the console never sees it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from app.domain.shell import sh
from app.nodes import Credential, Links, Target
from app.nodes.errors import CredentialMissing
from tests.nodes.server import Node


@pytest.fixture
async def agent() -> AsyncIterator[str]:
    """The socket of an ssh-agent of this test alone, holding nothing."""
    program = shutil.which("ssh-agent")
    if program is None:
        pytest.skip("no ssh-agent on this machine")
    with tempfile.TemporaryDirectory() as folder:  # a socket's path is short
        socket = f"{folder}/agent"
        process = await asyncio.create_subprocess_exec(
            program, "-D", "-a", socket, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while not Path(socket).exists():
                await asyncio.sleep(0.01)
        yield socket
        process.terminate()
        await process.wait()


async def test_a_key_in_the_agent_signs_in_and_none_is_refused(
    agent: str, node: Node, target: Target, links: Links
) -> None:
    by_agent = replace(target, credential=Credential("agent", agent))
    with pytest.raises(CredentialMissing, match="holds no key"):
        await links.read(by_agent, sh("echo in"), timeout=10)
    async with asyncssh.SSHAgentClient(agent) as client:
        await client.add_keys([node.user_key])
    assert (await links.read(by_agent, sh("echo in"), timeout=10)).stdout == b"in\n"
