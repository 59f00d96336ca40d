"""Kerberos with a realm that is really there: pypsrp as it is signs in to the endpoint with tickets of MIT's KDC."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.shell import Process, WinRS
from spnego.exceptions import SpnegoError

from app.lab.winrm import Accounts, Authority, Certificate, Configuration, Endpoint, Keytab
from tests.support.kdc import Kdc, missing, realm
from tests.support.winrm import PASSWORD, TERMINATE, USER, Clients, Scripts

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "no Kerberos on this machine")
NAMES = ("host/localhost", "HTTP/localhost")


@pytest.fixture(scope="module")
def one_kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    with realm(tmp_path_factory.mktemp("realm")) as kdc:
        kdc.add(USER, PASSWORD)
        kdc.add("stranger", PASSWORD)
        for name in NAMES:
            kdc.add(name, None, "+ok_as_delegate")
        kdc.keytab("node.keytab", *NAMES)
        yield kdc


@pytest.fixture
def kdc(one_kdc: Kdc) -> Iterator[Kdc]:
    yield one_kdc
    if one_kdc.process is None or one_kdc.shifted:
        one_kdc.heal()


@pytest.fixture
def configuration(kdc: Kdc, authority: Authority) -> Configuration:
    return Configuration(clients=authority, keytab=Keytab(kdc.folder / "node.keytab", "localhost"))


def echo(clients: Clients, *, tls: bool = False, **options: object) -> bytes:
    settings = {"server": "localhost", "auth": "kerberos", "tls": tls}
    with clients.wsman(**{**settings, **options}) as wsman, WinRS(wsman, codepage=65001) as shell:
        process = Process(shell, "echo", ["電池"])
        process.invoke()
        process.signal(TERMINATE)
    return process.stdout


@pytest.mark.parametrize("service", ["host", "HTTP"])
@pytest.mark.parametrize(("tls", "encryption"), [(False, "auto"), (True, "auto"), (True, "always")])
@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_pypsrp_signs_in_with_a_ticket(
    clients: Clients, scripts: Scripts, auth: str, tls: bool, encryption: str, service: str
) -> None:
    said = echo(clients, tls=tls, auth=auth, encryption=encryption, negotiate_service=service)
    assert said == "電池\r\n".encode()
    assert {(login.user, login.scheme, login.delegated) for login in scripts.logins} == {
        (USER, "kerberos", False)
    }


def test_messages_in_the_clear_are_refused_with_a_ticket_too(clients: Clients, scripts: Scripts) -> None:
    with pytest.raises(WinRMTransportError) as refused:
        echo(clients, encryption="never")
    assert refused.value.code == 500
    assert scripts.logins == []


def test_a_ticket_is_handed_on_only_where_the_client_asks_for_it(clients: Clients, scripts: Scripts) -> None:
    echo(clients, negotiate_delegate=True)
    assert [login.delegated for login in scripts.logins] == [True]


def test_who_is_in_the_realm_and_has_no_account_is_refused(clients: Clients, scripts: Scripts) -> None:
    with pytest.raises(AuthenticationError):
        echo(clients, username="stranger")
    assert scripts.logins == []


@pytest.mark.parametrize(("ahead", "said"), [(600, "not yet valid"), (-600, "skew too great")])
def test_a_node_whose_clock_is_wrong_says_so(clients: Clients, kdc: Kdc, ahead: int, said: str) -> None:
    kdc.stop()
    kdc.start(ahead)  # and pypsrp goes by the clock of the KDC
    with pytest.raises(SpnegoError, match=said):
        echo(clients)


def test_without_a_keytab_negotiate_is_ntlm_alone(
    kdc: Kdc,
    scripts: Scripts,
    accounts: Accounts,
    certificate: Certificate,
    authority: Authority,
    tmp_path: Path,
) -> None:
    with Endpoint("NODE1", scripts, accounts, certificate=certificate) as endpoint:
        assert "Kerberos" not in endpoint.doorkeeper.offered(tls=False)
        clients = Clients(endpoint, authority, tmp_path)
        echo(clients, auth="ntlm")
        with pytest.raises(AuthenticationError):
            echo(clients, auth="kerberos")
    assert {login.scheme for login in scripts.logins} == {"ntlm"}
