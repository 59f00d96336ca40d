"""Who answers on a Windows node, and as whom we come: certificates, ways to sign in, and what is said where it does not go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pypsrp.powershell import RunspacePool

from app.nodes import Windows, known_secrets, offered_key
from app.nodes.errors import (
    AuthenticationRefused,
    CredentialMissing,
    HostKeyChanged,
    HostKeyUnknown,
    Unreachable,
)
from app.nodes.leftovers import own_name
from app.nodes.links import Links
from app.nodes.psrp import connection
from app.nodes.target import Credential, Target
from app.nodes.windows_errors import (
    CertificateRefused,
    NodeBusy,
    NotWinRM,
    PlainHttpRefused,
    SignInUnavailable,
)
from tests.nodes.windows import PASSWORD, WindowsLab, known, powershell
from tests.support.winrm import CredSSPAuth

HELLO = powershell("Write-Output in")


async def hello(links: Links, target: Target) -> bytes:
    return (await links.read(target, HELLO, timeout=20)).stdout


async def test_a_certificate_is_offered_without_signing_in(lab: WindowsLab) -> None:
    offered = await offered_key("127.0.0.1", lab.endpoint.https_port, transport="psrp")
    assert offered.public_key.startswith("x509-sha256 ")
    assert offered.fingerprint.startswith("SHA256:")
    assert offered.algorithm.startswith("x509 CN=127.0.0.1, 2")


@pytest.mark.parametrize("plain", [False, True], ids=["nobody listens", "no TLS"])
async def test_where_there_is_no_tls_nothing_is_offered(lab: WindowsLab, plain: bool) -> None:
    with pytest.raises(Unreachable) as caught:
        await offered_key("127.0.0.1", lab.endpoint.http_port if plain else 1, transport="psrp")
    assert "WinRM" in caught.value.message.ja


async def test_an_unknown_certificate_is_refused_and_shown(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    with pytest.raises(HostKeyUnknown) as caught:
        await hello(links, lab.target)
    assert caught.value.offered.public_key == windows.host_key
    assert caught.value.offered.fingerprint in caught.value.message.ja


async def test_a_changed_certificate_is_loud_and_never_signed_in_to(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    lab.endpoint.use_certificate(lab.authority.node("127.0.0.1"))
    with pytest.raises(HostKeyChanged) as caught:
        await hello(links, windows)
    assert caught.value.pinned == windows.host_key
    assert caught.value.offered.public_key == (await known(lab.target)).host_key
    assert "警告" in caught.value.message.ja


async def test_another_kind_of_host_key_is_a_changed_one(links: Links, windows: Target) -> None:
    with pytest.raises(HostKeyChanged):
        await hello(links, replace(windows, host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"))


@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example"])
@pytest.mark.parametrize("expired", [False, True])
async def test_a_pinned_certificate_counts_whatever_it_says(
    links: Links, lab: WindowsLab, name: str, expired: bool
) -> None:
    lab.endpoint.use_certificate(lab.authority.node(name, (), expired=expired))
    assert await hello(links, await known(lab.target)) == b"in\n"


async def test_a_ca_vouches_for_whoever_it_has_signed(links: Links, lab: WindowsLab, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    lab.authority.own.write(ca)
    vouched = await known(lab.using(ca_file=str(ca)))
    assert (vouched.host_key or "").startswith("x509-ca ")
    assert await hello(links, vouched) == b"in\n"
    lab.endpoint.use_certificate(lab.authority.node("127.0.0.1"))
    async with Links() as others:
        assert await hello(others, vouched) == b"in\n"


@pytest.mark.parametrize(("name", "expired"), [("elsewhere.example", False), ("127.0.0.1", True)])
async def test_a_ca_does_not_vouch_for_another_name_or_another_time(
    links: Links, lab: WindowsLab, tmp_path: Path, name: str, expired: bool
) -> None:
    ca = tmp_path / "ca.pem"
    lab.authority.own.write(ca)
    addresses = ("127.0.0.1",) if expired else ()
    lab.endpoint.use_certificate(lab.authority.node(name, addresses, expired=expired))
    with pytest.raises(CertificateRefused):
        await hello(links, await known(lab.using(ca_file=str(ca))))


async def test_another_ca_file_is_another_identity(links: Links, lab: WindowsLab, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    lab.authority.own.write(ca)
    vouched = await known(lab.using(ca_file=str(ca)))
    ca.write_text(ca.read_text() + "\n")
    with pytest.raises(HostKeyChanged):
        await hello(links, vouched)


@pytest.mark.parametrize("auth", ["ntlm", "negotiate", "basic"])
async def test_a_password_signs_in_over_tls(links: Links, lab: WindowsLab, auth: str) -> None:
    assert await hello(links, await known(lab.using(auth=auth))) == b"in\n"


async def test_a_client_certificate_signs_in(
    links: Links, lab: WindowsLab, windows: Target, tmp_path: Path
) -> None:
    pem, key = tmp_path / "client.pem", tmp_path / "key.pem"
    lab.authority.client("tejun").write(pem, key)
    pem.write_text(pem.read_text() + key.read_text())
    assert (
        await hello(links, replace(windows, credential=Credential("certificate_file", str(pem)))) == b"in\n"
    )


@pytest.mark.parametrize("auth", ["ntlm", "negotiate", "basic"])
async def test_a_wrong_password_is_said_without_the_password(
    links: Links, lab: WindowsLab, auth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    target = await known(lab.target)
    with pytest.raises(AuthenticationRefused) as caught:
        await hello(
            links, replace(target, credential=Credential("password_env", "NODE_PASSWORD", Windows(auth=auth)))
        )  # type: ignore[arg-type]
    assert auth in caught.value.message.en
    assert "wr0ng-secret" not in f"{caught.value} {caught.value.message.ja} {caught.value.__cause__!r}"


async def test_credssp_signs_in_where_a_credential_asks_for_it(
    links: Links, lab: WindowsLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pypsrp.wsman.HttpCredSSPAuth", CredSSPAuth
    )  # of a package that is not installed here
    target = await known(lab.using(auth="credssp"))
    assert await hello(links, target) == b"in\n"
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    wrong = Credential("password_env", "NODE_PASSWORD", Windows(auth="credssp"))
    with pytest.raises(AuthenticationRefused) as caught:
        await hello(links, replace(target, credential=wrong))
    assert "wr0ng-secret" not in f"{caught.value} {caught.value.__cause__!r}"


@pytest.mark.parametrize("auth", ["kerberos", "credssp"])
async def test_what_the_console_has_no_package_for_is_said(links: Links, lab: WindowsLab, auth: str) -> None:
    for package in ("gssapi", "requests_credssp"):
        try:
            __import__(package)
        except ImportError:
            continue
        pytest.skip(f"{package} is installed here")
    with pytest.raises(SignInUnavailable) as caught:
        await hello(links, await known(lab.using(auth=auth)))
    assert auth in caught.value.message.ja


@pytest.mark.parametrize("auth", ["ntlm", "negotiate", "basic", "credssp"])
async def test_without_tls_only_kerberos_is_let_through(links: Links, lab: WindowsLab, auth: str) -> None:
    plain = replace(lab.using(auth=auth, plain_http=True), port=lab.endpoint.http_port)
    with pytest.raises(PlainHttpRefused):
        await hello(links, await known(plain))


@pytest.mark.parametrize(
    "credential",
    [
        Credential("key_file", "/nonexistent/key"),
        Credential("agent", ""),
        Credential("password_file", "/nonexistent/password"),
        Credential("certificate_file", "/nonexistent/pem"),
        Credential("certificate_file", "/etc/hostname"),
        Credential("password_env", "X", Windows(ca_file="/nonexistent/ca.pem")),
    ],
)
async def test_what_opens_no_windows_node_is_named_by_its_reference(
    links: Links, windows: Target, credential: Credential
) -> None:
    line = None if credential.windows.ca_file else windows.host_key
    with pytest.raises(CredentialMissing) as caught:
        await hello(links, replace(windows, credential=credential, host_key=line))
    assert (credential.windows.ca_file or credential.ref) in caught.value.message.ja


@pytest.mark.parametrize("impostor", ["proxy", "not_found"])
async def test_a_page_of_somebody_else_is_no_winrm(
    links: Links, lab: WindowsLab, windows: Target, impostor: str
) -> None:
    lab.endpoint.faults.impostor = impostor  # type: ignore[assignment]
    with pytest.raises(NotWinRM) as caught:
        await hello(links, windows)
    assert "<" not in caught.value.message.ja


async def test_a_node_without_room_is_asked_again(links: Links, lab: WindowsLab, windows: Target) -> None:
    lab.endpoint.faults.refuse_by_quota(2)
    assert await hello(links, windows) == b"in\n"


async def test_a_node_that_never_has_room_says_so(
    links: Links, lab: WindowsLab, windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.lanes.PAUSES", (0.01, 0.01))
    lab.endpoint.faults.refuse_by_quota(100)
    with pytest.raises(NodeBusy) as caught:
        await hello(links, windows)
    assert isinstance(caught.value, Unreachable)
    assert "MaxShellsPerUser" in caught.value.message.ja


async def test_what_lay_idle_or_was_restarted_is_opened_anew(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    faults = lab.endpoint.faults
    for fault in (lambda: faults.answer_stale(1), faults.idle, faults.cut, faults.reboot):
        assert await hello(links, windows) == b"in\n"
        await asyncio.to_thread(fault)
        assert await hello(links, windows) == b"in\n"


async def test_nothing_of_ours_is_left_on_the_node(lab: WindowsLab, windows: Target) -> None:
    async with Links() as links:
        await asyncio.gather(*(hello(links, windows) for _ in range(8)))
    assert list(lab.endpoint.registry) == []


async def test_sessions_of_a_dead_console_of_this_machine_are_deleted_and_no_others(
    lab: WindowsLab, windows: Target
) -> None:
    machine = own_name().split()[1]
    dead, living, foreign = f"Tejun {machine} 4194303 17", own_name(), "Tejun 0123456789ab 4194303 17"
    pools = []
    for name in (dead, living, foreign):
        pool = RunspacePool(connection(windows, 5.0))
        pool.shell.name = name
        await asyncio.to_thread(pool.open)
        pools.append(pool)
    async with Links() as links:
        assert await hello(links, windows) == b"in\n"
    left = {shell.id.upper() for shell in lab.endpoint.registry}
    assert [pool.id.upper() in left for pool in pools] == [False, True, True]
    for pool in pools[1:]:
        await asyncio.to_thread(pool.close)
    for pool in pools:
        pool.connection.close()


def test_passwords_are_known_in_every_encoding_of_windows(lab: WindowsLab) -> None:
    known = known_secrets([lab.target.credential])
    assert {PASSWORD.encode(each) for each in ("utf-8", "cp932", "utf-16-le")} <= set(known)
