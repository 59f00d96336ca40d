"""The connection doctor against UNIX nodes that are really asked, and what goes wrong on the way to any node."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from app.nodes.target import Credential, Target
from tests.nodes.examining import UNIX, WINDOWS, asked, only_failure, the, verdicts
from tests.nodes.server import Node


async def test_a_sound_unix_node_passes_every_line_and_is_left_as_it_was(node: Node, target: Target) -> None:
    found = (await asked(target, UNIX)).examination
    assert found.verdict == "pass", found
    assert "not_asked" not in verdicts(found).values()
    assert list(node.home.iterdir()) == []


async def test_a_folder_that_others_may_write_to_and_runs_left_there_are_seen(
    node: Node, target: Target
) -> None:
    spool = node.home / ".tejun"
    for number in range(21):
        (spool / f"k{number}").mkdir(parents=True)
        (spool / f"k{number}" / "claim").touch()
    spool.chmod(0o777)
    found = (await asked(target, UNIX)).examination
    assert str(spool) in only_failure("spool", found)
    assert the("left", found).verdict == "warn"
    assert "21" in the("left", found).found.ja


async def test_without_a_tool_for_sha256_nothing_could_be_started(
    node: Node, target: Target, tmp_path: Path
) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("id", "date", "ls", "awk", "df", "du", "dirname", "cat", "tr", "locale", "sh"):
        real = subprocess.run(
            ["/bin/sh", "-c", f"command -v {tool}"], capture_output=True, text=True, check=True
        )
        (bare / tool).symlink_to(real.stdout.strip())
    node.env["PATH"] = str(bare)
    assert "sha256sum" in only_failure("digest", (await asked(target, UNIX)).examination)


@pytest.mark.parametrize("kind", ["unknown", "changed", "another kind"])
async def test_a_host_key_that_is_not_the_accepted_one_ends_it_before_a_credential_is_sent(
    node: Node, target: Target, kind: str
) -> None:
    algorithm = "ecdsa-sha2-nistp256" if kind == "another kind" else "ssh-ed25519"
    other = asyncssh.generate_private_key(algorithm).export_public_key("openssh").decode().strip()
    examined = await asked(replace(target, host_key=None if kind == "unknown" else other), UNIX)
    assert examined.offered is not None
    assert examined.offered.fingerprint in only_failure("identity", examined.examination)
    assert verdicts(examined.examination)["signin"] == "not_asked"
    assert node.commands == []


async def test_a_wrong_password_fails_at_the_sign_in_and_is_not_shown(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    found = (
        await asked(replace(target, credential=Credential("password_env", "NODE_PASSWORD")), UNIX)
    ).examination
    assert "authorized_keys" in only_failure("signin", found)
    assert verdicts(found)["identity"] == "pass"
    assert "wr0ng-secret" not in repr(found)


async def test_a_credential_that_is_not_there_is_named(target: Target) -> None:
    found = (
        await asked(replace(target, credential=Credential("key_file", "/nonexistent")), UNIX)
    ).examination
    assert "key_file:/nonexistent" in only_failure("signin", found)


async def test_a_shell_that_is_none_fails_at_the_shell(node: Node, target: Target) -> None:
    node.shell = "/bin/false"
    found = (await asked(target, UNIX)).examination
    only_failure("shell", found)
    assert verdicts(found)["signin"] == "pass"
    assert verdicts(found)["disk"] == "not_asked"


# --- the way there -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(say: bytes) -> AsyncIterator[int]:
    """A port at which something says that to whoever connects."""

    answers = list[asyncio.Future[None]]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(say)
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers.append(asyncio.ensure_future(answer(reader, writer)))

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        server.close()
        await asyncio.sleep(0)  # whoever was accepted at the last moment is met now
        await asyncio.gather(*answers)


async def test_a_name_that_nobody_knows_is_the_first_thing_that_fails(target: Target) -> None:
    for address in ("node-a.invalid", "a" * 70 + ".example", ".."):
        found = (await asked(replace(target, address=address), UNIX)).examination
        assert address in only_failure("name", found)
        assert verdicts(found)["port"] == "not_asked"


@pytest.mark.parametrize(("transport", "service"), [("ssh", "sshd"), ("psrp", "WinRM")])
async def test_a_closed_port_fails_and_names_the_service(
    target: Target, transport: str, service: str
) -> None:
    closed = replace(target, port=1, transport=transport)  # type: ignore[arg-type]
    found = (await asked(closed, WINDOWS if transport == "psrp" else UNIX)).examination
    assert service in only_failure("port", found)


@pytest.mark.parametrize(
    "page", [b"HTTP/1.1 400 Bad Request\r\n\r\n<html>", b"220 mail.example ESMTP\r\n", b"\n"]
)
async def test_something_else_in_place_of_ssh_is_said(
    target: Target, page: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.doctor.STAGE_SECONDS", 0.3)
    async with answering(page) as port:
        found = (await asked(replace(target, port=port), UNIX)).examination
    assert "no SSH server" in only_failure("service", found)
    assert page.split(b"\r")[0].decode().strip() in the("service", found).found.ja


@pytest.mark.parametrize("transport", ["ssh", "psrp"])
async def test_a_node_that_says_nothing_is_given_up_in_time(
    target: Target, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.doctor.STAGE_SECONDS", 0.2)
    async with answering(b"") as port:
        silent = replace(target, port=port, transport=transport)  # type: ignore[arg-type]
        found = (await asked(silent, WINDOWS if transport == "psrp" else UNIX)).examination
    only_failure("identity" if transport == "psrp" else "service", found)


async def test_a_shell_that_hangs_after_the_sign_in_is_given_up_in_time(
    node: Node, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.doctor.READ_SECONDS", 0.5)
    hanging = tmp_path / "hanging"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(0o755)
    node.shell = str(hanging)
    found = (await asked(target, UNIX)).examination
    assert "0.5 seconds" in only_failure("shell", found)
    assert verdicts(found)["rights"] == "not_asked"
