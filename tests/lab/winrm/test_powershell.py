"""The lab's own PowerShell behind the endpoint, asked by pypsrp."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from app.lab.powershell.runspaces import Interpreter
from app.lab.powershell.world import Streams
from app.lab.winrm import Login, Statement
from tests.lab.powershell.machine import world
from tests.support.winrm import Clients


class Runspaces:
    """A ScriptHost that runs scripts, each by itself, and no command lines."""

    def run(
        self, statements: Sequence[Statement], feed: Iterator[object], streams: Streams, login: Login
    ) -> None:
        interpreter = Interpreter(world())
        for one in statements:
            interpreter.run(one.text, one.parameters, feed, streams=streams, piped=True)

    def command(self, line: str, out: object, err: object, stop: threading.Event, login: Login) -> int:
        raise NotImplementedError


@pytest.fixture
def scripts() -> Runspaces:
    return Runspaces()


@pytest.fixture
def pool(clients: Clients) -> Iterator[RunspacePool]:
    with clients.wsman() as wsman, RunspacePool(wsman) as pool:
        yield pool


CASES: list[tuple[str, list[object]]] = [
    ("1, 2, 3 | ForEach-Object { $_ * 2 }", [2, 4, 6]),
    ("'日本語', $null, $true, 1.5", ["日本語", "", True, 1.5]),  # pypsrp has no null
    ("2147483647; 2147483648; -2147483649", [2147483647, 2147483648, -2147483649]),
    ("[Text.Encoding]::UTF8.GetBytes('é')", [195, 169]),
    (", [Text.Encoding]::UTF8.GetBytes('é')", [b"\xc3\xa9"]),
    ("@{ a = 1; b = 'x' }", [{"a": 1, "b": "x"}]),
    ("[char]65", ["A"]),
    ('param($first, $named) "$first/$named"', ["/"]),
]


@pytest.mark.parametrize(("script", "expected"), CASES)
def test_values_arrive_as_what_they_are(pool: RunspacePool, script: str, expected: list[object]) -> None:
    with PowerShell(pool) as pipeline:
        assert pipeline.add_script(script).invoke() == expected
    assert not pipeline.had_errors


def test_arguments_reach_the_script_as_values(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("param($Path, $Count, $Bytes) $Path; $Count + 1; $Bytes.Length")
        pipeline.add_argument("C:\\作業 & $x\\'1'").add_parameter("Count", 41).add_parameter(
            "Bytes", b"\x00\x01"
        )
        assert pipeline.invoke() == ["C:\\作業 & $x\\'1'", 42, 2]


def test_what_a_client_feeds_goes_through_the_pipeline(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script('$input | ForEach-Object { "<$_>" }')
        assert pipeline.invoke(each for each in ("一", 2)) == ["<一>", "<2>"]


def test_errors_say_what_and_where(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("Write-Error 'first'\nthrow 'ここまで'").invoke()
    assert pipeline.state == PSInvocationState.FAILED
    assert [str(each) for each in pipeline.streams.error] == ["first", "ここまで"]
    assert pipeline.streams.error[1].fq_error == "ここまで"


def test_what_the_lab_does_not_know_ends_the_pipeline(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("try { Get-Moon } catch { 'caught' }; [Some.Type]::Member").invoke()
    assert pipeline.state == PSInvocationState.FAILED


def test_a_sleeping_script_stops(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("'awake'; Start-Sleep -Seconds 60; 'too late'").begin_invoke()
        while not pipeline.output:
            pipeline.poll_invoke()
        pipeline.stop()
        assert (pipeline.state, pipeline.output) == (PSInvocationState.STOPPED, ["awake"])
