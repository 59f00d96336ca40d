"""Who is at the other end, and as whom we come: host keys, credentials, and what is never shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from app.domain.procedure import CommandText, Shell
from app.domain.shell import sh
from app.nodes.errors import (
    AuthenticationRefused,
    CredentialMissing,
    HostKeyChanged,
    HostKeyUnknown,
    NodeError,
    ShellRefused,
    Unreachable,
)
from app.nodes.links import Links
from app.nodes.ssh import offered_key
from app.nodes.target import Credential, Target
from tests.nodes.server import Node
from tests.nodes.support import Recorder, new_key, target_of


def public_line(key: asyncssh.SSHKey) -> str:
    return key.export_public_key("openssh").decode().strip()


async def test_a_key_is_offered_without_signing_in(node: Node) -> None:
    offered = await offered_key("127.0.0.1", node.port)
    assert offered.public_key == public_line(node.host_key)
    assert offered.fingerprint == node.host_key.get_fingerprint("sha256")
    assert offered.algorithm == "ssh-ed25519"


async def test_nothing_is_offered_where_nobody_listens() -> None:
    with pytest.raises(Unreachable):
        await offered_key("127.0.0.1", 1)


async def test_an_unknown_host_key_is_refused_and_shown(links: Links, node: Node, target: Target) -> None:
    with pytest.raises(HostKeyUnknown) as caught:
        await links.read(replace(target, host_key=None), sh("true"), timeout=10)
    assert caught.value.offered.fingerprint in caught.value.message.ja
    assert node.commands == []


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_a_changed_host_key_is_loud_and_never_connects(
    links: Links, node: Node, target: Target, kind: str
) -> None:
    other = public_line(asyncssh.generate_private_key(kind))
    with pytest.raises(HostKeyChanged) as caught:
        await links.read(replace(target, host_key=other), sh("true"), timeout=10)
    assert caught.value.pinned == other
    assert caught.value.offered.public_key == public_line(node.host_key)
    assert "警告" in caught.value.message.ja
    assert node.commands == []


@pytest.mark.parametrize("kind", ["ssh-rsa", "ecdsa-sha2-nistp384"])
async def test_the_accepted_type_of_key_is_asked_for(links: Links, tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    node = Node(home, host_key=asyncssh.generate_private_key(kind))
    await node.start()
    target = target_of(node)
    try:
        assert (await links.read(target, sh("echo in"), timeout=10)).stdout == b"in\n"
        assert (await offered_key("127.0.0.1", node.port)).public_key == target.host_key
    finally:
        await links.close()
        await node.stop()


async def test_every_kind_of_credential_opens_the_node(
    links: Links, node: Node, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    monkeypatch.setenv("NODE_PASSWORD", "open sesame")
    monkeypatch.setenv("NODE_KEY", node.user_key.export_private_key("openssh").decode())
    for credential in (
        Credential("password_file", str(password)),
        Credential("password_env", "NODE_PASSWORD"),
        Credential("key_env", "NODE_KEY"),
    ):
        output = await links.read(replace(target, credential=credential), sh("echo in"), timeout=10)
        assert output.stdout == b"in\n"


async def test_a_wrong_password_is_said_without_the_password(
    links: Links, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    with pytest.raises(AuthenticationRefused) as caught:
        await links.read(
            replace(target, credential=Credential("password_env", "NODE_PASSWORD")), sh("true"), timeout=10
        )
    shown = f"{caught.value} {caught.value.message.ja} {caught.value.__cause__!r}"
    assert "root" in caught.value.message.en
    assert "wr0ng-secret" not in shown


async def test_a_key_of_somebody_else_is_refused(links: Links, target: Target, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh"))
    with pytest.raises(AuthenticationRefused):
        await links.read(
            replace(target, credential=Credential("key_file", str(other))), sh("true"), timeout=10
        )


@pytest.mark.parametrize(
    "credential",
    [
        Credential("key_file", "/nonexistent/key"),
        Credential("key_env", "TEJUN_TEST_NOT_SET"),
        Credential("password_file", "/dev/null"),
        Credential("password_env", "TEJUN_TEST_NOT_SET"),
        Credential("agent", "/nonexistent/agent"),
        Credential("key_file", "/etc/hostname"),
    ],
)
async def test_a_missing_secret_is_named_by_its_reference(
    links: Links, target: Target, credential: Credential
) -> None:
    with pytest.raises(CredentialMissing) as caught:
        await links.read(replace(target, credential=credential), sh("true"), timeout=10)
    assert credential.ref in caught.value.message.ja


async def test_a_key_with_a_passphrase_is_said_to_have_one(
    links: Links, target: Target, tmp_path: Path
) -> None:
    locked = tmp_path / "locked"
    key = asyncssh.generate_private_key("ssh-ed25519")
    locked.write_bytes(key.export_private_key("pkcs8-pem", passphrase="secret words"))
    with pytest.raises(CredentialMissing) as caught:
        await links.read(
            replace(target, credential=Credential("key_file", str(locked))), sh("true"), timeout=10
        )
    assert "passphrase" in str(caught.value)


@pytest.mark.parametrize("shell", ["powershell", "cmd"])
async def test_a_text_for_another_shell_never_leaves_for_a_unix_node(
    links: Links, node: Node, target: Target, recorder: Recorder, shell: Shell
) -> None:
    foreign = CommandText(shell=shell, text="echo sent")
    for asking in (
        links.read(target, foreign, timeout=10),
        links.reach(target, shell),
        links.run(target, new_key(), foreign, offsets=(0, 0), sink=recorder.sink, attach_only=False),
    ):
        with pytest.raises(ShellRefused) as caught:
            await asking
        assert shell in caught.value.message.ja
        assert shell in caught.value.message.en
    assert node.commands == []


async def test_a_text_for_sh_never_leaves_for_a_windows_node(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    windows = replace(target, transport="psrp")
    for asking in (
        links.read(windows, sh("echo sent"), timeout=10),
        links.reach(windows, "sh"),
        links.run(windows, new_key(), sh("echo sent"), offsets=(0, 0), sink=recorder.sink, attach_only=False),
    ):
        with pytest.raises(ShellRefused):
            await asking
    assert node.commands == []


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [*NodeError.__subclasses__(), *Unreachable.__subclasses__()]
    assert len({kind.code for kind in kinds}) == len(kinds) == 27
