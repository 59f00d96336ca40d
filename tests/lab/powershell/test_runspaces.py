"""A runspace as a client of PSRP sees it: streams as they come, what stays between runs, how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psrpcore.types import PSCustomObject

from app.lab.powershell.formatting import Formatted
from app.lab.powershell.objects import ErrorRecord, Hashtable, LabDoesNotKnow, PSObject, Terminating
from app.lab.powershell.portable import local, portable
from app.lab.powershell.runspaces import Interpreter, run_file
from tests.lab.powershell.machine import STATE, world


@dataclass
class Kept:
    """Streams that keep what is said, and can ask for an end after so many things."""

    said: list[tuple[str, object]] = field(default_factory=list)
    ends_after: int = 1000
    waited: float = 0

    def output(self, value: object) -> None:
        self.said.append(("output", value))

    def error(self, record: object) -> None:
        assert isinstance(record, ErrorRecord)
        self.said.append(("error", record.message))

    def warning(self, text: str) -> None:
        self.said.append(("warning", text))

    def verbose(self, text: str) -> None:
        self.said.append(("verbose", text))

    def information(self, text: str) -> None:
        self.said.append(("information", text))

    def progress(self, text: str, percent: int) -> None:
        self.said.append(("progress", (text, percent)))

    def stopping(self) -> bool:
        return len(self.said) >= self.ends_after

    def wait(self, seconds: float) -> bool:
        self.waited += seconds
        return self.stopping()


def test_each_stream_gets_its_own() -> None:
    streams = Kept()
    text = """
      Write-Output 1; Write-Warning w; Write-Verbose no; Write-Verbose v -Verbose; Write-Host a b; Write-Error e
      Write-Information no; Write-Progress -Activity a -Status s -PercentComplete 5; Start-Sleep -Milliseconds 250
      $WarningPreference = 'SilentlyContinue'; $ProgressPreference = 'SilentlyContinue'
      Write-Warning no; Write-Progress no; , (1, 2)
    """
    assert Interpreter(world()).run(text, streams=streams) == 0
    assert streams.said == [
        ("output", 1), ("warning", "w"), ("verbose", "v"), ("information", "a b"), ("error", "e"),
        ("progress", ("a: s", 5)), ("output", [1, 2]),
    ]  # fmt: skip
    assert streams.waited == 0.25


def test_output_comes_while_the_script_runs() -> None:
    seen: list[int] = []

    class Watching(Kept):
        def wait(self, seconds: float) -> bool:
            seen.append(len(self.said))
            return False

    Interpreter(world()).run("function F { 1; Start-Sleep 1; 2; Start-Sleep 1; 3 }\nF", streams=Watching())
    assert seen == [1, 2]


def test_an_end_that_is_asked_for_comes_at_the_next_statement() -> None:
    streams = Kept(ends_after=3)
    assert Interpreter(world()).run("while ($true) { 'x' }", streams=streams) == 0
    assert len(streams.said) == 3


def test_parameters_come_by_name_place_and_switch() -> None:
    streams = Kept()
    text = 'param([string]$Path, [long]$From, [switch]$Whole)\n"$Path|$($From + 1)|$Whole"'
    arguments = [("From", 2**40), (None, "C:\\日本"), ("whole", None)]
    Interpreter(world()).run(text, arguments, streams=streams)
    assert streams.said == [("output", f"C:\\日本|{2**40 + 1}|True")]


def test_what_the_client_pipes_in_is_input() -> None:
    streams = Kept()

    def feed() -> Iterator[object]:
        yield from ("a", "b")

    Interpreter(world()).run(
        "begin { 'b' }\nprocess { \"<$_>\" }\nend { 'e' }", feed=feed(), streams=streams, piped=True
    )
    Interpreter(world()).run('$input | ForEach-Object { "[$_]" }', feed=feed(), streams=streams, piped=True)
    assert [said for _, said in streams.said] == ["b", "<a>", "<b>", "e", "[a]", "[b]"]


def test_variables_functions_and_environment_stay_in_a_runspace_and_are_its_own() -> None:
    machine, streams = world(), Kept()
    runspace = Interpreter(machine)
    runspace.run("$x = 5; function F { \"f$x\" }; $env:PLACE = 'there'", streams=streams)
    runspace.run("F; $env:PLACE", streams=streams)
    Interpreter(machine).run("$null -eq $x; $env:PLACE", streams=streams)
    assert [said for _, said in streams.said] == ["f5", "there", True, "here"]


def test_a_command_runs_without_a_script() -> None:
    streams = Kept()
    Interpreter(world()).run_command("Get-Thing", [("Name", "thing2")], streams=streams)
    assert [str(said.text) for _, said in streams.said if isinstance(said, PSObject)] == ["thing2"]
    with pytest.raises(Terminating) as ended:
        Interpreter(world()).run_command("Get-Nothing", streams=streams)
    assert ended.value.error_id == "CommandNotFoundException"


def test_an_uncaught_error_ends_the_pipeline_and_says_where() -> None:
    streams = Kept()
    with pytest.raises(Terminating) as ended:
        Interpreter(world()).run("'before'\n\n  throw 'boo'", streams=streams)
    record = ended.value.record
    assert (ended.value.message, ended.value.error_id, record.line, record.column) == ("boo", "boo", 3, 3)
    assert streams.said == [("output", "before")]


def test_exit_gives_its_code_and_the_text_of_the_console_is_lost() -> None:
    streams = Kept()
    text = "trap { [Console]::Error.WriteLine([string]$_); exit 4 }\nthrow 'x'"
    assert Interpreter(world()).run(text, streams=streams) == 4
    assert streams.said == []


def test_errors_of_programs_are_errors_in_a_remote_session_and_end_it_with_stop() -> None:
    streams = Kept()
    Interpreter(world()).run("fails 2; $LASTEXITCODE", streams=streams)
    assert streams.said == [("error", "failed with 2"), ("output", 2)]
    with pytest.raises(Terminating, match="failed with 3"):
        Interpreter(world()).run("$ErrorActionPreference = 'Stop'; fails 3", streams=streams)


def test_a_text_with_an_error_is_refused_before_it_runs() -> None:
    streams = Kept()
    with pytest.raises(Terminating) as ended:
        Interpreter(world()).run("'never'; if (", streams=streams)
    assert (ended.value.error_id, streams.said) == ("ParserError", [])
    with pytest.raises(Terminating) as ended:
        Interpreter(world()).run("'never'\nclass C { }", streams=streams)
    assert (ended.value.error_id, streams.said) == ("LabDoesNotKnow", [])


def test_objects_are_made_fit_for_psrp() -> None:
    online = STATE.value("Online")
    inner = PSObject("Lab.Node", {"Name": "n", "Far": PSObject("Lab.Far", {"X": 1}, text="far")}, text="n")
    sent = portable(
        PSObject("Lab.Thing", {"Name": "t", "State": online, "Owner": inner, "Data": bytearray(b"\0")})
    )
    assert isinstance(sent, PSCustomObject)
    assert (sent.Name, sent.State, sent.Owner.Name, sent.Owner.Far, sent.Data) == (
        "t",
        "Online",
        "n",
        "far",
        b"\0",
    )
    plain = [1, 2.5, True, None, "x", datetime(2024, 1, 1, tzinfo=UTC), timedelta(seconds=1), UUID(int=1)]
    assert portable(plain) == plain
    assert portable(Hashtable([("a", [1])])) == {"a": [1]}
    assert local({"a": [1, b"x"]}).items() == [("a", [1, bytearray(b"x")])]  # type: ignore[attr-defined]
    with pytest.raises(LabDoesNotKnow):
        portable(Formatted(("x",)))
    with pytest.raises(LabDoesNotKnow):
        local(object())


@pytest.mark.parametrize(
    ("text", "as_file", "as_command"),
    [
        ("fails 3", 0, 1),
        ("fails 3; exit 0", 0, 0),
        ("fails 3; 'on'", 0, 0),
        ("exit 3", 3, 3),
        ("throw 'x'", 1, 1),
        ("Write-Error x", 0, 1),
    ],
)
def test_a_command_also_fails_by_its_last_part(text: str, as_file: int, as_command: int) -> None:
    codes = [
        run_file(world(), text, out=bytearray().extend, err=bytearray().extend, command=each)
        for each in (False, True)
    ]
    assert codes == [as_file, as_command]
