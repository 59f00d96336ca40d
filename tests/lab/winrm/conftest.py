"""An endpoint for each test, and clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.lab.winrm import Accounts, Authority, Certificate, Configuration, Endpoint
from tests.support.winrm import PASSWORD, USER, Clients, Scripts


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> Certificate:
    return authority.node("localhost")


@pytest.fixture
def scripts() -> Scripts:
    return Scripts()


@pytest.fixture
def accounts() -> Accounts:
    return Accounts({USER: PASSWORD, "other": "other words"}, {"operator": USER})


@pytest.fixture
def configuration(authority: Authority) -> Configuration:
    return Configuration(clients=authority)


@pytest.fixture
def endpoint(
    scripts: Scripts, accounts: Accounts, configuration: Configuration, certificate: Certificate
) -> Iterator[Endpoint]:
    with Endpoint("NODE1", scripts, accounts, configuration, certificate=certificate) as endpoint:
        yield endpoint


@pytest.fixture
def clients(endpoint: Endpoint, authority: Authority, tmp_path: Path) -> Clients:
    return Clients(endpoint, authority, tmp_path)
