"""The engine delivers to a Windows node as to any other: what differs is the courier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.models import MaintenanceSession
from tests.engine.rig import Rig
from tests.engine.test_deliver import DATA, NAME, SHA256, Bay, bay
from tests.nodes.windows import WindowsLab, known, windows_lab

__all__ = ["bay"]
FOLDER = r"C:\in box"


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[WindowsLab]:
    """A node of the lab behind its WinRM."""
    with windows_lab(tmp_path / "windows", tmp_path / "password") as lab:
        yield lab


async def test_a_package_is_delivered_over_powershell_remoting(bay: Bay, windows: WindowsLab) -> None:
    rig: Rig = bay.rig
    rig.target = replace(await known(windows.target), name="node-a")
    async with rig.database.transaction() as db:
        session = await db.get_one(MaintenanceSession, rig.session_id)
        session.patch_file = rf"{FOLDER}\{NAME}"
    await bay.ask()
    async with bay.engine():
        row = await bay.ended()
        assert (row.state, row.problem) == ("failed", "delivery_no_folder")
        windows.path(FOLDER).mkdir()
        await bay.ask()
        row = await bay.ended()
    assert (row.state, row.problem, row.sha256) == ("delivered", None, SHA256)
    assert windows.path(row.path).read_bytes() == DATA
