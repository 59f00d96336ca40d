"""Programs that the product's texts start: lines for cmd.exe whole, reg, regsvr32 and taskkill out of PowerShell texts.

A program that Wine has as a stub, or has not, ends with 9009: nothing here passes because a stub said yes.
"""

from __future__ import annotations

import re

import pytest

from app.lab.windows.cmd.shell import argv
from tests.lab.powershell.product_texts import product_texts
from tests.wine.batches import encoded, outcomes
from tests.wine.machines import POWERSHELL, SYSTEM32, Machine, Wine
from tests.wine.spool import Key

SERVER = r"HKLM\Software\Wow6432Node\NEC\NetShepherd\SV"
CLWIN = r"HKLM\Software\Wow6432Node\NEC\JobCenter(CL/Win)"
REG_LINES = {r'reg query "HKLM\$key" /s', r'reg export "HKLM\$key" $file /y', r'reg delete "HKLM\$key" /f'}
_SAY = "echo %ERRORLEVEL%\n"
_FILLED = """\
reg add "{key}" /f >nul
reg add "{key}" /v Version /d R16.3 /f >nul
reg add "{key}" /v Level /t REG_DWORD /d 17 /f >nul
reg add "{key}\\sub" /v "名前" /t REG_SZ /d "C:\\表 x" /f >nul
"""
_REG = {
    "query-none": ('reg query "{key}" /s >nul 2>nul\n' + _SAY, "1\n"),
    "export-none": (
        'reg export "{key}" x.reg /y >nul 2>nul\n' + _SAY + "if exist x.reg echo made\n",
        "1\n",
    ),
    "delete-none": ('reg delete "{key}" /f >nul 2>nul\n' + _SAY, "1\n"),
    "query": (_FILLED + 'reg query "{key}" /s >nul\n' + _SAY, "0\n"),
    "query-value": ('reg query "{key}" /v version >nul\n' + _SAY, "0\n"),
    "query-no-value": ('reg query "{key}" /v none >nul 2>nul\n' + _SAY, "1\n"),
    "export-new": ('reg export "{key}" x.reg >nul\n' + _SAY, "0\n"),
    "export": ('reg export "{key}" x.reg /y >nul\nreg export "{key}" x.reg /y >nul\n' + _SAY, "0\n"),
    "export-no-folder": ('reg export "{key}" C:\\none\\x.reg /y >nul 2>nul\n' + _SAY, "1\n"),
    "delete-value": ('reg delete "{key}" /v Level /f >nul\n' + _SAY, "0\n"),
    "delete-no-value": ('reg delete "{key}" /v Level /f >nul 2>nul\n' + _SAY, "1\n"),
    "delete": ('reg delete "{key}" /f >nul\n' + _SAY, "0\n"),
    "gone": ('reg query "{key}" >nul 2>nul\n' + _SAY, "1\n"),
    "wrong-words": (
        'reg nope "{key}" >nul 2>nul\n' + _SAY + 'reg query "{key}" /zz >nul 2>nul\n' + _SAY,
        "1\n1\n",
    ),
    "no-such-root": ('reg query "NOPE\\x" >nul 2>nul\n' + _SAY, "1\n"),
}
"""Batch and what it says, one after the other on the same registry."""


def test_the_lines_of_reg_are_those_of_the_plans() -> None:
    found = {
        line.strip()
        for text in product_texts()["powershell"]
        for line in text.splitlines()
        if re.match(r"\s*reg ", line)
    }
    assert found == REG_LINES


@pytest.mark.parametrize("key", [SERVER, CLWIN])
def test_reg_ends_as_the_plans_rely_on(machine: Machine, key: str) -> None:
    name = "server" if key == SERVER else "clwin"
    found = outcomes(
        machine, {f"{name}-{case}": text.format(key=key) for case, (text, _said) in _REG.items()}
    )
    assert {case: one.out for case, one in found.items()} == {
        f"{name}-{case}": said for case, (_text, said) in _REG.items()
    }
    exported = found[f"{name}-export"].files["x.reg"].splitlines()
    assert exported[0] == "Windows Registry Editor Version 5.00"
    long = key.replace("HKLM", "HKEY_LOCAL_MACHINE")
    assert {
        f"[{long}]",
        f"[{long}\\sub]",
        '"Version"="R16.3"',
        '"Level"=dword:00000011',
        r'"名前"="C:\\表 x"',
    } <= set(exported)


