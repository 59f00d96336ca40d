"""WinRS: command lines through unmodified pypsrp and pywinrm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import winrm
from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from app.lab.winrm import Accounts, Authority, Endpoint
from tests.support.winrm import PASSWORD, TERMINATE, USER, Clients, PlainScripts, Scripts


@pytest.fixture
def wsman(clients: Clients) -> Iterator[WSMan]:
    with clients.wsman() as wsman:
        yield wsman


def run(shell: WinRS, command: str, *arguments: str) -> Process:
    process = Process(shell, command, list(arguments))
    process.invoke()
    process.signal(TERMINATE)
    return process


@pytest.mark.parametrize("exit_code", [0, 1, 3010, 9009, 70000, -1073741510])
def test_exit_codes_have_32_bits(wsman: WSMan, exit_code: int) -> None:
    with WinRS(wsman) as shell:
        assert run(shell, "exit", str(exit_code)).rc == exit_code


@pytest.mark.parametrize(
    ("page", "codec", "text"),
    [
        (None, "cp932", "日本語 ①"),
        (932, "cp932", "日本語 ①"),
        (65001, "utf-8", "日本語 ①"),
        (437, "cp437", "??? ?"),
    ],
)
def test_output_is_in_the_code_page_that_was_asked_for(
    wsman: WSMan, page: int | None, codec: str, text: str
) -> None:
    with WinRS(wsman, codepage=page) as shell:
        assert run(shell, "echo", "日本語 ①").stdout.decode(codec) == f"{text}\r\n"


def test_an_unknown_code_page_and_an_unknown_command_fail(wsman: WSMan) -> None:
    with pytest.raises(WSManFaultError, match="code page 4711"):
        WinRS(wsman, codepage=4711).open()
    with WinRS(wsman, codepage=65001) as shell:
        ran = run(shell, "frobnicate")
        assert (ran.rc, ran.stdout) == (9009, b"")
        assert ran.stderr.decode() == "'frobnicate' は、認識されていません。\r\n"


def test_a_megabyte_arrives_whole(wsman: WSMan) -> None:
    with WinRS(wsman, codepage=65001) as shell:
        assert run(shell, "big", str(1024 * 1024)).stdout == b"x" * 1024 * 1024


def test_stdin_reaches_the_command_block_by_block(wsman: WSMan) -> None:
    with WinRS(wsman) as shell:
        process = Process(shell, "upper")
        process.begin_invoke()
        process.send(b"first ", end=False)
        while not process.stdout:
            process.poll_invoke()
        process.send(b"second")
        process.end_invoke()
        assert process.stdout == b"FIRST SECOND"


def test_variables_and_folder_of_the_shell_reach_the_command(wsman: WSMan) -> None:
    with WinRS(wsman, environment={"NQS_SITE": "site1"}, working_directory="C:\\作業") as shell:
        assert run(shell, "environment").stdout.decode() == "{'NQS_SITE': 'site1'} C:\\作業"


def test_what_the_scripts_cannot_take_is_refused(
    accounts: Accounts, authority: Authority, clients: Clients
) -> None:
    with Endpoint("NODE2", PlainScripts(), accounts) as plain:
        clients.endpoint = plain
        with clients.wsman() as wsman:
            with pytest.raises(WSManFaultError, match="variables or a folder"):
                WinRS(wsman, environment={"A": "1"}).open()
            with WinRS(wsman) as shell:
                process = Process(shell, "spin")
                process.begin_invoke()
                with pytest.raises(WSManFaultError, match="input stream stdin"):
                    process.send(b"anything")


@pytest.mark.parametrize("signal", [SignalCode.CTRL_C, SignalCode.TERMINATE])
def test_a_signal_ends_a_command(wsman: WSMan, scripts: Scripts, signal: str) -> None:
    with WinRS(wsman) as shell:
        process = Process(shell, "spin")
        process.begin_invoke()
        process.signal(signal)
        assert scripts.stopped.wait(5)
        if signal == SignalCode.CTRL_C:
            process.end_invoke()
            assert process.rc == -1073741510
        else:
            with pytest.raises(WSManFaultError):
                process.poll_invoke()


def test_deleting_the_shell_ends_what_runs_in_it(wsman: WSMan, scripts: Scripts) -> None:
    with WinRS(wsman) as shell:
        Process(shell, "spin").begin_invoke()
    assert scripts.stopped.wait(5)


def test_pywinrm_runs_several_commands_in_one_shell(endpoint: Endpoint) -> None:
    session = winrm.Session(
        f"http://127.0.0.1:{endpoint.http_port}/wsman",
        (USER, PASSWORD),
        transport="ntlm",
        message_encryption="always",
        operation_timeout_sec=1,
        read_timeout_sec=3,
        ca_trust_path=None,
        proxy=None,
    )
    protocol: Protocol = session.protocol
    shell = protocol.open_shell(codepage=65001)
    ran = []
    for command, arguments in (("echo", ["日本語"]), ("exit", ["3010"])):
        identifier = protocol.run_command(shell, command, arguments)
        ran.append(protocol.get_command_output(shell, identifier))
        protocol.cleanup_command(shell, identifier)
    protocol.close_shell(shell)
    assert ran == [("日本語\r\n".encode(), b"", 0), (b"", b"", 3010)]
    assert list(endpoint.registry) == []
