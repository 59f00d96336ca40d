"""Who is let in, over which kind of authentication, and what TLS makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
import winrm
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.shell import Process, WinRS
from spnego.exceptions import SpnegoError

from app.lab.model import LabError
from app.lab.winrm import Accounts, Authority, Endpoint, Keytab, self_signed
from app.lab.winrm.authentication import Doorkeeper
from tests.support.winrm import PASSWORD, TERMINATE, USER, Clients, CredSSPAuth, Scripts

KINDS = [
    ("ntlm", False, "auto", "ntlm"),
    ("negotiate", False, "auto", "ntlm"),
    ("ntlm", True, "auto", "ntlm"),
    ("negotiate", True, "always", "ntlm"),
    ("basic", True, "auto", "basic"),
]


def echo(clients: Clients, **options: object) -> bytes:
    with clients.wsman(**options) as wsman, WinRS(wsman, codepage=65001) as shell:
        process = Process(shell, "echo", ["電池"])
        process.invoke()
        process.signal(TERMINATE)
    assert process.rc == 0
    return process.stdout


@pytest.mark.parametrize(("auth", "tls", "encryption", "scheme"), KINDS)
def test_pypsrp_logs_on(
    clients: Clients, scripts: Scripts, auth: str, tls: bool, encryption: str, scheme: str
) -> None:
    assert echo(clients, auth=auth, tls=tls, encryption=encryption) == "電池\r\n".encode()
    (login,) = scripts.logins
    assert (login.user, login.scheme, login.delegated) == (USER, scheme, False)


@pytest.mark.parametrize("name", [USER, "administrator", f"NODE1\\{USER}", f".\\{USER}"])
@pytest.mark.parametrize(("auth", "tls"), [("ntlm", False), ("basic", True)])
def test_an_account_is_found_however_its_name_is_written(
    clients: Clients, scripts: Scripts, name: str, auth: str, tls: bool
) -> None:
    echo(clients, auth=auth, tls=tls, username=name)
    assert scripts.logins[0].user == USER


def test_a_client_certificate_stands_for_an_account(
    clients: Clients, scripts: Scripts, authority: Authority, tmp_path: Path
) -> None:
    shown = {}
    for name in ("operator", "stranger"):
        authority.client(name).write(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        shown[name] = {
            "certificate_pem": str(tmp_path / f"{name}.pem"),
            "certificate_key_pem": str(tmp_path / f"{name}.key"),
        }
    assert echo(clients, auth="certificate", tls=True, **shown["operator"])
    assert (scripts.logins[0].user, scripts.logins[0].scheme) == (USER, "certificate")
    with pytest.raises(AuthenticationError):
        echo(clients, auth="certificate", tls=True, **shown["stranger"])


@pytest.mark.parametrize(("auth", "tls"), [("ntlm", False), ("negotiate", True), ("basic", True)])
@pytest.mark.parametrize("wrong", [{"password": PASSWORD + "!"}, {"username": "nobody"}, {"password": ""}])
def test_a_wrong_name_or_password_is_401(
    clients: Clients, scripts: Scripts, auth: str, tls: bool, wrong: dict[str, str]
) -> None:
    with pytest.raises(AuthenticationError):
        echo(clients, auth=auth, tls=tls, **wrong)
    assert scripts.logins == []


def test_a_password_may_be_japanese(clients: Clients, accounts: Accounts) -> None:
    accounts.set(USER, "正しい馬 電池 😀")
    assert echo(clients, password="正しい馬 電池 😀")


def test_a_password_that_was_changed_counts_from_then_on(clients: Clients, accounts: Accounts) -> None:
    accounts.set(USER, "new")
    with pytest.raises(AuthenticationError):
        echo(clients)
    assert echo(clients, password="new")


def test_basic_is_neither_offered_nor_taken_without_tls(endpoint: Endpoint) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{endpoint.http_port}/wsman", auth=(USER, PASSWORD), data=b"<x/>", timeout=5
    )
    assert answer.status_code == 401
    assert "Basic" not in answer.headers["WWW-Authenticate"]
    assert "Negotiate" in answer.headers["WWW-Authenticate"]


def test_messages_in_the_clear_are_refused_over_http(clients: Clients, scripts: Scripts) -> None:
    with pytest.raises(WinRMTransportError) as refused:
        echo(clients, encryption="never")
    assert refused.value.code == 500
    assert scripts.logins == []


@pytest.mark.parametrize("tls", [False, True])
def test_credssp_hands_the_password_over(
    clients: Clients, scripts: Scripts, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pypsrp.wsman.HttpCredSSPAuth", CredSSPAuth)
    assert echo(clients, auth="credssp", tls=tls) == "電池\r\n".encode()
    assert (scripts.logins[0].user, scripts.logins[0].scheme) == (USER, "credssp")
    assert scripts.logins[0].delegated
    with clients.wsman(auth="credssp", tls=tls) as wsman, WinRS(wsman) as shell:
        process = Process(shell, "echo", ["x" * 40_000])  # sealed in several blocks
        process.invoke()
        assert process.stdout == b"x" * 40_000 + b"\r\n"
    with pytest.raises(SpnegoError, match="NTStatus"):
        echo(clients, auth="credssp", tls=tls, password="wrong")


def test_kerberos_says_why_it_is_not_offered(tmp_path: Path) -> None:
    accounts = Accounts({USER: PASSWORD})
    without = Doorkeeper("NODE1", accounts, keytab=Keytab(tmp_path / "node.keytab", "node1.lab"))
    assert ("Kerberos" in without.offered(tls=True)) is ("kerberos" not in without.missing)
    nothing = Doorkeeper("NODE1", accounts)
    assert "Kerberos is not offered" in nothing.missing["kerberos"]
    assert "Kerberos" not in nothing.offered(tls=True)


def test_an_unknown_authority_is_refused_and_the_right_one_trusted(clients: Clients, tmp_path: Path) -> None:
    Authority.make("Another CA").own.write(tmp_path / "other.pem")
    with pytest.raises(requests.exceptions.SSLError, match="certificate verify failed"):
        echo(clients, tls=True, cert_validation=str(tmp_path / "other.pem"))
    assert echo(clients, tls=True)


def test_a_self_signed_certificate_is_trusted_when_it_is_pinned(clients: Clients, tmp_path: Path) -> None:
    own, another = self_signed("node1"), self_signed("node1")
    clients.endpoint.use_certificate(own)
    for shown in (own, another):
        shown.write(tmp_path / f"{shown.fingerprint}.pem")
    assert echo(clients, tls=True, cert_validation=str(tmp_path / f"{own.fingerprint}.pem"))
    with pytest.raises(requests.exceptions.SSLError):
        echo(clients, tls=True, cert_validation=str(tmp_path / f"{another.fingerprint}.pem"))


@pytest.mark.parametrize(
    ("name", "addresses", "expired", "why"),
    [
        ("localhost", ("127.0.0.1",), True, "certificate has expired"),
        ("node2", ("192.0.2.7",), False, "IP address mismatch"),
    ],
)
def test_a_wrong_certificate_is_refused(
    clients: Clients, authority: Authority, name: str, addresses: tuple[str, ...], expired: bool, why: str
) -> None:
    clients.endpoint.use_certificate(authority.node(name, addresses, expired=expired))
    with pytest.raises(requests.exceptions.SSLError, match=why):
        echo(clients, tls=True)
    clients.endpoint.use_certificate(authority.node("localhost"))
    assert echo(clients, tls=True)


@pytest.mark.parametrize(("transport", "tls"), [("ntlm", False), ("ntlm", True), ("basic", True)])
def test_pywinrm_logs_on(clients: Clients, transport: str, tls: bool) -> None:
    port = clients.endpoint.https_port if tls else clients.endpoint.http_port
    session = winrm.Session(
        f"{'https' if tls else 'http'}://127.0.0.1:{port}/wsman",
        (USER, PASSWORD),
        transport=transport,
        ca_trust_path=str(clients.ca),
        message_encryption="auto" if tls else "always",
        proxy=None,
    )
    ran = session.run_cmd("echo", ["words"])
    assert (ran.status_code, ran.std_out) == (0, b"words\r\n")


def test_anybody_may_ask_what_this_is_but_not_its_version(endpoint: Endpoint) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{endpoint.http_port}/wsman",
        data=b"<x/>",
        headers={"WSMANIDENTIFY": "unauthenticated"},
        timeout=5,
    )
    assert answer.status_code == 200
    assert b"IdentifyResponse" in answer.content
    assert b"OS: 0.0.0" in answer.content


@pytest.mark.parametrize(
    ("scheme", "token"),
    [
        ("Negotiate", "!!"),
        ("Negotiate", "AAAA"),
        ("CredSSP", "AAAA"),
        ("Kerberos", "AAAA"),
        ("Basic", "/////w=="),
    ],
)
def test_a_token_that_is_none_is_401(endpoint: Endpoint, scheme: str, token: str) -> None:
    answer = requests.post(
        f"http://127.0.0.1:{endpoint.http_port}/wsman",
        data=b"",
        headers={"Authorization": f"{scheme} {token}"},
        timeout=5,
    )
    assert answer.status_code == 401


def test_accounts_come_from_a_file_that_others_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text('{"passwords": {"Administrator": "pass word"}}', encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(LabError, match="chmod 600"):
        Accounts.read(file)
    file.chmod(0o600)
    accounts = Accounts.read(file)
    assert accounts.check("NODE1\\administrator", "pass word") == "Administrator"
    assert "pass word" not in repr(accounts)


@pytest.mark.parametrize("password", ["a:b", "line\nbreak", "back\\slash"])
def test_a_password_that_cannot_be_kept_is_refused_at_once(password: str) -> None:
    with pytest.raises(LabError):
        Accounts({"name": password})
