"""Files carried to a Windows node over PowerShell remoting: at offsets, cut in the middle, named only when they are right."""

from __future__ import annotations

import asyncio

import pytest

from app.nodes import Links, PartRefused, Target
from app.nodes.courier import BLOCK, Parcel
from app.nodes.errors import ConnectionCut
from tests.nodes.test_courier import DATA, NAME, parcel, send
from tests.nodes.windows import WindowsLab

FOLDER = r"C:\in box"
SMALL = DATA[: 12 * BLOCK + 77]


def sent(data: bytes = SMALL, folder: str = FOLDER) -> Parcel:
    """The data for the folder of packages."""
    made = parcel("", data, NAME)
    return Parcel(rf"{folder}\{NAME}", made.sha256, made.size)


@pytest.fixture
def folder(lab: WindowsLab) -> None:
    """The folder, empty."""
    here = lab.path(FOLDER)
    here.mkdir(exist_ok=True)
    for file in here.iterdir():
        file.unlink()


@pytest.mark.usefixtures("folder")
async def test_a_file_is_cut_resumed_verified_and_named(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    async with links.courier(windows, sent(DATA)) as courier:
        found = await courier.look()
        assert (found.there, found.part) == ("absent", 0)
        assert found.free is not None
        assert await send(courier, DATA, 4 * BLOCK) == 0
        going_on = asyncio.create_task(send(courier, DATA))
        while not going_on.done():
            await asyncio.sleep(0.05)
            await asyncio.to_thread(lab.endpoint.faults.cut)
        with pytest.raises(ConnectionCut):
            await going_on
    lab.heal()
    async with links.courier(windows, sent(DATA)) as courier:
        there = (await courier.look()).part
        assert 4 * BLOCK <= there < len(DATA)
        assert await courier.publish() == "differs"
        assert await send(courier, DATA) == there
        assert await courier.publish() == "yes"
        assert (await courier.look()).there == "same"
    assert [path.name for path in lab.path(FOLDER).iterdir()] == [NAME]
    assert lab.path(rf"{FOLDER}\{NAME}").read_bytes() == DATA


@pytest.mark.usefixtures("folder")
async def test_another_file_of_that_name_is_left_alone(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    lab.path(rf"{FOLDER}\{NAME}").write_bytes(b"another")
    async with links.courier(windows, sent()) as courier:
        assert (await courier.look()).there == "other"
        await send(courier, SMALL)
        assert await courier.publish() == "other"
        await courier.drop()
        assert await courier.publish() == "no"
    assert lab.path(rf"{FOLDER}\{NAME}").read_bytes() == b"another"


async def test_a_folder_that_is_not_there_is_told(links: Links, windows: Target) -> None:
    async with links.courier(windows, sent(folder=r"C:\none")) as courier:
        assert (await courier.look()).there == "no_folder"
        with pytest.raises(PartRefused):
            await courier.open()
