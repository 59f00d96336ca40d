"""A console that was killed leaves its sessions on the Windows node: the next one deletes them, and goes on with the command."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from app.lab.winrm.shells import Shell
from app.nodes.leftovers import is_left_over
from app.nodes.links import Links
from app.nodes.results import Ended
from app.nodes.target import Target
from tests.nodes.support import Recorder, new_key
from tests.nodes.windows import WindowsLab, powershell

TEXT = r"""$file = [IO.File]::Open('C:\killed', 'Append', 'Write', 'ReadWrite')
$file.Write([byte[]]@(120), 0, 1)
$file.Close()
foreach ($i in 1..12) { Write-Output "$i"; Start-Sleep -Milliseconds 250 }"""
TOLD = "".join(f"{i}\r\n" for i in range(1, 13)).encode()


def follow_and_die(windows: Target, key: str) -> None:
    """A console in a process of its own starts the command, and is killed once it has seen some of its output."""
    words = (str(windows.port), windows.host_key or "", windows.credential.ref, key)
    command = [sys.executable, "-m", "tests.nodes.console_to_kill", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as console:
        assert console.stdin
        assert console.stdout
        console.stdin.write(TEXT.encode())
        console.stdin.close()
        assert console.stdout.readline() == b"output\n"
        console.kill()


async def test_the_sessions_of_a_killed_console_are_deleted_and_its_command_goes_on(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    await asyncio.to_thread(follow_and_die, windows, key)
    left = list[Shell](lab.endpoint.registry)
    assert left
    assert all(is_left_over(shell.opening.name) for shell in left)
    ended = await links.run(
        windows, key, powershell(""), offsets=(0, 0), sink=recorder.sink, attach_only=True
    )
    assert ended == Ended(0, len(TOLD), 0, 0, 0)
    assert recorder.out == TOLD
    assert not {shell.id for shell in left} & {shell.id for shell in lab.endpoint.registry}
    assert lab.path(r"C:\killed").read_text() == "x"
