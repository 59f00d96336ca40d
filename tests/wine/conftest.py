"""Wine once for all tests that ask it, and one lab node; a test that takes `machine` runs on both, on Wine only with the mark."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wine.machines import ROOT, Lab, Machine, Wine

PREPARE = Path(__file__).parent / "prepare.sh"


@pytest.fixture(scope="session")
def wine() -> Iterator[Wine]:
    """A Wine that has just been started. Skips, with the reason, where `make test-wine` could not make one."""
    if subprocess.run([PREPARE, "--ready"], check=False).returncode:
        reason = ROOT / "cannot"
        pytest.skip(reason.read_text().strip() if reason.exists() else "make test-wine fetches Wine")
    machine = Wine()
    yield machine
    machine.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """One node of the lab."""
    return Lab(tmp_path_factory.mktemp("wine"))


@pytest.fixture(params=["lab", pytest.param("wine", marks=pytest.mark.wine)])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Each of the two."""
    made: Machine = request.getfixturevalue(request.param)
    return made
