"""Files carried to a real node, by SFTP and by a shell channel: at offsets, cut in the middle, named only when they are right."""

from __future__ import annotations

import hashlib
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.nodes import Links, Parcel, PartRefused, Target, WriteRefused
from app.nodes.courier import BLOCK, Courier
from app.nodes.errors import ConnectionCut, Unreachable
from tests.nodes.server import Node, Proxy
from tests.nodes.shells import PATH as SHELL_PATH
from tests.nodes.shells import SHELLS
from tests.nodes.support import target_of

DATA = random.Random(3).randbytes(5 * 1024 * 1024 + 12_345)
STEP = 4 * BLOCK
NAME = "日本語 & '引用' $(touch x) `y`.rpm"


@pytest.fixture(params=["sftp", "shell"])
async def either(request: pytest.FixtureRequest, node: Node) -> Node:
    """The node with the SFTP subsystem, and without."""
    if request.param == "sftp":
        await node.stop()
        node.sftp = True
        await node.start()
    return node


def parcel(folder: Path | str, data: bytes = DATA, name: str = NAME) -> Parcel:
    """The data for that folder."""
    return Parcel(f"{folder}/{name}", hashlib.sha256(data).hexdigest(), len(data))


def part(folder: Path, sent: Parcel) -> Path:
    """Where the part lies."""
    return folder / f".tejun-{sent.short}.part"


async def send(courier: Courier, data: bytes = DATA, until: int | None = None) -> int:
    """Open, and write on from the part's size up to `until`; the offset at which it went on."""
    begun = await courier.open()
    offset = begun - begun % BLOCK
    while offset < len(data[:until]):
        await courier.write(offset, data[offset:until][:STEP])
        offset += STEP
    return begun


async def test_a_file_is_written_beside_its_place_and_named_when_it_is_right(
    links: Links, either: Node
) -> None:
    sent, folder = parcel("~/in box"), either.home / "in box"
    folder.mkdir()
    async with links.courier(target_of(either), sent) as courier:
        found = await courier.look()
        assert (found.there, found.part) == ("absent", 0)
        assert found.free is not None
        assert found.free > 0
        assert await send(courier) == 0
        assert not (folder / NAME).exists()
        assert part(folder, sent).stat().st_mode & 0o777 == 0o600
        assert await courier.publish() == "yes"
        assert (await courier.look()).there == "same"
    assert (folder / NAME).read_bytes() == DATA
    assert [path.name for path in folder.iterdir()] == [NAME]


async def test_after_cuts_it_goes_on_where_the_node_is(links: Links, either: Node) -> None:
    proxy = Proxy(either.port)
    await proxy.start()
    target, sent = replace(target_of(either), port=proxy.port), parcel(either.home)
    proxy.tear_after = 1_500_000
    begun = []
    while True:
        try:
            async with links.courier(target, sent) as courier:
                begun.append((await courier.look()).part)
                await send(courier)
                assert await courier.publish() == "yes"
                break
        except (ConnectionCut, Unreachable):
            assert len(begun) < 30
    assert len(begun) >= 3
    assert begun == sorted(begun)
    assert begun[-1] > 2_000_000
    assert (either.home / NAME).read_bytes() == DATA
    await links.close()
    await proxy.stop()


async def test_another_file_of_that_name_is_left_alone(links: Links, either: Node) -> None:
    sent, there = parcel(either.home), either.home / NAME
    async with links.courier(target_of(either), sent) as courier:
        await send(courier)
        for make in (
            lambda: there.write_bytes(b"another"),
            lambda: there.write_bytes(DATA[:-1] + b"?"),
            there.mkdir,
            lambda: there.symlink_to("nowhere"),
        ):
            make()
            assert (await courier.look()).there == "other"
            assert await courier.publish() == "other"
            assert part(either.home, sent).exists()
            there.rmdir() if there.is_dir() else there.unlink()
        assert await courier.publish() == "yes"
        await send(courier)
        assert await courier.publish() == "yes"  # the very file is there: nothing is left to do
    assert [path.name for path in either.home.iterdir() if path.is_file()] == [NAME]


async def test_what_has_not_the_right_digest_gets_no_name(links: Links, either: Node) -> None:
    sent = parcel(either.home)
    async with links.courier(target_of(either), sent) as courier:
        await send(courier, DATA[:-1] + bytes([DATA[-1] ^ 1]))
        assert await courier.publish() == "differs"
        assert not (either.home / NAME).exists()
        await courier.drop()
        assert not part(either.home, sent).exists()
        assert await courier.publish() == "no"


async def test_a_part_that_is_not_ours_is_not_written_to(links: Links, either: Node) -> None:
    sent, own, victim = parcel(either.home), part(either.home, parcel(either.home)), either.home / "victim"
    victim.write_bytes(b"precious")
    for lie in (lambda: own.symlink_to(victim), lambda: own.hardlink_to(victim), own.mkdir):
        lie()
        async with links.courier(target_of(either), sent) as courier:
            assert (await courier.look()).part == 0
            with pytest.raises(PartRefused):
                await courier.open()
            await courier.drop()
            assert await courier.publish() == "no"
        own.rmdir() if own.is_dir() else own.unlink()
    assert victim.read_bytes() == b"precious"


async def test_a_folder_that_is_not_there_is_told(links: Links, either: Node) -> None:
    async with links.courier(target_of(either), parcel(either.home / "none")) as courier:
        assert (await courier.look()).there == "no_folder"
        with pytest.raises(PartRefused):
            await courier.open()


async def test_a_node_that_takes_no_more_bytes_says_so(links: Links, node: Node) -> None:
    node.shell = str(node.home / "limited")
    Path(node.shell).write_text("#!/bin/sh\ntrap '' XFSZ\nulimit -f 2048\nexec /bin/sh \"$@\"\n")
    Path(node.shell).chmod(0o755)
    async with links.courier(target_of(node), parcel(node.home)) as courier:
        with pytest.raises(WriteRefused):
            await send(courier)


@pytest.mark.parametrize("name", SHELLS)
async def test_every_shell_says_the_same(name: str, links: Links, node: Node, tmp_path: Path) -> None:
    tools, program = tmp_path / "bin", name.split()
    tools.mkdir()
    shell = f'exec {shutil.which(program[0], path=SHELL_PATH)} {" ".join(program[1:])} "$@"\n'
    (tools / "sh").write_text("#!/bin/sh\n" + shell)
    (tools / "sh").chmod(0o755)
    node.env["PATH"] = f"{tools}:{SHELL_PATH}"
    sent, small = parcel(node.home, DATA[:STEP]), DATA[:STEP]
    async with links.courier(target_of(node), sent) as courier:
        assert (await courier.look()).there == "absent"
        assert await send(courier, small, BLOCK) == 0
        assert (await courier.look()).part == BLOCK
        assert await courier.publish() == "differs"
        assert await send(courier, small) == BLOCK
        assert await courier.publish() == "yes"
        assert (await courier.look()).there == "same"
        (node.home / NAME).write_bytes(b"another")
        assert (await courier.look()).there == "other"
        part(node.home, sent).symlink_to("nowhere")
        with pytest.raises(PartRefused):
            await courier.open()


async def test_a_wrong_port_is_unreachable_and_nothing_is_carried(
    links: Links, target: Target, proxy: Proxy
) -> None:
    await proxy.stop()
    with pytest.raises(Unreachable):
        async with links.courier(replace(target, port=proxy.port), parcel("/tmp")):
            raise AssertionError("nobody answers there")