def test_regsvr32_says_3_where_there_is_no_such_dll(machine: Machine) -> None:
    lines = [
        r"%SystemRoot%\System32\regsvr32.exe /u /s C:\none.dll",
        r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
        'regsvr32 /u /s "C:\\none x\\jobcenterclusterex.dll"',
    ]
    found = outcomes(machine, {"regsvr32": "".join(f"{line}\n{_SAY}" for line in lines)})
    assert found["regsvr32"].out == "3\n3\n3\n"


def test_taskkill_says_128_where_there_is_no_such_process(machine: Machine) -> None:
    text = f"taskkill /F /PID 999999 >nul 2>nul\n{_SAY}taskkill /T /F /PID 999999 >nul 2>nul\n{_SAY}"
    assert outcomes(machine, {"taskkill": text})["taskkill"].out == "128\n128\n"


@pytest.mark.parametrize("text", sorted(product_texts()["cmd"]))
def test_a_command_without_its_program_has_not_succeeded(machine: Machine, text: str) -> None:
    key = Key(machine, encoded(f"{text}\n"))
    key.start()
    assert (key.read("out"), key.read("status")) == (b"", b"1 .\r\n")
    assert key.read("err")


@pytest.mark.wine
@pytest.mark.parametrize("text", sorted(product_texts()["cmd"]))
def test_a_program_gets_the_words_of_the_plan(wine: Wine, text: str) -> None:
    program, words = text.split(" ", 1)
    place = rf"{SYSTEM32}\{program}.exe"
    wine.stand_in(place, b"@echo off\r\necho %*\r\nexit 3010\r\n")
    try:
        key = Key(wine, encoded(f"@{text}\n"))
        key.start()
    finally:
        (wine.drive / f"windows/system32/{program}.exe").unlink()
    assert argv(key.read("out").decode("cp932")) == [place, *argv(words)]
    assert key.read("status") == b"3010 .\r\n"


@pytest.mark.wine
def test_powershell_is_started_on_the_payload_and_its_output_kept(wine: Wine) -> None:
    wine.stand_in(POWERSHELL, b"@echo off\r\necho %*\r\ncd\r\necho err>&2\r\nexit 3010\r\n")
    try:
        key = Key(wine, b"never read here", "powershell")
        assert key.start() == 0
    finally:
        (wine.drive / POWERSHELL.removeprefix("C:\\").replace("\\", "/")).unlink()
    told, folder = key.read("out").decode().splitlines()
    assert argv(told) == [
        POWERSHELL, "-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-InputFormat", "None",
        "-File", rf"{key.windows}\payload.ps1",
    ]  # fmt: skip
    assert folder == rf"{key.windows}\work"
    assert (key.read("err"), key.read("status")) == (b"err\r\n", b"3010 .\r\n")


@pytest.mark.wine
def test_without_powershell_nothing_has_succeeded(wine: Wine) -> None:
    key = Key(wine, b"exit 0", "powershell")
    assert key.start() == 0
    assert (key.read("out"), key.read("status")) == (b"", b"9009 .\r\n")


@pytest.mark.wine
@pytest.mark.parametrize(
    "name",
    [
        "powershell",
        "schtasks",
        "shutdown",
        "msiexec",
        "icacls",
        "wmic",
        "timeout",
        "cluster",
        "clpstat",
        "clpgrp",
        "no-such-program",
    ],
)
def test_a_stub_is_not_there(wine: Wine, name: str) -> None:
    assert outcomes(wine, {f"stub-{name}": f"{name} /? >nul 2>nul\n{_SAY}"})[f"stub-{name}"].out == "9009\n"
