"""Kerberos as the console signs in by it: a real realm, the lab's node with a keytab, and what is said where it does not go."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pytest
from pypsrp.shell import Process, WinRS

from app.lab.winrm import Accounts, Configuration, Endpoint, Keytab
from app.nodes.credentials import keytab, password
from app.nodes.errors import AuthenticationRefused, CredentialMissing, NodeError
from app.nodes.links import Links
from app.nodes.psrp import connection
from app.nodes.psrp_faults import signs_in_by
from app.nodes.target import Credential, Target, Windows
from app.nodes.windows_errors import (
    ClockSkew,
    KdcUnreachable,
    NodeNotInRealm,
    RealmUnknown,
    SignInUnavailable,
    Unsealed,
)
from tests.nodes.relay import Relay
from tests.nodes.windows import PASSWORD, USER, WindowsLab, known, powershell, windows_lab
from tests.support.kdc import Kdc, missing, realm
from tests.support.winrm import Scripts

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "no Kerberos on this machine")
HELLO = powershell("Write-Output in")
REALM = "LAB.TEST"


@pytest.fixture(scope="module")
def one_kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    with realm(tmp_path_factory.mktemp("realm")) as kdc:
        kdc.add(USER, PASSWORD)
        kdc.add("locked", PASSWORD, "-allow_tix")
        kdc.add("stale", PASSWORD, "+needchange")
        for node in ("localhost", "elsewhere.test"):
            kdc.add(f"host/{node}")
        kdc.keytab("node.keytab", "host/localhost")
        kdc.keytab("user.keytab", USER)
        yield kdc


@pytest.fixture
def kdc(one_kdc: Kdc) -> Iterator[Kdc]:
    yield one_kdc
    one_kdc.configure()
    if one_kdc.process is None or one_kdc.shifted:
        one_kdc.heal()


@pytest.fixture(scope="module")
def one_lab(one_kdc: Kdc, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowsLab]:
    folder = tmp_path_factory.mktemp("windows")
    keys = Keytab(one_kdc.folder / "node.keytab", "localhost")
    with windows_lab(folder / "lab", folder / "password", keytab=keys) as lab:
        lab.target = replace(lab.using(auth="kerberos"), address="localhost", user=f"{USER}@{REALM}")
        yield lab


@pytest.fixture(params=["http", "https"])
async def node(request: pytest.FixtureRequest, lab: WindowsLab, kdc: Kdc) -> Target:
    """The node as the console knows it, without TLS and with it."""
    if request.param == "https":
        return await known(lab.target)
    return await plain(lab)


async def plain(lab: WindowsLab, **changes: object) -> Target:
    target = replace(lab.using(auth="kerberos", plain_http=True), port=lab.endpoint.http_port)
    return await known(replace(target, **changes))  # type: ignore[arg-type]


async def hello(links: Links, target: Target) -> bytes:
    return (await links.read(target, HELLO, timeout=30)).stdout


async def refusal(target: Target, kind: type[NodeError]) -> str:
    """What is said in both languages, by a console that is asked for the first time."""
    async with Links(connect_timeout=5.0) as links:
        with pytest.raises(kind) as caught:
            await hello(links, target)
    told = f"{caught.value.message.ja} {caught.value.message.en} {caught.value} {caught.value.__cause__!r}"
    assert type(caught.value) is kind
    assert PASSWORD not in told
    return told


async def test_a_password_signs_in_with_a_ticket(links: Links, node: Target) -> None:
    assert await hello(links, node) == b"in\n"


async def test_a_name_without_realm_is_of_the_default_realm(links: Links, node: Target) -> None:
    assert await hello(links, replace(node, user=USER)) == b"in\n"


async def test_a_keytab_signs_in_without_any_password(links: Links, node: Target, kdc: Kdc) -> None:
    credential = Credential("keytab_file", str(kdc.folder / "user.keytab"), node.credential.windows)
    assert await hello(links, replace(node, credential=credential)) == b"in\n"


def test_what_is_no_keytab_is_refused(lab: WindowsLab) -> None:
    for path, why in (("/nonexistent", "No such file"), (lab.target.credential.ref, "not a keytab")):
        with pytest.raises(CredentialMissing, match=why):
            keytab(Credential("keytab_file", path))
    with pytest.raises(CredentialMissing):
        password(Credential("keytab_file", "/nonexistent"))


async def test_a_keytab_of_somebody_else_is_refused(node: Target, kdc: Kdc) -> None:
    credential = Credential("keytab_file", str(kdc.folder / "node.keytab"), node.credential.windows)
    assert USER in await refusal(replace(node, credential=credential), AuthenticationRefused)


def use(lab: WindowsLab, target: Target) -> Scripts:
    """Sign in as the console does, to an endpoint that tells who it was."""
    scripts = Scripts()
    keys = lab.endpoint.doorkeeper.keytab
    with Endpoint("NODE-A", scripts, Accounts({USER: PASSWORD}), Configuration(keytab=keys)) as endpoint:
        wsman = connection(replace(target, port=endpoint.http_port), 5.0)
        with WinRS(wsman, codepage=65001) as shell:
            Process(shell, "echo", ["x"]).invoke()
        wsman.close()
    return scripts


async def test_the_node_is_not_handed_the_users_ticket(lab: WindowsLab, kdc: Kdc) -> None:
    scripts = await asyncio.to_thread(use, lab, await plain(lab))
    assert [(each.user, each.scheme, each.delegated) for each in scripts.logins] == [
        (USER, "kerberos", False)
    ]


async def test_a_node_that_takes_ntlm_alone_is_never_told_the_password(lab: WindowsLab, kdc: Kdc) -> None:
    scripts = Scripts()
    with Endpoint("NODE-A", scripts, Accounts({USER: PASSWORD})) as endpoint:
        target = await plain(lab)
        await refusal(replace(target, port=endpoint.http_port), AuthenticationRefused)
    assert scripts.logins == []


async def test_no_other_way_in_is_taken_where_the_realm_is_away(
    lab: WindowsLab, node: Target, kdc: Kdc
) -> None:
    kdc.stop()
    before = lab.endpoint.connections.accepted
    told = await refusal(node, KdcUnreachable)
    assert "88" in told
    assert lab.endpoint.connections.accepted == before


async def test_a_wrong_password_is_said(node: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    wrong = Credential("password_env", "NODE_PASSWORD", node.credential.windows)
    told = await refusal(replace(node, credential=wrong), AuthenticationRefused)
    assert "kerberos" in told
    assert "wr0ng-secret" not in told


@pytest.mark.parametrize("name", ["nobody", "locked", "stale"])
async def test_who_the_realm_does_not_let_in_is_said(lab: WindowsLab, kdc: Kdc, name: str) -> None:
    told = await refusal(await plain(lab, user=f"{name}@{REALM}"), AuthenticationRefused)
    assert f"{name}@{REALM}" in told


@pytest.mark.parametrize("user", [f"{USER}@WRONG.TEST", f"{USER}@lab.test", f"LAB\\{USER}"])
async def test_a_wrong_realm_is_said(lab: WindowsLab, kdc: Kdc, user: str) -> None:
    told = await refusal(await plain(lab, user=user), RealmUnknown)
    assert "user@REALM" in told


async def test_a_default_realm_that_there_is_not_is_said(lab: WindowsLab, kdc: Kdc) -> None:
    kdc.configure(realm="WRONG.TEST")
    await refusal(await plain(lab, user=USER), RealmUnknown)


async def test_a_console_without_krb5_conf_says_so(
    lab: WindowsLab, kdc: Kdc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "nothing"))
    await refusal(await plain(lab, user=USER), RealmUnknown)


async def test_a_kdc_that_is_not_where_krb5_conf_says_is_said(node: Target, kdc: Kdc) -> None:
    kdc.configure(kdc=False)
    await refusal(node, KdcUnreachable)


@pytest.mark.parametrize("timesync", [True, False], ids=["the node refuses", "the realm refuses"])
@pytest.mark.parametrize("ahead", [600, -600])
async def test_a_clock_that_is_ten_minutes_wrong_is_said(
    node: Target, kdc: Kdc, timesync: bool, ahead: int
) -> None:
    kdc.stop()
    kdc.start(ahead)
    kdc.configure(timesync=timesync)
    await refusal(node, ClockSkew)


async def test_a_node_that_the_realm_does_not_know_is_said(lab: WindowsLab, kdc: Kdc) -> None:
    assert "127.0.0.1" in await refusal(await plain(lab, address="127.0.0.1"), NodeNotInRealm)


async def test_a_node_that_lost_its_key_is_said(node: Target, kdc: Kdc) -> None:
    keys = kdc.folder / "node.keytab"
    kept = keys.read_bytes()
    keys.unlink()
    kdc.keytab("node.keytab", "host/elsewhere.test")
    try:
        await refusal(node, NodeNotInRealm)
    finally:
        keys.write_bytes(kept)


async def test_where_kerberos_is_not_allowed_on_the_node_it_is_said(lab: WindowsLab, kdc: Kdc) -> None:
    schemes = Configuration(schemes=frozenset({"certificate"}))
    with Endpoint("NODE-A", Scripts(), Accounts({USER: PASSWORD}), schemes) as endpoint:
        target = await plain(lab)
        await refusal(replace(target, port=endpoint.http_port), SignInUnavailable)


async def test_a_page_without_seal_is_not_the_nodes(lab: WindowsLab, kdc: Kdc) -> None:
    lab.endpoint.faults.impostor = "proxy"
    await refusal(await plain(lab), Unsealed)


async def test_whoever_relays_the_sign_in_cannot_answer_for_the_node(lab: WindowsLab, kdc: Kdc) -> None:
    handler = type("Handler", (Relay,), {"node": lab.endpoint.http_port})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.05,))
        thread.start()
        target = await plain(lab)
        try:
            await refusal(replace(target, port=relay.server_address[1]), Unsealed)
        finally:
            relay.shutdown()
            thread.join()


def holds(cache: str) -> bool:
    """Whether there is a ticket in it, for whoever in this process knows its name."""
    krb5 = import_module("krb5")
    context = krb5.init_context()
    try:
        krb5.cc_get_principal(context, krb5.cc_resolve(context, cache.encode()))
    except krb5.Krb5Error:
        return False
    return True


@pytest.mark.parametrize("closed", [True, False])
def test_a_ticket_goes_with_its_connection(lab: WindowsLab, kdc: Kdc, closed: bool) -> None:
    wsman = connection(asyncio.run(plain(lab)), 5.0)
    assert wsman.ticket is not None
    cache = wsman.ticket.cache
    assert cache.startswith("MEMORY:")
    assert holds(cache)
    if closed:
        wsman.close()
    else:
        del wsman
        gc.collect()
    assert not holds(cache)


async def test_no_file_is_left_behind(
    lab: WindowsLab, kdc: Kdc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'cache'}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = set(kdc.folder.iterdir())
    async with Links() as links:
        assert await hello(links, await plain(lab)) == b"in\n"
    assert list(tmp_path.iterdir()) == []
    assert {path.name for path in set(kdc.folder.iterdir()) - before} <= {"replays"}


def test_the_account_of_a_keytab_is_signed_in_by_kerberos_whatever_the_credential_says() -> None:
    credential = Credential("keytab_file", "/etc/tejun/console.keytab", Windows(auth="negotiate"))
    assert signs_in_by(Target("n", "n", 5985, "u", None, credential, transport="psrp")) == "kerberos"
