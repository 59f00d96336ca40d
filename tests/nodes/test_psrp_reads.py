"""Read-only probes on a Windows node: a PowerShell of their own, whole answers or none, many at once and in little memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from app.domain import checks
from app.domain.probes import READ_ONLY
from app.domain.procedure import CommandText
from app.nodes.errors import ConnectionCut, ReadTooLarge, ShellRefused, TimedOut, Unreachable
from app.nodes.links import Links
from app.nodes.results import Output
from app.nodes.target import Target
from app.nodes.windows_errors import TextRefused
from tests.domain.examples import EXAMPLE, cluster
from tests.nodes.windows import WindowsLab, powershell

TRAP = "$ErrorActionPreference = 'Stop'\ntrap { [Console]::Error.WriteLine([string]$_); exit 1 }\n"


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("Write-Output '行'; Write-Output 2", Output("行\n2\n".encode(), b"", 0)),
        ("[Console]::Error.WriteLine('表示'); exit 3", Output(b"", "表示\n".encode(), 3)),
        (f"{TRAP}Write-Output half\nthrow 'いいえ'", Output(b"half\n", "いいえ\n".encode(), 1)),
    ],
    ids=["lines", "status", "trap"],
)
async def test_a_read_brings_back_lines_and_status(
    links: Links, windows: Target, text: str, output: Output
) -> None:
    assert await links.read(windows, powershell(text), timeout=20) == output


async def test_an_error_that_nobody_caught_is_status_1(links: Links, windows: Target) -> None:
    answer = await links.read(windows, powershell("Write-Output a\nthrow 'no'"), timeout=20)
    assert (answer.stdout, answer.exit_status) == (b"a\n", 1)
    assert b"no" in answer.stderr


@pytest.mark.parametrize("probe", ["service", "environment", "versions", "rights", "disk"])
async def test_the_probes_of_the_library_are_read_as_they_stand(
    links: Links, windows: Target, probe: str
) -> None:
    node = {"platform": "wsfc", "os": "windows", "clusterware": "wsfc", "arch": "x64", "version": "R16.3"}
    nodes = [{**each, "transport": "psrp"} for each in EXAMPLE["nodes"]]
    sites = [{**each, "database": r"S:\jc\site1"} for each in EXAMPLE["sites"]]
    known = cluster(**node, nodes=nodes, sites=sites, paths={})
    parameters = {"service": {"name": "ClusSvc"}, "disk": {"kib": "1"}}.get(probe, {})
    commands = READ_ONLY[probe].commands(parameters, known)
    assert commands
    answer = await links.read(windows, commands[0], timeout=20)
    assert checks.PARSERS[READ_ONLY[probe].parser(known)](answer.stdout, answer.exit_status) is not None


async def test_a_read_that_hangs_is_given_up_and_ended(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    with pytest.raises(TimedOut):
        await links.read(windows, powershell("Start-Sleep -Seconds 60"), timeout=1.5)
    await links.close()
    assert list(lab.endpoint.registry) == []


async def test_a_read_that_floods_is_given_up(links: Links, windows: Target) -> None:
    with pytest.raises(ReadTooLarge):
        await links.read(
            windows, powershell("$x = 'x' * 100000\nforeach ($i in 1..60) { Write-Output $x }"), timeout=30
        )


async def test_a_read_whose_connection_dies_is_cut(links: Links, lab: WindowsLab, windows: Target) -> None:
    reading = asyncio.create_task(links.read(windows, powershell("Start-Sleep -Seconds 20"), timeout=20))
    await asyncio.sleep(1.0)
    await asyncio.to_thread(lab.endpoint.faults.cut)
    with pytest.raises(ConnectionCut):
        await reading


async def test_a_node_that_is_not_there_is_unreachable(links: Links, windows: Target) -> None:
    with pytest.raises(Unreachable) as caught:
        await links.read(Target(**{**windows.__dict__, "port": 1}), powershell(""), timeout=10)
    assert caught.value.code == "unreachable"


async def test_what_no_command_line_of_windows_can_carry_is_refused(links: Links, windows: Target) -> None:
    with pytest.raises(TextRefused):
        await links.read(windows, powershell("#" * 20_000), timeout=10)
    with pytest.raises(ShellRefused):
        await links.read(windows, CommandText(shell="cmd", text="echo"), timeout=10)


async def test_long_runs_leave_room_for_a_read(links: Links, windows: Target) -> None:
    slow = [
        asyncio.create_task(links.read(windows, powershell("Start-Sleep -Seconds 2"), timeout=30))
        for _ in range(3)
    ]
    await asyncio.sleep(0.3)
    assert (await links.read(windows, powershell("Write-Output in"), timeout=10)).stdout == b"in\n"
    assert not any(task.done() for task in slow)
    await asyncio.gather(*slow)


async def test_closing_ends_every_thread(windows: Target) -> None:
    async with Links() as links:
        await asyncio.gather(
            *(links.read(windows, powershell("Write-Output x"), timeout=20) for _ in range(9))
        )
        assert 1 <= len([t for t in threading.enumerate() if t.name == "psrp node-a"]) <= 4
    assert [t for t in threading.enumerate() if t.name == "psrp node-a"] == []


def test_nothing_of_winrm_is_loaded_before_a_windows_node_is_asked() -> None:
    text = (
        "import app.nodes, sys; sys.exit(' '.join({'pypsrp', 'requests', 'spnego'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", text], check=False, capture_output=True).returncode == 0
