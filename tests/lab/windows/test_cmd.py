"""The small cmd.exe: what the product's run.cmd and its commands rely on, in bytes of a Japanese Windows."""

from __future__ import annotations

import pytest

from tests.lab.windows.nodes import Nodes


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    """One pair for lines that leave nothing behind that another needs."""
    return Nodes(tmp_path_factory.mktemp("cmd"))


@pytest.mark.parametrize(
    ("line", "said", "status"),
    [
        ("echo 表示", "表示\r\n", 0),
        ("echo %COMPUTERNAME% %NOT_SET%", "node-a %NOT_SET%\r\n", 0),
        ("exit 3010", "", 3010),
        ("md C:\\one && echo made || echo not", "made \r\n", 0),
        ("md C:\\two & md C:\\two 2>nul || echo there", "there\r\n", 1),
        ("if exist C:\\none (echo there) else (echo gone)", "gone\r\n", 0),
        ('if "a"=="A" echo same', "", 0),
        ('if /i "a"=="A" echo same', "same\r\n", 0),
        ('cmd /d /c "exit /b 7"', "", 7),
        ("cd /d C:\\Windows && cd", "C:\\Windows\r\n", 0),
        ("(echo a& echo b)> C:\\lines & type C:\\lines", "a\r\nb\r\n", 0),
        ("echo out& (echo err 1>&2)", "out\r\nerr \r\n", 0),
        ("reg query HKLM\\SOFTWARE\\None 2>nul", "", 1),
        ("regsvr32 /u /s C:\\none.dll", "", 3),
        ("taskkill /F /PID 999999 2>nul", "", 128),
    ],
)
def test_a_line_says_and_ends_as_on_windows(nodes: Nodes, line: str, said: str, status: int) -> None:
    assert nodes.line("node-a", line) == (said, status)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("no-such-program", 9009),
        ("clpstat", 9009),
        ("del C:\\*.txt", 1),
        ("dir", 1),
        ('echo a | find "a"', 255),
        ("for %i in (1 2) do echo %i", 1),
        ("set /a X=1", 1),
        ("rd /s C:\\none", 2),
        ('"C:\\Windows\\System32\\necjsock.dll"', 193),
    ],
)
def test_what_is_not_known_never_succeeds(nodes: Nodes, line: str, status: int) -> None:
    said, ended = nodes.line("node-a", line)
    assert ended == status
    assert said


def test_a_file_is_not_deleted_while_a_process_has_it_loaded(nodes: Nodes) -> None:
    said, status = nodes.line("node-a", "del /f C:\\Windows\\System32\\necjsock.dll")
    assert (said, status) == ("アクセスが拒否されました。\r\n", 1)
    assert nodes.line("node-a", "if exist C:\\Windows\\System32\\necjsock.dll echo there")[0] == "there\r\n"


def test_ren_never_replaces_a_file(nodes: Nodes) -> None:
    assert nodes.line("node-a", "(echo 1)> C:\\first & (echo 2)> C:\\second & ren C:\\first second")[1] == 1
    assert nodes.line("node-a", "type C:\\second")[0] == "2\r\n"


def test_a_batch_file_ends_with_its_own_status_and_takes_arguments(nodes: Nodes) -> None:
    text = '@echo off\nset "RC=%1"\nif "%RC%"=="" exit /b 4\ngoto end\necho never\n:end\necho %~n0 %RC%\nexit /b %RC%\n'
    assert nodes.run("node-a", "cmd", text) == (b"", b"", 4)
    assert nodes.line("node-a", "C:\\payload.cmd 6") == ("payload 6\r\n", 6)
