"""How credentials are written in the settings, and what is said where they are not."""

from __future__ import annotations

import json

import pytest

from app.domain.errors import Invalid
from app.nodes import Credential, Windows
from app.settings import Settings


def read(monkeypatch: pytest.MonkeyPatch, told: object) -> Credential:
    monkeypatch.setenv("TEJUN_CREDENTIALS", json.dumps({"win": told}))
    return Settings().credential_references()["win"]


@pytest.mark.parametrize(
    ("told", "credential"),
    [
        ("key_file:/etc/id", Credential("key_file", "/etc/id")),
        ("password_file:C:/a:b", Credential("password_file", "C:/a:b")),
        ("certificate_file:/etc/win.pem", Credential("certificate_file", "/etc/win.pem")),
        ("keytab_file:/etc/win.keytab", Credential("keytab_file", "/etc/win.keytab")),
        ({"kind": "password_env", "ref": "PW"}, Credential("password_env", "PW")),
        (
            {
                "kind": "password_env",
                "ref": "PW",
                "auth": "kerberos",
                "plain_http": True,
                "run_as": "CORP\\jc$",
            },
            Credential("password_env", "PW", Windows("kerberos", None, True, "CORP\\jc$")),
        ),
    ],
)
def test_a_credential_is_a_line_or_an_object(
    monkeypatch: pytest.MonkeyPatch, told: object, credential: Credential
) -> None:
    assert read(monkeypatch, told) == credential


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("word", "key_file"),
        ({"ref": "PW"}, "key_file"),
        ({"kind": "password_env", "ref": "PW", "auth": "digest"}, "auth"),
        ({"kind": "password_env", "ref": "PW", "plain_http": "yes"}, "plain_http"),
        ({"kind": "password_env", "ref": "PW", "credssp": True}, "credssp"),
    ],
)
def test_what_is_wrong_is_named_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, told: object, named: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read(monkeypatch, told)
    assert named in caught.value.message.ja
    assert named in caught.value.message.en
