"""What the lab does not know fails, naming it; nothing of a text that cannot be read runs; no script catches such an error."""

from __future__ import annotations

import pytest

from app.lab.powershell.objects import LabDoesNotKnow, Method, NetType, PSObject
from app.lab.powershell.parse import parse
from app.lab.powershell.world import Cmdlet
from tests.lab.powershell.machine import world
from tests.lab.powershell.test_cases import run

UNKNOWN = [
    ("[IO.Pipes.PipeStream]::Open('x')", "the type [IO.Pipes.PipeStream]"),
    ("[Math]::Cbrt(8)", "[System.Math]::Cbrt()"),
    ("[Math]::Tau", "[System.Math]::Tau"),
    ("'x'.Normalize()", "the method Normalize of System.String"),
    ("(Get-Thing)[0].Colour", "the property Colour of Lab.Thing"),
    ("(Get-Thing)[0].Stop()", "the method Stop of Lab.Thing"),
    ("New-Object Net.WebClient", "the type [Net.WebClient]"),
    ("$x = { 1 }; $x.Invoke()", "the method Invoke"),
    ("'a' -clike 'A'", "-clike"),
    ("$ErrorActionPreference = 'Inquire'; Write-Error x", "inquire"),
    ("Set-StrictMode -Version 2", "Set-StrictMode"),
    ("1 | ForEach-Object ToString", "ForEach-Object with the name of a member"),
    ("'x' | Format-Table", "Format-Table without -Property"),
    ("'{0:yy}' -f 5", "the number format 'yy'"),
    ("Get-Date -Format dddd", "'dddd' in the date format"),
    ("'a' -match '\\p{Lu}'", "the regular expression"),
    ("1, 2 | Select-Object *", "patterns"),
    ("echoargs 'two words\\'", "a backslash at its end"),
    ("@{ a = 1 }", "how a Hashtable"),
    ("Write-Output x -ErrorVariable e", "the parameter -ErrorVariable"),
    ("$host.Name", "$host"),
    ("$PSScriptRoot", "$PSScriptRoot"),
    ("Write-Output -Loud 'x'", "the parameter -Loud of Write-Output"),
    ("@().Where({ $true })", "the method Where"),
    ("[datetime]'2024-01-01'", "[datetime] of '2024-01-01'"),
]
UNREAD = [
    ("'never'; if (", "Unexpected token"),
    ("'never'; 'open", "Unexpected token"),
    ("'never'; data { 1 }", "data_statement"),
    ("'never'; class C { }", "class_statement"),
    ("'never'; switch -File x { 1 { 2 }\n}", "switch"),
    ("'never'; workflow W { 1 }", "function_statement"),
    ("'never'; Write-Output x > out.txt", "out.txt"),
    ("'never'; cmd /c $x\\y", "cmd /c $x"),
    ("'never'; Format-List Name, State", "Format-List Name"),
    ("'never'; 1..2 -join ','", "1..2"),
    ("'never'; $using:x", "$using:x"),
    ("'never'; function F {\nparam([ValidateRange(1, 2)]$x)\n$x }", "ValidateRange"),
    ("'never'; a && b", ""),
]


@pytest.mark.parametrize(("script", "named"), UNKNOWN, ids=[script for script, _ in UNKNOWN])
def test_what_is_not_known_ends_the_script_and_is_named(script: str, named: str) -> None:
    code, lines, err = run(f"trap {{ 'trapped' }}\ntry {{\n{script}\n}} catch {{ 'caught' }}\n'never'")
    assert (code, lines) == (1, [])
    assert "The lab does not know" in err
    assert named in err


@pytest.mark.parametrize(("script", "named"), UNREAD, ids=[script for script, _ in UNREAD])
def test_nothing_runs_of_a_text_that_cannot_be_read(script: str, named: str) -> None:
    code, lines, err = run(script)
    assert (code, lines) == (1, [])
    assert named in err


def test_letters_beyond_ascii_stay_where_they_are() -> None:
    assert run("'表示', '値' | ForEach-Object { \"${_}は$(1 + 1)$_は\" }")[1] == [
        "表示は2",
        "値は2",
    ]  # the last is a name


def test_a_byte_order_mark_and_windows_line_ends_are_no_text() -> None:
    assert run("\ufeff$a = @'\r\nx\r\ny\r\n'@\r\n$a.Length\r\nif ($a) {\r\n  'yes'\r\n}\r\n")[1] == [
        "4",
        "yes",
    ]


def test_a_text_is_parsed_once() -> None:
    text = "'once'; 'parsed'"
    assert parse(text) is parse(text)


def test_a_cmdlet_that_takes_no_objects_says_so() -> None:
    code, lines, err = run("1 | Get-Date -Format yyyy; 'on'")
    assert (code, lines) == (0, ["on"])
    assert "InputObjectNotBound" in err


def test_an_error_of_the_lab_s_own_python_is_not_hidden() -> None:
    def broken(_it: object) -> object:
        raise ZeroDivisionError

    machine = world().add(NetType("Lab.Broken", statics={"Run": Method(broken, "object")}))
    with pytest.raises(ZeroDivisionError):
        run("try { [Lab.Broken]::Run(1) } catch { 'hidden' }", on=machine)


def test_null_of_a_method_is_an_object_and_void_is_none() -> None:
    members = {"Null": Method(lambda: None, ""), "Void": Method(lambda: None, "", void=True)}
    machine = world().add(NetType("Lab.Giver", statics=members))
    assert run("@([Lab.Giver]::Null()).Count; @([Lab.Giver]::Void()).Count", on=machine)[1] == ["1", "0"]


def test_an_object_that_is_whole_has_null_for_what_it_has_not() -> None:
    machine = world().add(
        Cmdlet("Get-Whole", (), lambda _call: [PSObject("Lab.Whole", {"A": 1}, complete=True)])
    )
    assert run("$null -eq (Get-Whole).B", on=machine)[1] == ["True"]


@pytest.mark.parametrize(
    ("version", "script", "lines"),
    [
        ("2.0", "foreach ($x in $null) { 'turn' }", ["turn"]),
        ("5.1", "foreach ($x in $null) { 'turn' }", []),
        ("2.0", "$null -eq (5).Count", ["True"]),
        ("2.0", "$null -eq (@{ n = 1 }, @{ n = 2 }).n", ["True"]),
        ("2.0", "@(5).Count", ["1"]),
        ("2.0", "$PSVersionTable.PSVersion.Major", ["2"]),
    ],
)
def test_older_versions_lack_what_came_with_3(version: str, script: str, lines: list[str]) -> None:
    assert run(script, on=world(version))[1] == lines


def test_what_the_lab_does_not_know_is_no_error_of_a_script() -> None:
    with pytest.raises(LabDoesNotKnow, match="enum_statement"):
        parse("enum E { A }")


def test_a_variable_that_a_script_has_set_is_its_own() -> None:
    assert run("$event = 'mine'; \"$event\"")[1] == ["mine"]
