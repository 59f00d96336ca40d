"""What belongs to a WinRM session ends with it, and what does not, does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.lab.powershell.console import Nowhere
from app.lab.windows.processes import SYSTEM_PROCESS
from app.lab.windows.scripts import Scripts
from app.lab.winrm.scripts import Login, Statement
from tests.lab.windows.nodes import Nodes

PING = r"C:\Windows\System32\ping.exe"
TASK = rf"""
$action = New-ScheduledTaskAction -Execute {PING} -Argument '-n 60 127.0.0.1'
$principal = New-ScheduledTaskPrincipal -UserId SYSTEM -LogonType ServiceAccount -RunLevel Highest
[void](Register-ScheduledTask -TaskPath '\T\' -TaskName x -Action $action -Principal $principal)
Start-ScheduledTask -TaskPath '\T\' -TaskName x
"""


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        (TASK, True),
        (
            f"[void](Invoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList '{PING} -n 60 127.0.0.1', 'C:\\')",
            True,
        ),
        (f"Start-Process -FilePath {PING} -ArgumentList '-n 60 127.0.0.1'", False),
    ],
    ids=["task", "wmi", "child"],
)
def test_a_task_outlives_the_session_that_started_it_and_a_child_does_not(
    tmp_path: Path, text: str, stays: bool
) -> None:
    computer = Nodes(tmp_path).computers["node-a"]
    Scripts(computer).run([Statement(text, True)], iter(()), Nowhere(), Login("Administrator", "ntlm"))
    left = [process for process in computer.machine.processes.all() if process.name == "ping"]
    assert [process.parent for process in left] == ([SYSTEM_PROCESS] if stays else [])
    for process in left:
        computer.machine.processes.kill(process.id, tree=True)


def test_a_wrong_password_keeps_a_task_from_being_registered(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    text = TASK.replace("-Principal $principal", "-User Administrator -Password wrong")
    assert nodes.run("node-a", "powershell", f"$ErrorActionPreference = 'Stop'\n{text}")[2] == 1
    assert nodes.computers["node-a"].tasks.all() == []
